"""The user's models in a build: what stays, what goes and what a fault of theirs leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from cohortmart.core.errors import BuildError, InputError
from cohortmart.core.lake.file_manifest import switch_current
from cohortmart.core.warehouse import build as building
from cohortmart.core.warehouse.dbt_process import DbtProcess
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.user_models import built_mark, tables_naming
from cohortmart.core.warehouse.user_project import note_study_folder, user_project


class FakeDbt:
    """Stands for dbt's process: makes `dim_sample` for our project, or the user's tables."""

    def __init__(self) -> None:
        self.users = ["create table mine as select 1 as x"]
        self.answer: dict[str, Any] = {"success": True}
        self.asked: list[dict[str, Any]] = []

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(request)
        good = {"success": True, "results": [], "printed": []}
        with duckdb.connect(request["environment"]["COHORTMART_WAREHOUSE"]) as con:
            if "users" not in request:
                con.execute("create schema if not exists intermediate")
                con.execute("create or replace table dim_sample as select 1 as sample_id")
                return good
            for statement in self.users:
                con.execute(statement)
        return good | self.answer


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "out")
    switch_current(home.lake, [])
    study = tmp_path / "study"
    (study / "models").mkdir(parents=True)
    (study / "models" / "mine.sql").write_text("select 1 as x\n")
    (study / "dbt_project.yml").write_text("name: my_models\nprofile: cohortmart\n")
    note_study_folder(home, study / "study.yml")
    return home


@pytest.fixture
def dbt(monkeypatch: pytest.MonkeyPatch) -> FakeDbt:
    fake = FakeDbt()
    monkeypatch.setattr(DbtProcess, "ask", lambda _, request: fake(request))
    return fake


def tables(home: Home) -> list[str]:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        rows = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where schema_name <> 'intermediate' order by all"
        ).fetchall()
    return [name for (name,) in rows]


FAILED = {
    "success": False,
    "results": [
        {"unique_id": "model.my_models.mine", "status": "error", "message": "no", "sql": "x",
         "package": "my_models", "file": "models/mine.sql"},
    ],
}  # fmt: skip


def test_their_models_are_built_behind_ours(home: Home, dbt: FakeDbt) -> None:
    said: list[str] = []
    building.build(home, said.append)
    assert tables(home) == ["main.dim_sample", "main.mine"]
    assert "of the dbt project my_models beside study.yml" in said[-1]
    ours, users = dbt.asked
    assert "users" not in ours
    project = user_project(home)
    assert project is not None
    assert users["users"] == {"folder": str(project.folder), "mark": project.mark()}
    assert users["key"] != ours["key"]
    # in a copy of our choice of database, whatever their own profile says
    assert users["options"][users["options"].index("--profile") + 1] == "cohortmart"
    assert "--full-refresh" in users["build"]
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        assert built_mark(con) == project.mark()


def test_without_results_what_stands_on_them_waits(home: Home, dbt: FakeDbt) -> None:
    building.build(home, print, exclude=building.RESULTS_MODELS)
    command = dbt.asked[1]["build"]
    assert command[command.index("--exclude") :] == [
        "--exclude", "package:cohortmart", "source:results+",
    ]  # fmt: skip


def test_a_later_build_keeps_what_is_there_and_drops_what_is_gone(home: Home, dbt: FakeDbt) -> None:
    dbt.users.append("create schema other; create view other.gone as select 1 as y")
    building.build(home, print)
    dbt.users = ["create table mine as select 2 as x"]  # fails if the one before is there
    building.build(home, print, building.RESULTS_MODELS)
    assert tables(home) == ["main.dim_sample", "main.mine"]
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        assert con.execute("select x from mine").fetchall() == [(2,)]
        schemas = con.execute("select schema_name from duckdb_schemas()").fetchall()
    assert ("other",) not in schemas


def test_only_their_models_can_be_built(home: Home, dbt: FakeDbt) -> None:
    building.build(home, print)
    building.build(home, print, building.USER_MODELS)
    assert ["users" in request for request in dbt.asked] == [False, True, True]
    assert tables(home) == ["main.dim_sample", "main.mine"]


def test_a_project_that_is_taken_away_leaves_nothing(home: Home, dbt: FakeDbt) -> None:
    building.build(home, print)
    project = user_project(home)
    assert project is not None
    project.file.unlink()
    said: list[str] = []
    building.build(home, said.append, building.RESULTS_MODELS)
    assert tables(home) == ["main.dim_sample"]
    assert len(dbt.asked) == 3
    assert said[0].startswith("warning: the folder models beside study.yml is not built")


def test_tables_made_by_hand_stay_where_there_is_no_project(home: Home, dbt: FakeDbt) -> None:
    project = user_project(home)
    assert project is not None
    project.file.unlink()
    building.build(home, print)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create table by_hand as select 1 as x")
    building.build(home, print, building.RESULTS_MODELS)
    assert tables(home) == ["main.by_hand", "main.dim_sample"]
    assert len(dbt.asked) == 2


def test_after_a_fault_of_theirs_the_old_warehouse_stays(home: Home, dbt: FakeDbt) -> None:
    building.build(home, print)
    before = home.warehouse.read_bytes()
    dbt.answer = FAILED
    with pytest.raises(InputError, match=r"mine\.sql, line 1: the model mine") as caught:
        building.build(home, print)
    assert caught.value.exit_code == 2
    assert home.warehouse.read_bytes() == before
    assert not (home.root / ".building").exists()
    assert "model mine: no" in (home.logs / "dbt" / "dbt.log").read_text()


def test_where_there_was_none_ours_are_put_in_place_alone(home: Home, dbt: FakeDbt) -> None:
    dbt.answer = FAILED
    dbt.users.append("drop table dim_sample")
    with pytest.raises(InputError):
        building.build(home, print)
    assert tables(home) == ["main.dim_sample"]
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        assert built_mark(con) is None  # so the next run builds theirs


def test_a_project_that_cannot_be_read_does_not_cost_ours_either(home: Home, dbt: FakeDbt) -> None:
    project = user_project(home)
    assert project is not None
    project.file.write_text("name: cohortmart\nprofile: cohortmart\n")
    for _ in range(2):
        with pytest.raises(InputError, match="name of cohortmart's own"):
            building.build(home, print)
    assert tables(home) == ["main.dim_sample"]
    assert len(dbt.asked) == 1  # with a warehouse there nothing is built before it is said


def test_a_project_that_drops_ours_is_refused(home: Home, dbt: FakeDbt) -> None:
    building.build(home, print)
    dbt.users = ["drop table dim_sample"]
    with pytest.raises(InputError, match=r"drops tables(.|\n)*main\.dim_sample"):
        building.build(home, print)
    assert tables(home) == ["main.dim_sample", "main.mine"]


def test_dbt_that_ends_early_is_no_fault_of_theirs(home: Home, dbt: FakeDbt) -> None:
    dbt.answer = {"success": False, "printed": ["dbt's process ended without an answer (code 9)"]}
    with pytest.raises(BuildError, match="code 9"):
        building.build(home, print)


@pytest.mark.usefixtures("dbt")
def test_a_folder_that_is_away_is_said(home: Home) -> None:
    project = user_project(home)
    assert project is not None
    project.folder.rename(project.folder.parent / "elsewhere")
    said: list[str] = []
    building.build(home, said.append)
    assert said[0].startswith("warning: the folder of study.yml is not there")
    assert tables(home) == ["main.dim_sample"]


def test_their_tables_that_name_a_person_are_found(home: Home, dbt: FakeDbt) -> None:
    dbt.users = [
        "create table seed as select 'P1' as person, 1 as n",
        "create table lists as select ['P2', null, 'P1'] as people",
        'create schema "my own"',
        'create view "my own"."a view" as select * from seed',
        "create table others as select 'P10' as person",
    ]
    building.build(home, print)
    assert tables_naming(home, "P1") == ["main.lists", "main.seed", "my own.a view"]
    assert tables_naming(home, "P3") == []
