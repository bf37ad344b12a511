"""The order of timepoints: numbers, dates, a column that says when, words, rows of each person."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from cohortmart.app.init.columns import Column, day_of
from cohortmart.app.init.words import named_as, word_set
from cohortmart.core.study.timepoints import as_number

_FIRST = re.compile(r"(baseline|base|bl|pre|before|screening|start|begin\w*|healthy)", re.I)
_LAST = re.compile(r"(post|after|follow-?up|fu|final|end|late)", re.I)
_MIDDLE = re.compile(r"(during|mid|middle|on|treatment)", re.I)
_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "m": 30.4, "y": 365.0}
_WITH_NUMBER = re.compile(
    r"(?P<word>[a-z]*)[\s_.-]*(?P<number>[+-]?\d+(\.\d+)?)[\s_.-]*(?P<unit>[a-z]*)", re.I
)
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_COUNTED = word_set("v t tp visit time timepoint timepoints session phase period stage point nr no")


@dataclass(frozen=True)
class Order:
    """Timepoints in an order.

    Parameters
    ----------
    levels : tuple of str
    why : str
        What says so.
    sure : bool
        False where a person has to look at it.
    """

    levels: tuple[str, ...]
    why: str
    sure: bool


def order_timepoints(
    timepoint: Column, subject: Column | None, others: Sequence[Column] = ()
) -> Order:
    """Put the values of a column into the order of time.

    Parameters
    ----------
    timepoint : Column
    subject : Column or None
        The people; the rows of each may stand in the order of time.
    others : sequence of Column
        Further columns of the same sheet; a date, or a number of weeks or days, may say when.

    Returns
    -------
    Order
        The first of: numbers, dates, a column that says when, words with numbers, the rows.
    """
    levels = timepoint.levels
    if all(as_number(v) is not None for v in levels):
        return Order(tuple(sorted(levels, key=float)), "numbers", sure=True)
    if timepoint.days is not None:
        days = timepoint.days
        return Order(tuple(sorted(levels, key=lambda v: days[v])), "dates", sure=True)
    alone = _seen_alone(timepoint, subject)
    by_words = _by_words(levels)
    if by_words is not None:
        return Order(by_words, "their words and numbers say so", sure=True)
    for column in others:
        when = _by_column(timepoint, column, alone)
        if when is not None:
            return Order(when, f"by the column `{column.name}`", sure=True)
    rows = _by_rows(timepoint, subject, alone)
    if rows is not None:
        return Order(rows, "the rows of each person stand so in the sheet", sure=False)
    return Order(levels, "they first stand so in the sheet, and nothing says more", sure=False)


def _by_words(levels: Sequence[str]) -> tuple[str, ...] | None:
    """Order words such as baseline, week 4, week 12, post; None if one of them says nothing."""
    places = {v: _place(v) for v in levels}
    known = {v: p for v, p in places.items() if p is not None}
    if len(known) < len(levels) or len(set(known.values())) < len(levels):
        return None
    return tuple(sorted(levels, key=lambda v: known[v]))


def _place(text: str) -> tuple[int, float] | None:
    """Return where a word lies: before, at a number of days, or after."""
    word = text.strip()
    number = as_number(word)
    if number is not None:
        return 0, number
    found = _WITH_NUMBER.fullmatch(word)
    stem = re.split(r"[\s_.-]*\d", word)[0].strip(" _-.")
    if _FIRST.match(stem):
        return -1, -_days(found)
    if _LAST.match(stem):
        return 2, _days(found)
    if _MIDDLE.fullmatch(stem):
        return 0, 0.5 + _days(found)
    return None if found is None or not _is_time(found) else (0, _days(found))


def _is_time(found: re.Match[str]) -> bool:
    word, unit = found["word"].lower(), found["unit"].lower()
    if unit in _ORDINALS or word in _COUNTED:
        return True
    return bool(_unit(word) or _unit(unit))


def _unit(word: str) -> str:
    """Return the letter of a unit of time; empty where the word is none."""
    word = word.lower().removesuffix("s")
    units = {"h": "h", "hr": "h", "hour": "h", "d": "d", "day": "d", "w": "w", "wk": "w"}
    units |= {"week": "w", "m": "m", "mo": "m", "month": "m", "y": "y", "yr": "y", "year": "y"}
    return units.get(word, "")


def _days(found: re.Match[str] | None) -> float:
    if found is None:
        return 0.0
    unit = _unit(found["unit"]) or _unit(found["word"])
    return float(found["number"]) * _DAYS.get(unit, 1.0)


def _seen_alone(timepoint: Column, subject: Column | None) -> frozenset[str]:
    """Return timepoints of people who were seen at no other: nothing says where they lie."""
    if subject is None:
        return frozenset()
    varying = timepoint.varies_in(subject)
    pairs = zip(subject.cells, timepoint.cells, strict=True)
    return frozenset(timepoint.levels) - {t for s, t in pairs if s in varying and t is not None}


def _by_column(timepoint: Column, column: Column, alone: frozenset[str]) -> tuple[str, ...] | None:
    """Order by the median of a date, or of a number of weeks or days, if it parts them all."""
    if column is timepoint or not _says_when(column):
        return None
    values: dict[str, list[float]] = defaultdict(list)
    for t, cell in zip(timepoint.cells, column.cells, strict=True):
        when = None if cell is None else _number_of(cell)
        if t is not None and when is not None:
            values[t].append(when)
    middle = {t: median(v) for t, v in values.items() if t not in alone}
    rest = [t for t in timepoint.levels if t not in alone]
    if set(middle) != set(rest) or len(set(middle.values())) < len(rest):
        return None
    return (*(t for t in timepoint.levels if t in alone), *sorted(rest, key=lambda t: middle[t]))


def _says_when(column: Column) -> bool:
    return column.days is not None or (column.is_number and named_as(column.name, "timepoint"))


def _number_of(cell: str) -> float | None:
    day = day_of(cell)
    return as_number(cell) if day is None else float(day.replace("-", ""))


def _by_rows(
    timepoint: Column, subject: Column | None, alone: frozenset[str]
) -> tuple[str, ...] | None:
    """Order as the rows of each person do, if they agree and are not only sorted by letters."""
    if subject is None:
        return None
    seen: dict[str, dict[str, None]] = defaultdict(dict)
    for person, t in zip(subject.cells, timepoint.cells, strict=True):
        if person is not None and t is not None:
            seen[person][t] = None
    before: dict[str, set[str]] = defaultdict(set)
    for of_person in seen.values():
        ordered = list(of_person)
        for i, t in enumerate(ordered):
            before[t] |= set(ordered[:i])
    rest = [t for t in timepoint.levels if t not in alone]
    order = _sorted_by(rest, before)
    if order is None or order == tuple(sorted(order)):
        return None
    return (*(t for t in timepoint.levels if t in alone), *order)


def _sorted_by(levels: Sequence[str], before: Mapping[str, set[str]]) -> tuple[str, ...] | None:
    """Return the levels, each behind those that come before it; None if people contradict."""
    left, order = list(levels), []
    while left:
        ready = [t for t in left if not before.get(t, set()) & set(left) - {t}]
        if not ready:
            return None
        order.append(ready[0])
        left.remove(ready[0])
    return tuple(order)
