"""Several sample sheets joined into one row a sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from cohortmart.core.errors import IngestError, StudyError
from cohortmart.core.study.records import SampleSheet, Study
from cohortmart.core.text import counted, did_you_mean
from ingest.read.samples.array_barcodes import Array
from ingest.read.samples.sheet_roles import Place, SheetRow

Value = TypeVar("Value", str, float)


@dataclass
class JoinedSample:
    """One sample while the sheets are joined.

    Parameters
    ----------
    first : SheetRow
        The row that brought the sample in.
    values : dict
        Factor or covariate to its value and where it stands.
    names : dict
        Assay to the names its matrix may have for this sample, with their places.
    group : tuple of (str, Place), or None
        The group that its rows name, and where.
    arrays : set of Array
        Those it was measured on, where the sheets say so.
    """

    first: SheetRow
    values: dict[str, tuple[str | float, Place]] = field(default_factory=dict)
    names: dict[str, dict[str, Place]] = field(default_factory=dict)
    group: tuple[str, Place] | None = None
    arrays: set[Array] = field(default_factory=set)


def join_sheets(
    study: Study, sheets: list[list[SheetRow]]
) -> tuple[list[JoinedSample], tuple[str, ...]]:
    """Join further sheets to the first on the keys they name.

    A further sheet with a sample column and the first one's whole key is joined both ways and
    may add samples; any other only adds columns to the samples that are there.

    Parameters
    ----------
    study : Study
        Its `samples` say which keys each sheet names.
    sheets : list of list of SheetRow
        In the order of `study.samples`.

    Returns
    -------
    samples : list of JoinedSample
        In the order of the sheets.
    notes : tuple of str
        Rows that matched nothing.

    Raises
    ------
    IngestError
        A further sheet is not unique on its key, or contradicts an earlier one.
    StudyError
        A further sheet names a key that the first does not have.
    """
    samples = [_taken(row) for row in sheets[0]]
    notes = []
    for block, rows in zip(study.samples[1:], sheets[1:], strict=True):
        keys = _keys(block, study.samples[0])
        by_key = _unique(rows, keys, block)
        used = set()
        for sample in samples:
            key = _key_of(sample.first, keys)
            if key in by_key:
                _merge(sample, by_key[key])
                used.add(key)
        left = [row for key, row in by_key.items() if key not in used]
        if block.sample is not None and keys == _keys(study.samples[0], study.samples[0]):
            samples += [_taken(row) for row in left]
        elif left:
            notes.append(
                f"{block.file.name}: {study.samples[0].file.name} has no sample for {len(left)} of "
                f"{counted(len(rows), 'row')}, not used (the first is line "
                f"{left[0].place.line}, subject {left[0].subject})"
            )
    return samples, tuple(notes)


def _keys(block: SampleSheet, first: SampleSheet) -> tuple[str, ...]:
    """Names of the keys a sheet is joined on; columns of visit_key follow under their own."""
    named = [
        name
        for name, column in (("timepoint", block.timepoint), ("cell_type", block.cell_type))
        if column is not None
    ]
    if "cell_type" in named and first.cell_type is None:
        raise StudyError(
            f"the sheet {block.file.name} names a cell_type, the first sheet does not",
            hint="name the column with the cell types in the first sheet of `samples`, too",
        )
    for column in block.visit_key:
        if column not in first.visit_key:
            raise StudyError(
                f"the sheet {block.file.name} has `{column}` in visit_key, the first does not",
                expected=f"columns of the first sheet's visit_key: {list(first.visit_key)}",
                found=column,
                hint=did_you_mean(column, first.visit_key)
                or "name the column in the visit_key of the first sheet of `samples`, too",
            )
    return ("subject", *named, *(f"visit_key {c}" for c in sorted(block.visit_key)))


def _key_of(row: SheetRow, keys: tuple[str, ...]) -> tuple[str | None, ...]:
    by_name = {"subject": row.subject, "timepoint": row.timepoint, "cell_type": row.cell_type}
    by_name |= {f"visit_key {column}": value for column, value in row.visit_key.items()}
    return tuple(by_name[key] for key in keys)


def _unique(
    rows: list[SheetRow], keys: tuple[str, ...], block: SampleSheet
) -> dict[tuple[str | None, ...], SheetRow]:
    by_key: dict[tuple[str | None, ...], SheetRow] = {}
    for row in rows:
        key = _key_of(row, keys)
        if key in by_key:
            said = ", ".join(f"{n} {v}" for n, v in zip(keys, key, strict=True))
            raise IngestError(
                "two rows have the same key, so they cannot be joined to the first sheet",
                file=block.file,
                line=row.place.line,
                expected=f"one row for each {' x '.join(keys)}",
                found=f"{said} on lines {by_key[key].place.line} and {row.place.line}",
                hint="take one out, or name a further key (timepoint, cell_type, visit_key)",
            )
        by_key[key] = row
    return by_key


def _taken(row: SheetRow) -> JoinedSample:
    sample = JoinedSample(row)
    _merge(sample, row)
    return sample


def _merge(sample: JoinedSample, row: SheetRow) -> None:
    for column, value in {**row.visit_key, **row.factors, **row.covariates}.items():
        if value is None:
            continue
        known, place = sample.values.setdefault(column, (value, row.place))
        if known != value:
            raise _contradiction(f"`{column}`", sample, row, column, str(known), place, str(value))
    if row.group is not None:
        sample.group = sample.group or (row.group, row.place)
        if sample.group[0] != row.group:
            raise _contradiction("the group", sample, row, None, *sample.group, row.group)
    for assay, names in row.names.items():
        for name in names:
            sample.names.setdefault(assay, {}).setdefault(name, row.place)
    sample.arrays.update(row.arrays)


def _contradiction(
    what: str,
    sample: JoinedSample,
    row: SheetRow,
    column: str | None,
    known: str,
    place: Place,
    found: str,
) -> IngestError:
    return IngestError(
        f"two sheets say different things about {what} of sample {sample.first.sample}",
        file=row.place.file,
        line=row.place.line,
        column=column,
        expected=f"{known}, as in {place}",
        found=found,
        hint="correct one of them, or name the column in one sheet only",
    )
