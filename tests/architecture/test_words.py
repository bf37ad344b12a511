"""Nobody is called a woman by the project itself: a study says what its people are called."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT

FOLDERS = ("cohortmart", "ingest", "analyses", "models", "macros", "benchmarks", "docs", "examples")
KINDS = {".py", ".sql", ".yml", ".yaml", ".md", ".css", ".js", ".j2", ".csv", ".R"}
FILES = [
    ROOT / "README.md",
    *sorted(
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in KINDS
        and "decisions" not in path.parts
        and "__pycache__" not in path.parts
    ),
]
WOMAN = re.compile(r"\bwom[ae]n('s)?\b", re.IGNORECASE)
#: What speaks of the model study, of the two keys that say what people are called, or is a word
#: that a column of the sex may hold.
ALLOWED = re.compile(
    r"healthy( pregnant)? women|women with (MS|multiple sclerosis)|\[woman, women\]"
    r'|"f", "female", "woman"'
)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def unnamed(text: str) -> list[str]:
    """Return the lines that call someone a woman."""
    return [line for line in text.splitlines() if WOMAN.search(ALLOWED.sub("", line))]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_file_calls_a_person_a_woman(path: Path) -> None:
    assert unnamed(path.read_text(encoding="utf-8")) == []


def test_files_are_looked_at_and_lines_found() -> None:
    assert len(FILES) > 500
    assert unnamed("18 women\nWoman 3\nsubject_noun: [woman, women]\nhealthy women\nwomanly\n") == [
        "18 women", "Woman 3",
    ]  # fmt: skip


@pytest.mark.parametrize("study", ["epic_chr7_paired", "epic_chr18_21", "hm450_genomestudio"])
def test_only_a_study_of_women_says_so(study: str) -> None:
    text = (ROOT / "examples" / study / "study.yml").read_text(encoding="utf-8")
    assert WOMAN.search(text) is None
