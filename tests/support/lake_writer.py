"""Writes small lakes and results straight into Parquet, so that models can be tested alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from cohortmart.core.lake.file_manifest import Entry, read_current, switch_current, write_table
from cohortmart.core.schemas import tables
from cohortmart.core.study.records import ROLE_COLUMNS


@dataclass(frozen=True)
class Matrix:
    """One layer of one assay.

    Parameters
    ----------
    assay, kind, layer : str
        As in `tables.MATRIX_SAMPLE`.
    features, samples : list of str
        Names of the rows and columns.
    values : array of float64, shape (features, samples)
        NaN = missing.
    gene_names : list of str or None, optional
        One a feature.
    m_value_clip : float
        Written to the `assay` table.
    detection_p, bead_count : array like `values`, optional
        What the scanner said of each beta; NaN = not said.
    filters : dict
        Columns `filter_…` of the `assay` table; those not given are switched off.
    """

    assay: str
    kind: str
    features: list[str]
    samples: list[str]
    values: np.ndarray
    layer: str = "raw"
    gene_names: list[str | None] | None = None
    m_value_clip: float = 1e-6
    detection_p: np.ndarray | None = None
    bead_count: np.ndarray | None = None
    filters: dict[str, float | bool] = field(default_factory=dict)


@dataclass
class Sheet:
    """Columns of the `sample` table, filled where a test does not care."""

    sample_id: list[str]
    subject_id: list[str]
    study_group: list[str]
    timepoint: list[str]
    visit_order: list[int]
    cell_type: list[str | None] | None = None
    visit_key: list[str] | None = None
    further: dict[str, list[str] | list[float]] = field(default_factory=dict)

    def table(self) -> pa.Table:
        """Give the Arrow table with the study's own columns behind the fixed ones."""
        n = len(self.sample_id)
        columns = {
            "sample_id": self.sample_id,
            "subject_id": self.subject_id,
            "study_group": self.study_group,
            "timepoint": self.timepoint,
            "visit_order": self.visit_order,
            "cell_type": self.cell_type or [None] * n,
            "visit_key": self.visit_key or [""] * n,
        }
        table = pa.table(columns, schema=tables.SAMPLE_COLUMNS)
        for name, values in self.further.items():
            table = table.append_column(name, pa.array(values))
        return table


def write_lake(
    home: Path,
    sheet: Sheet,
    matrices: list[Matrix],
    *,
    assays: bool = True,
    unnamed: tuple[str, ...] = (),
    annotation: dict[str, list[dict[str, object]]] | None = None,
) -> None:
    """Write `home/lake` with these samples and matrices and make it current.

    Without `assays` the table `assay` is left out, as in a lake that was written by itself.
    The study names all layers but the `unnamed`, in the order of `matrices`. `annotation` holds
    rows of further tables: probe, probe_gene, probe_mask, gene_set, network_edge.
    """
    lake = home / "lake"
    entries = [_put(lake, "sample", "", sheet.table())]
    entries.append(_put_rows(lake, "study_variable", _variables(sheet)))
    for m in matrices:
        entries.append(_put(lake, "matrix", f"{m.assay}:{m.layer}", _matrix_table(m)))
    entries.append(_put_rows(lake, "matrix_sample", [r for m in matrices for r in _positions(m)]))
    features = {(r["assay"], r["feature_id"]): r for m in matrices for r in _features(m)}
    entries.append(_put_rows(lake, "feature", list(features.values())))
    if assays:
        entries.append(_put_rows(lake, "assay", _assays(matrices, unnamed)))
    for name, rows in (annotation or {}).items():
        entries.append(_put_rows(lake, name, rows))
    entries.append(_put_rows(lake, "ingested_file", [_file(m) for m in matrices]))
    switch_current(lake, entries)


def write_results(
    home: Path,
    analysis: str,
    rows: dict[str, list[dict[str, object]]],
    without: Sequence[str] = (),
) -> None:
    """Write rows of the results tables of one analysis beside those that are there.

    The files lack the columns `without`, as those of earlier versions do.
    """
    room = home / "results"
    entries = [e for e in read_current(room) if e.part != analysis]
    for name, table_rows in rows.items():
        table = pa.Table.from_pylist(table_rows, schema=tables.RESULT_TABLES[name])
        table = table.drop_columns([c for c in without if c in table.column_names])
        entries.append(_put(room, name, analysis, table))
    switch_current(room, entries)


def _put(room: Path, name: str, part: str, table: pa.Table) -> Entry:
    path = f"{name}-{part.replace(':', '-') or 'all'}.parquet"
    write_table(table, room / path)
    return Entry(name, part, path)


def _put_rows(lake: Path, name: str, rows: list[dict[str, object]]) -> Entry:
    return _put(lake, name, "", pa.Table.from_pylist(rows, schema=tables.LAKE_TABLES[name]))


def _matrix_table(m: Matrix) -> pa.Table:
    columns: dict[str, object] = {"feature_id": m.features}
    lists = {"values": m.values, "detection_p": m.detection_p, "bead_count": m.bead_count}
    for name, numbers in lists.items():
        if numbers is not None:
            flat = pa.array(numbers.ravel(), mask=np.isnan(numbers.ravel()))
            columns[name] = pa.FixedSizeListArray.from_arrays(flat, len(m.samples))
    return pa.table(columns)


def _variables(sheet: Sheet) -> list[dict[str, object]]:
    """Give what ingest would say of the columns: text is a factor, a number a covariate."""
    own = {n: all(isinstance(v, str) for v in values) for n, values in sheet.further.items()}
    roles = ("group", "timepoint", "cell_type", "subject")
    rows = [(ROLE_COLUMNS[role], role, "factor") for role in roles]
    rows += [(n, "factor", "factor") for n, is_text in own.items() if is_text]
    rows += [(n, "covariate", "number") for n, is_text in own.items() if not is_text]
    names = ("variable", "role", "kind", "variable_order", "in_visit_key")
    return [dict(zip(names, (*row, n, False), strict=True)) for n, row in enumerate(rows, start=1)]


def _assays(matrices: list[Matrix], unnamed: tuple[str, ...]) -> list[dict[str, object]]:
    rows: dict[str, dict[str, object]] = {}
    for m in matrices:
        row = rows.setdefault(
            m.assay, {"assay": m.assay, "kind": m.kind, "m_value_clip": m.m_value_clip}
        )
        row |= {f"filter_{name}": value for name, value in m.filters.items()}
        if m.layer not in unnamed:
            row["layers"] = f"{row['layers']}|{m.layer}" if "layers" in row else m.layer
    return list(rows.values())


def _positions(m: Matrix) -> list[dict[str, object]]:
    return [
        {
            "assay": m.assay,
            "kind": m.kind,
            "layer": m.layer,
            "position": position,
            "sample_id": sample,
            "column_name": sample,
        }
        for position, sample in enumerate(m.samples, start=1)
    ]


def _features(m: Matrix) -> list[dict[str, object]]:
    names = m.gene_names or [None] * len(m.features)
    return [
        {"assay": m.assay, "kind": m.kind, "feature_id": f, "gene_name": n}
        for f, n in zip(m.features, names, strict=True)
    ]


def _file(m: Matrix) -> dict[str, object]:
    return {
        "file": f"{m.assay}_{m.layer}.csv",
        "role": m.assay,
        "sha256": f"{m.assay}{m.layer}".encode().hex(),
        "bytes": m.values.nbytes,
        "rows": len(m.features),
        "columns": len(m.samples),
        "format": "csv",
        "options": "{}",
        "reader_version": "1",
        "status": "current",
    }
