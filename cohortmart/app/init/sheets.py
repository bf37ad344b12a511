"""The sample sheet among the tables, and the sheets that are joined to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cohortmart.app.init.columns import Column, SheetTable, keys
from cohortmart.app.init.files import Looked
from cohortmart.app.init.matching import Match, match_file
from cohortmart.app.init.roles import Roles
from cohortmart.app.init.words import named_as
from cohortmart.core.errors import IngestError
from cohortmart.core.text import listed

_ALMOST_ALL = 0.8


@dataclass(frozen=True, eq=False)
class MainSheet:
    """The sheet that names the samples.

    Parameters
    ----------
    table : SheetTable
    matches : dict of Path to tuple of Match
        The files whose samples it names, each with the columns that do, the best first.
    """

    table: SheetTable
    matches: Mapping[Path, tuple[Match, ...]]


@dataclass(frozen=True, eq=False)
class JoinedSheet:
    """A further sheet.

    Parameters
    ----------
    table : SheetTable
    subject : str
        Its column of people.
    keys : dict of str to str
        Further role to its column: timepoint, cell_type.
    sample : str or None
        Its column of samples, where it names those of a further assay.
    columns : tuple of Column
        What it adds, spread over the rows of the first sheet.
    matches : dict of Path to tuple of Match
        Files whose samples it names.
    """

    table: SheetTable
    subject: str
    keys: Mapping[str, str] = field(default_factory=dict)
    sample: str | None = None
    columns: tuple[Column, ...] = ()
    matches: Mapping[Path, tuple[Match, ...]] = field(default_factory=dict)


def main_sheet(looked: Sequence[Looked]) -> MainSheet:
    """Choose the table whose columns hold the names of the samples of most matrices.

    Parameters
    ----------
    looked : sequence of Looked
        All files.

    Raises
    ------
    IngestError
        There is no sheet, no matrix, or none that goes with another; it says what was tried.
    """
    best: tuple[tuple[float, int], MainSheet] | None = None
    for file in looked:
        for table in file.tables:
            matches = _matches(table, file, looked)
            score = (_weight(matches), _categories(table))
            if matches and (best is None or score > best[0]):
                best = score, MainSheet(table, matches)
    if best is None:
        raise _nothing_matches(looked)
    return best[1]


def _matches(
    table: SheetTable, file: Looked, looked: Sequence[Looked]
) -> dict[Path, tuple[Match, ...]]:
    of_file = {
        other.path: match_file(other, table)
        for other in looked
        if other.what in ("matrix", "table") and (other is not file or other.what == "matrix")
    }
    return {path: found for path, found in of_file.items() if found}


def _weight(matches: Mapping[Path, tuple[Match, ...]]) -> float:
    """Count the files; samples that stand across a matrix say more than such in rows."""
    return sum(3 if found[0].shape == "columns" else 1 for found in matches.values())


def _categories(table: SheetTable) -> int:
    return sum(not c.is_decimal and 1 < len(c.levels) < table.n_rows for c in table.columns)


def _nothing_matches(looked: Sequence[Looked]) -> IngestError:
    """Say which sheets and which matrices were held against each other."""
    sheets = [table for file in looked for table in file.tables]
    matrices = [f for f in looked if f.header is not None and f.what in ("matrix", "table")]
    seen = listed([f.path.name for f in looked], most=8)
    if not sheets:
        return IngestError(
            "no file is a sample sheet",
            expected="a table with a row for each sample: csv, tsv, xlsx, SDRF",
            found=seen,
            hint="name the sheet, too",
        )
    tried = [f"{t.words} ({listed([c.name for c in t.columns], most=6)})" for t in sheets]
    names = [
        f"{f.path.name} ({listed(f.header.raw_samples, most=3)})"
        for f in matrices
        if f.header is not None
    ]
    return IngestError(
        "no column of a sheet holds the names of the samples of any matrix",
        expected="a column of the sheet with the names that stand in a matrix, as they are or with "
        "one ending that all share",
        found=f"columns of {listed(tried, most=4)}; matrices {listed(names, most=4) or 'none'}",
        hint="name the files of one study together, or write the matrices' names into a column of "
        "the sheet",
    )


def sheet_of_people(main: SheetTable, other: SheetTable) -> JoinedSheet | None:
    """Return a table as a sheet of people: one row for each value that repeats in the first.

    Parameters
    ----------
    main, other : SheetTable
    """
    if other is main:
        return None
    for column in main.columns:
        n = len(column.levels)
        if not column.is_complete or not 2 < n < main.n_rows or column.is_decimal:
            continue
        for of_people in other.columns:
            known = sum(v in set(of_people.levels) for v in column.levels)
            alike = of_people.name == column.name or named_as(column.name, "subject")
            if of_people.is_unique and known >= _ALMOST_ALL * n and (alike or n > 4):
                spread = _spread(main, other, [column.name], [of_people.name])
                return JoinedSheet(other, of_people.name, columns=spread)
    return None


def sheet_of_visits(
    main: SheetTable, other: SheetTable, roles: Roles, looked: Sequence[Looked]
) -> JoinedSheet | None:
    """Return a table that has the people and visits of the first sheet, with what it adds.

    Parameters
    ----------
    main, other : SheetTable
    roles : Roles
        Of the first sheet.
    looked : sequence of Looked
        Files that no sheet has matched yet.
    """
    if other is main or roles.timepoint is None:
        return None
    wanted = {"subject": roles.subject, "timepoint": roles.timepoint, "cell_type": roles.cell_type}
    at = {
        role: found
        for role, name in wanted.items()
        if name is not None and (found := _same_values(main.column(name), other)) is not None
    }
    if not {"subject", "timepoint"} <= set(at):
        return None
    rows = keys([other.column(c) for c in at.values()])
    if len(set(rows)) < len(rows):
        return None
    of_main = [name for role in at if (name := wanted[role]) is not None]
    whole = len(at) == sum(name is not None for name in wanted.values()) and not roles.visit_key
    matches = {f.path: m for f in looked if (m := match_file(f, other))} if whole else {}
    best = max((m[0] for m in matches.values()), key=lambda one: one.share, default=None)
    sheet = JoinedSheet(
        other,
        at.pop("subject"),
        keys=at,
        sample=None if best is None else best.column,
        matches=matches,
    )
    spread = _spread(main, other, of_main, [sheet.subject, *at.values()])
    return replace(sheet, columns=spread)


def _same_values(column: Column, table: SheetTable) -> str | None:
    """Return the column of a table that holds the values of another; by its name if there is."""
    values = set(column.levels)
    fitting = [
        c
        for c in table.columns
        if c.is_complete and 2 * len(values & set(c.levels)) >= max(len(values), len(c.levels))
    ]
    same = [c for c in fitting if c.name == column.name]
    return next((c.name for c in [*same, *fitting]), None)


def _spread(
    main: SheetTable, other: SheetTable, on: Sequence[str], of_other: Sequence[str]
) -> tuple[Column, ...]:
    """Return the further columns of a table as columns of the first, joined on some of them."""
    row_of = {key: i for i, key in enumerate(keys([other.column(c) for c in of_other]))}
    rows = [row_of.get(key) for key in keys([main.column(c) for c in on])]
    known = {c.name for c in main.columns}
    return tuple(
        Column(c.name, tuple(None if i is None else c.cells[i] for i in rows))
        for c in other.columns
        if c.name not in of_other and c.name not in known
    )
