"""The page of help: only what the report shows, in the nouns of the study."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cohortmart.core.text import Nouns, nouns
from cohortmart.report.blocks import Text, all_blocks
from cohortmart.report.pages import PAGES
from cohortmart.report.pages.help.page import help_page, in_nouns, readings, without
from tests.support.report_overview_rows import SAMPLES
from tests.support.report_source import small_source

INDIVIDUALS = nouns(("individual", "individuals"), ("hour", "hours"))


def test_help_is_the_last_page() -> None:
    assert PAGES[-1][0] == "help"


def test_every_reading_is_of_a_page_and_says_something() -> None:
    found = readings()
    assert set(found) <= {name for name, _ in PAGES[:-1]}
    assert "overview" in found
    for name, entries in found.items():
        assert entries, name
        kinds = [kind for kind, _ in entries]
        assert len(set(kinds)) == len(kinds), name
        assert all(kind and not kind.endswith(".") for kind in kinds), name
        assert all(how.endswith(".") for _, how in entries), name


def test_only_pages_that_are_shown_are_explained() -> None:
    source = small_source({}, SAMPLES)
    page = help_page(source.after([("overview", "At a glance"), ("unheard-of", "Unheard of")]))
    assert [section.title for section in page.sections] == ["At a glance"]
    texts = [block for block in all_blocks(page) if isinstance(block, Text)]
    assert [text.head for text in texts] == [kind for kind, _ in readings()["overview"]]
    assert help_page(source.after([])).sections == ()


def test_a_study_that_does_not_say_which_pages_it_has_gets_all(tmp_path: Path) -> None:
    page = help_page(small_source({}, SAMPLES, tmp_path))
    assert len(page.sections) == len(readings())


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ([], "Of a group. Groups lie apart. A type of cells. Cell types, too."),
        (["group"], "A type of cells. Cell types, too."),
        (["group", "cell type"], "A type of cells."),
    ],
)
def test_what_a_study_has_one_of_is_not_spoken_of(words: list[str], left: str) -> None:
    text = "Of a group. Groups lie apart. A type of cells. Cell types, too."
    assert without(text, words) == left


def test_help_of_a_study_of_one_group_and_cell_type(tmp_path: Path) -> None:
    def said(samples: list[tuple[str, str, str, str, int]], folder: str) -> str:
        page = help_page(small_source({}, samples, tmp_path / folder))
        texts = [b for b in all_blocks(page) if isinstance(b, Text)]
        assert all(text.words and text.head for text in texts)
        return " ".join(f"{text.head}: {text.words}" for text in texts)

    of_one = said([s for s in SAMPLES if s[2] == SAMPLES[0][2]], "one")
    assert not re.search(r"\bgroups?\b|cell type", of_one, re.IGNORECASE)
    assert "The same change in two groups" in said(SAMPLES, "two")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A person at a timepoint.", "An individual at an hour."),
        ("People and timepoints; a person's", "Individuals and hours; an individual's"),
        ("personal, a peoples", "personal, a peoples"),
    ],
)
def test_nouns_of_the_study(text: str, said: str) -> None:
    assert in_nouns(text, INDIVIDUALS) == said.replace("an hour", INDIVIDUALS.timepoint.a)
    assert in_nouns(text, Nouns()) == text
