"""Technical replicates in a sheet: the rows of one library folded to one sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn, TypeVar

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import SampleSheet
from ingest.read.samples.sheet_roles import SheetRow

Value = TypeVar("Value", str, float)


def fold_libraries(rows: Sequence[SheetRow], block: SampleSheet) -> list[SheetRow]:
    """Make one row of the rows of each library, with the names that all of them have in a matrix.

    Parameters
    ----------
    rows : sequence of SheetRow
    block : SampleSheet
        For the columns in the sheet.

    Returns
    -------
    list of SheetRow
        In the order of their first rows; the library's name is that of the sample. A row
        without one stays as it is.

    Raises
    ------
    IngestError
        Two rows of a library differ in a column that study.yml names.
    """
    of_library: dict[str | int, list[SheetRow]] = {}
    for number, row in enumerate(rows):
        of_library.setdefault(number if row.library is None else row.library, []).append(row)
    return [
        _folded(parts, block) if parts[0].library is not None else parts[0]
        for parts in of_library.values()
    ]


def _folded(rows: Sequence[SheetRow], block: SampleSheet) -> SheetRow:
    first = rows[0]
    subject = _agreed(rows, block.subject, [r.subject for r in rows])
    assays = dict.fromkeys(assay for row in rows for assay in row.names)
    return replace(
        first,
        sample=first.library,
        subject=subject or first.subject,
        group=_agreed(rows, block.group, [r.group for r in rows]),
        timepoint=_agreed(rows, block.timepoint, [r.timepoint for r in rows]),
        cell_type=_agreed(rows, block.cell_type, [r.cell_type for r in rows]),
        visit_key={
            c: _agreed(rows, c, [r.visit_key[c] for r in rows]) or "" for c in first.visit_key
        },
        factors={c: _agreed(rows, c, [r.factors[c] for r in rows]) for c in first.factors},
        covariates={c: _agreed(rows, c, [r.covariates[c] for r in rows]) for c in first.covariates},
        names={
            assay: tuple(dict.fromkeys(n for row in rows for n in row.names.get(assay, ())))
            for assay in assays
        },
        arrays=tuple(dict.fromkeys(a for row in rows for a in row.arrays)),
    )


def _agreed(
    rows: Sequence[SheetRow], column: str | None, values: Sequence[Value | None]
) -> Value | None:
    """Return what the rows say of a column; a missing value contradicts nothing."""
    said = [(row, value) for row, value in zip(rows, values, strict=True) if value is not None]
    if not said:
        return None
    (first, known), *others = said
    for row, value in others:
        if value != known:
            _refuse(first, row, column or "", known, value)
    return known


def _refuse(first: SheetRow, row: SheetRow, column: str, known: object, value: object) -> NoReturn:
    raise IngestError(
        f"two rows of the library {row.library} differ in `{column}`, which study.yml uses",
        file=row.place.file,
        line=row.place.line,
        column=column,
        expected=f"{known}, as in line {first.place.line}",
        found=str(value),
        hint=f"correct one of them; if `{column}` tells lanes or runs of one library apart, take "
        "it out of study.yml",
    )
