"""The sample sheets of a study as one table: one row a sample."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.schemas.tables import SAMPLE_COLUMNS
from cohortmart.core.study.records import SampleSheet, Study
from cohortmart.core.study.timepoints import places_in_time
from cohortmart.core.study.variables import study_variables
from ingest.check.sheet_rows import (
    check_group,
    check_matrix_names,
    check_sample_ids,
    check_visit_keys,
    groups_of_subjects,
    refuse_contradictions,
)
from ingest.read.samples.array_barcodes import array_names, with_array_names
from ingest.read.samples.library_rows import fold_libraries
from ingest.read.samples.sheet_cells import Sheet, read_cells
from ingest.read.samples.sheet_fold import fold_rows
from ingest.read.samples.sheet_join import JoinedSample, join_sheets
from ingest.read.samples.sheet_roles import read_roles
from ingest.read.samples.used_columns import used_columns


@dataclass(frozen=True)
class Samples:
    """What the sample sheets say.

    Parameters
    ----------
    table : pa.Table
        One row a sample, sorted by sample_id: `tables.SAMPLE_COLUMNS`, then the study's visit
        keys and factors (string) and covariates (double).
    names : mapping
        Assay to a mapping from the name a sample has in its matrix to the sample_id.
    sheets : tuple of Sheet
        The files as read, in the order of study.yml.
    notes : tuple of str
        What a user may want to know.
    arrays : mapping
        Name of an array, as matrices of betas may name a sample, to the sheet's columns it is from.
    libraries : frozenset of str
        sample_ids whose columns of a matrix are merged.
    """

    table: pa.Table
    names: Mapping[str, Mapping[str, str]]
    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...] = ()
    arrays: Mapping[str, str] = field(default_factory=dict)
    libraries: frozenset[str] = frozenset()

    def without(self, sample_ids: Collection[str]) -> Samples:
        """Return the same without some samples; `names` keeps those of the others."""
        kept = pc.invert(
            pc.is_in(self.table["sample_id"], pa.array(sorted(sample_ids), pa.string()))
        )
        names = {
            assay: {name: sid for name, sid in known.items() if sid not in sample_ids}
            for assay, known in self.names.items()
        }
        return replace(self, table=self.table.filter(kept), names=names)


def sample_schema(study: Study) -> pa.Schema:
    """Return the schema of a study's `sample` table: the fixed columns, then its own."""
    types = {"factor": pa.string(), "number": pa.float64()}
    own = [v for v in study_variables(study) if v.name not in SAMPLE_COLUMNS.names]
    return pa.schema([*SAMPLE_COLUMNS, *(pa.field(v.name, types[v.kind]) for v in own)])


def read_samples(study: Study) -> Samples:
    """Read, join and check the sample sheets of a study.

    Parameters
    ----------
    study : Study
        Names the files and what their columns mean; its own columns clash with no fixed one
        (`load_study` sees to that).

    Returns
    -------
    Samples
        Sorted by sample_id, byte by byte.

    Raises
    ------
    StudyError
        The sheets cannot be joined.
    IngestError
        A sheet cannot be read, misses a column or value, or contradicts itself or another.
    """
    sheets = tuple(_one_row_a_sample(block, study) for block in study.samples)
    for name, assay in study.assays.items():
        column = assay.name_column
        if column is not None and not any(column in s.columns for s in sheets):
            key = "sample" if assay.sample is not None else "file"
            sheets[0].position(column, f"assays.{name}.{key}")
    rows = [
        fold_libraries(read_roles(sheet, block, study), block)
        for sheet, block in zip(sheets, study.samples, strict=True)
    ]
    check_visit_keys(rows[0], study.visit_key)
    groups = groups_of_subjects([row for sheet in rows for row in sheet])
    joined, notes = join_sheets(study, rows)
    check_sample_ids(joined)
    table = _table(study, joined, groups)
    notes = (*(n for s in sheets for n in s.notes), *notes, *_unused_words(study, table))
    notes += _changing_groups(study, table)
    names = check_matrix_names(study, joined)
    arrays = array_names((sample.first.sample or "", sample.arrays) for sample in joined)
    of_arrays = {a for a, assay in study.assays.items() if assay.kind != "counts"}
    return Samples(
        table,
        {a: with_array_names(n, arrays) if a in of_arrays else n for a, n in names.items()},
        sheets,
        notes,
        arrays={name: said for name, (_, said) in arrays.items()},
        libraries=frozenset(r.library for of in rows for r in of if r.library is not None),
    )


def _one_row_a_sample(block: SampleSheet, study: Study) -> Sheet:
    """Read a sheet; lines of one sample, as of nf-core one a lane, become one if they agree."""
    used = used_columns(block, study)
    sheet = read_cells(block.file, used)
    if block.sample is None or block.sample not in sheet.columns:
        return sheet
    refuse_contradictions(sheet, block.sample, used.columns)
    return fold_rows(sheet, (block.sample,), used.columns)


def _table(
    study: Study, joined: list[JoinedSample], groups: Mapping[str, tuple[str, ...]]
) -> pa.Table:
    order = {timepoint: n for n, timepoint in enumerate(study.timepoints, start=1)}
    group_order = {group: n for n, group in enumerate(study.groups, start=1)}
    rows = []
    for sample in joined:
        row = sample.first
        timepoint = row.timepoint or study.timepoints[0]
        group = check_group(study, sample, groups)
        rows.append(
            {
                "sample_id": row.sample,
                "subject_id": row.subject,
                "study_group": group,
                "group_order": group_order[group],
                "timepoint": timepoint,
                "visit_order": order[timepoint],
                "cell_type": row.cell_type,
                "visit_key": "|".join(row.visit_key[column] for column in study.visit_key),
                **{name: value for name, (value, _) in sample.values.items()},
            }
        )
    rows.sort(key=lambda r: str(r["sample_id"]).encode())
    return pa.Table.from_pylist(rows, schema=sample_schema(study))


def _unused_words(study: Study, table: pa.Table) -> list[str]:
    notes = []
    for key, column, words in (
        ("timepoints", "timepoint", study.timepoints),
        ("groups", "study_group", study.groups),
    ):
        found = set(table[column].to_pylist())
        unused = [word for word in words if word not in found]
        if unused:
            notes.append(f"no sample is of the {key} {', '.join(unused)} that study.yml lists")
    places = list((places_in_time(study.timepoints) or {}).values())
    if places != sorted(places):
        notes.append(
            f"the timepoints {', '.join(study.timepoints)} do not rise; they stay in the order of "
            "study.yml, so that later means further to the right"
        )
    return notes


def _changing_groups(study: Study, table: pa.Table) -> tuple[str, ...]:
    """Say how many people have samples of several groups; not who, as some may be forgotten."""
    of_subject: dict[str, set[str]] = {}
    for row in table.select(["subject_id", "study_group"]).to_pylist():
        of_subject.setdefault(row["subject_id"], set()).add(row["study_group"])
    n = sum(len(groups) > 1 for groups in of_subject.values())
    if not n:
        return ()
    people = study.nouns.subject
    return (
        f"the group changes within {n} of {people.counted(len(of_subject))}: every sample counts "
        f"in its own group, so that groups share {people.many}",
    )
