"""Raw files into the lake: sheets, then matrices, then one switch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cohortmart.core.lake.file_manifest import (
    Entry,
    read_current,
    read_part,
    switch_current,
    written_beside,
)
from cohortmart.core.lake.hashed_tables import write_named
from cohortmart.core.lake.layers import RAW, is_derived
from cohortmart.core.lake.lock import lake_lock
from cohortmart.core.lake.matrix_samples import matrix_sample_rows, matrix_sample_table
from cohortmart.core.progress import counted_off
from cohortmart.core.study.records import SampleSheet, Study
from cohortmart.core.text import counted, listed
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.user_project import note_study_folder
from ingest.check.samples import match_columns
from ingest.checksums import Checksums
from ingest.forget.forgotten import Forgotten, read_forgotten
from ingest.forget.purge import finish_forgetting
from ingest.matrix.assay_reading import AssayReading, find_in_lake, read_into_lake
from ingest.matrix.known_probes import known_probe_notes
from ingest.plan import Plan, plan_assays
from ingest.read.samples.sample_sheet import Samples, read_samples
from ingest.read.samples.sheet_cells import SHEET_READER_VERSION
from ingest.reference.gene_lookup import GeneLookup
from ingest.reference.pipeline import read_annotation
from ingest.reference.roles import ANNOTATION_TABLES, NETWORK
from ingest.reference.translation import GENE_TABLES, name_genes, read_lookup
from ingest.write.file_log import file_log, name_in_study, options_json
from ingest.write.measures import measure_table
from ingest.write.samples import assay_table, feature_table, variable_table

Say = Callable[[str], None]
#: Tables of the lake that an ingest writes.
TABLES = (
    *("assay", "feature", "ingested_file", "matrix", "matrix_sample", "measure", "sample"),
    "study_variable",
    *ANNOTATION_TABLES,
    *GENE_TABLES,
)


@dataclass(frozen=True)
class AssaySummary:
    """One assay in the lake.

    Parameters
    ----------
    name, kind : str
        Which assay.
    n_features, n_samples : int
        Size of its matrix.
    was_in : bool
        Nothing had to be read: the same files were in the lake.
    """

    name: str
    kind: str
    n_features: int
    n_samples: int
    was_in: bool


@dataclass(frozen=True)
class IngestSummary:
    """What is in the lake now.

    Parameters
    ----------
    n_samples, n_subjects : int
        Of the sample sheets, without forgotten subjects.
    assays : tuple of AssaySummary
        Sorted by name.
    notes : tuple of str
        What a user may want to know.
    changed : bool
        The lake is not what it was before.
    """

    n_samples: int
    n_subjects: int
    assays: tuple[AssaySummary, ...]
    notes: tuple[str, ...]
    changed: bool


def ingest(study: Study, home: Home, study_file: Path, say: Say = print) -> IngestSummary:
    """Read the raw files of a study into the lake.

    A matrix that is in the lake already (same files, options and reader) is not read again. The
    lake changes in one step at the end; an interrupted ingest leaves it as it was.

    Parameters
    ----------
    study : Study
        What study.yml says.
    home : Home
        The output folder.
    study_file : Path
        study.yml itself, which is copied into the output folder.
    say : callable
        Called with a line of text for each step and note.

    Raises
    ------
    IngestError
        A raw file cannot be used, or the files contradict each other.
    InputError
        Another process is writing the lake.
    """
    with lake_lock(home):
        finish_forgetting(home)
        return _ingest(study, home, study_file, say)


def _ingest(study: Study, home: Home, study_file: Path, say: Say) -> IngestSummary:
    forgotten = read_forgotten(home.lake)
    everyone = read_samples(study)
    samples, gone, note = _without_forgotten(everyone, forgotten)
    subjects = len(set(samples.table["subject_id"].to_pylist()))
    say(f"samples: {counted(samples.table.num_rows, 'sample')} of {counted(subjects, 'subject')}")
    gone_names = {
        assay: frozenset(n for n, sample_id in known.items() if sample_id in gone)
        for assay, known in everyone.names.items()
    }
    checksums = Checksums(forgotten)
    plans = plan_assays(study, checksums, forgotten, gone_names, everyone.names, everyone.libraries)
    matched = match_columns(study, samples, {plan.name: plan.origin.raw_columns for plan in plans})
    notes = [*note, *samples.notes, *matched.notes]
    for line in notes:
        say(f"note: {line}")

    if study.reference.network is not None:  # read after the matrices; a forgotten one ends here
        checksums.of(study.reference.network.file)
    annotation = read_annotation(study, home.lake, study_file, checksums, say)
    lookup = read_lookup(home.lake, annotation.entries)
    done = [
        _one_assay(home.lake, plan, study_file, lookup, say)
        for plan in counted_off(plans, "assays", name=lambda plan: plan.name)
    ]
    named = name_genes(
        home.lake, [reading.features for reading in done], annotation.entries, lookup, say
    )
    network = read_annotation(
        study, home.lake, study_file, checksums, say, (NETWORK,), named.genes.words
    )
    translated = named.translated(study, home.lake, network.entries, say)
    known = known_probe_notes(study, home.lake, annotation, done)
    for line in known:
        say(f"note: {line}")
    notes += [*annotation.notes, *(note for reading in done for note in reading.notes)]
    notes += [*known, *named.notes, *network.notes, *translated.notes]
    rows = [
        row
        for reading in done
        for row in matrix_sample_rows(
            reading.plan.name,
            reading.plan.assay.kind,
            RAW,
            reading.plan.origin.columns,
            matched.sample_ids[reading.plan.name],
        )
    ]
    log = [*_sheet_rows(study, samples, study_file, checksums)]
    log += [row for reading in done for row in reading.file_rows]
    log += [*annotation.file_rows, *network.file_rows]
    entries = [
        *annotation.entries,
        *network.entries,
        *translated.entries,
        *(reading.plan.origin.entry for reading in done),
        write_named(samples.table, home.lake, "sample"),
        write_named(variable_table(study), home.lake, "study_variable"),
        write_named(assay_table(study), home.lake, "assay"),
        write_named(matrix_sample_table(rows), home.lake, "matrix_sample"),
        write_named(feature_table(reading.features for reading in done), home.lake, "feature"),
        *_measures(done, home.lake),
        write_named(
            file_log(log, read_part(home.lake, "ingested_file")), home.lake, "ingested_file"
        ),
    ]
    changed = _switch(home.lake, entries)
    with written_beside(home.study_copy) as temporary:
        temporary.write_bytes(study_file.read_bytes())
    note_study_folder(home, study_file)
    return IngestSummary(
        n_samples=samples.table.num_rows,
        n_subjects=subjects,
        assays=tuple(_summary(reading) for reading in done),
        notes=tuple(notes),
        changed=changed,
    )


def _measures(done: list[AssayReading], lake: Path) -> list[Entry]:
    """Write the table of measures, where an assay has some."""
    table = measure_table(done)
    return [write_named(table, lake, "measure")] if table.num_rows else []


def _without_forgotten(
    samples: Samples, forgotten: Forgotten
) -> tuple[Samples, set[str], tuple[str, ...]]:
    """Leave out whom `cohortmart forget` removed; without naming them."""
    gone = {
        row["sample_id"]
        for row in samples.table.select(["sample_id", "subject_id"]).to_pylist()
        if forgotten.has_subject(row["subject_id"]) or forgotten.has_sample(row["sample_id"])
    }
    if not gone:
        return samples, gone, ()
    note = (
        f"{counted(len(gone), 'sample')} of the sheet left out: of subjects that "
        "`cohortmart forget` removed"
    )
    return samples.without(gone), gone, (note,)


def _one_assay(
    lake: Path, plan: Plan, study_file: Path, lookup: GeneLookup, say: Say
) -> AssayReading:
    reading = find_in_lake(lake, plan, study_file)
    if reading is None:
        size = sum(path.stat().st_size for path in plan.used_files)
        names = listed([path.name for path in plan.used_files], most=6)
        shown = f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"
        say(f"{plan.name}: reading {names} ({shown})")
        reading = read_into_lake(lake, plan, study_file, lookup)
    for note in reading.notes:
        say(f"note: {note}")
    said = counted(reading.n_features, "feature")
    said += f" x {counted(len(plan.origin.columns), 'sample')}"
    say(f"{plan.name}: {said}{' (already in)' if reading.was_in else ''}")
    return reading


def _summary(reading: AssayReading) -> AssaySummary:
    return AssaySummary(
        name=reading.plan.name,
        kind=reading.plan.assay.kind,
        n_features=reading.n_features,
        n_samples=len(reading.plan.origin.columns),
        was_in=reading.was_in,
    )


def _sheet_rows(
    study: Study, samples: Samples, study_file: Path, checksums: Checksums
) -> list[dict[str, Any]]:
    return [
        {
            "file": name_in_study(sheet.file, study_file),
            "role": "samples",
            "sha256": checksums.of(sheet.file),
            "bytes": sheet.file.stat().st_size,
            "rows": len(sheet.rows),
            "columns": len(sheet.columns),
            "format": sheet.format,
            "options": options_json(_sheet_options(block)),
            "reader_version": SHEET_READER_VERSION,
        }
        for sheet, block in zip(samples.sheets, study.samples, strict=True)
    ]


def _sheet_options(block: SampleSheet) -> dict[str, object]:
    """Return how a sheet is read; keys that came later are told only where they are set."""
    later = {key for key in ("library", "sheet") if getattr(block, key) is None}
    return block.model_dump(exclude={"file", *later})


def _switch(lake: Path, entries: list[Entry]) -> bool:
    """Make the new files current, unless they are; layers made from the old go with them."""
    current = read_current(lake)
    if {e for e in current if e.table_name in TABLES and not is_derived(e)} == set(entries):
        return False
    others = (e for e in current if e.table_name not in TABLES and not is_derived(e))
    switch_current(lake, [*entries, *others])
    return True
