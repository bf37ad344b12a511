"""Timepoints that are numbers or dates: their order, their distances, and other spellings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
#: A calendar day, and the midnight that spreadsheets put behind it.
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})([ T]00:00(:00(\.0+)?)?)?")


def as_number(text: str) -> float | None:
    """Return a timepoint as a number: weeks, days, hours; None where it is another word."""
    return float(text) if _NUMBER.fullmatch(text) else None


def as_date(text: str) -> date | None:
    """Return a timepoint as a calendar day (`2024-03-01`); None where it is another word."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return date.fromisoformat(found[1])
    except ValueError:
        return None


def in_order(value: Any) -> Any:
    """Put timepoints that are dates in the order of the calendar; all others stay as written."""
    if not isinstance(value, (list, tuple)):
        return value
    if all(isinstance(entry, str) and as_date(entry.strip()) for entry in value):
        return sorted(value, key=lambda entry: (as_date(entry.strip()), entry))
    return value


def places_in_time(timepoints: Sequence[str]) -> dict[str, float] | None:
    """Return where each timepoint lies in time; None where they are neither numbers nor dates.

    Parameters
    ----------
    timepoints : sequence of str

    Returns
    -------
    dict of str to float, or None
        The numbers as they are; dates as days after the first of them.
    """
    numbers = {t: number for t in timepoints if (number := as_number(t)) is not None}
    if len(numbers) == len(timepoints):
        return numbers
    dates = {t: day for t in timepoints if (day := as_date(t)) is not None}
    if len(dates) == len(timepoints):
        first = min(dates.values())
        return {t: float((day - first).days) for t, day in dates.items()}
    return None


def same_timepoint(cell: str, timepoints: Sequence[str]) -> str | None:
    """Return the timepoint that a cell of a sheet means: 4.0 is 4, and midnight is the day.

    Parameters
    ----------
    cell : str
    timepoints : sequence of str
        Of the study.

    Returns
    -------
    str or None
        As study.yml writes it; None where it is none of them.
    """
    if cell in timepoints:
        return cell
    for reads in (as_number, as_date):
        wanted = reads(cell)
        if wanted is not None:
            return next((t for t in timepoints if reads(t) == wanted), None)
    return None
