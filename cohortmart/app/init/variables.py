"""Columns without a role: which are categories, which are numbers, which stay out and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cohortmart.app.init.columns import Column
from cohortmart.app.init.words import named_as, words_of
from cohortmart.core.study.rules.study import RESERVED_COLUMNS

#: Numbers with so few values are shown as such that may be codes.
_MOST_LEVELS = 30


@dataclass(frozen=True)
class Variables:
    """The further columns of a sheet.

    Parameters
    ----------
    factors, covariates : tuple of str
    left_out : tuple of (str, str)
        Column and why.
    batches : tuple of str
        Factors that say how samples were processed.
    """

    factors: tuple[str, ...]
    covariates: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    batches: tuple[str, ...]


def find_variables(
    columns: Iterable[Column], taken: Iterable[str], merged: Column | None = None
) -> Variables:
    """Sort the columns that have no role.

    Parameters
    ----------
    columns : iterable of Column
        Of one sheet.
    taken : iterable of str
        Columns with a role, and names in use in other sheets.
    merged : Column, optional
        Rows with the same value of it become one; what differs between them stays out.
    """
    in_use, used = {name.lower() for name in taken}, set(taken)
    factors: list[str] = []
    covariates: list[str] = []
    left_out: list[tuple[str, str]] = []
    for column in columns:
        if column.name in used:
            continue
        reason = _reason(column, in_use)
        if not reason and merged is not None and not column.within(merged):
            reason = f"it differs between rows that are merged by `{merged.name}`"
        if reason:
            left_out.append((column.name, reason))
            continue
        in_use.add(column.name.lower())
        if column.is_number and not _is_code(column):
            covariates.append(column.name)
        else:
            factors.append(column.name)
    batches = tuple(name for name in factors if named_as(name, "batch"))
    return Variables(tuple(factors), tuple(covariates), tuple(left_out), batches)


def _reason(column: Column, in_use: set[str]) -> str:
    """Return why a column stays out; empty if it need not."""
    n, present = len(column.levels), sum(cell is not None for cell in column.cells)
    if not n:
        return "empty"
    if column.name.lower() in RESERVED_COLUMNS:
        return "the tables have a column of this name: rename it in the sheet"
    if column.name.lower() in in_use:
        return "another column has this name but for capitals"
    if column.has_decimal_commas:
        return "numbers with a comma: write a point in the sheet to use it as a covariate"
    if column.days is not None:
        return "dates: give the days since a first one to use it as a number"
    if column.is_number and not _is_code(column):
        return "" if n > 1 else "one value only"
    if n == 1:
        return "one value only"
    if n > 0.5 * present and n > 4:
        return "almost every row has a value of its own"
    return "more than 30 different words" if n > _MOST_LEVELS else ""


def _is_code(column: Column) -> bool:
    """Whether numbers are the names of something: batches, plates, slides, ids."""
    words = set(words_of(column.name))
    named = named_as(column.name, "batch") or bool(words & {"id", "code", "barcode"})
    zeros = any(v.startswith("0") and len(v) > 1 and "." not in v for v in column.levels)
    return not column.is_decimal and (named or zeros)
