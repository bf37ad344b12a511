"""The environment of the processes that a command starts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def environment_of_children() -> Iterator[None]:
    """Let what a command puts into the environment end with it.

    Processes that it starts find their modules where it does, not in the current folder.
    """
    names = ("PYTHONSAFEPATH", "COHORTMART_DEBUG")
    before = {name: os.environ.get(name) for name in names}
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
