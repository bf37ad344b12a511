"""One writer of the lake at a time, and what a killed one left behind is swept."""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home

LOCK = ".lock"
#: What `catalogue.written_beside` calls its temporary files.
_LEFTOVER = re.compile(r"\..+\.(parquet|yml)\..+\.tmp")


@contextmanager
def lake_lock(home: Home) -> Iterator[None]:
    """Hold the lake for writing; sweep the temporary files of writers that died.

    The lock goes with the process, however it ends.

    Raises
    ------
    InputError
        Another process is writing this lake.
    """
    home.lake.mkdir(parents=True, exist_ok=True)
    with (home.lake / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                "another cohortmart command is writing to this lake",
                file=home.lake,
                hint="wait until it has ended, then run this again",
            ) from error
        _sweep(home)
        yield


def _sweep(home: Home) -> None:
    for folder in (home.lake, home.root):
        for path in sorted(folder.glob(".*.tmp")):
            if not _LEFTOVER.fullmatch(path.name):
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
