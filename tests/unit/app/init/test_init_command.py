"""The command: what it refuses, what it asks, what it leaves alone."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from cohortmart.app.cli import main
from cohortmart.app.init.command import init_study, on_terminal, summary
from cohortmart.app.init.questions import Question
from cohortmart.app.init.study_text import LOOK
from cohortmart.app.study_file import load_study
from cohortmart.core.errors import InputError
from tests.support.init_files import people, write_counts, write_sheet


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A study whose groups and visits are words that say nothing."""
    folder = tmp_path / "raw"
    folder.mkdir()
    rows = people({"red": 3, "blue": 3}, ["V1", "V2"])
    write_sheet(folder / "sheet.csv", rows)
    write_counts(folder / "counts.tsv", [row["sample"] for row in rows])
    return folder


def test_nothing_of_the_user_changes(raw: Path, tmp_path: Path) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in raw.iterdir()}
    init_study([raw], tmp_path / "study.yml")
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in raw.iterdir()} == before
    assert sorted(os.listdir(tmp_path)) == ["raw", "study.yml"]


def test_a_study_that_is_there_is_not_overwritten(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "study.yml"
    out.write_text("mine")
    with pytest.raises(SystemExit) as caught:
        main(["init", str(raw), "--out", str(out)])
    assert caught.value.code == 2
    assert "nothing of yours is overwritten" in capsys.readouterr().err
    assert out.read_text() == "mine"


def test_the_same_files_give_the_same_bytes(raw: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.yml", tmp_path / "b.yml"
    init_study([raw], first)
    init_study([raw / "sheet.csv", raw / "counts.tsv"], second)
    assert first.read_bytes() == second.read_bytes()


def test_what_no_one_confirmed_is_listed_and_marked(raw: Path, tmp_path: Path) -> None:
    written = init_study([raw], tmp_path / "study.yml")
    assert [(q.key, q.proposal, q.options) for q in written.open] == [
        ("groups", "blue", ("blue", "red"))
    ]
    said = summary(written)
    assert "Not certain" in said
    assert "groups: blue" in said
    assert "or red" in said
    marked = [line for line in written.path.read_text().splitlines() if LOOK in line]
    assert len(marked) == 1
    assert load_study(written.path).groups == ("blue", "red")


def test_an_answer_is_taken_and_nothing_stays_open(raw: Path, tmp_path: Path) -> None:
    written = init_study([raw], tmp_path / "study.yml", lambda _question: "red")
    assert load_study(written.path).groups == ("red", "blue")
    assert written.open == ()
    assert LOOK not in written.path.read_text()


def test_an_answer_that_cannot_be_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["green", "red"])
    defaults: list[str] = []

    def prompt(_text: str, default: str) -> str:
        defaults.append(default)
        return next(answers)

    monkeypatch.setattr("typer.prompt", prompt)
    question = Question("groups", "Which?", "blue", ("blue", "red"), "by its letters")
    assert on_terminal(question) == "red"
    assert defaults == ["blue", "blue"]
    assert "`green` is none of blue, red" in capsys.readouterr().out


@pytest.mark.slow
def test_on_a_terminal_it_asks(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "study.yml"
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "cohortmart", "init", str(raw), "--out", str(out)]
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, b"red\n")
    said = b""
    try:
        while part := os.read(ours, 4096):
            said += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert child.wait() == 0
    assert b"Which group is the reference" in said
    assert load_study(out).groups == ("red", "blue")


def test_names_that_match_nothing_are_an_error_that_says_what_was_tried(tmp_path: Path) -> None:
    rows = people({"a": 3, "b": 3}, ["V1", "V2"])
    sheet = write_sheet(tmp_path / "sheet.csv", rows)
    counts = write_counts(tmp_path / "counts.tsv", [f"X{i}" for i in range(12)])
    with pytest.raises(InputError, match="no column of a sheet") as caught:
        init_study([sheet, counts], tmp_path / "study.yml")
    assert caught.value.found is not None
    for word in ("sheet.csv (sample, patient", "counts.tsv (X0, X1"):
        assert word in caught.value.found
    assert not (tmp_path / "study.yml").exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        init_study([tmp_path / "nowhere.csv"], tmp_path / "study.yml")


def test_a_folder_without_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file to look at"):
        init_study([tmp_path], tmp_path / "study.yml")


def test_without_a_sheet_it_names_what_lacks(tmp_path: Path) -> None:
    counts = tmp_path / "genes.gmt"
    counts.write_text("A\tx\tTP53\tIL7R\nB\ty\tCD4\n")
    with pytest.raises(InputError, match="no file is a sample sheet"):
        init_study([counts], tmp_path / "study.yml")


def test_the_command_ends_with_what_check_says(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "study.yml"
    with pytest.raises(SystemExit) as caught:
        main(["init", str(raw), "--out", str(out)])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    with pytest.raises(SystemExit) as caught:
        main(["check", str(out)])
    assert caught.value.code == 0
    assert said.endswith(capsys.readouterr().out)
