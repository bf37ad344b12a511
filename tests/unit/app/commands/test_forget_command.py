"""`cohortmart forget`: it builds what can be built and says what to type next."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from cohortmart.app.commands.forget import forget_and_rebuild
from cohortmart.core.warehouse import build as build_module
from cohortmart.core.warehouse.home import Home
from tests.support.raw_study import RawStudy


@pytest.fixture
def raw(tmp_path: Path) -> RawStudy:
    raw = RawStudy(tmp_path)
    raw.ingest()
    raw.home.warehouse.write_bytes(b"tables")
    return raw


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Home]:
    """Folders that were built, in place of dbt."""
    built: list[Home] = []
    monkeypatch.setattr(build_module, "build", lambda home, _: built.append(home))
    return built


def go(raw: RawStudy, capsys: pytest.CaptureFixture[str], **what: str | None) -> list[str]:
    given = {"subject": None, "file": None} | what
    forget_and_rebuild(raw.home.root, **given, quiet=False)  # type: ignore[arg-type]
    out, err = capsys.readouterr()
    assert "run `cohortmart build`" not in err
    return out.splitlines()


def test_without_a_subject_the_rest_is_built_and_analysed(
    raw: RawStudy, built: list[Home], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = go(raw, capsys, subject="anna")
    assert lines == [
        "forgotten: anna",
        f"next: cohortmart analyse STUDY.yml --out {raw.home.root}",
    ]
    assert built == [raw.home]


def test_without_a_matrix_the_assay_has_to_be_read_again(
    raw: RawStudy, built: list[Home], capsys: pytest.CaptureFixture[str]
) -> None:
    assert go(raw, capsys, file="counts.csv")[-1] == (
        f"next: cohortmart run STUDY.yml --out {raw.home.root}"
    )
    assert built == [raw.home]


def test_without_the_sheet_there_is_nothing_to_build(
    raw: RawStudy, built: list[Home], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):  # the second time it had been forgotten before
        lines = go(raw, capsys, file="samples.csv")
        assert built == []
        assert not raw.home.warehouse.exists()
        assert "no sample is left" in lines[1]
        assert lines[-1] == f"next: cohortmart run STUDY.yml --out {raw.home.root}"


def test_without_the_last_subject_there_is_nothing_to_build(
    raw: RawStudy, built: list[Home], capsys: pytest.CaptureFixture[str]
) -> None:
    for subject in ("anna", "berta", "clara"):
        lines = go(raw, capsys, subject=subject)
    assert len(built) == 2
    assert lines[-1] == f"next: cohortmart run STUDY.yml --out {raw.home.root}"


def test_a_folder_with_a_space_can_be_pasted(
    raw: RawStudy, built: list[Home], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = raw.home.root.rename(tmp_path / "my study")
    forget_and_rebuild(folder, subject="anna", file=None, quiet=False)
    assert built
    last = capsys.readouterr().out.splitlines()[-1]
    assert shlex.split(last.partition("--out ")[2]) == [str(folder)]
