"""Every model is described, has a grain, a contract and the house's SQL style."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from cohortmart.core.schemas import finding_tables, quality_tables, tables
from tests.support.paths import ROOT

MODELS = sorted((ROOT / "models").rglob("*.sql"))
SQL_FILES = MODELS + sorted((ROOT / "tests" / "sql").rglob("*.sql"))
MACROS = sorted((ROOT / "macros").glob("*.sql"))
#: Their columns depend on the study, so there can be no contract.
WITHOUT_CONTRACT = {"stg_lake__samples", "dim_sample"}
#: May end in `select *`, because they carry the study's own columns.
OWN_COLUMNS = WITHOUT_CONTRACT
TYPES = {
    pa.string(): "string",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.bool_(): "boolean",
}
SCHEMAS = {
    "stg_lake__assays": tables.ASSAY,
    "stg_lake__matrix_samples": tables.MATRIX_SAMPLE,
    "stg_lake__features": tables.FEATURE,
    "stg_lake__ingested_files": tables.INGESTED_FILE,
    "ingested_file": tables.INGESTED_FILE,
    "stg_lake__samples": tables.SAMPLE_COLUMNS,
    "dim_sample": tables.SAMPLE_COLUMNS,
    "stg_results__contrasts": tables.CONTRAST,
    "dim_contrast": tables.CONTRAST,
    "stg_results__contrast_results": tables.CONTRAST_RESULT,
    "stg_results__thresholds": tables.THRESHOLD,
    "stg_lake__layer_samples": tables.LAYER_SAMPLE,
    "stg_lake__gene_sets": finding_tables.GENE_SET,
    "stg_lake__network_edges": finding_tables.NETWORK_EDGE,
    "network_edge": finding_tables.NETWORK_EDGE,
    "stg_results__joint_tests": tables.JOINT_TEST,
    "fct_joint_test": tables.JOINT_TEST,
    "stg_results__analysis_runs": tables.ANALYSIS_RUN,
    "analysis_run": tables.ANALYSIS_RUN,
    "stg_results__rebound_pairs": finding_tables.REBOUND_PAIR,
    "stg_results__rebounds": finding_tables.REBOUND,
    "stg_results__rebound_differences": finding_tables.REBOUND_DIFFERENCE,
    "stg_results__contrast_correlations": finding_tables.CONTRAST_CORRELATION,
    "stg_results__contrast_overlaps": finding_tables.CONTRAST_OVERLAP,
    "stg_results__permutation_checks": finding_tables.PERMUTATION_CHECK,
    "permutation_check": finding_tables.PERMUTATION_CHECK,
    "stg_results__permutation_results": finding_tables.PERMUTATION_RESULT,
    "fct_permutation": finding_tables.PERMUTATION_RESULT,
    "stg_results__sensitivities": finding_tables.SENSITIVITY,
    "fct_sensitivity": finding_tables.SENSITIVITY,
    "stg_results__dmp_deg": tables.RESULT_TABLES["dmp_deg"],
    "stg_results__enrichments": finding_tables.ENRICHMENT,
    "stg_results__module_genes": finding_tables.MODULE_GENE,
    "stg_results__module_summaries": finding_tables.MODULE_SUMMARY,
    "stg_results__module_overlaps": finding_tables.MODULE_OVERLAP,
    "dim_rebound_pair": finding_tables.REBOUND_PAIR,
    "contrast_overlap": finding_tables.CONTRAST_OVERLAP,
    "module_gene": finding_tables.MODULE_GENE,
    "module_summary": finding_tables.MODULE_SUMMARY,
    "module_overlap": finding_tables.MODULE_OVERLAP,
    "stg_results__sample_sets": quality_tables.SAMPLE_SET,
    "qc_sample_set": quality_tables.SAMPLE_SET,
    "stg_results__pca_components": quality_tables.PCA_COMPONENT,
    "qc_pca_component": quality_tables.PCA_COMPONENT,
    "stg_results__pca_scores": quality_tables.PCA_SCORE,
    "qc_pca": quality_tables.PCA_SCORE,
    "stg_results__pca_covariates": quality_tables.PCA_COVARIATE,
    "qc_pca_covariate": quality_tables.PCA_COVARIATE,
    "stg_results__mds_coordinates": quality_tables.MDS_COORDINATE,
    "qc_mds": quality_tables.MDS_COORDINATE,
    "stg_results__sample_correlations": quality_tables.SAMPLE_CORRELATION,
    "qc_sample_correlation": quality_tables.SAMPLE_CORRELATION,
    "stg_results__variable_associations": quality_tables.VARIABLE_ASSOCIATION,
    "qc_association": quality_tables.VARIABLE_ASSOCIATION,
    "stg_results__design_values": quality_tables.DESIGN_VALUE,
    "stg_results__contrast_weights": quality_tables.CONTRAST_WEIGHT,
    "stg_results__analysis_notes": quality_tables.ANALYSIS_NOTE,
    "stg_results__voom_trends": quality_tables.VOOM_TREND,
    "design_matrix": quality_tables.DESIGN_VALUE,
    "contrast_weight": quality_tables.CONTRAST_WEIGHT,
    "analysis_note": quality_tables.ANALYSIS_NOTE,
    "qc_voom_trend": quality_tables.VOOM_TREND,
}
FOLDER_PREFIX = {"staging": "stg_", "intermediate": "int_"}
#: What must not stand in SQL that also runs on the Spark protocol, and why.
NOT_SHARED = {
    r"\bqualify\b": "Spark and Sail differ; number rows in a CTE and filter after",
    r"\b(group|order) by all\b": "name the columns",
    r"\bquantile_cont\b": "not on Sail; use row_number()",
    # 0.5 is a decimal, which Sail truncates without a word; 5e-1 is a double
    r"(?<![\w.'\[])\d+\.\d*(?![\de])": "write 5e-1 or cast",
    r"\bselect distinct on\b": "not in Spark",
    r"::": "write cast(x as type)",
}


def ids(path: Path) -> str:
    return path.stem


def described(model: Path) -> dict[str, Any]:
    """Give the model's block of the YAML file beside it."""
    (block,) = yaml.safe_load(model.with_suffix(".yml").read_text(encoding="utf-8"))["models"]
    return block


def code(path: Path) -> str:
    """SQL without comments and without quoted text."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"--[^\n]*", "", text)
    return re.sub(r"'[^'\n]*'", "''", text)


def sort_keys(text: str) -> list[str]:
    """What follows each `order by`, up to the bracket that closes around it."""
    found = []
    for start in (m.end() for m in re.finditer(r"order by", text)):
        depth = 0
        for end in range(start, len(text)):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            if depth < 0:
                break
        found.append(" ".join(text[start : end + 1].split()))
    return found


def test_the_models_are_found() -> None:
    assert len(MODELS) >= 30
    assert len({m.stem for m in MODELS}) == len(MODELS)


def test_no_yaml_without_a_model() -> None:
    assert {p.stem for p in (ROOT / "models").rglob("*.yml")} == {m.stem for m in MODELS}


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_model_is_described(model: Path) -> None:
    block = described(model)
    assert block["name"] == model.stem
    assert re.match(r"One row per [^.]+\.", " ".join(block["description"].split()))
    columns = [c["name"] for c in block["columns"]]
    assert len(columns) == len(set(columns))
    for column in block["columns"]:
        text = column["description"]
        assert text.endswith((".", ".'")), f"{column['name']}: not a sentence"


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_model_states_its_grain(model: Path) -> None:
    block = described(model)
    grain = block["config"]["meta"]["grain"]
    assert grain
    assert set(grain) <= {c["name"] for c in block["columns"]}


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_model_has_a_contract(model: Path) -> None:
    block = described(model)
    enforced = block["config"].get("contract", {}).get("enforced", False)
    assert enforced is (model.stem not in WITHOUT_CONTRACT)
    if enforced:
        assert all(c.get("data_type") for c in block["columns"])


@pytest.mark.parametrize("name", SCHEMAS)
def test_columns_are_those_of_the_parquet(name: str) -> None:
    (model,) = (m for m in MODELS if m.stem == name)
    found = [(c["name"], c.get("data_type")) for c in described(model)["columns"]]
    typed = name not in WITHOUT_CONTRACT
    assert found == [(f.name, TYPES[f.type] if typed else None) for f in SCHEMAS[name]]


@pytest.mark.parametrize("name", [n for n in SCHEMAS if n.startswith("stg_")])
def test_types_read_from_parquet(name: str) -> None:
    (model,) = (m for m in MODELS if m.stem == name)
    read = re.findall(r'"(\w+)": "(\w+)"', model.read_text(encoding="utf-8"))
    assert read == [(f.name, TYPES[f.type]) for f in SCHEMAS[name]]


def test_every_table_of_the_results_is_read() -> None:
    texts = [m.read_text(encoding="utf-8") for m in MODELS if m.parent.name == "staging"]
    read = {name for text in texts for name in re.findall(r'"results",\s+"(\w+)",', text)}
    assert read == set(tables.RESULT_TABLES)


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_model_is_named_after_its_layer(model: Path) -> None:
    prefix = FOLDER_PREFIX.get(model.parent.name)
    if prefix:
        assert re.fullmatch(rf"{prefix}\w+__\w+", model.stem)
    else:
        assert not model.stem.startswith(("stg_", "int_"))


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_keys_of_tables_are_tested(model: Path) -> None:
    """A table has a primary key, or a test that its grain is unique."""
    if model.parent.name != "marts":
        return
    block = described(model)
    grain = block["config"]["meta"]["grain"]
    if block["name"].startswith("visit_"):  # views whose number of rows is tested instead
        assert any("same_number_of_rows" in t for t in block["data_tests"])
        return
    keys = [c["columns"] for c in block.get("constraints", []) if c["type"] == "primary_key"]
    for test in block.get("data_tests", []):
        if "unique_combination" in test:
            keys.append(test["unique_combination"]["arguments"]["keys"])
        if "one_row_per_sample" in test:
            keys.append([*test["one_row_per_sample"]["arguments"]["keys"], "sample_id"])
    keys += [[c["name"]] for c in block["columns"] if "unique" in c.get("data_tests", [])]
    assert grain in keys


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_model_lists_its_columns(model: Path) -> None:
    final = code(model).rsplit("\nselect", 1)[1]
    if model.stem in OWN_COLUMNS:
        assert final.split()[0] == "*"
    else:
        assert not re.search(r"(^|,|\.)\s*\*", final.split("\nfrom")[0])


@pytest.mark.parametrize("path", SQL_FILES + MACROS, ids=ids)
def test_sql_style(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    width = 88 if path in MODELS else 95  # Jinja cannot always be broken
    if path in SQL_FILES:
        assert len(lines) <= 120
    for number, line in enumerate(lines, start=1):
        assert len(line) <= width, f"line {number} is too long"
        assert line == line.rstrip(), f"line {number} ends in spaces"
        assert "\t" not in line, f"line {number} has a tab"
        assert not line.lstrip().startswith(","), f"line {number}: commas stand at the end"


@pytest.mark.parametrize("path", [*SQL_FILES, ROOT / "macros" / "tmm.sql"], ids=ids)
def test_sql_is_shared_by_duckdb_and_spark(path: Path) -> None:
    text = code(path)
    assert text == text.lower() or path.stem == "bridge_probe_gene", "SQL is in lower case"
    for pattern, why in NOT_SHARED.items():
        found = re.search(pattern, text)
        assert not found, f"{found.group() if found else ''}: {why}"
    for keys in sort_keys(text):
        assert "nulls first" in keys or "nulls last" in keys, f"order by {keys}"


@pytest.mark.parametrize("path", [ROOT / "dbt_project.yml", ROOT / "profiles.yml"], ids=ids)
def test_project_names_no_place(path: Path) -> None:
    assert not re.search(r"(?<![\w}'~ ])/(work|home|tmp|root)\b", path.read_text(encoding="utf-8"))


def test_decimal_rule_catches_what_it_should() -> None:
    (rule,) = (p for p, why in NOT_SHARED.items() if "5e-1" in why)
    for bad in ("x * 0.5", "(1.0 - y)", "x+2."):
        assert re.search(rule, bad)
    for good in ("x * 5e-1", "1e0", "a1.b2", "lists[1]", "decimal(38, 15)", "1.5e-3"):
        assert not re.search(rule, good)


def test_dbt_looks_only_where_it_should() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["analysis-paths"] == []
    assert project["test-paths"] == ["tests/sql"]
    assert project["flags"]["send_anonymous_usage_stats"] is False
    assert not (ROOT / "packages.yml").exists()
