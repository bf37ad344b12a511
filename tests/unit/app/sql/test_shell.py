"""The shell of `cohortmart sql`: lines, commands, faults, and Ctrl-C on a real terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import time
from pathlib import Path

import duckdb
import pytest

from cohortmart.app.sql.shell import GOES_ON, PROMPT, Shell, is_whole, table_names
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.lake.mkdir()
    home.results.mkdir()
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create table dim_sample as select 'S1' as sample_id, 37.5 as age")
        con.execute("comment on column dim_sample.age is 'Age, in years.'")
        con.execute("create view deg as select 1 as a")
        con.execute("comment on view deg is 'One row per analysis, contrast and gene.'")
    return home


def said(shell: Shell, capfd: pytest.CaptureFixture[str], *lines: str) -> str:
    for line in lines:
        assert shell.take(line)
    got = capfd.readouterr()
    return got.out + got.err


def test_query_over_several_lines(home, capfd):
    shell = Shell(home)
    assert said(shell, capfd, "select sample_id,") == ""
    assert shell.prompt == GOES_ON
    assert said(shell, capfd, "  age from dim_sample;") == (
        "sample_id   age\n─────────  ────\nS1         37.5\n"
    )
    assert shell.prompt == PROMPT


def test_begun_query_can_be_dropped(home, capfd):
    shell = Shell(home)
    said(shell, capfd, "select 'nonsense")
    shell.drop()
    assert said(shell, capfd, "select 1 as a;") == "a\n─\n1\n"


@pytest.mark.parametrize(
    ("query", "whole"),
    [
        ("select 1;", True),
        ("select 1; ", True),
        ("select 1", False),
        ("select ';", False),
        ("select ';';", True),
        ("select 1 -- not here;", False),
        ("select 1 -- a comment\n;", True),
        (";", True),
    ],
)
def test_end_of_a_query(query, whole):
    assert is_whole(query) is whole


def test_faults_are_said_and_the_shell_goes_on(home, capfd):
    shell = Shell(home)
    assert '"nope" not found' in said(shell, capfd, "select nope from dim_sample;")
    assert "only queries that read" in said(shell, capfd, "drop table dim_sample;")
    assert "cannot be read" in said(shell, capfd, "@no_such_file.sql")
    assert "did you mean `.tables`?" in said(shell, capfd, ".table")
    assert "did you mean `dim_sample`?" in said(shell, capfd, ".columns dim_samples")
    assert "which table?" in said(shell, capfd, ".columns")
    assert "for example: .format csv" in said(shell, capfd, ".format parquet")
    assert "for example: .wide on" in said(shell, capfd, ".wide maybe")
    assert said(shell, capfd, "select 1 as a;") == "a\n─\n1\n"


def test_tables_and_columns(home, capfd):
    shell = Shell(home)
    everything = said(shell, capfd, ".tables")
    assert "dim_sample" in everything
    assert "One row per analysis, contrast and gene." in everything
    assert "dim_sample" not in said(shell, capfd, ".tables gene")
    assert "Age, in years." in said(shell, capfd, ".columns dim_sample;")
    assert table_names(home) == ["deg", "dim_sample"]


def test_wide_rows(home, capfd, monkeypatch):
    shell = Shell(home)
    query = "select sample_id, age from dim_sample;"
    lines = "── row 1 ─────\nsample_id  S1\nage        37.5\n"
    said(shell, capfd, ".wide on")
    assert said(shell, capfd, query) == lines
    said(shell, capfd, ".wide auto")
    monkeypatch.setenv("COLUMNS", "10")
    assert said(shell, capfd, query) == lines
    said(shell, capfd, ".wide off")
    assert said(shell, capfd, query).startswith("sample_id   age\n")


def test_formats_and_files(home, capfd, tmp_path):
    path = tmp_path / "ages.sql"
    path.write_text("select age from dim_sample")
    shell = Shell(home, "csv")
    assert said(shell, capfd, f"@{path}") == "age\n37.5\n"
    said(shell, capfd, ".format json")
    assert said(shell, capfd, f"@{path};") == '[\n{"age": 37.5}\n]\n'
    with pytest.raises(InputError, match="not for reading on a terminal"):
        Shell(home, "parquet")


def test_rebuilt_warehouse_is_seen(home, capfd):
    shell = Shell(home)
    said(shell, capfd, "from deg;")
    home.warehouse.unlink()
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create table deg as select 2 as a")
    assert said(shell, capfd, "from deg;") == "a\n─\n2\n"


@pytest.mark.parametrize("word", [".quit", ".exit", "quit", "exit"])
def test_words_that_leave(home, word):
    assert Shell(home).take(word) is False


def test_ctrl_c_stops_a_query_and_ctrl_d_leaves(home, tmp_path):
    cache = tmp_path / "cache"
    terminal = _Terminal(home, cache)
    try:
        terminal.until(PROMPT)
        terminal.write("with recursive a as (select 1 as x union all select x + 1 from a)")
        terminal.until(GOES_ON)
        terminal.write("select count(*) from a;")
        time.sleep(2)  # until it runs
        terminal.interrupt()
        assert "stopped" in terminal.until(PROMPT)
        terminal.write("select 41 + 1 as answer;")
        assert "42" in terminal.until(PROMPT)
        os.write(terminal.fd, b"\x04")
        assert terminal.ended() == 0
    finally:
        terminal.end()
    assert "select 41 + 1 as answer;" in (cache / "sql_history").read_text()
    assert (cache / "sql_history").stat().st_mode & 0o077 == 0


class _Terminal:
    """`cohortmart sql` on a terminal of its own."""

    def __init__(self, home: Home, cache: Path) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["COHORTMART_CACHE"] = str(cache)
            line = [sys.executable, "-m", "cohortmart", "sql", "--out", str(home.root)]
            os.execv(sys.executable, line)

    def write(self, line: str) -> None:
        os.write(self.fd, line.encode() + b"\n")

    def interrupt(self) -> None:
        os.write(self.fd, b"\x03")

    def until(self, prompt: str, seconds: float = 60) -> str:
        """Return what was written up to a prompt."""
        text, end = b"", time.monotonic() + seconds
        while time.monotonic() < end:
            ready, _, _ = select.select([self.fd], [], [], 0.2)
            if ready:
                text += os.read(self.fd, 65536)
                if text.endswith(prompt.encode()):
                    return text.decode()
        raise AssertionError(f"no {prompt!r} in {seconds} s: {text!r}")

    def ended(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def end(self) -> None:
        os.close(self.fd)
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
