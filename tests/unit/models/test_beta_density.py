"""Densities of betas by layer, sample and design type, counted again in NumPy."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pytest

from tests.support.filtered_assay import annotation, place, reasons
from tests.support.lake_writer import Matrix

Counts = dict[tuple[str, str, str, str, int], int]

COUNTS = "select assay, layer, sample_id, design_type, bin, n from qc_beta_density"
INTEGRALS = """
    select count(*), min(total), max(total) from (
        select sum(density * (beta_to - beta_from)) as total from qc_beta_density
        group by assay, layer, sample_id, design_type
    )
"""


def counted(con: duckdb.DuckDBPyConnection, where: str) -> Counts:
    return {tuple(key): n for *key, n in con.sql(f"{COUNTS} where {where}").fetchall()}  # type: ignore[misc]


def expected(
    matrix: Matrix, betas: np.ndarray, types: list[str | None], samples: list[str]
) -> Counts:
    """Count betas; a design type of None drops the probe."""
    out: Counts = {}
    for beta, kind in zip(betas, types, strict=True):
        for sample, value in zip(matrix.samples, beta, strict=True):
            if kind is not None and sample in samples and not np.isnan(value):
                key = matrix.assay, matrix.layer, sample, kind, min(int(value * 50 + 1e-9) + 1, 50)
                out[key] = out.get(key, 0) + 1
    return out


def test_kept_probes_and_samples_by_design_type(
    built: Any, full: duckdb.DuckDBPyConnection
) -> None:
    v2 = built.matrices["v2"]
    manifests = annotation(v2)
    dropped = reasons(v2, manifests)
    types = [
        None if why else str(place(probe, manifests["probe"]).get("design_type", "unknown"))
        for probe, why in zip(v2.features, dropped.probes, strict=True)
    ]
    assert {"I", "II", "unknown"} <= set(types)
    samples = [s for s, why in zip(v2.samples, dropped.samples, strict=True) if why is None]
    betas = np.where(dropped.missing, np.nan, v2.values)
    assert counted(full, "assay = 'v2'") == expected(v2, betas, types, samples)


def test_bins(built: Any, full: duckdb.DuckDBPyConnection) -> None:
    """Without filters and manifest: 0 is in the first bin, 1 in the last one."""
    raw = built.matrices["raw"]
    found = counted(full, "assay = 'epic'")
    assert found == expected(raw, raw.values, ["unknown"] * 20, raw.samples)
    assert sum(found.values()) == 119  # one beta is missing
    ends = full.sql("select distinct bin, beta_from, beta_to from qc_beta_density").fetchall()
    assert {(k, *e) for k, *e in ends} <= {(k, (k - 1) / 50, k / 50) for k in range(1, 51)}
    n, low, high = full.sql(INTEGRALS).fetchall()[0]
    assert n > 20
    assert (low, high) == (pytest.approx(1), pytest.approx(1))


def test_an_edge_belongs_to_the_upper_bin(full: duckdb.DuckDBPyConnection) -> None:
    """50 x 0.58 as a double is below 29."""
    assert int(0.58 * 50) == 28
    assert list(counted(full, "assay = 'two'")) == [("two", "raw", "S1", "unknown", 30)]


def test_layers_before_and_after(built: Any) -> None:
    """The first sample is not in the last layer, so it is left out of the raw one as well."""
    raw, bmiq = built.matrices["detected"], built.matrices["bmiq"]
    assert raw.detection_p is not None
    betas = np.where(raw.detection_p > 0.01, np.nan, raw.values)
    types = [None if i == 6 else "unknown" for i in range(20)]
    both = expected(raw, betas, types, bmiq.samples)
    both |= expected(bmiq, bmiq.values, ["unknown"] * 19, bmiq.samples)
    con = built.open("layers")
    assert counted(con, "true") == both
    stored = con.sql("select layer, sample_id, bin from qc_beta_density").fetchall()
    assert stored == sorted(stored)
    con.close()
