"""The lake's current tables, and the same tables for fewer matrices or samples."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.lake.file_manifest import Entry, read_current, read_part
from cohortmart.core.lake.hashed_tables import write_named
from cohortmart.core.lake.matrix_samples import matrix_sample_rows, matrix_sample_table
from cohortmart.core.study.records import DERIVED
from ingest.matrix.matrix_file import Origin, origin_of
from ingest.reference.roles import ANNOTATION_TABLES
from ingest.reference.translation import GENE_TABLES
from ingest.write.file_log import sorted_log


@dataclass(frozen=True)
class LakeState:
    """What the lake shows; empty where there is nothing.

    Parameters
    ----------
    lake : Path
        Its folder.
    matrices : dict of Path to Origin or None
        Current matrices and what they say they were made from.
    samples, columns, log : list of dict
        Rows of `sample`, `matrix_sample` and `ingested_file`.
    """

    lake: Path
    matrices: dict[Path, Origin | None]
    samples: list[dict[str, Any]]
    columns: list[dict[str, Any]]
    log: list[dict[str, Any]]


def read_state(lake: Path) -> LakeState:
    """Read what the lake shows."""

    def rows(name: str) -> list[dict[str, Any]]:
        table = read_part(lake, name)
        return [] if table is None else list(table.to_pylist())

    paths = [lake / entry.path for entry in read_current(lake) if entry.table_name == "matrix"]
    matrices = {path: origin_of(path) for path in paths}
    return LakeState(lake, matrices, rows("sample"), rows("matrix_sample"), rows("ingested_file"))


def write_state(
    state: LakeState,
    kept: Sequence[Origin],
    gone: Collection[str],
    log: Iterable[Mapping[str, Any]],
    annotation: Collection[str] = ANNOTATION_TABLES,
) -> list[Entry]:
    """Write the small tables anew for some matrices, without some samples.

    Parameters
    ----------
    state : LakeState
        What the lake shows.
    kept : sequence of Origin
        The matrices that it will show; their files exist.
    gone : collection of str
        sample_ids that it will not show.
    log : iterable of mapping
        Rows of the new `ingested_file`.
    annotation : collection of str
        Tables made from files under `reference` that it will show, if it does now.

    Returns
    -------
    list of Entry
        All files of the new state; not current yet.
    """
    kinds = {row["assay"]: row["kind"] for row in state.columns}
    sample_of = {(r["assay"], r["column_name"]): r["sample_id"] for r in state.columns}
    rows = [
        row
        for origin in kept
        for row in matrix_sample_rows(
            origin.assay,
            kinds[origin.assay],
            origin.layer,
            origin.columns,
            [sample_of[origin.assay, name] for name in origin.columns],
        )
    ]
    new = {"matrix_sample": matrix_sample_table(rows), "ingested_file": sorted_log(log)}
    assays = {origin.assay for origin in kept}
    for name in ("assay", "feature", "measure"):
        table = read_part(state.lake, name)
        if table is not None:
            stays = _among(table["assay"], assays)
            if name == "assay":  # derived ones are made anew from what is left
                stays = pc.or_(stays, pc.equal(table["layers"], DERIVED))
            new[name] = table.filter(stays)
    samples = read_part(state.lake, "sample")
    if samples is not None:
        new["sample"] = samples.filter(pc.invert(_among(samples["sample_id"], gone)))
    entries = [write_named(table, state.lake, name) for name, table in sorted(new.items())]
    as_before = {*annotation, "study_variable"}
    if set(annotation) == set(ANNOTATION_TABLES):  # else the next ingest names the genes anew
        as_before |= set(GENE_TABLES)
    others = [e for e in read_current(state.lake) if e.table_name in as_before]
    return [*entries, *others, *(origin.entry for origin in kept)]


def _among(column: pa.ChunkedArray, values: Iterable[str]) -> pa.ChunkedArray:
    return pc.is_in(column, pa.array(sorted(values), pa.string()))
