"""The raw matrix of one assay: found in the lake, or read from its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from cohortmart.core.lake.file_manifest import read_current, read_part
from ingest.matrix.lake_matrix import ingest_matrix
from ingest.matrix.matrix_file import origin_of, read_options
from ingest.plan import Plan
from ingest.reference.gene_lookup import GeneLookup
from ingest.write.file_log import name_in_study, options_json
from ingest.write.samples import AssayFeatures

#: Role of a table of transcripts and genes in `ingested_file`.
TRANSCRIPTS = "transcripts"


@dataclass(frozen=True)
class AssayReading:
    """An assay whose matrix lies in the lake, current or not yet.

    Parameters
    ----------
    plan : Plan
        What was to be read.
    features : AssayFeatures
        Its features.
    file_rows : tuple of dict
        Rows of `ingested_file`, without the status.
    notes : tuple of str
        What the reader noticed.
    was_in : bool
        Whether nothing had to be read.
    """

    plan: Plan
    features: AssayFeatures
    file_rows: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    was_in: bool

    @property
    def n_features(self) -> int:
        """Rows of the matrix."""
        return int(self.features.features.num_rows)


def find_in_lake(lake: Path, plan: Plan, study_file: Path) -> AssayReading | None:
    """Return the assay if the lake shows it, made from the same files in the same way.

    Parameters
    ----------
    lake : Path
        The lake's folder.
    plan : Plan
        What is wanted.
    study_file : Path
        study.yml, relative to which files are named.
    """
    target = lake / plan.origin.entry.path
    if plan.origin.entry not in read_current(lake) or origin_of(target) != plan.origin:
        return None
    features, log = read_part(lake, "feature"), read_part(lake, "ingested_file")
    if features is None or log is None:
        return None
    features = features.filter(pc.equal(features["assay"], plan.name))
    known = {
        row["sha256"]: row
        for row in log.to_pylist()
        if row["role"] == plan.name and row["status"] == "current"
    }
    complete = all(sha256 in known for _, sha256 in plan.used)
    if not complete or pq.read_metadata(target).num_rows != features.num_rows:
        return None
    return AssayReading(
        plan=plan,
        features=_features(plan, features),
        file_rows=tuple(
            _file_row(plan, path, sha256, study_file, known[sha256]) for path, sha256 in plan.used
        )
        + _transcript_rows(plan, study_file),
        notes=(),
        was_in=True,
    )


def read_into_lake(
    lake: Path, plan: Plan, study_file: Path, lookup: GeneLookup | None = None
) -> AssayReading:
    """Read an assay's files into a matrix of the lake, which is not current yet.

    Parameters
    ----------
    lake, plan, study_file
        As for `find_in_lake`.
    lookup : GeneLookup, optional
        The reference of genes.

    Raises
    ------
    IngestError
        A file breaks a check.
    """
    report = ingest_matrix(
        plan.name,
        plan.assay,
        plan.headers,
        lake / plan.origin.entry.path,
        leave_out=plan.left_out,
        metadata=plan.origin.metadata,
        pools=plan.origin.pools,
        lookup=lookup,
        needs_counts=plan.needs_counts,
    )
    sha256 = dict(plan.used)
    rows = []
    for file in report.files:
        size = {"rows": file.rows, "columns": file.columns, "format": file.format}
        rows.append(_file_row(plan, file.path, sha256[file.path], study_file, size))
    files = (*rows, *_transcript_rows(plan, study_file))
    return AssayReading(plan, _features(plan, report.features), files, report.notes, False)


def _features(plan: Plan, table: Any) -> AssayFeatures:
    return AssayFeatures(plan.name, plan.assay.kind, table.select(["feature_id", "gene_name"]))


def _transcript_rows(plan: Plan, study_file: Path) -> tuple[dict[str, Any], ...]:
    """Return the row of the table that says which transcript is of which gene, if there is one."""
    size = {"rows": None, "columns": None, "format": TRANSCRIPTS}
    rows = (_file_row(plan, path, sha256, study_file, size) for path, sha256 in plan.also)
    return tuple({**row, "role": TRANSCRIPTS} for row in rows)


def _file_row(
    plan: Plan, path: Path, sha256: str, study_file: Path, size: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "file": name_in_study(path, study_file),
        "role": plan.name,
        "sha256": sha256,
        "bytes": path.stat().st_size,
        "rows": size["rows"],
        "columns": size["columns"],
        "format": size["format"],
        "options": options_json(read_options(plan.assay)),
        "reader_version": plan.reader_version,
    }
