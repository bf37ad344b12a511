"""One writing command at a time in an output folder."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home


@contextmanager
def sole_writer(home: Home, command: str) -> Iterator[None]:
    """Hold the output folder for one command; it is made if it is not there.

    The system lets go of the lock when the process ends, however it ends.

    Parameters
    ----------
    home : Home
        The output folder.
    command : str
        Name of the command, shown to the one that has to wait.

    Raises
    ------
    InputError
        Another command works there, or the folder cannot be written.
    """
    path = home.root / ".lock"
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise InputError(
            f"this output folder cannot be written: {error.strerror}",
            file=home.root,
            hint="choose another folder with --out DIR",
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            holder = os.read(handle, 200).decode("utf-8", "replace").strip()
            raise InputError(
                f"another cohortmart command works in this folder ({holder or 'just started'})",
                file=home.root,
                hint="wait until it has ended, or choose another folder with --out DIR",
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"cohortmart {command}, process {os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
