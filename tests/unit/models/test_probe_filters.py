"""Which probes and samples are kept: the tables, and the same macros run from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import jinja2
import numpy as np
import pyarrow as pa
import pytest
from conftest import ROOT, SAMPLES

from cohortmart.core.schemas import tables
from tests.support.filtered_assay import (
    PLANTED,
    Reasons,
    annotation,
    common,
    filtered_matrix,
    place,
    reasons,
)
from tests.support.lake_writer import Matrix


@pytest.fixture(scope="module")
def v2() -> tuple[Matrix, dict[str, list[dict[str, object]]], Reasons]:
    matrix = filtered_matrix(SAMPLES)
    rows = annotation(matrix)
    return matrix, rows, reasons(matrix, rows)


def pairs(con: duckdb.DuckDBPyConnection, query: str) -> dict[Any, Any]:
    return {key: rest[0] if len(rest) == 1 else rest for key, *rest in con.sql(query).fetchall()}


def test_the_assay_has_work_for_every_step(v2: Any) -> None:
    matrix, _, expected = v2
    assert dict(zip(matrix.features, expected.probes, strict=True)) | PLANTED == dict(
        zip(matrix.features, expected.probes, strict=True)
    )
    assert sum(r is not None for r in expected.probes) == len(PLANTED)
    assert expected.samples == [None, "sample_missing", *[None] * 6]


def test_reasons_of_probes_and_samples(full: duckdb.DuckDBPyConnection, v2: Any) -> None:
    matrix, _, expected = v2
    found = pairs(full, "select probe_id, filter_reason from qc_probe where assay = 'v2'")
    assert found == dict(zip(matrix.features, expected.probes, strict=True))
    found = pairs(full, "select sample_id, filter_reason from qc_sample where assay = 'v2'")
    assert found == dict(zip(matrix.samples, expected.samples, strict=True))


def test_shares_of_probes_and_samples(full: duckdb.DuckDBPyConnection, v2: Any) -> None:
    matrix, _, expected = v2
    kept = np.array([r is None for r in expected.samples])
    missing = expected.missing[:, kept].mean(axis=1)
    few = (matrix.bead_count < 3)[:, kept].mean(axis=1)
    found = pairs(full, "select probe_id, missing_share, low_bead_share from qc_probe"
                        " where assay = 'v2'")  # fmt: skip
    np.testing.assert_array_equal([found[p] for p in matrix.features], np.c_[missing, few])
    found = pairs(full, "select sample_id, missing_share, detection_failed_share, n_detected"
                        " from qc_sample where assay = 'v2'")  # fmt: skip
    failed = (matrix.detection_p > 0.01).mean(axis=0)
    n_detected = (~expected.missing).sum(axis=0)
    rows = np.c_[expected.missing.mean(axis=0), failed, n_detected]
    np.testing.assert_array_equal([found[s] for s in matrix.samples], rows)


def test_kept_betas(full: duckdb.DuckDBPyConnection, v2: Any) -> None:
    """The same betas as a long table, with names, and as the lists that analyses stream."""
    matrix, rows, expected = v2
    betas = np.where(expected.missing, np.nan, matrix.values)
    at = {
        (p, s): (betas[i, j], place(p, rows["probe"]))
        for i, p in enumerate(matrix.features)
        for j, s in enumerate(matrix.samples)
        if expected.probes[i] is None and expected.samples[j] is None
    }
    found = full.sql(
        "select probe_id, sample_id, beta, common_probe_id, chromosome, position, m_value"
        " from visit_methylation where assay = 'v2'"
    ).fetchall()
    assert {(p, s) for p, s, *_ in found} == set(at)
    assert len(found) == len(at)
    for probe, sample, beta, name, chromosome, position, m_value in found:
        value, where = at[probe, sample]
        assert beta == (None if np.isnan(value) else value)
        assert (m_value is None) is (beta is None)
        assert name == common(probe)
        assert (chromosome, position) == (where.get("chromosome"), where.get("position"))
    samples = full.sql(
        "select sample_id, position from intermediate.int_beta__kept_samples where assay = 'v2'"
        " order by position"
    ).fetchall()
    kept = [r is None for r in expected.samples]
    wanted = [s for s, k in zip(matrix.samples, kept, strict=True) if k]
    assert samples == [(s, i) for i, s in enumerate(wanted, start=1)]
    table = full.sql("select * from intermediate.int_beta__kept where assay = 'v2'")
    lists = table.to_arrow_table().to_pydict()
    probes = [p for p, r in zip(matrix.features, expected.probes, strict=True) if r is None]
    assert lists["feature_id"] == probes
    found_lists = np.array(lists["measured"], dtype=float)
    np.testing.assert_array_equal(found_lists, betas[[r is None for r in expected.probes]][:, kept])


def test_annotation_of_probes(full: duckdb.DuckDBPyConnection, v2: Any) -> None:
    matrix, rows, _ = v2
    found = pairs(full, "select probe_id, common_probe_id, chromosome, position, genome_build,"
                        " design_type, island, manifest from dim_probe")  # fmt: skip
    columns = ("chromosome", "position", "genome_build", "design_type", "island", "manifest")
    for probe in matrix.features:
        where = place(probe, rows["probe"])
        assert found[probe] == [common(probe), *(where.get(c) for c in columns)]
    assert found["cg00000006"][1] == "6"
    assert found["cg00000007"][1] == "7"
    assert found["cg00000008_TC21"][1] is None
    genes = full.sql("select * from bridge_probe_gene").fetchall()
    assert genes == [
        ("cg00000001_TC21", "GENE1", "Body", "EPICv2"),
        ("cg00000001_TC21", "GENE1", "TSS200", "EPICv2"),
        ("cg00000006", "GENE6", None, "EPIC"),
        ("cg00000007", "GENE7", "Body", "EPICv2"),
    ]


def test_a_probe_is_kept_if_one_assay_keeps_it(full: duckdb.DuckDBPyConnection) -> None:
    found = full.sql(
        "select d.probe_id, d.filter_reason, count(*), count(q.filter_reason)"
        " from dim_probe as d inner join qc_probe as q on d.probe_id = q.probe_id"
        " where d.probe_id in ('cg002', 'rs00000001_TC11') group by all order by 1"
    ).fetchall()
    # one of three assays drops cg002
    assert found == [("cg002", None, 3, 1), ("rs00000001_TC11", "non_cpg", 1, 1)]


def test_identity_probes_keep_their_raw_betas(full: duckdb.DuckDBPyConnection, v2: Any) -> None:
    matrix, _, _ = v2
    found = pairs(full, "select sample_id, beta from fct_identity_probe")
    row = matrix.values[matrix.features.index("rs00000001_TC11")]
    assert found == dict(zip(matrix.samples, row.tolist(), strict=True))


def test_the_funnel(full: duckdb.DuckDBPyConnection) -> None:
    steps = full.sql(
        "select * exclude (assay, step_order) from qc_probe_funnel where assay = 'v2'"
        " order by step_order"
    ).fetchall()
    assert steps == [
        ("detection_p", "> 0.01", 61, 0, 61, 8, "used"),
        ("sample_missing", "> 0.1", 61, 0, 61, 7, "not needed"),
        ("probe_missing", "> 0.2", 61, 1, 60, 7, "not needed"),
        ("bead_count", "< 3.0 beads in > 0.25", 60, 1, 59, 7, "used"),
        ("non_cpg", "name without cg", 59, 3, 56, 7, "not needed"),
        ("mask", "in a mask", 56, 2, 54, 7, "used"),
        ("sex_chromosome", "X or Y", 54, 2, 52, 7, "used"),
    ]


def test_the_funnel_says_what_was_lacking(built: Any, full: duckdb.DuckDBPyConnection) -> None:
    query = "select step, annotation from qc_probe_funnel where assay = '{}'"
    assert set(pairs(full, query.format("epic")).values()) == {"switched off"}
    assert pairs(built.open("layers"), query.format("epic")) == {
        "detection_p": "used",
        "sample_missing": "switched off",
        "probe_missing": "not needed",
        "bead_count": "missing",
        "non_cpg": "not needed",
        "mask": "missing",
        "sex_chromosome": "missing",
    }


def test_the_macros_from_python(v2: Any) -> None:
    """As the head of macros/probe_filters.sql says, without dbt."""
    matrix, rows, expected = v2
    con = duckdb.connect()
    lists = {
        name: pa.array([[None if np.isnan(v) else v for v in row] for row in values])
        for name, values in (
            ("measured", matrix.values),
            ("detection_p", matrix.detection_p),
            ("bead_count", matrix.bead_count),
        )
    }
    n = len(matrix.features)
    given = {
        "betas": pa.table({"assay": ["v2"] * n, "feature_id": matrix.features, **lists}),
        "assays": pa.Table.from_pylist(
            [{"assay": "v2", **{f"filter_{k}": v for k, v in matrix.filters.items()}}],
            schema=tables.ASSAY,
        ),
        "matrix_samples": pa.Table.from_pylist(
            [
                {"assay": "v2", "position": i, "sample_id": s}
                for i, s in enumerate(matrix.samples, start=1)
            ],
            schema=tables.MATRIX_SAMPLE,
        ),
        "features": pa.Table.from_pylist(
            [{"assay": "v2", "kind": "beta", "feature_id": f} for f in matrix.features],
            schema=tables.FEATURE,
        ),
        "probes": pa.Table.from_pylist(rows["probe"], schema=tables.PROBE),
        "masks": pa.Table.from_pylist(rows["probe_mask"], schema=tables.PROBE_MASK),
    }
    for name, table in given.items():
        con.register(name, table)
    for name, file, macro, *relations in (
        ("flags", "probe_filters", "probe_flags", "betas", "assays"),
        ("samples", "probe_filters", "sample_quality", "flags", "matrix_samples", "assays"),
        ("annotation", "probe_annotation", "probe_annotation", "features", "probes"),
        ("quality", "probe_filters", "probe_quality", "flags", "samples", "assays", "annotation",
         "masks"),
    ):  # fmt: skip
        text = Path(ROOT / "macros" / f"{file}.sql").read_text(encoding="utf-8")
        sql = getattr(jinja2.Environment().from_string(text).module, macro)(*relations)
        con.execute(f"create temp table {name} as {sql}")
    kept = np.array([r is None for r in expected.samples])
    shares = expected.missing[:, kept].mean(axis=1), (matrix.bead_count < 3)[:, kept].mean(axis=1)
    probes = pairs(
        con, "select feature_id, filter_reason, missing_share, few_bead_share from quality"
    )
    wanted = zip(expected.probes, *(s.tolist() for s in shares), strict=True)
    assert probes == dict(zip(matrix.features, map(list, wanted), strict=True))
    samples = pairs(con, "select sample_id, filter_reason, missing_share from samples")
    wanted = zip(expected.samples, expected.missing.mean(axis=0).tolist(), strict=True)
    assert samples == dict(zip(matrix.samples, map(list, wanted), strict=True))
