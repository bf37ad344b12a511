"""Reading one item ahead changes nothing but the time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from cohortmart.core.prefetch import one_ahead


def test_items_come_in_order() -> None:
    assert list(one_ahead(range(100))) == list(range(100))
    assert list(one_ahead([])) == []
    assert list(one_ahead([None, None])) == [None, None]


def test_the_next_item_is_made_while_this_one_is_used() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    stream = one_ahead(items())
    assert next(stream) == 1
    assert made.wait(timeout=30)
    stream.close()


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    stream = one_ahead(items())
    assert next(stream) == 1
    with pytest.raises(ValueError, match="broken"):
        next(stream)


def test_the_source_is_idle_when_the_stream_is_dropped() -> None:
    """A consumer that stops early must not close what is still being read."""
    at_work, may_end = threading.Event(), threading.Event()
    ended = []

    def items() -> Iterator[int]:
        yield 1
        at_work.set()
        may_end.wait(timeout=30)
        ended.append(True)
        yield 2

    stream = one_ahead(items())
    assert next(stream) == 1
    assert at_work.wait(timeout=30)
    threading.Timer(0.05, may_end.set).start()
    stream.close()
    assert ended == [True]


def test_dropped_while_threading_is_locked_it_does_not_wait_for_ever() -> None:
    """As when garbage is collected in the middle of the start of another thread."""
    stream = one_ahead(range(3))
    assert next(stream) == 0
    lock = getattr(threading, "_shutdown_locks_lock", threading.Lock())  # gone from 3.13 on
    with lock:
        stream.close()
    assert list(stream) == []
