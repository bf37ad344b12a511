"""Probe manifests and masks into the lake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cohortmart.catalogue import Entry, read_current, read_part
from cohortmart.lake.named import write_named
from cohortmart.study import Study
from cohortmart.wording import counted
from ingest.forgotten import Forgotten
from ingest.plan import checked_sha256
from ingest.read.manifest import MANIFEST_READER_VERSION, join_manifests, read_manifest
from ingest.read.probe_mask import MASK_READER_VERSION, read_masks
from ingest.read.text import sniff
from ingest.read.text_columns import table_stem
from ingest.write.file_log import name_in_study, options_json

MANIFEST, MASK = "manifest", "mask"
#: Tables of the lake that are made from the files of a role.
TABLES_OF = {MANIFEST: ("probe", "probe_gene"), MASK: ("probe_mask",)}
#: Tables of the lake that say something about probes, whatever was measured.
ANNOTATION_TABLES = tuple(name for names in TABLES_OF.values() for name in names)


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
    study: Study, lake: Path, study_file: Path, forgotten: Forgotten, say: Callable[[str], None]
) -> Annotation:
    """Read manifests and masks, unless the lake shows just these.

    Parameters
    ----------
    study : Study
        Names the files under `reference`.
    lake : Path
        The lake's folder.
    study_file : Path
        study.yml, relative to which files are named.
    forgotten : Forgotten
        What must not come back.
    say : callable
        Called with a line of text for each file and note.

    Raises
    ------
    IngestError
        A file cannot be read.
    """
    platforms = {a.platform for a in study.assays.values() if a.kind == "beta"}
    platform = platforms.pop() if len(platforms) == 1 else None
    wanted = [
        _file_row(path, MANIFEST, {"order": order, "platform": platform}, study_file, forgotten)
        for order, path in enumerate(study.reference.manifest, start=1)
    ]
    wanted += [_file_row(path, MASK, {}, study_file, forgotten) for path in study.reference.masks]
    known = _in_lake(lake, wanted)
    if known is not None:
        return known
    entries: list[Entry] = []
    notes: list[str] = []
    if study.reference.manifest:
        read = []
        for order, path in enumerate(study.reference.manifest, start=1):
            read.append(read_manifest(path, order, platform))
            say(f"manifest: {path.name}, {counted(read[-1].rows, 'probe')}")
        probe, probe_gene = join_manifests(read)
        entries.append(write_named(probe, lake, "probe"))
        entries.append(write_named(probe_gene, lake, "probe_gene"))
        notes += [note for manifest in read for note in manifest.notes]
        for row, manifest in zip(wanted, read, strict=False):
            row |= {"rows": manifest.rows, "columns": manifest.columns, "format": manifest.format}
    if study.reference.masks:
        masks, mask_notes = read_masks(study.reference.masks)
        entries.append(write_named(masks, lake, "probe_mask"))
        notes += mask_notes
        names = masks["mask"].to_pylist()
        for row, path in zip(
            wanted[len(study.reference.manifest) :], study.reference.masks, strict=True
        ):
            row |= {"rows": names.count(table_stem(path)), "format": sniff(path).name}
    for note in notes:
        say(f"note: {note}")
    return Annotation(tuple(entries), tuple(wanted), tuple(notes))


def _file_row(
    path: Path,
    role: str,
    options: dict[str, object],
    study_file: Path,
    forgotten: Forgotten,
) -> dict[str, Any]:
    options = {**options, "name": table_stem(path)}  # which the tables show
    return {
        "file": name_in_study(path, study_file),
        "role": role,
        "sha256": checked_sha256(path, forgotten),
        "bytes": path.stat().st_size,
        "options": options_json(options),
        "reader_version": MANIFEST_READER_VERSION if role == MANIFEST else MASK_READER_VERSION,
    }


def _in_lake(lake: Path, wanted: list[dict[str, Any]]) -> Annotation | None:
    """Return the annotation that the lake shows, if it is made from just these files."""
    log = read_part(lake, "ingested_file")
    rows = [] if log is None else log.to_pylist()
    current = {
        (r["role"], r["sha256"], r["options"], r["reader_version"]): r
        for r in rows
        if r["role"] in (MANIFEST, MASK) and r["status"] == "current"
    }
    keys = [(r["role"], r["sha256"], r["options"], r["reader_version"]) for r in wanted]
    entries = tuple(e for e in read_current(lake) if e.table_name in ANNOTATION_TABLES)
    shown = {e.table_name for e in entries}
    needed = {name for r in wanted for name in TABLES_OF[r["role"]]}
    whole = shown == needed and all((lake / e.path).exists() for e in entries)
    if set(keys) != set(current) or not whole:
        return None
    sizes = ("rows", "columns", "format")
    kept = [{**r, **{s: current[k][s] for s in sizes}} for r, k in zip(wanted, keys, strict=True)]
    return Annotation(entries, tuple(kept), ())
