"""What the files under `reference` say, into the lake: manifests, masks, gene sets, networks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cohortmart.core.lake.file_manifest import Entry, read_current, read_part
from cohortmart.core.lake.hashed_tables import write_named
from cohortmart.core.study.records import Study
from ingest.checksums import Checksums
from ingest.reference.roles import EARLY_ROLES, Role
from ingest.write.file_log import name_in_study, options_json


@dataclass(frozen=True)
class Annotation:
    """Annotation that lies in the lake, current or not yet.

    Parameters
    ----------
    entries : tuple of Entry
        Its files.
    file_rows : tuple of dict
        Rows of `ingested_file`, without the status.
    notes : tuple of str
        What the readers noticed.
    """

    entries: tuple[Entry, ...]
    file_rows: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]


def read_annotation(
    study: Study,
    lake: Path,
    study_file: Path,
    checksums: Checksums,
    say: Callable[[str], None],
    roles: Sequence[Role] = EARLY_ROLES,
    known: Collection[str] = (),
) -> Annotation:
    """Read the files of each role, unless the lake shows just these.

    Parameters
    ----------
    study : Study
        Names the files under `reference`.
    lake : Path
        The lake's folder.
    study_file : Path
        study.yml, relative to which files are named.
    checksums : Checksums
        Takes those of the files.
    say : callable
        Called with a line of text for each file and note.
    roles : sequence of Role
        Which files are read.
    known : collection of str
        Names and ids of the study's genes, once its matrices are read.

    Raises
    ------
    IngestError
        A file cannot be read, or was forgotten.
    """
    # all before the first is read: a forgotten file is found at once
    wanted = {r.name: _file_rows(r, study, study_file, checksums, known) for r in roles}
    log = read_part(lake, "ingested_file")
    logged = [] if log is None else log.to_pylist()
    entries: list[Entry] = []
    file_rows: list[dict[str, Any]] = []
    notes: list[str] = []
    for role in roles:
        rows = wanted[role.name]
        if not rows:
            continue
        reading = _in_lake(lake, role, rows, logged)
        if reading is None:
            reading = _read(lake, role, study, known, rows, say)
        entries += reading.entries
        file_rows += reading.file_rows
        notes += reading.notes
    for note in notes:
        say(f"note: {note}")
    return Annotation(tuple(entries), tuple(file_rows), tuple(notes))


def _file_rows(
    role: Role, study: Study, study_file: Path, checksums: Checksums, known: Collection[str]
) -> list[dict[str, Any]]:
    return [
        {
            "file": name_in_study(file.path, study_file),
            "role": role.name,
            "sha256": checksums.of(file.path),
            "bytes": file.path.stat().st_size,
            "options": options_json(file.options),
            "reader_version": file.reader_version,
        }
        for file in role.files(study, known)
    ]


def _read(
    lake: Path,
    role: Role,
    study: Study,
    known: Collection[str],
    rows: list[dict[str, Any]],
    say: Callable[[str], None],
) -> Annotation:
    reading = role.read(study, known, say)
    entries = tuple(write_named(reading.tables[name], lake, name) for name in role.tables)
    sized = tuple({**row, **size} for row, size in zip(rows, reading.sizes, strict=True))
    return Annotation(entries, sized, reading.notes)


def _in_lake(
    lake: Path, role: Role, wanted: list[dict[str, Any]], logged: Iterable[dict[str, Any]]
) -> Annotation | None:
    """Return the annotation that the lake shows, if it is made from just these files."""
    current = {
        _key(row): row for row in logged if row["role"] == role.name and row["status"] == "current"
    }
    entries = tuple(e for e in read_current(lake) if e.table_name in role.tables)
    whole = {e.table_name for e in entries} == set(role.tables)
    if {_key(row) for row in wanted} != set(current) or not whole:
        return None
    if not all((lake / e.path).exists() for e in entries):
        return None
    sizes = ("rows", "columns", "format")
    kept = tuple({**row, **{s: current[_key(row)][s] for s in sizes}} for row in wanted)
    return Annotation(entries, kept, ())


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    """Return what the tables depend on."""
    return tuple(row[name] for name in ("sha256", "options", "reader_version"))
