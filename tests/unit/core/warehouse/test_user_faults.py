"""Faults of a user's dbt project: one error that names the file and the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.user_faults import fault_of_failure, fault_of_refused
from cohortmart.core.warehouse.user_project import UserProject, project_beside

YAML = """
models:
  - name: changed
    columns:
      - name: x
        data_tests: [not_null]
  - name: people
    columns:
      - name: id
      - name: x
        data_tests: [not_null]
"""


@pytest.fixture
def project(tmp_path: Path) -> UserProject:
    (tmp_path / "models" / "deep").mkdir(parents=True)
    (tmp_path / "dbt_project.yml").write_text("name: mine\nprofile: cohortmart\n")
    (tmp_path / "models" / "deep" / "all.yml").write_text(YAML)
    found = project_beside(tmp_path)
    assert found is not None
    return found


def fault(project: UserProject, results: list[dict[str, Any]], *printed: str) -> InputError:
    new = project.folder / "warehouse.duckdb"
    with duckdb.connect(str(new)) as con:
        con.execute("create table if not exists people as select 1 as id")
    answer = {"results": results, "printed": list(printed)}
    return fault_of_failure(Home(project.folder / "out"), project, new, answer)


def failed(file: str, sql: str = "", message: str = "Runtime Error", **more: Any) -> dict[str, Any]:
    told = {"unique_id": "model.mine.m", "status": "error", "package": "mine", "file": file}
    return told | {"sql": sql, "message": message} | more


@pytest.mark.parametrize(
    ("written", "compiled", "line"),
    [
        # the line as it stands, though Jinja left fewer lines before it
        ("{% set a %}\n{% endset %}\nselect\n    id,\n    nope\nfrom p", None, 5),
        # two equal lines: the one at which DuckDB stops
        ("select 'nope' as a union all\nselect nope from p", None, 2),
        # Jinja on the line itself
        ("select\n    {{ 'no' }}pe\nfrom p", "select\n    nope\nfrom people", 2),
        # a syntax error
        ("select id\nfrm people p q\n", None, 2),
    ],
)
def test_the_line_of_sql_that_fails(
    project: UserProject, written: str, compiled: str | None, line: int
) -> None:
    (project.folder / "models" / "m.sql").write_text(written)
    sql = compiled or written.split("endset %}")[-1].replace("from p", "from people")
    error = fault(project, [failed("models/m.sql", sql), failed("models/other.sql")])
    assert (error.file, error.line) == (project.folder / "models" / "m.sql", line)
    assert "(and 1 more, see the log)" in str(error)
    assert error.exit_code == 2


def test_the_words_of_duckdb_are_said_without_its_sql(project: UserProject) -> None:
    message = 'Binder Error: no "a"\n\nLINE 4:   nope\n          ^^^^'
    error = fault(project, [failed("models/m.sql", "select 1", message)])
    assert error.found == 'Binder Error: no "a"'


def test_a_test_is_said_at_its_column(project: UserProject) -> None:
    result = failed("models/deep/all.yml", attached="people", column="x", failures=3)
    result |= {"unique_id": "test.mine.not_null_people_x.0123456789", "status": "fail"}
    error = fault(project, [result])
    assert error.line == 10
    assert error.problem == "the test not_null_people_x of your dbt project fails"
    assert error.found == "3 rows that should not be"


@pytest.mark.parametrize(
    ("said", "file", "line", "hint"),
    [
        ("Compilation Error in model m (models/m.sql)\n  expected ')'\n    line 2", "m.sql", 2, ""),
        ("Model 'model.mine.m' (models/m.sql) depends on a node named 'no' which was", "m.sql", 2,
         ""),
        ("Error reading mine: deep/all.yml - Runtime Error\n Syntax error near line 7",
         "deep/all.yml", 7, ""),
        ('two resources with the database representation "x"\n - m (models/m.sql)', "m.sql", None,
         "another name"),
        ("1 package(s) specified in packages.yml, but only 0 installed. Run \"dbt deps\"",
         "../packages.yml", None, "cohortmart dbt deps --out"),
        ("something else", "../dbt_project.yml", None, ""),
    ],
)  # fmt: skip
def test_a_project_that_dbt_cannot_read(
    project: UserProject, said: str, file: str, line: int | None, hint: str
) -> None:
    (project.folder / "packages.yml").write_text("packages: []\n")
    (project.folder / "models" / "m.sql").write_text("select 1\nfrom {{ ref('no') }}\n")
    error = fault(project, [], "Encountered an error", said)
    assert error.file is not None
    assert error.file.resolve() == (project.folder / "models" / file).resolve()
    assert error.line == line
    assert hint in str(error.hint)


@pytest.mark.parametrize("kind", ["snapshot", "Python model"])
def test_what_builds_do_not_make(project: UserProject, kind: str) -> None:
    refused = {"kind": kind, "name": "m", "package": "mine", "file": "models/m.py"}
    error = fault_of_refused(project, [refused])
    assert error.file == project.folder / "models" / "m.py"
    assert f"builds make no {kind}" in str(error)
