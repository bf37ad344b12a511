"""A normalised layer as files of the lake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analyses.normalise.result import StepResult
from analyses.normalise.source import LayerSource
from cohortmart.core.lake.file_manifest import Entry, write_table
from cohortmart.core.lake.hashed_tables import DIGITS
from cohortmart.core.lake.layers import part_of
from cohortmart.core.lake.matrix import write_matrix
from cohortmart.core.lake.matrix_samples import matrix_sample_rows, matrix_sample_table
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.schemas.tables import LAYER, LAYER_SAMPLE

#: Tables that a layer has a part in.
TABLES = ("layer", "layer_sample", "matrix", "matrix_sample")
_MARK = b"cohortmart.layer"


def layer_entries(lake: Path, assay: str, layer: str, mark: str) -> tuple[Entry, ...] | None:
    """Return the files of a layer that was made from the same things before, if they are there.

    Parameters
    ----------
    lake : Path
        The lake's folder.
    assay, layer : str
    mark : str
        Fingerprint of what the layer is made from.
    """
    entries = _entries(assay, layer, mark)
    if not all((lake / e.path).exists() for e in entries):
        return None
    matrix = next(e for e in entries if e.table_name == "matrix")
    metadata = pq.read_schema(lake / matrix.path).metadata or {}
    return entries if metadata.get(_MARK) == mark.encode() else None


def written_layer(
    lake: Path,
    assay: str,
    layer: str,
    mark: str,
    source: LayerSource,
    step: StepResult,
    options: dict[str, Any],
) -> tuple[Entry, ...]:
    """Write a layer; it is not current before `catalogue.switch_current`.

    Parameters
    ----------
    lake, assay, layer, mark
        As for `layer_entries`.
    source : LayerSource
        What the step started from.
    step : StepResult
        Its rows are taken.
    options : dict
        The step of study.yml.
    """
    entries = _entries(assay, layer, mark)
    paths = {e.table_name: lake / e.path for e in entries}
    column = dict(zip(source.sample_ids, source.columns, strict=True))
    rows = matrix_sample_rows(assay, source.kind, layer, [column[s] for s in step.kept], step.kept)
    write_table(matrix_sample_table(rows), paths["matrix_sample"])
    n = write_matrix(one_ahead(step.rows), len(step.kept), paths["matrix"], {_MARK: mark.encode()})
    of_samples = [
        {
            "assay": assay,
            "layer": layer,
            "sample_id": note.sample_id,
            "fault": note.fault,
            "n_moved": note.n_moved,
            "type_distance_before": note.type_distance_before,
            "type_distance_after": note.type_distance_after,
        }
        for note in sorted(step.samples, key=lambda note: note.sample_id)
    ]
    write_table(pa.Table.from_pylist(of_samples, schema=LAYER_SAMPLE), paths["layer_sample"])
    row = {
        "assay": assay,
        "layer": layer,
        "made_from": source.layer,
        "options": json.dumps(options, sort_keys=True),
        "n_features": n,
        "n_samples": len(step.kept),
        "n_changed": step.n_changed,
        "notes": "\n".join(step.notes),
    }
    write_table(pa.Table.from_pylist([row], schema=LAYER), paths["layer"])
    return entries


def _entries(assay: str, layer: str, mark: str) -> tuple[Entry, ...]:
    part = part_of(assay, layer)
    return tuple(
        Entry(table, part, f"{table}-{assay}-{layer}-{mark[:DIGITS]}.parquet") for table in TABLES
    )
