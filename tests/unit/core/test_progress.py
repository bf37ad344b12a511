"""Work that is told of, and by whom it is heard."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest

from cohortmart.core.progress import counted_off, is_heard, listening, work


class Heard:
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.lines: list[tuple[object, ...]] = []

    def began(self, what: str, total: float | None) -> int:
        self.lines.append(("began", what, total))
        return len(self.lines)

    def came_to(self, key: int, done: float, total: float | None, detail: str) -> None:
        self.lines.append((key, done, total, detail))

    def ended(self, key: int) -> None:
        self.lines.append(("ended", key))


def test_items_pass_unchanged_and_are_counted() -> None:
    heard = Heard()
    with listening(heard):
        assert list(counted_off(["a", "b"], "letters", name=str.upper)) == ["a", "b"]
    assert heard.lines == [
        ("began", "letters", 2), (1, 0.0, 2, "A"), (1, 1.0, 2, ""), (1, 1.0, 2, "B"),
        (1, 2.0, 2, ""), ("ended", 1),
    ]  # fmt: skip


def test_sizes_count_and_the_total_is_theirs() -> None:
    heard = Heard()
    with listening(heard):
        list(counted_off([[1, 2], [3]], "rows", 3, len))
    assert [line[1] for line in heard.lines if line[0] == 1] == [2, 3]
    assert heard.lines[0] == ("began", "rows", 3)


def test_a_total_that_is_known_later() -> None:
    heard = Heard()
    with listening(heard), work("nodes") as step:
        step(1, 10, "first")
    assert heard.lines[1] == (1, 1, 10, "first")


def test_work_that_fails_or_is_left_ends_all_the_same() -> None:
    heard = Heard()
    with listening(heard):
        with pytest.raises(ValueError, match="stop"), work("a", 1):
            raise ValueError("stop")
        for _ in counted_off(range(5), "b"):
            break
    assert [line[0] for line in heard.lines if line[0] in ("began", "ended")] == [
        "began", "ended", "began", "ended",
    ]  # fmt: skip


def test_without_a_listener_nothing_is_told() -> None:
    def items() -> Iterator[int]:
        yield from range(3)

    assert not is_heard()
    assert list(counted_off(items(), "numbers", size=_never)) == [0, 1, 2]
    with work("a") as step:
        step(1, 2, detail="x")


def _never(_: int) -> float:
    raise AssertionError("asked for a size that no one wants to know")


def test_the_listener_from_before_comes_back() -> None:
    outer, inner = Heard(), Heard()
    with listening(outer):
        with listening(inner), work("a"):
            pass
        with work("b"):
            pass
    assert [line[1] for line in outer.lines if line[0] == "began"] == ["b"]
    assert not is_heard()


def test_threads_are_heard() -> None:
    heard = Heard()
    with listening(heard):
        thread = Thread(target=lambda: list(counted_off([1], "there")))
        thread.start()
        thread.join()
    assert heard.lines[0] == ("began", "there", 1)
