"""dbt itself on a user's project, above a project of ours that has two models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import switch_current
from cohortmart.core.warehouse import build as building
from cohortmart.core.warehouse import dbt_request, user_models, user_project
from cohortmart.core.warehouse.dbt_process import DbtProcess
from cohortmart.core.warehouse.home import Home
from tests.support.paths import ROOT

OURS = {
    "dbt_project.yml": """
name: cohortmart
version: "1.0"
config-version: 2
profile: cohortmart
models:
  cohortmart:
    intermediate: {+schema: intermediate, +access: protected}
    marts: {+materialized: table, +access: public}
""",
    "macros/schema.sql": """
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
""",
    "models/intermediate/int_people.sql": "select 1 as id union all select 2",
    "models/marts/dim_sample.sql": "select id from {{ ref('int_people') }}",
}
USERS = {
    "dbt_project.yml": "name: mine\nversion: '1.0'\nprofile: cohortmart\n",
    "models/added.sql": "{{ config(materialized='incremental') }}\n"
    "select id + bonus as x\nfrom {{ ref('dim_sample') }}, {{ ref('bonus') }}\n",
    "models/elsewhere.sql": "{{ config(schema='own') }}\nselect 1 as x\n",
    "models/all.yml": """
models:
  - name: added
    columns:
      - name: x
        data_tests:
          - not_null
          - accepted_values: {arguments: {values: [11, 12], quote: false}}
  - name: elsewhere
    columns:
      - name: x
        data_tests:
          - relationships: {arguments: {to: ref('dim_sample'), field: id}}
unit_tests:
  - name: adds
    model: added
    given:
      - {input: ref('dim_sample'), rows: [{id: 1}]}
      - {input: ref('bonus'), rows: [{bonus: 4}]}
    overrides: {macros: {is_incremental: false}}
    expect: {rows: [{x: 5}]}
""",
    "seeds/bonus.csv": "bonus\n10\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("user_build")
    write(root / "ours", OURS | {"profiles.yml": (ROOT / "profiles.yml").read_text()})
    write(root / "study", USERS)
    switch_current(Home(root / "out").lake, [])
    user_project.note_study_folder(Home(root / "out"), root / "study" / "study.yml")
    return root


@pytest.fixture(scope="module")
def dbt(folder: Path) -> Iterator[DbtProcess]:
    with pytest.MonkeyPatch.context() as patch, DbtProcess() as process:
        for module in (building, dbt_request, user_models, user_project):
            patch.setattr(module, "dbt_project_folder", lambda: folder / "ours")
        patch.setenv("COHORTMART_CACHE", str(folder / "cache"))
        yield process


def rows(home: Home, query: str) -> list[tuple[int, ...]]:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        return con.execute(query).fetchall()


def test_their_models_seeds_and_tests_are_built_on_ours(folder: Path, dbt: DbtProcess) -> None:
    home, said = Home(folder / "out"), list[str]()
    building.build(home, said.append, dbt=dbt)
    assert said == [
        "built 2 tables and views, 0 tests passed",
        "built 2 tables and views of the dbt project mine beside study.yml, 4 tests passed",
    ]
    building.build(home, print, building.RESULTS_MODELS, dbt=dbt)
    assert rows(home, "select x from added order by x") == [(11,), (12,)]  # not once more
    assert rows(home, "select x from main_own.elsewhere") == [(1,)]


@pytest.mark.parametrize(
    ("file", "text", "line", "said"),
    [
        ("models/bad.sql", "select\n    id,\n    nope\nfrom {{ ref('dim_sample') }}\n", 3, "nope"),
        ("models/bad.sql", "select 1\nfrom {{ ref('nowhere') }}\n", 2, "nowhere"),
        ("models/bad.sql", "select 1\nfrom {{ ref('int_people') }}\n", 2, "protected"),
        ("models/bad.sql", "select 1\nfrom {{ ref('dim_sample' }}\n", 2, "expected ')'"),
        ("models/dim_sample.sql", "select 1 as id\n", None, "two resources"),
        ("models/bad.py", "def model(dbt, session):\n    return 1\n", None, "no Python model"),
        ("models/all.yml", USERS["models/all.yml"].replace("[11, ", "[13, "), 5, "1 row"),
        ("models/all.yml", "models:\n  - name: a\n bad: 1\n", 3, "Syntax error"),
        ("packages.yml", "packages: [{package: a/b, version: 1.0.0}, {local: x}]\n", None,
         "dbt deps"),
        ("snapshots/s.yml", "snapshots:\n  - name: s\n    relation: ref('added')\n"
         "    config: {unique_key: x, strategy: check, check_cols: all}\n", None, "no snapshot"),
    ],
)  # fmt: skip
def test_a_fault_of_theirs_is_one_error(
    folder: Path, dbt: DbtProcess, file: str, text: str, line: int | None, said: str
) -> None:
    home, path = Home(folder / "out"), folder / "study" / file
    before = path.read_text() if path.exists() else None
    published = home.warehouse.read_bytes()
    try:
        write(folder / "study", {file: text})
        with pytest.raises(InputError) as caught:
            building.build(home, print, building.USER_MODELS, dbt=dbt)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)
    assert (caught.value.file, caught.value.line) == (path, line)
    assert said in str(caught.value)
    assert home.warehouse.read_bytes() == published
