"""Runs an iterator one item ahead in a thread, so that reading and writing share two cores."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
_END = object()


def one_ahead(items: Iterable[T]) -> Generator[T, None, None]:
    """Yield the items of an iterable while the next one is being made in a thread.

    Parameters
    ----------
    items : iterable
        Its code must not share state with the consumer. Its errors are raised here, in order.
    """
    source: Iterator[T] = iter(items)
    with ThreadPoolExecutor(max_workers=1) as pool:
        # Leaving the block waits for the thread, so the source is idle when it is dropped.
        waiting = pool.submit(next, source, _END)
        while (item := waiting.result()) is not _END:
            waiting = pool.submit(next, source, _END)
            yield item  # type: ignore[misc]
