"""Parts of a view that are asked at the same time, each on a cursor of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored

T = TypeVar("T")


@contextmanager
def beside(
    explored: Explored, ask: Callable[[Asked], T]
) -> Iterator[Callable[[], tuple[T, tuple[str, ...]]]]:
    """Ask one part in a thread of its own while the body asks another.

    Parameters
    ----------
    explored : Explored
    ask : callable
        Takes the tables.

    Yields
    ------
    callable
        Waits for the part; returns it and its questions. What it raises is raised there.
    """

    def asking() -> tuple[T, tuple[str, ...]]:
        with explored.asked() as asked:
            part = ask(asked)
            return part, tuple(asked.questions)

    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(asking).result
