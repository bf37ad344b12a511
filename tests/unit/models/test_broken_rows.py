"""Every test of our own that dbt runs after a build fails on a row that is wrong, and says so."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import matrices, run_dbt, sheet

from cohortmart.core.errors import BuildError
from cohortmart.core.warehouse.build import build
from cohortmart.core.warehouse.build_log import read_outcome
from cohortmart.core.warehouse.home import Home
from tests.support.lake_writer import write_lake, write_results
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow


def as_table(view: str) -> str:
    """Give statements that put a table of the same rows in a view's place."""
    return (
        f"create table beside as select * from {view}; drop view {view};"
        f" create table {view} as select * from beside; drop table beside"
    )


#: name of the data test -> statements that break what it looks at
BREAKS: dict[str, list[str]] = {
    "counts_are_conserved": [
        "update fct_gene_expression set count = count + 1 where gene_id = 'ENSG002'"
    ],
    "one_sample_per_visit": [
        "update dim_sample set subject_id = 'P2', timepoint = '3rd' where sample_id = 'S6'"
    ],
    "equal_rowcount_visit_expression_ref_fct_gene_expression_": [
        "delete from dim_sample where sample_id = 'S8'"
    ],
    "tmm_factors_have_geometric_mean_one": [
        "update intermediate.int_sample__tmm set norm_factor = 2 where sample_id = 'S2'"
    ],
    "matrix_rows_have_a_value_per_sample": [
        "update intermediate.int_probe__flags set n_samples = 5"
        " where assay = 'epic' and feature_id = 'cg004'"
    ],
    "kept_lists_are_of_kept_probes": [
        as_table("intermediate.int_beta__kept"),
        "update intermediate.int_beta__kept set feature_id = 'rs00000001_TC11'"
        " where feature_id = 'cg00000006'",
    ],
    "one_row_per_sample_fct_probe_methylation_assay__probe_id"
    "__ref_int_beta__kept___ref_int_beta__kept_samples_": [
        as_table("fct_probe_methylation"),
        "delete from fct_probe_methylation"
        " where assay = 'epic' and probe_id = 'cg004' and sample_id = 'S3'",
    ],
    "unique_combination_of_columns_stg_lake__matrix_samples_assay__layer__position": [
        as_table("staging.stg_lake__matrix_samples"),
        "update staging.stg_lake__matrix_samples set position = 1"
        " where assay = 'epic' and position = 2",
    ],
    "relationships_of_columns_fct_contrast_result_analysis__contrast__ref_dim_contrast_": [
        as_table("fct_contrast_result"),
        "insert into fct_contrast_result select * replace ('third' as analysis)"
        " from fct_contrast_result where feature_id = 'ENSG001' limit 1",
    ],
    "contrast_results_are_unique": [
        "insert into fct_contrast_result"
        " select * from fct_contrast_result where feature_id = 'ENSG007' limit 1"
    ],
    "delta_beta_is_a_share": [
        "update fct_contrast_result set delta_beta = -1.5"
        " where analysis = 'second' and feature_id = 'ENSG011'"
    ],
}
#: table -> statements, and what is said of it: column, rule and number of rows
BROKEN_COLUMNS: dict[str, tuple[list[str], list[tuple[str, str, int]]]] = {
    "fct_gene_expression": (
        [
            "update fct_gene_expression set count = -1"
            " where gene_id = 'ENSG003' and sample_id = 'S2'",
            "update fct_gene_expression set cpm = 'nan'"
            " where gene_id = 'ENSG003' and sample_id in ('S2', 'S3')",
            "insert into fct_gene_expression select * from fct_gene_expression"
            " where gene_id = 'ENSG001' and sample_id = 'S2'",
        ],
        [
            ("count", "is below 0 or no number", 1),
            ("cpm", "is below 0 or no number", 2),
            ("assay, gene_id, sample_id", "names several rows", 1),
        ],
    ),
    "qc_sample": (
        ["update qc_sample set missing_share = 1.5 where sample_id = 'S2' and assay = 'rna'"],
        [("missing_share", "is outside 0 to 1", 1)],
    ),
    "stg_lake__beta_matrix": (
        [
            as_table("staging.stg_lake__beta_matrix"),
            "update staging.stg_lake__beta_matrix set measured = [0.5, cast('nan' as double)]"
            " where feature_id = 'cg002' and assay = 'epic'",
            "update staging.stg_lake__beta_matrix set measured = [0.5, 1.5]"
            " where feature_id = 'cg003' and assay = 'epic'",
        ],
        [("measured", "is outside 0 to 1", 2)],
    ),
    "fct_contrast_result": (
        [
            "update fct_contrast_result set adj_p_value = 0.001"
            " where analysis = 'first' and feature_id = 'ENSG005'",
            "update fct_contrast_result set adj_p_value = null"
            " where analysis = 'second' and feature_id = 'ENSG005'",
            "update fct_contrast_result set se = 'nan', delta_beta = 'nan'"
            " where feature_id = 'ENSG009'",
            "update fct_contrast_result set feature_id = null"
            " where analysis = 'first' and feature_id = 'ENSG012'",
        ],
        [
            ("feature_id", "is missing", 1),
            ("se", "is below 0 or no number", 2),
            ("adj_p_value", "is below p_value", 2),
            ("delta_beta", "is no number", 2),
        ],
    ),
    "analysis_note": (
        [
            as_table("analysis_note"),
            "update analysis_note set kind = 'rumour' where analysis = 'second' and note_order = 1",
        ],
        [("kind", "is none of warning, note, preset", 1)],
    ),
    "rebound_union": (
        [
            "update rebound_union set n_in_all = n_union + 1, n_not_opposite = n_union + 1"
            " where analysis = 'by default'"
        ],
        [("n_union", "is below n_in_all", 1), ("n_union", "is below n_not_opposite", 1)],
    ),
}


@pytest.fixture(scope="module")
def outcome(built: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Result of `dbt test` on a copy of the warehouse in which all of that is broken."""
    folder = tmp_path_factory.mktemp("broken")
    # the same name, so that dbt may reuse what it has parsed
    warehouse = folder / "warehouse.duckdb"
    shutil.copy(built.homes["full"] / "warehouse.duckdb", warehouse)
    with duckdb.connect(str(warehouse)) as con:
        of_columns = [statements for statements, _ in BROKEN_COLUMNS.values()]
        for statement in (s for statements in [*BREAKS.values(), *of_columns] for s in statements):
            con.execute(statement)
    env = {"COHORTMART_HOME": str(built.homes["full"]), "COHORTMART_WAREHOUSE": str(warehouse)}
    args = ["test", "--select", "test_type:data"]
    return run_dbt(folder, [{"env": env, "args": args}])[0]


@pytest.mark.parametrize("test", BREAKS)
def test_a_bad_row_is_found(outcome: dict[str, Any], test: str) -> None:
    assert outcome["results"][test] == "fail"


@pytest.mark.parametrize("table", BROKEN_COLUMNS)
def test_table_column_rule_and_rows_are_named(outcome: dict[str, Any], table: str) -> None:
    expected = BROKEN_COLUMNS[table][1]
    (test,) = (
        f"columns_hold_{table}_{unique}"
        for unique in ("", "False")
        if f"columns_hold_{table}_{unique}" in outcome["noted"]
    )
    assert outcome["results"][test] == "fail"
    noted = outcome["noted"][test]
    assert noted["table"] == table
    rules = [(b["column"], b["rule"], b["rows"]) for b in noted["broken_rules"]]
    assert sorted(rules) == sorted(expected)
    n_rows = sum(n for _, _, n in expected)
    assert outcome["messages"][test].startswith(f"Got {n_rows} result")


def test_a_fault_is_said_in_a_line(outcome: dict[str, Any]) -> None:
    (test,) = (t for t in outcome["noted"] if t.startswith("columns_hold_fct_gene_expression_"))
    node = {
        "unique_id": f"test.cohortmart.{test}.0123456789", "status": "fail", "failures": 4,
        "message": outcome["messages"][test], "adapter_response": outcome["noted"][test],
    }  # fmt: skip
    (said,) = read_outcome([node]).failures
    assert said.startswith("table fct_gene_expression: count is below 0 or no number (1 row); cpm")
    assert "cpm is below 0 or no number (2 rows)" in said
    assert "assay, gene_id, sample_id names several rows (1 row)" in said


def test_cohortmart_build_names_table_column_rule_and_rows(tmp_path: Path) -> None:
    write_lake(tmp_path, sheet(), [matrices()["small"]])
    joint = {"analysis": "a", "test": "all", "f": -1.0, "df1": 2.0, "df2": 7.5}
    rows = [{**joint, "feature_id": f"cg{i}", "p_value": 1.5, "adj_p_value": 1.5} for i in range(3)]
    rows[0]["f"] = 2.5
    write_results(tmp_path, "a", {"joint_test": rows})
    with pytest.raises(BuildError) as caught:
        build(Home(tmp_path), print)
    assert "table fct_joint_test: f is below 0 or no number (2 rows);" in str(caught.value)
    assert "; p_value is outside 0 to 1 (3 rows);" in str(caught.value)


def test_all_kinds_of_tests_are_tried_here() -> None:
    sql_tests = ROOT / "tests" / "sql"
    kinds = [path.stem for path in sql_tests.rglob("*.sql")]
    assert len(kinds) >= 11
    tried = [*BREAKS, *(f"columns_hold_{table}" for table in BROKEN_COLUMNS)]
    for kind in kinds:
        assert any(test == kind or test.startswith(f"{kind}_") for test in tried), kind


def test_every_rule_that_the_columns_name_is_tried_here() -> None:
    words = " ".join(rule for _, rules in BROKEN_COLUMNS.values() for _, rule, _ in rules)
    for said in ("is missing", "is outside", "is below 0", "is no number", "is none of",
                 "is below p_value", "names several rows"):  # fmt: skip
        assert said in words


def test_what_was_not_broken_still_passes(outcome: dict[str, Any]) -> None:
    for test in (
        "columns_hold_dim_probe_",
        "columns_hold_stg_lake__features_",
        "columns_hold_ingested_file_",
    ):
        assert outcome["results"][test] == "pass"
    assert sum(status == "pass" for status in outcome["results"].values()) > 50
