"""The command line: commands, exit codes, messages, the lock."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import duckdb
import pytest

from cohortmart.app import cli, leaving
from cohortmart.app.commands import run as run_module
from cohortmart.core.errors import BuildError, StudyError
from cohortmart.core.warehouse.home import Home
from tests.support.paths import ROOT

COMMANDS = [
    "run",
    "ingest",
    "normalise",
    "build",
    "analyse",
    "report",
    "init",
    "check",
    "sql",
    "export",
    "explore",
    "serve",
    "diff",
    "demo",
    "forget",
    "dbt",
]


@pytest.fixture(autouse=True)
def fresh_session(monkeypatch: pytest.MonkeyPatch) -> None:
    session = leaving._Session()
    for module in (cli, leaving):
        monkeypatch.setattr(module, "session", session)


def leave(*arguments: str) -> int:
    """Run a command as the shell would and return its exit code."""
    with pytest.raises(SystemExit) as caught:
        cli.main(list(arguments))
    code = caught.value.code
    return 0 if code is None else int(code)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.lake.mkdir()
    home.results.mkdir()
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create table dim_sample as select 'S1' as sample_id")
    return home


def raising(error: BaseException):
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_the_help_names_every_command_and_no_other(capsys):
    assert leave("--help") == 0
    listed = capsys.readouterr().out.partition("Commands:")[2]
    assert [line.split()[0] for line in listed.splitlines() if line.strip()] == COMMANDS


def test_the_help_is_quick_because_nothing_heavy_is_imported():
    heavy = "{'duckdb', 'polars', 'numpy', 'pyarrow', 'dbt', 'scipy'}"
    code = (
        "import sys; from cohortmart.app import cli, leaving\n"
        "try: cli.main(['--help'])\n"
        f"finally: assert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("build",),
        ("run", "study.yml"),
        ("demo", "--out", "x", "--scale", "huge"),
        ("sql", "select 1", "--out", "x", "--format", "xml"),
        ("forget", "--out", "x"),
        ("forget", "--out", "x", "--subject", "a", "--file", "b"),
    ],
)
def test_wrong_use_leaves_with_2(arguments, capsys):
    assert leave(*arguments) == 2
    assert "Error" in capsys.readouterr().err


def test_the_version_is_that_of_the_distribution(capsys):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert leave("--version") == 0
    assert capsys.readouterr().out == f"cohortmart {project['version']}\n"


def test_sql_answers_on_standard_output_alone(home, capfd):
    assert leave("sql", "from dim_sample", "--out", str(home.root), "--format", "csv") == 0
    assert capfd.readouterr() == ("sample_id\nS1\n", "")


def test_output_folder_may_come_from_the_environment(home, capfd, monkeypatch):
    monkeypatch.setenv("COHORTMART_HOME", str(home.root))
    assert leave("sql", "from dim_sample", "--format", "csv") == 0
    assert capfd.readouterr() == ("sample_id\nS1\n", "")
    monkeypatch.setenv("COHORTMART_HOME", str(home.root / "nowhere"))
    assert leave("sql", "from dim_sample", "--format", "csv", "--out", str(home.root)) == 0
    assert leave("sql", "from dim_sample") == 2
    assert "nowhere" in capfd.readouterr().err


def test_query_may_stand_in_a_file_or_on_standard_input(home, capfd, tmp_path):
    (tmp_path / "q.sql").write_text("from dim_sample;\n")
    out = ("--out", str(home.root), "--format", "csv")
    assert leave("sql", f"@{tmp_path / 'q.sql'}", *out) == 0
    assert capfd.readouterr() == ("sample_id\nS1\n", "")
    line = [sys.executable, "-m", "cohortmart", "sql", *out]
    piped = subprocess.run(line, input="from dim_sample", capture_output=True, text=True)
    assert (piped.returncode, piped.stdout, piped.stderr) == (0, "sample_id\nS1\n", "")


@pytest.mark.parametrize("arguments", [("-h",), ("sql", "-h"), ("run", "-h")])
def test_short_option_for_help(arguments, capsys):
    assert leave(*arguments) == 0
    assert "Usage: cohortmart" in capsys.readouterr().out


def test_a_fault_of_the_input_is_one_message_and_2(home, capfd):
    assert leave("sql", "from dim_sampel", "--out", str(home.root)) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "dim_sample" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("place", ["before", "behind"])
def test_debug_shows_the_traceback(home, capfd, place):
    arguments = ["sql", "from dim_sampel", "--out", str(home.root)]
    arguments = ["--debug", *arguments] if place == "before" else [*arguments, "--debug"]
    assert leave(*arguments) == 2
    assert "Traceback" in capfd.readouterr().err


def test_a_fault_of_ours_says_so_and_keeps_the_traceback(home, capsys, monkeypatch):
    monkeypatch.setattr(run_module, "build_only", raising(KeyError("gene")))
    assert leave("build", "--out", str(home.root)) == 1
    err = capsys.readouterr().err
    assert "its fault and not yours: KeyError: 'gene'" in err
    assert "Traceback" not in err
    log = home.logs / "error.log"
    assert "error.log" in err
    assert "KeyError: 'gene'" in log.read_text()
    assert "raise error" in log.read_text()


def test_a_failed_build_leaves_with_1(home, capsys, monkeypatch):
    monkeypatch.setattr(run_module, "build_only", raising(BuildError("model x: broken")))
    assert leave("build", "--out", str(home.root)) == 1
    assert capsys.readouterr().err.startswith("model x: broken\n")


def test_a_full_disk_is_said_plainly(home, capsys, monkeypatch):
    error = OSError(errno.ENOSPC, "No space left on device", "/big/file")
    monkeypatch.setattr(run_module, "build_only", raising(error))
    assert leave("build", "--out", str(home.root)) == 1
    assert "/big/file: the disk is full" in capsys.readouterr().err


def test_control_c_is_no_traceback(home, capsys, monkeypatch):
    monkeypatch.setattr(run_module, "build_only", raising(KeyboardInterrupt()))
    assert leave("build", "--out", str(home.root)) == 130
    assert capsys.readouterr().err.startswith("stopped")


def test_one_writing_command_at_a_time(home, capsys):
    with (home.root / ".lock").open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        assert leave("build", "--out", str(home.root)) == 2
    err = capsys.readouterr().err
    assert "another cohortmart command works in this folder" in err


def test_the_lock_says_who_holds_it_and_ends_with_its_holder(home, capsys, monkeypatch):
    held: list[int] = []

    def build_within(*_: object) -> None:
        held.append(leave("build", "--out", str(home.root)))

    monkeypatch.setattr(run_module, "_build", build_within)
    assert leave("build", "--out", str(home.root)) == 0
    assert held == [2]
    assert "(cohortmart build, process" in capsys.readouterr().err
    monkeypatch.setattr(run_module, "_build", lambda *_: None)
    assert leave("build", "--out", str(home.root)) == 0


def test_quiet_says_nothing(home, capfd, monkeypatch):
    monkeypatch.setattr(run_module, "_build", lambda *_: None)
    assert leave("build", "--out", str(home.root), "--quiet") == 0
    assert capfd.readouterr() == ("", "")


def test_a_study_without_file_is_an_input_fault(tmp_path, capsys):
    assert leave("run", str(tmp_path / "none.yml"), "--out", str(tmp_path / "out")) == 2
    assert "none.yml" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_faulty_study_leaves_no_folder(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run_module, "load_study", raising(StudyError("no", line=3)))
    assert leave("run", "study.yml", "--out", str(tmp_path / "out")) == 2
    assert capsys.readouterr().err == "line 3: no\n"
    assert not (tmp_path / "out").exists()


def test_build_does_not_make_folders_where_there_is_no_study(tmp_path, capsys):
    assert leave("build", "--out", str(tmp_path / "typo")) == 2
    assert "no lake here" in capsys.readouterr().err
    assert not (tmp_path / "typo").exists()


def test_the_demo_does_not_replace_a_real_study(home, capsys):
    home.study_copy.write_text("study: real\n")
    assert leave("demo", "--out", str(home.root)) == 2
    assert "another study" in capsys.readouterr().err
    assert not (home.root / "raw").exists()


def test_a_reader_that_leaves_early_is_no_error(home):
    command = [sys.executable, "-m", "cohortmart", "sql", "from range(2000000)"]
    command += ["--format", "csv", "--out", str(home.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == b"range\n"
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait() == 0


def test_what_children_are_told_ends_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str | None] = []
    names = ("COHORTMART_DEBUG", "PYTHONSAFEPATH")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(
        "cohortmart.app.commands.run.build_only",
        lambda *_, **__: told.extend(os.environ.get(name) for name in names),
    )
    for flags in ([], ["--debug"]):
        with pytest.raises(SystemExit):
            cli.main([*flags, "build", "--out", str(tmp_path)])
    assert told == [None, "1", "1", "1"]
    assert not [name for name in names if name in os.environ]
