"""Matrix columns and the samples of the sheets that they are, or an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Study
from cohortmart.core.study.rules.study import RESERVED_COLUMNS
from cohortmart.core.text import counted
from ingest.check.likely_cause import likely_cause
from ingest.read.samples.sample_sheet import Samples

_SHOWN = 5


@dataclass(frozen=True)
class Matched:
    """Which sample each matrix column is.

    Parameters
    ----------
    sample_ids : mapping
        Assay to its sample_ids in the order of the matrix columns, merged ones once.
    notes : tuple of str
        Samples without a column, and what `merged` says.
    merged : tuple of str
        Which columns are merged to one sample.
    """

    sample_ids: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]
    merged: tuple[str, ...] = ()


def match_columns(study: Study, samples: Samples, columns: Mapping[str, Sequence[str]]) -> Matched:
    """Find the sample of every matrix column.

    Parameters
    ----------
    study : Study
        Kinds and files of the assays.
    samples : Samples
        What the sheets say.
    columns : mapping
        Assay to the sample names in its matrix, in order, after `strip_suffix`.

    Raises
    ------
    IngestError
        A column is no sample of the sheets, a sample is measured twice by one kind of assay, or
        two samples are of the same subject, timepoint, cell type and visit_key.
    """
    found: dict[str, tuple[str, ...]] = {}
    notes: list[str] = []
    merged: list[str] = []
    for assay, names in columns.items():
        known = samples.names[assay]
        unknown = [name for name in names if name not in known]
        if unknown:
            raise _unknown_columns(study, samples, assay, unknown, names)
        notes += _array_notes(study, samples, assay, names)
        sample_ids = tuple(known[name] for name in names)
        _check_once(study, assay, names, sample_ids, samples.libraries)
        found[assay] = tuple(dict.fromkeys(sample_ids))
        merged += _merged_notes(study, samples, assay, sample_ids)
        absent = sorted(set(known.values()) - set(found[assay]))
        if absent:
            notes.append(
                f"{assay}: the matrix has no column for {len(absent)} of the "
                f"{len(set(known.values()))} samples of the sheet ({_some(absent)})"
            )
    for kind in ("counts", "beta"):
        _check_kind(
            study, samples, {a: s for a, s in found.items() if study.assays[a].kind == kind}
        )
    return Matched(found, (*notes, *merged), tuple(merged))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


def _array_notes(study: Study, samples: Samples, assay: str, names: Sequence[str]) -> Iterator[str]:
    """Say that columns were found by the samples' arrays and not by their names."""
    by_array = [name for name in names if name in samples.arrays]
    column = study.assays[assay].sample or study.samples[0].sample
    if by_array and samples.arrays[by_array[0]] != f"`{column}`":
        yield (
            f"{assay}: {counted(len(by_array), 'column')} of the matrix found by the array, which "
            f"the sheet names in {samples.arrays[by_array[0]]} ({_some(by_array[:1])})"
        )


def _unknown_columns(
    study: Study, samples: Samples, assay: str, unknown: list[str], names: Sequence[str]
) -> IngestError:
    many = len(unknown) > 1
    return IngestError(
        f"{counted(len(unknown), 'sample')} of the {assay} matrix "
        f"{'are' if many else 'is'} not in the sample sheet",
        file=study.assays[assay].files[0],
        expected=f"names as in the sheet, such as {_some(_in_sheet(samples, assay)[:3])}",
        found=_some(unknown),
        hint=likely_cause(samples, assay, unknown, names),
    )


def _in_sheet(samples: Samples, assay: str) -> list[str]:
    """Return the names that the sheet gives to samples; their arrays' where it gives no other."""
    known = sorted(samples.names[assay])
    return [name for name in known if name not in samples.arrays] or known


def _merged_notes(
    study: Study, samples: Samples, assay: str, sample_ids: Sequence[str]
) -> Iterator[str]:
    """Say which columns were merged, and of which samples some are not there."""
    n_columns = Counter(sample_ids)
    merged = [s for s, n in n_columns.items() if n > 1]
    if not merged:
        return
    n = sum(n_columns[s] for s in merged)
    how = "added up" if study.assays[assay].kind == "counts" else "averaged"
    yield (
        f"{assay}: {n} columns {how} to {counted(len(merged), 'sample')}, as `library` says what "
        "belongs together"
    )
    wanted = Counter(s for n, s in samples.names[assay].items() if n not in samples.arrays)
    fewer = sorted(s for s, n in n_columns.items() if s in samples.libraries and n < wanted[s])
    if fewer:
        of = counted(len(fewer), "library", "libraries")
        yield f"{assay}: the matrix has only some of the columns of {of} ({_some(fewer)})"


def _check_once(
    study: Study,
    assay: str,
    names: Sequence[str],
    sample_ids: Sequence[str],
    libraries: Collection[str],
) -> None:
    first: dict[str, str] = {}
    for name, sample_id in zip(names, sample_ids, strict=True):
        if sample_id in first and sample_id not in libraries:
            raise IngestError(
                f"the sample {sample_id} is measured twice in the assay {assay}",
                file=study.assays[assay].files[0],
                expected="one column a sample",
                found=f"the columns {first[sample_id]} and {name}",
                hint="leave one of the columns out, or give the two samples names of their own; "
                "if they are lanes or libraries of one sample, name the column that says what "
                "belongs together under `library` in `samples`",
            )
        first[sample_id] = name


def _check_kind(study: Study, samples: Samples, sample_ids: Mapping[str, Sequence[str]]) -> None:
    """Check the assays of one kind: they share a fact table, whose grain must hold."""
    rows = {row["sample_id"]: row for row in samples.table.to_pylist()}
    assay_of: dict[str, str] = {}
    at_visit: dict[tuple[object, ...], str] = {}
    keys = ("subject_id", "timepoint", "cell_type", "visit_key")
    for assay, ids in sample_ids.items():
        for sample_id in ids:
            if sample_id in assay_of:
                raise IngestError(
                    f"the sample {sample_id} is in two assays of the kind "
                    f"{study.assays[assay].kind}: {assay_of[sample_id]} and {assay}",
                    file=study.assays[assay].files[0],
                    expected="a sample in one assay of a kind",
                    hint="take the sample out of one of the two",
                )
            assay_of[sample_id] = assay
            visit = tuple(rows[sample_id][key] for key in keys)
            other = at_visit.setdefault(visit, sample_id)
            if other != sample_id:
                raise _same_visit(study, rows[sample_id], rows[other], assay)


def _same_visit(
    study: Study, row: Mapping[str, object], other: Mapping[str, object], assay: str
) -> IngestError:
    said = [f"subject {row['subject_id']}"]
    said += [f"timepoint {row['timepoint']}"] if study.has_timepoints else []
    said += [f"cell type {row['cell_type']}"] if row["cell_type"] is not None else []
    said += [f"visit_key {row['visit_key']}"] if row["visit_key"] else []
    person, visit = study.nouns.subject.one, study.nouns.timepoint.one
    return IngestError(
        f"two samples of one {person} at one {visit} in the assay {assay}: {other['sample_id']} "
        f"and {row['sample_id']}",
        file=study.samples[0].file,
        expected="one sample for each subject x timepoint x cell type x visit_key",
        found=f"both are {', '.join(said)}",
        hint=_ways_on(study, row, other, assay),
    )


def _ways_on(
    study: Study, row: Mapping[str, object], other: Mapping[str, object], assay: str
) -> str:
    """Say what to do with two samples of one visit: a key, a library, or one of them."""
    column = next((sheet.group for sheet in study.samples if sheet.group is not None), None)
    if column is not None and row["study_group"] != other["study_group"]:
        taken = column.lower() in RESERVED_COLUMNS
        first = f"give the column `{column}` another name in the sheet, and " if taken else ""
        column = "it" if taken else f"the column `{column}`"
        return (
            f"they are of the groups {other['study_group']} and {row['study_group']}: {first}name "
            f"{column} under `visit_key`, too, or correct one of the two"
        )
    is_counts = study.assays[assay].kind == "counts"
    values = "counts are added" if is_counts else "values averaged"
    return (
        "if a further column tells them apart (a treatment, say), name it under `visit_key` in "
        "study.yml; if they are lanes or libraries of one sample, name the column that says what "
        f"belongs together under `library`, and their {values}; else take one of the two out"
    )
