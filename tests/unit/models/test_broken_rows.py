"""Every test of our own that dbt runs after a build fails on a row that is wrong."""

from __future__ import annotations

import shutil
from typing import Any

import duckdb
import pytest
from conftest import run_dbt

from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

#: name of the data test -> statements that break what it looks at
BREAKS: dict[str, list[str]] = {
    "unique_combination_fct_gene_expression_assay__gene_id__sample_id": [
        "insert into fct_gene_expression"
        " select * from fct_gene_expression where gene_id = 'ENSG001' and sample_id = 'S2'"
    ],
    "counts_are_conserved": [
        "update fct_gene_expression set count = count + 1 where gene_id = 'ENSG002'"
    ],
    "in_range_fct_gene_expression_count__0": [
        "update fct_gene_expression set count = -1 where gene_id = 'ENSG003' and sample_id = 'S2'"
    ],
    "in_range_fct_gene_expression_cpm__0": [
        "update fct_gene_expression set cpm = 'nan' where gene_id = 'ENSG003' and sample_id = 'S2'"
    ],
    "in_range_qc_sample_missing_share__1__0": [
        "update qc_sample set missing_share = 1.5 where sample_id = 'S2'"
    ],
    "one_group_per_subject": ["update dim_sample set study_group = 'HP' where sample_id = 'S1'"],
    "one_sample_per_visit": [
        "update dim_sample set subject_id = 'P2', timepoint = '3rd' where sample_id = 'S6'"
    ],
    "same_number_of_rows_visit_expression_ref_fct_gene_expression_": [
        "delete from dim_sample where sample_id = 'S8'"
    ],
    "tmm_factors_have_geometric_mean_one": [
        "update intermediate.int_sample__tmm set norm_factor = 2 where sample_id = 'S2'"
    ],
    "matrix_rows_have_a_value_per_sample": [
        "update intermediate.int_probe__flags set n_samples = 5"
        " where assay = 'epic' and feature_id = 'cg004'"
    ],
    "lists_in_range_stg_lake__beta_matrix_measured__1__0": [
        "create table lists as select * from staging.stg_lake__beta_matrix",
        "drop view staging.stg_lake__beta_matrix",
        "create table staging.stg_lake__beta_matrix as select * from lists",
        "update staging.stg_lake__beta_matrix set measured = [0.5, cast('nan' as double)]"
        " where feature_id = 'cg002' and assay = 'epic'",
    ],
    "kept_lists_are_of_kept_probes": [
        "create table kept as select * from intermediate.int_beta__kept",
        "drop view intermediate.int_beta__kept",
        "create table intermediate.int_beta__kept as select * from kept",
        "update intermediate.int_beta__kept set feature_id = 'rs00000001_TC11'"
        " where feature_id = 'cg00000006'",
    ],
    "one_row_per_sample_fct_probe_methylation_assay__probe_id"
    "__ref_int_beta__kept___ref_int_beta__kept_samples_": [
        "create table betas as select * from fct_probe_methylation",
        "drop view fct_probe_methylation",
        "create table fct_probe_methylation as select * from betas"
        " where assay <> 'epic' or probe_id <> 'cg004' or sample_id <> 'S3'",
    ],
    "not_below_fct_contrast_result_adj_p_value__p_value": [
        "create table estimates as select * from fct_contrast_result",
        "drop view fct_contrast_result",
        "create table fct_contrast_result as select * from estimates",
        "update fct_contrast_result set adj_p_value = 0.001 where feature_id = 'ENSG005'",
    ],
    "rows_have_parent_fct_contrast_result_analysis__contrast__ref_dim_contrast_": [
        "insert into fct_contrast_result select * replace ('third' as analysis)"
        " from fct_contrast_result where feature_id = 'ENSG001' limit 1"
    ],
    "contrast_results_are_unique": [
        "insert into fct_contrast_result"
        " select * from fct_contrast_result where feature_id = 'ENSG007' limit 1"
    ],
    "in_range_fct_contrast_result_se__0": [
        "update fct_contrast_result set se = 'nan' where feature_id = 'ENSG009'"
    ],
}


@pytest.fixture(scope="module")
def outcome(built: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Result of `dbt test` on a copy of the warehouse in which all of that is broken."""
    folder = tmp_path_factory.mktemp("broken")
    # the same name, so that dbt may reuse what it has parsed
    warehouse = folder / "warehouse.duckdb"
    shutil.copy(built.homes["full"] / "warehouse.duckdb", warehouse)
    with duckdb.connect(str(warehouse)) as con:
        for statement in (s for statements in BREAKS.values() for s in statements):
            con.execute(statement)
    env = {"COHORTMART_HOME": str(built.homes["full"]), "COHORTMART_WAREHOUSE": str(warehouse)}
    args = ["test", "--select", "test_type:data"]
    return run_dbt(folder, [{"env": env, "args": args}])[0]


@pytest.mark.parametrize("test", BREAKS)
def test_a_bad_row_is_found(outcome: dict[str, Any], test: str) -> None:
    assert outcome["results"][test] == "fail"


def test_all_kinds_of_tests_are_tried_here() -> None:
    sql_tests = ROOT / "tests" / "sql"
    kinds = [path.stem for path in sql_tests.rglob("*.sql")]
    assert len(kinds) >= 11
    for kind in kinds:
        assert any(test == kind or test.startswith(f"{kind}_") for test in BREAKS), kind


def test_what_was_not_broken_still_passes(outcome: dict[str, Any]) -> None:
    for test in (
        "unique_dim_probe_probe_id",
        "in_range_fct_contrast_result_p_value__1__0",
        "unique_combination_stg_lake__features_assay__feature_id",
        "unique_combination_ingested_file_role__file__sha256__options__reader_version__status",
    ):
        assert outcome["results"][test] == "pass"
