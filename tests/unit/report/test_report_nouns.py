"""Every page calls people and timepoints what the study calls them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.text import Nouns, nouns
from cohortmart.report.blocks import Choice, Figure, Page, Table, Text, all_blocks
from cohortmart.report.pages import PAGES as REGISTRY
from tests.support.report_pages import PAGES
from tests.support.report_source import small_source
from tests.support.report_words import CELL_TYPES, MODEL_STUDY

PATIENTS = nouns(("patient", "patients"), ("session", "sessions"))
#: What a model names by the keys of study.yml.
MODEL = "group and timepoint"
#: `visit key` is a key of study.yml, too.
OTHERS = re.compile(
    r"\b(wom[ae]n|persons?|people|visits?|time ?points?|she|hers?)\b(?! key)", re.IGNORECASE
)


def shown(page: Page) -> Iterator[str]:
    """Yield what a reader sees of a page, without the rows of tables and figures and the SQL."""
    yield from (page.title, page.lead, *(s.title for s in page.sections))
    for block in all_blocks(page):
        if isinstance(block, Text) and block.kind != "code":
            yield block.words
        elif isinstance(block, Figure):
            yield from (block.title, block.caption, block.alt, *titles(block.spec))
        elif isinstance(block, Table):
            yield from (block.title, block.caption, *(c.label for c in block.columns))
        elif isinstance(block, Choice):
            yield from (block.label, *(panel.title for panel in block.panels))


def titles(spec: Any) -> Iterator[str]:
    """Yield the titles in a specification: of axes, legends and tooltips."""
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key in ("title", "text") and isinstance(value, str):
                yield value
            yield from titles(value)
    elif isinstance(spec, (list, tuple)):
        for value in spec:
            yield from titles(value)


def words_of(name: str, root: Path, said: Nouns, *, pseudonymised: bool) -> list[str]:
    make, tables, samples, analyses = PAGES[name]
    source = small_source(
        tables, samples, root, analyses=analyses, nouns=said, pseudonymised=pseudonymised
    )
    return list(shown(make(source)))


def test_pages_are_called_as_in_the_registry(tmp_path: Path) -> None:
    of_registry = dict(REGISTRY)
    assert set(PAGES) == set(of_registry)
    for name, (make, tables, samples, analyses) in PAGES.items():
        page = make(small_source(tables, samples, tmp_path, analyses=analyses))
        assert (page.name, make) == (name, of_registry[name])


@pytest.mark.parametrize("pseudonymised", [False, True])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_the_nouns_of_the_study_and_no_others(
    tmp_path: Path, name: str, pseudonymised: bool
) -> None:
    words = words_of(name, tmp_path, PATIENTS, pseudonymised=pseudonymised)
    assert [said for said in words if OTHERS.search(said.replace(MODEL, ""))] == []
    otherwise = words_of(name, tmp_path / "other", Nouns(), pseudonymised=pseudonymised)
    people = [re.search(r"\b(person|people)\b", said, re.IGNORECASE) for said in otherwise]
    patients = [re.search(r"\bpatients?\b", said, re.IGNORECASE) for said in words]
    assert list(map(bool, patients)) == list(map(bool, people))


def test_timepoints_are_called_so_too(tmp_path: Path) -> None:
    words = [w for n in PAGES for w in words_of(n, tmp_path, PATIENTS, pseudonymised=False)]
    assert sum(bool(re.search(r"\bsessions?\b", said, re.IGNORECASE)) for said in words) > 20


def test_no_page_is_about_the_model_study_or_about_cell_types_where_there_is_one(
    tmp_path: Path,
) -> None:
    for name in PAGES:
        # what the presets named `paper` copy is told on one page only
        make, tables, samples, analyses = PAGES[name]
        if name == "methods":
            tables = {k: rows for k, rows in tables.items() if k != "analysis_note"}
            run = tables["analysis_run"][0]
            own = json.loads(run["parameters"]) | {"rebound": None}
            tables["analysis_run"] = [{**run, "parameters": json.dumps(own)}]
        source = small_source(tables, samples, tmp_path, analyses=analyses)
        words = [said.replace("CD4", "").replace("CD8", "") for said in shown(make(source))]
        assert [said for said in words if MODEL_STUDY.search(said)] == [], name
        assert [said for said in words if CELL_TYPES.search(said)] == [], name


def test_a_study_that_says_nothing_has_people(tmp_path: Path) -> None:
    words = [w for n in PAGES for w in words_of(n, tmp_path, Nouns(), pseudonymised=False)]
    assert [said for said in words if re.search(r"\b(wom[ae]n|she|hers?)\b", said, re.I)] == []
    assert sum("people" in said.lower() for said in words) > 20
