"""Numbers of things: `1 sample`, `1,200 samples`."""

from __future__ import annotations


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return a number and its noun: `1 sample`, `1,200 samples`.

    Parameters
    ----------
    n : int
        How many.
    one : str
        The noun for one.
    many : str, optional
        The noun for any other number; `one` with an s if it is not given.
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
