"""Sample sheets in SDRF, the sample table of MAGE-TAB (ArrayExpress, BioStudies, Expression Atlas).

Rayner et al. 2006, doi 10.1186/1471-2105-7-489; MAGE-TAB specification 1.1. A line is one way from
a source (`Source Name`) to a data file, so a sample may have several; header names repeat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted
from ingest.read.samples.sheet import Row, Sheet, is_missing
from ingest.read.samples.sheet_columns import Column, Named, loose, name_columns
from ingest.read.samples.sheet_fold import fold_rows
from ingest.read.samples.used_columns import UsedColumns

_BRACKETED = re.compile(
    r"(characteristics?|factor\s*values?|comments?|parameter\s*values?|units?)"
    r"\s*\[(.*)\]\s*(?:\(.*\))?",  # MAGE-TAB allows `Factor Value[x](type)`
    re.IGNORECASE,
)
_KINDS = {
    "characteristic": "Characteristics",
    "factorvalue": "Factor Value",
    "comment": "Comment",
    "parametervalue": "Parameter Value",
    "unit": "Unit",
}
#: About the laboratory and its people, not the sample; kept only if study.yml names one.
_TECHNICAL = frozenset(
    {"termsourceref", "termaccessionnumber", "protocolref", "performer", "provider", "date"}
)
_SOURCE = "sourcename"


@dataclass(frozen=True)
class _Header:
    """One header cell: `kind` is empty for names without brackets."""

    kind: str
    full: str
    short: str


def is_sdrf(header: Iterable[str]) -> bool:
    """Whether the cells of a header line are those of an SDRF, complete or not."""
    parsed = [_parsed(cell) for cell in header]
    plain = {loose(h.full) for h in parsed if not h.kind}
    return {_SOURCE, "protocolref"} <= plain or any(
        h.kind in ("Characteristics", "Factor Value") for h in parsed
    )


def read_sdrf(file: Path, lines: Iterable[Row], form: str, used: UsedColumns) -> Sheet:
    """Make a sample sheet, one row a sample, from the cells of an SDRF.

    `Characteristics[sex]` becomes `sex`, and both names can be used in study.yml; case and spaces
    do not count. Units are checked and noted; protocols, ontology references and names of people
    are left out.

    Parameters
    ----------
    file : Path
        For messages.
    lines : iterable of Row
        Every line of the file, blank and comment lines (`#`) included.
    form : str
        Name of the format for tables.
    used : UsedColumns
        The rows of one key are folded to one; without a key those of one `Source Name`.

    Raises
    ------
    IngestError
        The header is cut off or lacks `Source Name`, a row does not fit it, there are no rows, a
        column has several units, or rows of one sample differ in a column that is used.
    """
    header, rows = _table(file, lines)
    columns = _columns(header.cells, rows, used)
    named = name_columns(file, columns, [row.line for row in rows], used.columns, _normal)
    notes = (*named.notes, *_unit_notes(file, named, rows, used))
    cells = zip(*(column.cells for column in named.columns), strict=True)
    sheet = Sheet(
        file,
        named.names,
        header.line,
        tuple(Row(row.line, own) for row, own in zip(rows, cells, strict=True)),
        form,
        notes,
    )
    sources = [
        name
        for name, column in zip(named.names, named.columns, strict=True)
        if _normal(column.full) == _SOURCE
    ]
    return fold_rows(sheet, used.key or sources[:1], used.columns)


def _parsed(cell: str) -> _Header:
    found = _BRACKETED.fullmatch(cell.strip())
    name = " ".join((found[2] if found else cell).split())
    if found is None:
        return _Header("", name, name)
    kind = _KINDS[loose(found[1]).removesuffix("s")]
    full = f"{kind}[{name}]"
    has_short = name and kind != "Parameter Value"
    return _Header(kind, full, name.lower() if has_short else full)


def _normal(name: str) -> str:
    return loose(_parsed(name).full)


def _table(file: Path, lines: Iterable[Row]) -> tuple[Row, list[Row]]:
    """Return the header and the rows, all of the same length."""
    filled = [row for row in lines if any(row.cells) and not row.cells[0].startswith("#")]
    header = _without_end(filled[0], 0)
    _check_header(file, header)
    n = len(header.cells)
    rows = [_without_end(row, n) for row in filled[1:]]
    if not rows:
        raise IngestError(
            "the sample sheet has a header and no samples",
            file=file,
            line=header.line,
            hint="check that the file was written to its end",
        )
    for row in rows:
        if len(row.cells) != n:
            raise IngestError(
                "the row does not have as many fields as the header of this SDRF",
                file=file,
                line=row.line,
                expected=counted(n, "field"),
                found=counted(len(row.cells), "field"),
                hint="a short last row means a truncated file: fetch it again",
            )
    return header, rows


def _without_end(row: Row, n: int) -> Row:
    """Leave out the empty cells at the end of a line after its first `n`."""
    end = len(row.cells)
    while end > n and not row.cells[end - 1]:
        end -= 1
    return Row(row.line, row.cells[:end])


def _check_header(file: Path, header: Row) -> None:
    for number, cell in enumerate(header.cells, start=1):
        if "[" in cell and "]" not in cell:
            raise IngestError(
                "the header of this SDRF is cut off",
                file=file,
                line=header.line,
                column=number,
                expected="a closing `]`",
                found=cell,
                hint="fetch the file again",
            )
    if _SOURCE not in map(_normal, header.cells):
        raise IngestError(
            "this SDRF has no column `Source Name`",
            file=file,
            line=header.line,
            expected="`Source Name`, as MAGE-TAB asks for",
            found=", ".join(cell for cell in header.cells if cell),
            hint="take the SDRF as the archive has it, or save your own table as .csv",
        )


def _columns(header: Sequence[str], rows: Sequence[Row], used: UsedColumns) -> list[Column]:
    """Return the columns about samples, each with its units."""
    headers = [_parsed(cell) for cell in header]
    asked = {_normal(name) for name in used.columns}
    # where there is a Characteristics[date], `date` does not ask for the laboratory's
    asked -= {loose(h.short) for h in headers if h.short != h.full}
    columns: list[Column] = []
    last: Column | None = None  # the one that a following unit belongs to
    for i, parsed in enumerate(headers):
        cells = tuple(row.cells[i] for row in rows)
        if parsed.kind == "Unit" or parsed.full.lower() == "unit":
            if columns and columns[-1] is last and not last.units:
                columns[-1] = Column(last.full, last.short, last.cells, cells)
            last = None
            continue
        name = _normal(parsed.full)
        technical = parsed.kind == "Parameter Value" or name in _TECHNICAL
        if technical and name.startswith("term"):
            continue  # stands between a value and its unit
        last = None
        if parsed.full and (not technical or name in asked):
            columns.append(Column(parsed.full, parsed.short, cells))
            last = columns[-1] if parsed.kind else None
    return columns


def _unit_notes(file: Path, named: Named, rows: Sequence[Row], used: UsedColumns) -> list[str]:
    """Say in which unit a column is; a column that is used must have one only."""
    notes = []
    for name, column in zip(named.names, named.columns, strict=True):
        if not column.units or (used.columns and name not in used.columns):
            continue
        first_with: dict[str, Row] = {}
        for row, cell, unit in zip(rows, column.cells, column.units, strict=True):
            if not is_missing(cell) and not is_missing(unit):
                first_with.setdefault(unit, row)
        if len(first_with) > 1 and name in used.columns:
            (unit, row), (other, other_row) = list(first_with.items())[:2]
            raise IngestError(
                f"`{name}` is given in two units",
                file=file,
                line=other_row.line,
                column=name,
                expected=f"{unit}, as in line {row.line}",
                found=other,
                hint="convert the values to one unit",
            )
        if first_with:
            notes.append(f"{file.name}: `{name}` is in {', '.join(first_with)}")
    return notes
