"""Every model is described, has a grain, a contract and the house's SQL style."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cohortmart.core.schemas.model_yaml import doc_blocks, with_doc_blocks
from cohortmart.core.schemas.tables import ARROW_TYPES
from tests.support.paths import ROOT

MODELS = sorted((ROOT / "models").rglob("*.sql"))
SQL_FILES = MODELS + sorted((ROOT / "tests" / "sql").rglob("*.sql"))
MACROS = sorted((ROOT / "macros").glob("*.sql"))
#: Their columns depend on the study, so there can be no contract.
WITHOUT_CONTRACT = {"dim_sample"}
#: Texts that several descriptions share.
DOC_BLOCKS = doc_blocks(ROOT / "models")
#: A model that only reads a Parquet table: its columns are those of its YAML.
READS = re.compile(r'\{\{ staged\("(lake|results)", "(\w+)"(?:, (?:further|named)=true)?\) \}\}\n')
#: What may stand in the `config: meta:` of a column, see macros/column_rules.sql.
COLUMN_RULES = {
    "not_null",
    "not_nan",
    "min_value",
    "max_value",
    "accepted_values",
    "not_below",
}
#: What the macro `staged` reads there: the column is no column of the Parquet table, or none
#: of files of earlier versions.
READING_RULES = {"looked_up", "added_later"}
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
    described_alone = {p.stem for p in (ROOT / "models").rglob("*.yml")} - {m.stem for m in MODELS}
    assert described_alone == {"_sources", "_exposures", "_unit_tests"}
    assert all(m.with_suffix(".yml").exists() for m in MODELS)


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_model_is_described(model: Path) -> None:
    block = described(model)
    assert block["name"] == model.stem
    assert re.match(r"One row per [^.]+\.", " ".join(block["description"].split()))
    columns = [c["name"] for c in block["columns"]]
    assert len(columns) == len(set(columns))
    for column in block["columns"]:
        text = with_doc_blocks(column["description"], DOC_BLOCKS)
        assert text.endswith((".", ".'")), f"{column['name']}: not a sentence"
        assert "{{" not in text


def test_what_several_columns_say_is_written_once() -> None:
    said = [c["description"] for m in MODELS for c in described(m)["columns"]]
    repeated = {text for text in said if said.count(text) > 1 and "doc(" not in text}
    assert {text for text in repeated if len(text) > 20} == set()
    used = set(re.findall(r"doc\('(\w+)'\)", " ".join(said)))
    assert used == set(DOC_BLOCKS) - {"__overview__"}
    assert len(set(DOC_BLOCKS.values())) == len(DOC_BLOCKS)
    assert not set(DOC_BLOCKS.values()) & set(said)


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


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_what_only_reads_has_types_of_parquet(model: Path) -> None:
    if READS.match(model.read_text(encoding="utf-8")):
        assert {c["data_type"] for c in described(model)["columns"]} <= set(ARROW_TYPES)


def sources() -> dict[tuple[str, str], dict[str, Any]]:
    """Give what models/_sources.yml says of each table, by room and name."""
    text = (ROOT / "models" / "_sources.yml").read_text(encoding="utf-8")
    rooms = yaml.safe_load(text)["sources"]
    return {(room["name"], t["name"]): t for room in rooms for t in room["tables"]}


def test_every_source_is_read_by_the_model_that_describes_it() -> None:
    read = {
        found.groups(): model.stem
        for model in MODELS
        if (found := READS.search(model.read_text(encoding="utf-8")))
    }
    described_by = {
        key: table["config"]["meta"]["model"]
        for key, table in sources().items()
        if "config" in table
    }
    assert read == described_by
    assert set(sources()) - set(read) == {
        ("lake", "current"),
        ("lake", "matrix"),
        ("lake", "layer"),
        ("lake", "derive_weight"),
        ("results", "current"),
    }


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_no_model_repeats_another(model: Path) -> None:
    """Columns of one relation under their own names, and nothing more: then it is the other."""
    text = code(model)
    final = text.rsplit("\nselect", 1)[-1]
    if READS.search(model.read_text(encoding="utf-8")) or final == text:
        return
    columns, _, behind = final.partition("\nfrom ")
    plain = all(re.fullmatch(r"\w+", c.strip()) for c in columns.split(","))
    (relation, *further) = behind.split("order by")[0].split()
    whole = re.search(rf"{relation} as \(\s+select \* from {{{{ ref\(\"(\w+)\"\) }}}}\s+\)", text)
    if not (plain and whole and not further):
        return
    (other,) = (m for m in MODELS if m.stem == whole.group(1))
    known = [c["name"] for c in described(other)["columns"]]
    assert [c.strip() for c in columns.split(",")] != known, f"repeats {other.stem}"


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_a_result_of_a_feature_has_its_name(model: Path) -> None:
    """Whoever reads a result reads IL7R beside ENSG00000168685, without a join."""
    names = {c["name"] for c in described(model)["columns"]}
    if model.parent.name == "results" and names & {"feature_id", "gene_id", "probe_id"}:
        assert names & {"feature_name", "gene_name", "gene_names", "measure_name"}


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_what_is_looked_up_is_joined(model: Path) -> None:
    meta = [c.get("config", {}).get("meta", {}) for c in described(model)["columns"]]
    named = "named=true" in model.read_text(encoding="utf-8")
    assert any(m.get("looked_up") for m in meta) is named


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_model_is_named_after_its_layer(model: Path) -> None:
    prefix = FOLDER_PREFIX.get(model.parent.name)
    if prefix:
        assert re.fullmatch(rf"{prefix}\w+__\w+", model.stem)
    else:
        assert not model.stem.startswith(("stg_", "int_"))


def data_tests(block: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the tests of a table as a whole with their arguments, by name."""
    tests = block.get("data_tests", [])
    named = [{t: {}} if isinstance(t, str) else t for t in tests]
    return {name: body.get("arguments", {}) for t in named for name, body in t.items()}


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_keys_of_tables_are_tested(model: Path) -> None:
    """A table has a primary key, or a test that its grain is unique."""
    if model.parent.name != "marts":
        return
    block = described(model)
    grain = block["config"]["meta"]["grain"]
    tests = data_tests(block)
    if block["name"].startswith("visit_"):  # views whose number of rows is tested instead
        assert "equal_rowcount" in tests
        return
    keys = [c["columns"] for c in block.get("constraints", []) if c["type"] == "primary_key"]
    if "columns_hold" in tests and tests["columns_hold"].get("unique", True):
        keys.append(grain)
    if "one_row_per_sample" in tests:
        keys.append([*tests["one_row_per_sample"]["keys"], "sample_id"])
    assert grain in keys


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_rules_of_columns_are_known_and_tested(model: Path) -> None:
    block = described(model)
    names = {c["name"] for c in block["columns"]}
    rules = {c["name"]: c["config"]["meta"] for c in block["columns"] if "config" in c}
    for column, meta in rules.items():
        assert set(meta) <= COLUMN_RULES | READING_RULES, column
        assert {type(meta[k]) for k in ("not_null", "not_nan") if k in meta} <= {bool}
        smaller = meta.get("not_below", [])
        assert {smaller} if isinstance(smaller, str) else set(smaller) <= names
    if any(set(meta) & COLUMN_RULES for meta in rules.values()):
        assert "columns_hold" in data_tests(block)


def test_the_macro_knows_the_rules_of_columns() -> None:
    text = (ROOT / "macros" / "column_rules.sql").read_text(encoding="utf-8")
    assert set(re.findall(r"\bmeta\.(\w+)", text)) - {"grain"} == COLUMN_RULES
    documented = text.split("#}", 2)[1]
    assert all(rule in documented for rule in COLUMN_RULES)


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_model_lists_its_columns(model: Path) -> None:
    if READS.match(model.read_text(encoding="utf-8")):
        return  # those of its YAML
    final = code(model).rsplit("\nselect", 1)[1]
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


def test_what_users_see_is_public() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    access = {name: of["+access"] for name, of in project["models"]["cohortmart"].items()
              if not name.startswith("+")}  # fmt: skip
    assert access == {
        "staging": "protected", "intermediate": "protected",
        "marts": "public", "results": "public",
    }  # fmt: skip


def test_macros_are_described() -> None:
    """`macros/macros.yml` names every macro and generic test, with its arguments in order."""
    pattern = r"{%-? (macro|test) (\w+)\(([^)]*)\)"
    files = [*MACROS, *(ROOT / "tests" / "sql" / "generic").glob("*.sql")]
    written = {
        f"test_{name}" if kind == "test" else name: re.findall(r"(\w+)(?:=\w+)?", arguments)
        for path in files
        for kind, name, arguments in re.findall(pattern, path.read_text(encoding="utf-8"))
    }
    blocks = yaml.safe_load((ROOT / "macros" / "macros.yml").read_text(encoding="utf-8"))["macros"]
    assert {b["name"]: [a["name"] for a in b.get("arguments", [])] for b in blocks} == written
    assert len(blocks) == len(written)
    for block in blocks:
        for described_thing in (block, *block.get("arguments", [])):
            assert described_thing["description"].endswith(".")


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
