"""`cohortmart build` around dbt: what is put in place when, and how a failure is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.core.errors import BuildError, InputError
from cohortmart.core.lake.file_manifest import switch_current
from cohortmart.core.warehouse import build as building
from cohortmart.core.warehouse.build_log import read_outcome
from cohortmart.core.warehouse.dbt_process import DbtProcess
from cohortmart.core.warehouse.home import Home


class FakeDbt:
    """Stands for dbt's process: makes a database and says how it went."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.results: list[dict[str, Any]] = [result("model.cohortmart.dim_sample")]
        self.success = True
        self.printed: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.tables_before: list[str] = []

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        environment = request["environment"]
        new = Path(environment["COHORTMART_WAREHOUSE"])
        assert new.parent == self.home.root / ".building"
        assert environment["COHORTMART_HOME"] == str(self.home.root)
        with duckdb.connect(str(new)) as con:
            self.tables_before = [name for (name,) in con.execute("show tables").fetchall()]
            con.execute(f"create table built_{len(self.requests)} as select 1 as x")
        return {"success": self.success, "results": self.results, "printed": self.printed}


def result(unique_id: str, status: str = "success", **more: Any) -> dict[str, Any]:
    return {"unique_id": unique_id, "status": status, **more}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "out")
    switch_current(home.lake, [])
    return home


@pytest.fixture
def dbt(home: Home, monkeypatch: pytest.MonkeyPatch) -> FakeDbt:
    fake = FakeDbt(home)
    monkeypatch.setattr(DbtProcess, "ask", lambda _, request: fake(request))
    return fake


def tables(home: Home) -> list[str]:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        return [name for (name,) in con.execute("show tables").fetchall()]


def test_a_build_replaces_the_warehouse(home, dbt):
    dbt.results += [result("test.cohortmart.unique_x.0123456789", "pass")]
    said: list[str] = []
    summary = building.build(home, said.append)
    building.build(home, said.append)
    assert tables(home) == ["built_2"]
    assert (summary.n_models, summary.n_tests) == (1, 1)
    assert said[0] == "built 1 tables and views, 1 tests passed"
    assert not (home.root / ".building").exists()


def test_selected_models_are_built_into_a_copy(home, dbt):
    building.build(home, print)
    building.build(home, print, building.RESULTS_MODELS)
    assert dbt.tables_before == ["built_1"]
    assert tables(home) == ["built_1", "built_2"]
    assert dbt.requests[1]["build"][-2:] == ["--select", "source:results+"]


def test_without_a_warehouse_a_selection_builds_all(home, dbt):
    building.build(home, print, building.RESULTS_MODELS)
    assert "--select" not in dbt.requests[0]["build"]


def test_after_a_failure_the_old_warehouse_stays(home, dbt):
    building.build(home, print)
    dbt.success = False
    dbt.results = [
        result("model.cohortmart.fct_x", "error", message="Runtime  Error\n  no column y"),
        result("test.cohortmart.unique_x_id.0a1b2c3d4e", "fail", failures=1234, sql="select 7"),
        result("model.cohortmart.later", "skipped"),
    ]
    with pytest.raises(BuildError) as caught:
        building.build(home, print)
    text = str(caught.value)
    assert "model fct_x: Runtime Error no column y" in text
    assert "test unique_x_id: 1,234 rows break the rule" in text
    assert "later" not in text
    assert f"untouched: {home.warehouse}" in text
    assert "dbt.log" in text
    assert tables(home) == ["built_1"]
    assert not (home.root / ".building").exists()
    log = (home.logs / "dbt" / "dbt.log").read_text()
    assert "Runtime  Error\n  no column y" in log
    assert "1,234 rows break the rule" in log
    assert "select 7" in log
    dbt.success, dbt.results = True, []
    building.build(home, print)
    assert not (home.logs / "dbt" / "dbt.log").exists()


def test_a_failure_before_the_first_model_shows_what_dbt_printed(home, dbt):
    dbt.success, dbt.results = False, [result("model.cohortmart.old", "error", message="old")]
    with pytest.raises(BuildError, match="model old"):
        building.build(home, print)
    dbt.results, dbt.printed = [], ["Compilation Error\n  in model z\n"]
    with pytest.raises(BuildError, match="Compilation Error\n  in model z"):
        building.build(home, print)
    assert "in model z" in (home.logs / "dbt" / "dbt.log").read_text()


@pytest.mark.usefixtures("dbt")
def test_leftovers_of_a_killed_build_are_swept(home):
    workshop = home.root / ".building"
    workshop.mkdir()
    (workshop / "warehouse.duckdb").write_bytes(b"half a database")
    building.build(home, print)
    assert tables(home) == ["built_1"]


@pytest.mark.usefixtures("dbt")
def test_a_log_left_by_a_writer_of_the_old_file_goes(home):
    building.build(home, print)
    stale = Path(f"{home.warehouse}.wal")
    stale.write_bytes(b"of another file")
    building.build(home, print)
    assert not stale.exists()
    assert tables(home) == ["built_2"]


def test_warnings_are_said(home, dbt):
    dbt.results += [result("test.cohortmart.soft.0123456789", "warn", failures=2)]
    said: list[str] = []
    building.build(home, said.append)
    assert said[0] == "warning: test soft: 2 rows break the rule"


def test_without_a_lake_it_says_how_to_get_one(tmp_path):
    with pytest.raises(InputError, match="cohortmart ingest"):
        building.build(Home(tmp_path), print)


def test_no_outcome_before_the_end():
    assert read_outcome([]).n_models == 0


def test_dbt_logs_all_it_does_only_if_asked(home, dbt, monkeypatch):
    def level() -> str:
        options = dbt.requests[-1]["options"]
        return options[options.index("--log-level-file") + 1]

    monkeypatch.delenv("COHORTMART_DEBUG", raising=False)
    building.build(home, print)
    assert (level(), dbt.requests[-1]["debug"]) == ("none", False)
    monkeypatch.setenv("COHORTMART_DEBUG", "1")
    building.build(home, print)
    assert (level(), dbt.requests[-1]["debug"]) == ("debug", True)


def test_descriptions_are_part_of_the_version(tmp_path, monkeypatch):
    for name in ("dbt_project.yml", "profiles.yml", "models/words.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a")
    monkeypatch.setattr(building, "dbt_project_folder", lambda: tmp_path)
    before = building.project_mark()
    (tmp_path / "models" / "words.md").write_text("b")
    assert building.project_mark() != before


def test_the_dbt_project_is_found():
    assert (dbt_project_folder() / "models").is_dir()
