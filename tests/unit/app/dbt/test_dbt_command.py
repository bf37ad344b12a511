"""`cohortmart dbt …`: what dbt is given, where it writes, and what is not passed on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from cohortmart.app.cli import main
from cohortmart.app.commands.lock import sole_writer
from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.user_project import note_study_folder


class Started:
    """Stands for dbt: notes what it was given, may write into the warehouse, and ends."""

    def __init__(self) -> None:
        self.code = 0
        self.arguments: list[str] = []
        self.environment: dict[str, str] = {}
        self.meanwhile: Callable[[], None] = lambda: None

    def __call__(self, command: list[str], env: dict[str, str], **_: Any) -> SimpleNamespace:
        assert command[1] == "-P"  # nothing is imported from where someone stands
        self.arguments, self.environment = command[4:], env
        self.meanwhile()
        if env["COHORTMART_ACCESS"] != "read_only":
            with duckdb.connect(env["COHORTMART_WAREHOUSE"]) as con:
                con.execute("create table made as select 1 as x")
        return SimpleNamespace(returncode=self.code)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("COHORTMART_HOME", raising=False)
    home = Home(tmp_path / "out")
    home.root.mkdir()
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create table dim_sample as select 1 as sample_id")
    return home


@pytest.fixture
def dbt(monkeypatch: pytest.MonkeyPatch) -> Started:
    started = Started()
    monkeypatch.setattr(subprocess, "run", started)
    return started


def leave(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["dbt", *arguments])
    return int(left.value.code or 0)


def tables(home: Home) -> list[str]:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        return [name for (name,) in con.execute("show tables").fetchall()]


def test_options_are_passed_on_as_they_are(home: Home, dbt: Started) -> None:
    given = ["test", "--select", "a+", "-x", "--quiet", "--debug", "--vars", "{a: 1}", "--no-such"]
    assert leave(*given, "--out", str(home.root)) == 0
    assert dbt.arguments == given
    assert leave("--out", str(home.root), *given) == 0
    assert dbt.arguments == given


def test_dbt_is_given_the_folders_of_the_study(home: Home, dbt: Started, tmp_path: Path) -> None:
    ours = str(dbt_project_folder())
    leave("docs", "generate", "--out", str(home.root))
    assert dbt.environment["DBT_PROJECT_DIR"] == dbt.environment["DBT_PROFILES_DIR"] == ours
    assert dbt.environment["COHORTMART_HOME"] == str(home.root)
    assert Path(dbt.environment["DBT_TARGET_PATH"]).is_relative_to(home.logs)
    (tmp_path / "dbt_project.yml").write_text("name: mine\nprofile: cohortmart\n")
    note_study_folder(home, tmp_path / "study.yml")
    leave("ls", "--out", str(home.root))
    assert dbt.environment["DBT_PROJECT_DIR"] == str(tmp_path)
    assert dbt.environment["DBT_PROFILES_DIR"] == ours
    assert (tmp_path / "dbt_packages" / "cohortmart").is_symlink()


def test_the_folder_may_come_from_the_environment(
    home: Home, dbt: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COHORTMART_HOME", str(home.root))
    assert leave("ls") == 0
    assert dbt.environment["COHORTMART_HOME"] == str(home.root)


@pytest.mark.parametrize("command", ["run", "build", "seed", "run-operation", "test"])
def test_writers_work_on_a_copy_that_takes_the_place(
    home: Home, dbt: Started, command: str
) -> None:
    options = ["--store-failures"] if command == "test" else []

    def look() -> None:
        assert tables(home) == ["dim_sample"]
        with pytest.raises(InputError, match="another cohortmart command"), sole_writer(home, "x"):
            pass

    dbt.meanwhile = look
    assert leave(command, *options, "--out", str(home.root)) == 0
    assert tables(home) == ["dim_sample", "made"]
    assert not (home.root / ".building").exists()


def test_after_a_failure_nothing_takes_the_place(home: Home, dbt: Started) -> None:
    dbt.code = 1
    assert leave("run", "--out", str(home.root)) == 1
    assert tables(home) == ["dim_sample"]


@pytest.mark.parametrize("command", ["test", "show", "compile", "debug"])
def test_readers_cannot_write_and_need_no_lock(home: Home, dbt: Started, command: str) -> None:
    dbt.code = 2
    with sole_writer(home, "build"):
        assert leave(command, "--out", str(home.root)) == 2
    assert dbt.environment["COHORTMART_ACCESS"] == "read_only"
    assert dbt.environment["COHORTMART_WAREHOUSE"] == str(home.warehouse)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("clean",), "raw files"),
        (("snapshot",), "no history"),
        (("--no-use-colors", "run"), "command comes first"),
        (("init", "--skip-profile-setup"), "takes one file"),
    ],
)
def test_what_is_not_passed_on(
    home: Home, dbt: Started, capsys: pytest.CaptureFixture[str], arguments: tuple[str], said: str
) -> None:
    assert leave(*arguments, "--out", str(home.root)) == 2
    assert said in capsys.readouterr().err
    assert dbt.arguments == []


def test_without_a_warehouse_only_some_commands_run(
    home: Home, dbt: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    home.warehouse.unlink()
    for command in ("ls", "parse", "deps"):
        assert leave(command, "--out", str(home.root)) == 0
    assert leave("run", "--out", str(home.root)) == 2
    assert "there is no warehouse here yet" in capsys.readouterr().err
    assert leave("run", "--help", "--out", str(home.root)) == 0
    assert dbt.arguments == ["run", "--help"]


def test_without_a_folder_it_says_so(dbt: Started, capsys: pytest.CaptureFixture[str]) -> None:
    assert leave("run") == 2
    assert "--out DIR" in capsys.readouterr().err
    assert leave() == 0
    assert leave("--help") == 0
    assert "Usage: cohortmart dbt" in capsys.readouterr().out
    assert dbt.arguments == []
