"""Columns with a full and a short name, as archives have them, under the names a study uses.

In an SDRF `Characteristics[age]` is also just `age`; case and spaces do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from cohortmart.core.errors import IngestError
from cohortmart.core.text import joined
from ingest.read.samples.sheet import is_missing


@dataclass(frozen=True)
class Column:
    """One column of a file before it has its name in the sheet.

    Parameters
    ----------
    full : str
        Name that tells it from all others, such as `Factor Value[disease]`.
    short : str
        Name that others may have too, such as `disease`; `full` where there is none.
    cells : tuple of str
        One a row.
    units : tuple of str
        Unit of each cell; empty if the file has none for this column.
    """

    full: str
    short: str
    cells: tuple[str, ...]
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class Named:
    """Columns under their names in the sheet.

    Parameters
    ----------
    names : tuple of str
        Each once.
    columns : tuple of Column
        As many; one that the study spells in two ways stands twice.
    notes : tuple of str
        Which short names cannot be used.
    """

    names: tuple[str, ...]
    columns: tuple[Column, ...]
    notes: tuple[str, ...]


def loose(name: str) -> str:
    """Return a name without what does not count in it: case and white space."""
    return "".join(name.casefold().split())


def name_columns(
    file: Path,
    columns: Sequence[Column],
    lines: Sequence[int],
    wanted: Sequence[str],
    normal: Callable[[str], str] = loose,
) -> Named:
    """Give every column one name, the study's where it has one.

    Columns with the same full name become one if they agree in every row, else the later ones are
    numbered (`description 2`). Columns with the same short name become one if they agree, else
    only their full names remain.

    Parameters
    ----------
    file : Path
        For messages.
    columns : sequence of Column
        In the order of the file, all of the same length.
    lines : sequence of int
        Line of each row, for messages.
    wanted : sequence of str
        Names that the study uses; those that no column has are left to others to refuse.
    normal : callable
        Brings a name into the form in which names are compared.

    Raises
    ------
    IngestError
        The study uses a short name of columns that do not agree.
    """
    found = _resolved(_numbered(columns, normal), normal)
    for name in wanted:
        if normal(name) in found.unclear:
            _refuse(file, name, found.unclear[normal(name)], lines)
    names: list[str] = []
    kept: list[Column] = []
    for default, column in found.shown:
        spelt = [n for n in dict.fromkeys(wanted) if found.meaning.get(normal(n)) is column]
        names += spelt or [default]
        kept += [column] * len(spelt or [default])
    notes = [
        f"{file.name}: {joined([f'`{c.full}`' for c in group])} do not agree, so "
        f"`{group[0].short}` alone names none of them"
        for group in found.unclear.values()
    ]
    notes += [
        f"{file.name}: `{owner.full}` means the column of that name; `{column.full}` does not agree"
        for owner, column in found.overruled
    ]
    return Named(tuple(names), tuple(kept), tuple(notes))


def _numbered(columns: Sequence[Column], normal: Callable[[str], str]) -> list[Column]:
    """Columns whose full names differ: repeats that agree once, others numbered."""
    known: dict[str, Column] = {}
    for column in columns:
        n, name = 1, normal(column.full)
        while name in known and not _agree(known[name], column):
            n += 1
            name = f"{normal(column.full)}{n}"
        if name not in known:
            numbered = replace(column, full=f"{column.full} {n}", short=f"{column.short} {n}")
            known[name] = column if n == 1 else numbered
    return list(known.values())


@dataclass
class _Meanings:
    """Which column each name means; names in their normal form.

    Parameters
    ----------
    shown : list of (str, Column)
        The columns that remain, with their default names.
    meaning : dict
        Name to the column it means.
    unclear : dict
        Short name to the columns that could be meant and do not agree.
    overruled : list of (Column, Column)
        A column and another with its full name for a short one, that does not agree with it.
    """

    shown: list[tuple[str, Column]]
    meaning: dict[str, Column]
    unclear: dict[str, list[Column]]
    overruled: list[tuple[Column, Column]]


def _resolved(columns: Sequence[Column], normal: Callable[[str], str]) -> _Meanings:
    found = _Meanings([], {normal(column.full): column for column in columns}, {}, [])
    by_short: dict[str, list[Column]] = {}
    for column in columns:
        by_short.setdefault(normal(column.short), []).append(column)
    default: dict[str, str] = {}
    for short, group in by_short.items():
        owner = found.meaning.get(short)  # a full name stands before short ones
        if owner is None and not all(_agree(group[0], other) for other in group[1:]):
            found.unclear[short] = group
            default.update((column.full, column.full) for column in group)
            continue
        owner = owner or group[0]
        found.meaning[short] = owner
        for column in group:
            if column is owner:
                default[column.full] = column.short
            elif _agree(owner, column):
                found.meaning[normal(column.full)] = owner
            else:
                default[column.full] = column.full
                found.overruled.append((owner, column))
    found.shown = [(default[c.full], c) for c in columns if c.full in default]
    return found


def _agree(one: Column, other: Column) -> bool:
    return _first_difference(one, other) is None


def _first_difference(one: Column, other: Column) -> int | None:
    """Return the first row in which two columns differ; units count where both have some."""
    for row, (a, b) in enumerate(zip(one.cells, other.cells, strict=True)):
        if a != b and not (is_missing(a) and is_missing(b)):
            return row
        if one.units and other.units and one.units[row] != other.units[row] and not is_missing(a):
            return row
    return None


def _refuse(file: Path, name: str, group: Sequence[Column], lines: Sequence[int]) -> NoReturn:
    first = group[0]
    differences = ((other, _first_difference(first, other)) for other in group[1:])
    other, at = next((other, row) for other, row in differences if row is not None)
    raise IngestError(
        f"`{name}` can mean several columns of this file, and they do not agree",
        file=file,
        line=lines[at],
        expected=f"in study.yml, {joined([f'`{c.full}`' for c in group], 'or')}",
        found=f"`{_said(first, at)}` in {first.full}, `{_said(other, at)}` in {other.full}",
        hint="write the full name of the column you mean in study.yml",
    )


def _said(column: Column, at: int) -> str:
    return " ".join((column.cells[at], *column.units[at : at + 1])).strip()
