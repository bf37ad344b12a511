"""Progress of long work: what is being done and how much of it, for whoever shows it.

The rooms tell it here and know no terminal. Without a listener telling costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")


class Listener(Protocol):
    """Hears of work in parts. Work may begin within other work, and in any thread."""

    def began(self, what: str, total: float | None) -> int:
        """Take note of work that begins and of how much there is; return a key for it."""
        ...

    def came_to(self, key: int, done: float, total: float | None, detail: str) -> None:
        """Take note of how much is done, and of what is done now."""
        ...

    def ended(self, key: int) -> None:
        """Take note of work that ended, whether all of it was done or not."""
        ...


_listener: Listener | None = None

#: Tells how much is done, of how much if that was not known before, and what is done now.
Step = Callable[..., None]


@contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Let a listener hear of all work while the block runs; the one before comes back then.

    Parameters
    ----------
    listener : Listener or None
    """
    global _listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before


def is_heard() -> bool:
    """Whether someone listens."""
    return _listener is not None


@contextmanager
def work(what: str, total: float | None = None) -> Iterator[Step]:
    """Tell of work while the block runs.

    Parameters
    ----------
    what : str
        In words, such as `reading counts.tsv.gz`.
    total : float, optional
        How much there is, in any unit.

    Yields
    ------
    callable
        Takes what is done so far, `total` where that is known only now, and `detail`: what is
        done now.
    """
    listener = _listener
    if listener is None:
        yield _unheard
        return
    key, known = listener.began(what, total), total

    def step(done: float, total: float | None = None, detail: str = "") -> None:
        listener.came_to(key, done, known if total is None else total, detail)

    try:
        yield step
    finally:
        listener.ended(key)


def _unheard(*_: object, **__: object) -> None:
    return None


def counted_off(
    items: Iterable[T],
    what: str,
    total: float | None = None,
    size: Callable[[T], float] | None = None,
    name: Callable[[T], str] | None = None,
) -> Iterator[T]:
    """Yield items, and tell how many are done.

    Parameters
    ----------
    items : iterable
    what : str
        See `work`.
    total : float, optional
        How many there are, or the sum of their sizes; the length of `items` where it has one.
    size : callable, optional
        How much an item counts; 1 if not given.
    name : callable, optional
        What an item is called, told before it is worked on.
    """
    if _listener is None:
        yield from items
        return
    if total is None and size is None and isinstance(items, Sized):
        total = len(items)
    done = 0.0
    with work(what, total) as step:
        for item in items:
            if name is not None:
                step(done, detail=name(item))
            counts = 1.0 if size is None else size(item)
            yield item
            done += counts
            step(done)
