"""The tables hold what the lake and the results hold, with the numbers that are defined."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import yaml

from cohortmart.core.schemas import tables
from cohortmart.core.warehouse.home import Home, connect_read_only
from tests.support.lake_writer import Matrix
from tests.support.paths import ROOT


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.sql(query).fetchall()


def as_matrix(con: duckdb.DuckDBPyConnection, query: str, matrix: Matrix) -> np.ndarray:
    """Rows (feature, sample, value) as an array like the matrix; NaN = null."""
    found = np.full(matrix.values.shape, np.nan)
    answer = rows(con, query)
    assert len(answer) == found.size
    for feature, sample, value in answer:
        place = matrix.features.index(feature), matrix.samples.index(sample)
        found[place] = np.nan if value is None else value
    return found


def n_betas(built: Any) -> int:
    """Betas of kept probes and samples: 9 probes and a sample of `v2`, a probe of `two`."""
    sizes = [built.matrices[key].values.shape for key in ("raw", "small", "two", "v2")]
    return sum(p * s for p, s in sizes) - 61 * 8 + 52 * 7 - 1


def test_every_model_and_test_passes(built: Any) -> None:
    outcome = built.outcomes["full"]
    assert outcome["success"], outcome
    exposures = yaml.safe_load((ROOT / "models" / "_exposures.yml").read_text())["exposures"]
    names = {exposure["name"] for exposure in exposures}
    assert {n for n, status in outcome["results"].items() if status == "no-op"} == names
    assert set(outcome["results"].values()) == {"success", "pass", "no-op"}


def test_counts_arrive_unchanged(built: Any, full: duckdb.DuckDBPyConnection) -> None:
    rna = built.matrices["rna"]
    found = as_matrix(full, "select gene_id, sample_id, count from fct_gene_expression", rna)
    np.testing.assert_array_equal(found, rna.values)


def test_cpm_uses_the_factors_of_qc_sample(built: Any, full: duckdb.DuckDBPyConnection) -> None:
    rna = built.matrices["rna"]
    sizes = {
        s: (n, f)
        for s, n, f in rows(
            full, "select sample_id, lib_size, norm_factor from qc_sample where assay = 'rna'"
        )
    }
    lib_size, factor = np.array([sizes[s] for s in rna.samples]).T
    np.testing.assert_allclose(lib_size, rna.values.sum(axis=0), rtol=1e-15)
    assert np.ptp(factor) > 0.01
    size = lib_size * factor
    cpm = as_matrix(full, "select gene_id, sample_id, cpm from fct_gene_expression", rna)
    np.testing.assert_allclose(cpm, rna.values / size * 1e6, rtol=1e-14)
    prior = 2 * size / size.mean()
    log2_cpm = as_matrix(full, "select gene_id, sample_id, log2_cpm from fct_gene_expression", rna)
    expected = np.log2((rna.values + prior) / (size + 2 * prior) * 1e6)
    np.testing.assert_allclose(log2_cpm, expected, rtol=1e-14)


@pytest.mark.parametrize(("key", "clip"), [("raw", 0.01), ("small", 1e-6)])
def test_m_values_with_the_clip_of_the_assay(
    built: Any, full: duckdb.DuckDBPyConnection, key: str, clip: float
) -> None:
    matrix = built.matrices[key]
    of_assay = f"from fct_probe_methylation where assay = '{matrix.assay}'"
    betas = as_matrix(full, f"select probe_id, sample_id, beta {of_assay}", matrix)
    np.testing.assert_array_equal(betas, matrix.values)
    m_values = as_matrix(full, f"select probe_id, sample_id, m_value {of_assay}", matrix)
    clipped = np.clip(matrix.values, clip, 1 - clip)
    assert (clipped != matrix.values).sum() >= 2  # the test data has a 0, a 1 and a NaN
    np.testing.assert_allclose(m_values, np.log2(clipped / (1 - clipped)), rtol=1e-13)


def test_samples_keep_the_columns_of_the_study(full: duckdb.DuckDBPyConnection) -> None:
    relation = full.sql("select * from dim_sample")
    assert relation.columns == [*tables.SAMPLE_COLUMNS.names, "library_batch", "age"]
    assert relation.limit(1).fetchall() == [
        ("S1", "P1", "MS", 1, "1st", 1, "CD4", "Resting", "A", 30.5)
    ]
    assert rows(full, "select * from dim_subject where subject_id = 'P3'") == [
        ("P3", "HP", 2, 2, 2, 1)
    ]


def test_groups_sort_in_the_order_of_the_study(full: duckdb.DuckDBPyConnection) -> None:
    """MS is the reference here, whatever the alphabet says, in every table with a group."""
    columns = """
        select table_name from duckdb_columns()
        where column_name = 'group_order' and schema_name = 'main'
    """
    tables_with_groups = {name for (name,) in rows(full, columns)}
    assert len(tables_with_groups) == 14
    without_rows = {"visit_measurement", "group_measurement", "rebound_region"}
    for table in tables_with_groups - without_rows:
        query = f"select distinct study_group, group_order from {table}"
        # results speak of a group HC as well, of which there is no sample
        found = {group: order for group, order in rows(full, query) if group in ("MS", "HP")}
        assert found.items() <= {"MS": 1, "HP": 2}.items(), table
        assert found, table


def test_genes_and_probes(full: duckdb.DuckDBPyConnection) -> None:
    names = rows(full, "select gene_id, gene_name from dim_gene order by gene_id limit 2")
    assert names == [("ENSG000", "ENSG000"), ("ENSG001", "GENE1")]
    # 5 of the 20 probes are on both arrays and still one row
    assert rows(
        full,
        "select count(*), count(filter_reason), count(chromosome) from dim_probe"
        " where length(probe_id) = 5",
    ) == [(20, 0, 0)]


def test_quality_of_samples(built: Any, full: duckdb.DuckDBPyConnection) -> None:
    rna, epic = built.matrices["rna"], built.matrices["raw"]
    found = {(a, s): q for a, s, *q in rows(full, "select * from qc_sample")}
    assert len(found) == 7 + 6 + 2 + 1 + 8
    detected = (rna.values > 0).sum(axis=0)
    for sample, n in zip(rna.samples, detected, strict=True):
        assert found["rna", sample][2:4] == [n, 0.0]
    missing = np.isnan(epic.values).sum(axis=0)
    for sample, n in zip(epic.samples, missing, strict=True):
        assert found["epic", sample][:4] == [None, None, 20 - n, n / 20]


def test_visit_tables_name_everything(full: duckdb.DuckDBPyConnection) -> None:
    expression = """
        select * exclude (cpm, log2_cpm) from visit_expression
        where subject_id = 'P2' and timepoint = '3rd' and gene_name = 'GENE3'
    """
    assert rows(full, expression) == [
        ("rna", "P2", "MS", 1, "3rd", 2, "CD4", "Resting", "S4", "ENSG003", "GENE3", 0.0)
    ]
    methylation = """
        select count(*), count(beta), count(distinct sample_id) from visit_methylation
        where assay = 'epic' and study_group = 'HP'
    """
    assert rows(full, methylation)[0][0::2] == (60, 3)


def test_results_are_shown_as_written(full: duckdb.DuckDBPyConnection) -> None:
    for model, schema in (
        ("dim_contrast", tables.CONTRAST),
        ("fct_joint_test", tables.JOINT_TEST),
        ("analysis_run", tables.ANALYSIS_RUN),
    ):
        shown = full.sql(f"select {', '.join(schema.names)} from {model}")
        assert shown.to_arrow_table().schema.equals(schema)
    added = ("feature_name", "ci_low", "ci_high", "t")
    known = full.sql("select * from fct_contrast_result").columns
    stored = [name for name in tables.CONTRAST_RESULT.names if name != "ci_quantile"]
    assert [name for name in known if name not in added] == stored
    found = rows(
        full,
        "select analysis, count(*), sum(t), min(ci_low), max(ci_high) from fct_contrast_result"
        " group by 1 order by 1",
    )
    numbers = (30, -90.0, -2.5, -0.5)
    assert found == [("first", *numbers), ("second", *numbers)]
    assert rows(full, "select analysis, f from fct_joint_test") == [("second", 2.5)]
    assert rows(full, "select analysis, seconds from analysis_run order by 1") == [
        ("first", 1.5),
        ("of betas", 1.5),
        ("second", 1.5),
    ]


def test_rows_are_sorted(full: duckdb.DuckDBPyConnection) -> None:
    for table, keys in (
        ("fct_gene_expression", "assay, gene_id, sample_id"),
        ("dim_sample", "sample_id"),
        ("dim_gene", "gene_id"),
        ("qc_sample", "assay, sample_id"),
    ):
        stored = rows(full, f"select {keys} from {table}")
        assert stored == sorted(stored)


def test_variables_say_what_the_columns_of_samples_are(full: duckdb.DuckDBPyConnection) -> None:
    found = rows(full, "select variable, role, kind from study_variable order by variable_order")
    assert found[:4] == [
        ("study_group", "group", "factor"),
        ("timepoint", "timepoint", "factor"),
        ("cell_type", "cell_type", "factor"),
        ("subject_id", "subject", "factor"),
    ]
    query = "select column_name, data_type from duckdb_columns() where table_name = 'dim_sample'"
    types = dict(rows(full, f"{query} and schema_name = 'main'"))
    own = {"VARCHAR": ("factor", "factor"), "DOUBLE": ("covariate", "number")}
    fixed = {
        "sample_id",
        "group_order",
        "visit_order",
        "visit_key",
        *(name for name, *_ in found[:4]),
    }
    assert {n: (r, k) for n, r, k in found[4:]} == {
        name: own[kind] for name, kind in types.items() if name not in fixed
    }
    assert len(found) > 4


def test_columns_of_the_study_have_comments(full: duckdb.DuckDBPyConnection) -> None:
    query = "select column_name, comment from duckdb_columns() where table_name = 'dim_sample'"
    found = dict(rows(full, query))
    assert found["age"] == 'the person\'s "age", years'
    assert found["library_batch"] is None
    assert found["study_group"].startswith("Group of the person, as in study.yml")
    assert found["study_group"].endswith(". In this study: diagnosis")
    assert found["timepoint"] == "Visit, as in study.yml's `timepoints`."
    said = rows(full, "select variable, description from study_variable where description <> ''")
    assert said == [("study_group", "diagnosis"), ("age", found["age"])]


def test_betas_are_stored_once(full: duckdb.DuckDBPyConnection) -> None:
    stored = {name for (name,) in rows(full, "select table_name from duckdb_tables()")}
    assert stored == {
        "dim_sample", "dim_subject", "dim_gene", "dim_probe", "bridge_probe_gene",
        "dim_gene_set", "bridge_gene_set", "bridge_gene_alias", "network_edge", "qc_sample",
        "qc_probe_funnel", "fct_gene_expression", "ingested_file", "int_sample__tmm",
        "int_lake__built_files", "int_beta__kept_samples", "int_probe__annotated",
        "int_probe__flags", "int_probe__quality", "int_sample__quality", "int_rebound__found",
        "stg_results__built_files", "contrast_summary", "rebound_summary", "rebound_union",
        "group_agreement", "gene_methylation", "qc_beta_density", "study_variable",
        "dim_measure", "dim_feature", "int_measure__samples", "derived_assay",
        "explained_summary", "dmr", "return_summary", "signature", "signature_feature",
    }  # fmt: skip


def test_older_clients_can_open_the_file(full: duckdb.DuckDBPyConnection) -> None:
    (tags,) = rows(full, "select tags from duckdb_databases() where not internal")[0]
    assert tags["storage_version"].startswith("v1.4")


def test_a_renamed_or_attached_warehouse_still_works(built: Any, tmp_path: Path) -> None:
    renamed = tmp_path / "another name.duckdb"
    shutil.copy(built.homes["full"] / "warehouse.duckdb", renamed)
    with duckdb.connect(str(renamed), read_only=True) as direct:
        assert rows(direct, "select count(*) from visit_methylation") == [(n_betas(built),)]
    with duckdb.connect() as attached:
        attached.execute(f"attach '{renamed}' as elsewhere (read_only)")
        views = rows(
            attached,
            "select schema_name, view_name from duckdb_views()"
            " where database_name = 'elsewhere' and not internal",
        )
        assert len(views) > 20
        for schema, view in views:
            attached.sql(f"select * from elsewhere.{schema}.{view} limit 1").fetchall()


def test_the_locked_connection_can_read_every_view(built: Any) -> None:
    con = connect_read_only(Home(built.homes["full"]))
    assert rows(con, "select count(*) from fct_probe_methylation") == [(n_betas(built),)]
    assert rows(con, "select count(*) from fct_contrast_result") == [(60,)]
    con.close()
