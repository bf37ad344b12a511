"""Runs an iterator one item ahead in a thread, so that reading and writing share two cores."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from queue import SimpleQueue
from threading import Lock, Thread, get_ident
from typing import TypeVar

T = TypeVar("T")
_END = object()
#: Seconds to wait for an item that nobody wants any more.
_PATIENCE = 60.0


def one_ahead(items: Iterable[T]) -> Generator[T, None, None]:
    """Yield the items of an iterable while the next one is being made in a thread.

    Parameters
    ----------
    items : iterable
        Its code must not share state with the consumer. Its errors are raised here, in order.

    Notes
    -----
    A consumer that stops early leaves the generator to Python's garbage collection, which may come
    at any moment in any thread, also while that holds a lock of `threading`. So there is no thread
    pool here, whose end takes such locks (and would then wait for ever), but a daemon thread, two
    queues that can be used at any time, and a wait that ends.
    """
    source: Iterator[T] = iter(items)
    wanted: SimpleQueue[bool] = SimpleQueue()
    made: SimpleQueue[tuple[object, BaseException | None]] = SimpleQueue()
    at_work = Lock()
    at_work.acquire()
    thread = Thread(target=_make, args=(source, wanted, made, at_work), daemon=True)
    wanted.put(True)
    thread.start()
    try:
        while True:
            item, error = made.get()
            if error is not None:
                raise error
            if item is _END:
                return
            wanted.put(True)
            yield item  # type: ignore[misc]
            del item  # it may be large, and the next one is under way
    finally:
        wanted.put(False)
        # the source is idle when it is dropped, unless it is its own thread that drops us
        if thread.ident != get_ident():
            at_work.acquire(timeout=_PATIENCE)


def _make(
    source: Iterator[T],
    wanted: SimpleQueue[bool],
    made: SimpleQueue[tuple[object, BaseException | None]],
    at_work: Lock,
) -> None:
    """Make items as they are wanted; `at_work` is free again at the end."""
    try:
        while wanted.get():
            try:
                made.put((next(source, _END), None))
            except BaseException as error:  # for the consumer to see
                made.put((_END, error))
    finally:
        at_work.release()
