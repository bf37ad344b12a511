"""Sources of the steps of an assay: its raw layer, or a layer that the lake has."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analyses.load.probe_filters import kept_in_lake
from analyses.normalise.source import LayerSource, beta_rows, layer_rows
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import Entry, read_current, read_part
from cohortmart.core.lake.layers import RAW, part_of
from cohortmart.core.study.kinds import BETA
from cohortmart.core.study.records import Assay
from cohortmart.core.warehouse.home import Home


def raw_source(home: Home, name: str, assay: Assay) -> tuple[LayerSource, dict[str, Any]]:
    """Return the raw layer as the steps see it, and what tells it from another.

    Of betas that is what passes the filters, of other kinds all features in all samples.

    Parameters
    ----------
    home : Home
        With a lake.
    name, assay : str, Assay

    Raises
    ------
    AnalysisError
        The filters of the assay leave nothing, or the lake has no sample of it.
    """
    if assay.kind == BETA:
        return _raw_betas(home, name, assay)
    return _whole_matrix(home, name, assay.kind)


def layer_source(lake: Path, kind: str, layer: str, entries: tuple[Entry, ...]) -> LayerSource:
    """Return a layer that the lake has.

    Parameters
    ----------
    lake : Path
        The lake's folder.
    kind, layer : str
        counts | beta | continuous, and the name of the layer.
    entries : tuple of Entry
        Its files, see `analyses.normalise.write.layer_entries`.
    """
    paths = {e.table_name: lake / e.path for e in entries}
    samples = pq.read_table(paths["matrix_sample"])
    return LayerSource(
        kind=kind,
        layer=layer,
        rows=partial(layer_rows, paths["matrix"]),
        feature_ids=_feature_ids(paths["matrix"]),
        sample_ids=tuple(samples["sample_id"].to_pylist()),
        columns=tuple(samples["column_name"].to_pylist()),
    )


def _raw_betas(home: Home, name: str, assay: Assay) -> tuple[LayerSource, dict[str, Any]]:
    kept = kept_in_lake(home, name)
    path = _raw_path(home.lake, name)
    limit = assay.filter.detection_p
    source = LayerSource(
        kind="beta",
        layer=RAW,
        rows=partial(beta_rows, home.lake / path, kept.probe_ids, kept.positions, limit),
        feature_ids=kept.probe_ids,
        sample_ids=kept.sample_ids,
        columns=kept.columns,
    )
    return source, {"raw": path, "kept": kept.mark, "detection_p": limit}


def _whole_matrix(home: Home, name: str, kind: str) -> tuple[LayerSource, dict[str, Any]]:
    table = read_part(home.lake, "matrix_sample")
    rows = [] if table is None else table.to_pylist()
    chosen = [r for r in rows if (r["assay"], r["layer"]) == (name, RAW)]
    chosen.sort(key=lambda r: r["position"])
    if not chosen:
        raise AnalysisError(
            f"the lake has no sample of the assay {name}",
            file=home.lake,
            hint="read its files first: cohortmart ingest STUDY.yml --out DIR",
        )
    path = _raw_path(home.lake, name)
    positions = np.array([r["position"] for r in chosen], dtype=np.int64) - 1
    source = LayerSource(
        kind=kind,
        layer=RAW,
        rows=partial(layer_rows, home.lake / path, positions),
        feature_ids=_feature_ids(home.lake / path),
        sample_ids=tuple(r["sample_id"] for r in chosen),
        columns=tuple(r["column_name"] for r in chosen),
    )
    # a sample sheet may give another sample's name to a column of the same file
    columns = [[r["position"], r["sample_id"], r["column_name"]] for r in chosen]
    return source, {"raw": path, "columns": columns}


def _raw_path(lake: Path, name: str) -> str:
    part = part_of(name, RAW)
    return next(e.path for e in read_current(lake) if (e.table_name, e.part) == ("matrix", part))


def _feature_ids(path: Path) -> pa.Array:
    return pq.read_table(path, columns=["feature_id"])["feature_id"].combine_chunks()
