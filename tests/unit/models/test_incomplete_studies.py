"""dbt works with one assay, without results, without a lake, and with further layers."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pytest


def test_one_assay_and_no_results(built: Any) -> None:
    outcome = built.outcomes["betas"]
    assert outcome["success"], outcome
    con = built.open("betas")
    for table, n in (
        ("fct_gene_expression", 0),
        ("visit_expression", 0),
        ("dim_gene", 0),
        ("dim_contrast", 0),
        ("fct_contrast_result", 0),
        ("fct_joint_test", 0),
        ("analysis_run", 0),
        ("fct_probe_methylation", 10),
        ("visit_methylation", 10),
        ("qc_sample", 2),
        ("dim_sample", 8),
    ):
        assert con.sql(f"select count(*) from {table}").fetchall() == [(n,)], table


def test_empty_tables_have_the_same_columns(built: Any) -> None:
    query = """
        select table_schema, table_name, column_name, ordinal_position, data_type
        from information_schema.columns order by 1, 2, 4
    """
    assert built.open("betas").sql(query).fetchall() == built.open("full").sql(query).fetchall()


def test_results_of_earlier_versions_have_what_was_added_empty(built: Any) -> None:
    con = built.open("layers")
    rows = con.sql("select analysis, z, genes from staging.stg_results__enrichments").fetchall()
    assert rows == [("earlier", 2.5, None)]


def test_a_lake_without_clips_uses_the_default(built: Any) -> None:
    lowest = (
        built.open("betas").sql("select min(m_value) from fct_probe_methylation").fetchall()[0][0]
    )
    np.testing.assert_allclose(lowest, np.log2(1e-6 / (1 - 1e-6)), rtol=1e-13)


def test_a_relative_home_is_stored_as_an_absolute_path(
    built: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    with duckdb.connect(str(built.homes["full"].parent / "relative.duckdb")) as con:
        assert con.sql("select count(*) from dim_sample").fetchall() == [(8,)]


def test_docs_without_any_lake(built: Any) -> None:
    assert built.outcomes["docs"]["success"], built.outcomes["docs"]


def test_the_last_layer_that_the_study_names_counts(built: Any) -> None:
    """Of the probes and samples it has, nothing else is left out: positions are its own."""
    assert built.outcomes["layers"]["success"], built.outcomes["layers"]
    con = built.open("layers")
    bmiq = built.matrices["bmiq"]
    expected = {
        (f, s): None if np.isnan(v) else v
        for f, line in zip(bmiq.features, bmiq.values.tolist(), strict=True)
        for s, v in zip(bmiq.samples, line, strict=True)
    }
    found = con.sql("select probe_id, sample_id, beta from fct_probe_methylation").fetchall()
    assert {(f, s): v for f, s, v in found} == expected
    lists = con.sql("select feature_id, measured from intermediate.int_beta__kept").fetchall()
    samples = con.sql(
        "select sample_id from intermediate.int_beta__kept_samples order by position"
    ).fetchall()
    cells = {(f, s): v for f, line in lists for (s,), v in zip(samples, line, strict=True)}
    assert cells == expected
    assert [f for f, _ in lists] == bmiq.features
