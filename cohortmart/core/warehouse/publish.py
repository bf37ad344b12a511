"""A new warehouse is made beside the published one and takes its place in one rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from cohortmart.core.errors import BuildError
from cohortmart.core.warehouse.home import Home


@contextmanager
def workshop(home: Home) -> Iterator[Path]:
    """Give an empty folder in which a new warehouse is made; it goes at the end.

    For one command at a time, see `sole_writer`.
    """
    folder = home.root / ".building"
    shutil.rmtree(folder, ignore_errors=True)  # what a killed build left
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(new: Path, target: Path) -> None:
    """Rename a finished database over the published one.

    Raises
    ------
    BuildError
        There is none.
    """
    if not new.exists():
        raise BuildError(f"dbt ended without an error and without a database ({new})")
    if Path(f"{new}.wal").exists():  # changes that are not in the file itself yet
        with duckdb.connect(str(new)) as con:
            con.execute("checkpoint")
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(target)
    # A log that someone's writing session left belongs to the file that is gone.
    Path(f"{target}.wal").unlink(missing_ok=True)
