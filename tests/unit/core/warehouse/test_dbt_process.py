"""dbt's own process on a project of three nodes: what it keeps, lets go of and ends with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cohortmart.core.progress import listening
from cohortmart.core.warehouse.dbt_process import DbtProcess
from tests.support.paths import ROOT

PROJECT = """
name: tiny
version: "1.0"
config-version: 2
profile: tiny
models: {+persist_docs: {relation: true, columns: true}}
"""
PROFILE = """
tiny:
  target: duckdb
  outputs:
    duckdb: {type: duckdb, path: "{{ env_var('COHORTMART_WAREHOUSE') }}", threads: 1}
"""
MODELS = """
models:
  - name: numbers
    description: Numbers.
    columns: [{name: x, description: A number., data_tests: [not_null]}]
sources: [{name: main, tables: [{name: other}]}]
"""
#: Names that the process or dbt import: none of them may be looked for where someone stands.
FOREIGN = ("click", "dbt", "duckdb", "polars", "yaml", "jinja2", "json", "queue", "dbt_plugin")


class Tiny:
    """A dbt project of one table and one test, and requests to build it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = folder / "warehouse.duckdb"
        (folder / "models").mkdir(parents=True)
        (folder / "dbt_project.yml").write_text(PROJECT)
        (folder / "profiles.yml").write_text(PROFILE)
        (folder / "models" / "models.yml").write_text(MODELS)
        self.write("select 1 as x")
        # what dbt looks up in a parsed project: another model, a source, the graph
        (folder / "models" / "looks_up.sql").write_text(
            "select x, {{ graph.nodes.values() | list | length }} as n from {{ ref('numbers') }} "
            "where {{ source('main', 'other').identifier | length }} = 5"
        )

    def write(self, sql: str) -> None:
        (self.folder / "models" / "numbers.sql").write_text(
            "{{ config(materialized='table') }} " + sql
        )

    def request(self, key: str = "key", *, debug: bool = False) -> dict[str, Any]:
        place = ["--project-dir", "--profiles-dir", "--log-path", "--target-path"]
        options = [word for option in place for word in (option, str(self.folder))]
        level = "debug" if debug else "none"
        return {
            "build": ["build", "--no-write-json"],
            "options": ["--quiet", "--log-level-file", level, *options],
            "environment": {"COHORTMART_WAREHOUSE": str(self.warehouse)},
            "project": str(self.folder),
            "key": key,
            "debug": debug,
        }

    def rows(self) -> list[tuple[Any, ...]]:
        """Read as one that writes: refused while another process holds the file."""
        with duckdb.connect(str(self.warehouse)) as con:
            return con.execute("select x from numbers").fetchall()


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    monkeypatch.setenv("COHORTMART_CACHE", str(tmp_path / "cache"))
    return Tiny(tmp_path / "project")


def statuses(answer: dict[str, Any]) -> list[str]:
    return sorted(result["status"] for result in answer["results"])


def test_builds_of_one_process_let_go_of_the_file(tiny: Tiny) -> None:
    with DbtProcess() as dbt:
        first = dbt.ask(tiny.request())
        assert first["success"], first["printed"]
        assert statuses(first) == ["pass", "success", "success"]
        assert tiny.rows() == [(1,)]
        assert dbt._child is not None
        child = dbt._child.pid
        held = [os.readlink(p) for p in Path(f"/proc/{child}/fd").iterdir() if p.is_symlink()]
        assert not [path for path in held if "warehouse" in path]
        tiny.warehouse.rename(tiny.folder / "published.duckdb")
        again = dbt.ask(tiny.request())
        assert again["success"], again["printed"]
        assert tiny.rows() == [(1,)]
        assert dbt._child.pid == child
    with duckdb.connect(str(tiny.warehouse)) as con:
        comments = con.execute(
            "select comment from duckdb_tables() union all "
            "select comment from duckdb_columns() where table_name = 'numbers'"
        ).fetchall()
    assert comments == [("Numbers.",), ("A number.",)]


def test_a_parsed_project_is_kept(tiny: Tiny, tmp_path: Path) -> None:
    with DbtProcess() as dbt:
        assert dbt.ask(tiny.request())["success"]
    tiny.write("select 2 as x")
    with DbtProcess() as dbt:
        assert dbt.ask(tiny.request())["success"]
    assert tiny.rows() == [(1,)]  # of the version that was parsed
    for name in ("manifest", "templates"):
        (tmp_path / "cache" / "dbt" / "key" / name).write_bytes(b"damaged")
    with DbtProcess() as dbt:
        assert dbt.ask(tiny.request())["success"]
    assert tiny.rows() == [(2,)]


def test_failures_are_told_with_their_sql(tiny: Tiny) -> None:
    tiny.write("select null::integer as x")
    (tiny.folder / "models" / "other.sql").write_text("select no_such_column as y")
    with DbtProcess() as dbt:
        answer = dbt.ask(tiny.request())
    assert not answer["success"]
    assert statuses(answer) == ["error", "fail", "skipped", "success"]
    told = {result["status"]: result for result in answer["results"]}
    assert told["fail"]["failures"] == 1
    assert "numbers" in told["fail"]["sql"]
    assert "no_such_column" in told["error"]["message"]
    assert "no_such_column" in told["error"]["sql"]
    assert not (tiny.folder / "dbt.log").exists()


def test_a_project_that_cannot_be_parsed_says_why(tiny: Tiny) -> None:
    tiny.write("select {{ no_such_macro() }} as x")
    with DbtProcess() as dbt:
        answer = dbt.ask(tiny.request())
    assert not answer["success"]
    assert "no_such_macro" in "\n".join(answer["printed"])


def test_debug_logs_all(tiny: Tiny) -> None:
    with DbtProcess() as dbt:
        assert dbt.ask(tiny.request(debug=True))["success"]
    assert "create  table" in (tiny.folder / "dbt.log").read_text()


def test_a_process_that_ends_early_says_what_it_wrote(tiny: Tiny) -> None:
    request = tiny.request()
    del request["debug"]
    with DbtProcess() as dbt:
        answer = dbt.ask(request)
        assert not answer["success"]
        assert "KeyError: 'debug'" in answer["printed"][0]
        assert dbt._child is None  # the next request starts another


def test_it_ends_with_the_one_that_asks(tiny: Tiny) -> None:
    program = """
import sys, time
from cohortmart.core.progress import listening
from cohortmart.core.warehouse.dbt_process import DbtProcess
print(DbtProcess()._started(sys.argv[1]).pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tiny.folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(process: int) -> bool:
    """Whether it is there and no mere entry that no one has asked about yet."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


def test_nothing_is_run_from_where_someone_stands(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = tmp_path / "stand"
    stand.mkdir()
    for name in FOREIGN:
        (stand / f"{name}.py").write_text(f"raise SystemExit('ran {name}')")
    for name in ("dbt_project.yml", "profiles.yml"):
        (stand / name).write_text("neither: [YAML")
    monkeypatch.chdir(stand)
    monkeypatch.setenv("DBT_TARGET", "no such target")
    monkeypatch.setenv("DBT_FULL_REFRESH", "neither true nor false")
    with DbtProcess() as dbt:
        answer = dbt.ask(tiny.request())
    assert answer["success"], answer["printed"]
    assert sorted(p.stem for p in stand.iterdir() if p.suffix == ".py") == sorted(FOREIGN)
    assert not (stand / "logs").exists()


def test_a_project_that_changes_between_two_builds_is_parsed_anew(tiny: Tiny) -> None:
    with DbtProcess() as dbt:
        assert dbt.ask(tiny.request("before"))["success"]
        tiny.write("select 2 as x")
        assert dbt.ask(tiny.request("after"))["success"]
    assert tiny.rows() == [(2,)]


def test_a_project_that_changed_while_it_was_parsed_is_not_kept(tiny: Tiny, tmp_path: Path) -> None:
    request = tiny.request()
    request["environment"] |= {"COHORTMART_PROJECT_MARK": "of another project"}
    with DbtProcess() as dbt:
        assert dbt.ask(request)["success"]
    assert not (tmp_path / "cache" / "dbt" / "key" / "manifest").exists()


class Nodes:
    """Writes down the nodes that it hears of."""

    def __init__(self) -> None:
        self.told: list[tuple[float, float | None, str]] = []
        self.open = 0

    def began(self, what: str, total: float | None) -> int:
        del what, total
        self.open += 1
        return 1

    def came_to(self, key: int, done: float, total: float | None, detail: str) -> None:
        del key
        self.told.append((done, total, detail))

    def ended(self, key: int) -> None:
        self.open -= key


def test_every_node_is_told_to_who_listens_and_the_answer_stays_the_same(tiny: Tiny) -> None:
    nodes = Nodes()
    with DbtProcess() as dbt:
        silent = dbt.ask(tiny.request())
        with listening(nodes):
            heard = dbt.ask(tiny.request())
        again = dbt.ask(tiny.request())
    assert statuses(heard) == statuses(silent) == statuses(again)
    assert [(done, total) for done, total, _ in nodes.told] == [(1, 3), (2, 3), (3, 3)]
    assert {"numbers", "looks_up"} < {name for _, _, name in nodes.told}
    assert nodes.open == 0
