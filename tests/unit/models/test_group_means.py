"""Means of groups with their confidence intervals, and what the design tables show."""

from __future__ import annotations

from typing import Any

import duckdb
import jinja2
import numpy as np
import pytest
from conftest import ROOT
from scipy import stats

from cohortmart.core.schemas import quality_tables
from tests.support.filtered_assay import annotation, reasons
from tests.support.finding_rows import DESIGN_SAMPLES, design

#: Of the samples of the design: group, timepoint, place of the visit, samples.
CELLS = [
    ("HP", "1st", 1, ["S5", "S7"]),
    ("HP", "3rd", 2, ["S6"]),
    ("MS", "1st", 1, ["S3"]),
    ("MS", "3rd", 2, ["S4"]),
]


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.sql(query).fetchall()


def summary(values: list[float]) -> tuple[Any, ...]:
    """n, mean, sd and the 95 % interval; None where there is none."""
    known = np.array([v for v in values if not np.isnan(v)])
    if not len(known):
        return 0, None, None, None, None
    if len(known) == 1:
        return 1, pytest.approx(known[0]), None, None, None
    mean, sd, n = known.mean(), known.std(ddof=1), len(known)
    half = stats.t.ppf(0.975, n - 1) * sd / np.sqrt(n)
    return n, *(
        pytest.approx(x, rel=1e-12, abs=1e-13) for x in (mean, sd, mean - half, mean + half)
    )


def quantile(df: str) -> str:
    """Render the macro outside of dbt."""
    text = (ROOT / "macros" / "t_quantile.sql").read_text()
    template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(text)
    return str(template.module.t_quantile_975(df))  # type: ignore[attr-defined]


def test_quantile_of_students_t() -> None:
    found = rows(duckdb.connect(), f"select df, {quantile('df')} from range(-1, 10001) as r(df)")
    assert found[:2] == [(-1, None), (0, None)]
    df, q = np.array(found[2:]).T
    np.testing.assert_allclose(q, stats.t.ppf(0.975, df), rtol=2e-8)
    np.testing.assert_allclose(q[:30], stats.t.ppf(0.975, df[:30]), rtol=1e-14)
    assert rows(duckdb.connect(), f"select {quantile('cast(null as bigint)')}") == [(None,)]


def test_group_expression(built: Any, full: duckdb.DuckDBPyConnection) -> None:
    log2_cpm = {
        (gene, sample): value
        for gene, sample, value in rows(
            full, "select gene_id, sample_id, log2_cpm from fct_gene_expression"
        )
    }
    expected = [
        ("second", gene, name or gene, group, timepoint, order, "CD4", "Resting",
         *summary([log2_cpm[gene, s] for s in samples]))
        for gene, name in zip(built.matrices["rna"].features, built.matrices["rna"].gene_names,
                              strict=True)
        for group, timepoint, order, samples in CELLS
    ]  # fmt: skip
    assert len(expected) == 120
    assert rows(full, "from group_expression order by gene_id, study_group, timepoint") == expected


def test_group_methylation(built: Any, full: duckdb.DuckDBPyConnection) -> None:
    """Kept probes; a missing beta, and one whose detection failed, count for no woman."""
    v2 = built.matrices["v2"]
    dropped = reasons(v2, annotation(v2))
    betas = np.where(dropped.missing, np.nan, v2.values)
    expected = [
        ("of betas", probe, group, timepoint, order, "CD4", "Resting",
         *summary([betas[i, v2.samples.index(s)] for s in samples]))
        for i, probe in enumerate(v2.features) if dropped.probes[i] is None
        for group, timepoint, order, samples in CELLS
    ]  # fmt: skip
    assert {row[7] for row in expected} == {0, 1, 2}
    query = "select * exclude (gene_names) from group_methylation"
    found = rows(full, f"{query} order by probe_id, study_group, timepoint")
    assert found == expected
    probe = expected[0][1]
    query = f"select count(*) from group_methylation where probe_id = '{probe}'"
    assert rows(full, query) == [(4,)]


def test_design_tables_are_shown_as_stored(full: duckdb.DuckDBPyConnection) -> None:
    stored = [design(analysis, DESIGN_SAMPLES) for analysis in ("of betas", "second")]
    for model, table in (
        ("design_matrix", "design_value"),
        ("contrast_weight", "contrast_weight"),
        ("analysis_note", "analysis_note"),
        ("qc_voom_trend", "voom_trend"),
    ):
        schema = quality_tables.DESIGN_TABLES[table]
        stored_columns = f"select {', '.join(schema.names)} from {model}"
        assert full.sql(stored_columns).to_arrow_table().schema.equals(schema)
        expected = [tuple(r[n] for n in schema.names) for rows in stored for r in rows[table]]
        assert sorted(rows(full, stored_columns)) == sorted(expected)


def test_samples_of_an_analysis(full: duckdb.DuckDBPyConnection) -> None:
    found = rows(full, "from intermediate.int_analysis__samples order by all")
    pairs = (("of betas", "v2"), ("second", "rna"))
    assert found == [(*pair, sample) for pair in pairs for sample in DESIGN_SAMPLES]


def test_the_order_of_contrasts(full: duckdb.DuckDBPyConnection) -> None:
    query = "select analysis, contrast_order from dim_contrast order by 1"
    assert rows(full, query) == [("first", 1), ("second", 1)]
