"""The people of a sample sheet: the column within which others repeat, and what parts its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from cohortmart.app.init.columns import Column, keys
from cohortmart.app.init.words import (
    looks_like_cells,
    looks_like_sex,
    looks_like_time,
    named_as,
)

#: So many columns together may part the rows of one person.
_MOST_KEYS = 3
_MOST_CROSSING = 10
#: Share of rows that people and visits must part, and the people from which nesting will do.
_PARTED, _FEW = 0.9, 4


@dataclass(frozen=True)
class Person:
    """A column that may name people.

    Parameters
    ----------
    column : Column
    score : tuple
        Larger is likelier.
    why : str
    """

    column: Column
    score: tuple[float, ...]
    why: str


def find_people(columns: Sequence[Column]) -> list[Person]:
    """Return the columns that may name people, the likeliest first.

    A person repeats over rows; columns such as the group are constant within a person, others
    such as the visit part the rows of one.

    Parameters
    ----------
    columns : sequence of Column
        Without the names of samples.
    """
    found = []
    for column in columns:
        n_rows, n = len(column.cells), len(column.levels)
        named = named_as(column.name, "subject")
        repeats = 1 < n < n_rows
        if not column.is_complete or column.is_decimal or column.days is not None:
            continue
        if not (repeats or (named and n > 1)) or _is_no_name(column):
            continue
        nested = [c for c in columns if c is not column and _is_nested(c, column)]
        parted = parted_share(column, columns)
        if not named and parted < _PARTED and not (nested and n > _FEW):
            continue
        score = (
            3.0 * named + parted + min(len(nested), 3) / 3 + 0.5 * (n > _FEW),
            float(not column.is_number),
            float(n),
        )
        within = f"{len(nested)} columns are constant within each" if nested else "it repeats"
        why = f"{n} values in {n_rows} rows; {within}"
        found.append(Person(column, score, f"called like it; {why}" if named else why))
    return sorted(found, key=lambda p: p.score, reverse=True)


def _is_no_name(column: Column) -> bool:
    """Whether the values are clearly of another kind: times, cells, a sex, a batch."""
    if named_as(column.name, "subject"):
        return False
    values = column.levels
    others = ("timepoint", "group", "batch", "cell_type")
    by_name = any(named_as(column.name, role) for role in others)
    return by_name or looks_like_time(values) or looks_like_cells(values) or looks_like_sex(values)


def _is_nested(inner: Column, outer: Column) -> bool:
    """Whether a column has fewer levels than another, and one within each of them."""
    return 1 < len(inner.levels) < len(outer.levels) and inner.within(outer)


def crossing(columns: Sequence[Column], subject: Column) -> list[Column]:
    """Return the columns whose values people share and which vary within a person.

    Parameters
    ----------
    columns : sequence of Column
    subject : Column
    """
    n_people = len(subject.levels)
    repeats = len(subject.cells) - n_people
    found = []
    for column in columns:
        n = len(column.levels)
        if column is subject or not column.is_complete or column.is_decimal:
            continue
        if not 1 < n <= max(12, n_people) or 2 * n > len(column.cells) > 6:
            continue
        if len(column.varies_in(subject)) * 3 >= min(n_people, repeats) > 0 and shared(
            column, subject
        ):
            found.append(column)
    return found


def shared(column: Column, subject: Column) -> bool:
    """Whether several people have most values of a column."""
    people: dict[str, set[str]] = defaultdict(set)
    for value, person in zip(column.cells, subject.cells, strict=True):
        if value is not None and person is not None:
            people[value].add(person)
    return 2 * sum(len(of) > 1 for of in people.values()) > len(people)


def parted_share(subject: Column, columns: Sequence[Column]) -> float:
    """Return the share of rows that a person and up to three crossing columns tell apart."""
    found = crossing(columns, subject)[:_MOST_CROSSING]
    return max(_share([subject, *chosen]) for chosen in _choices(found))


def parting(
    subject: Column, fixed: Sequence[Column], columns: Sequence[Column]
) -> tuple[Column, ...] | None:
    """Return the fewest further columns that tell all rows of each person apart.

    Parameters
    ----------
    subject : Column
    fixed : sequence of Column
        Columns that do so already, such as the timepoint.
    columns : sequence of Column
        Those that may.

    Returns
    -------
    tuple of Column or None
        None where no few of them do.
    """
    for chosen in _choices(crossing(columns, subject)[:_MOST_CROSSING]):
        if _share([subject, *fixed, *chosen]) == 1:
            return chosen
    return None


def _choices(columns: Sequence[Column]) -> list[tuple[Column, ...]]:
    return [of for n in range(_MOST_KEYS + 1) for of in combinations(columns, n)]


def _share(columns: Sequence[Column]) -> float:
    rows = keys(columns)
    return len(set(rows)) / len(rows)


def merging(key: Sequence[Column], columns: Sequence[Column]) -> Column | None:
    """Return the column whose values are exactly the visits: lanes and libraries of one sample.

    Parameters
    ----------
    key : sequence of Column
        What tells visits apart.
    columns : sequence of Column
        Those that may say which rows belong together.
    """
    visits = keys(key)
    n = len(set(visits))
    fitting = [
        c
        for c in columns
        if c.is_complete and len(c.levels) == n == len(set(zip(c.cells, visits, strict=True)))
    ]
    named = [c for c in fitting if named_as(c.name, "library")]
    return next(iter([*named, *fitting]), None)
