"""dbt's exposures are the pages of the report and the cookbook, with the tables they read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from cohortmart.report.pages import PAGES
from tests.support.paths import ROOT

MODELS = {path.stem for path in (ROOT / "models").rglob("*.sql")}


def exposures() -> list[dict[str, Any]]:
    text = (ROOT / "models" / "_exposures.yml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = yaml.safe_load(text)["exposures"]
    return found


def read_tables(files: Iterable[Path]) -> list[str]:
    """Give the tables that stand behind from or join in any of the files."""
    texts = [file.read_text(encoding="utf-8") for file in files]
    named = {name for text in texts for name in re.findall(r"\b(?:from|join)\s+(\w+)", text)}
    return sorted(named & MODELS)


def names(exposure: dict[str, Any]) -> list[str]:
    return [re.fullmatch(r"ref\('(\w+)'\)", r)[1] for r in exposure["depends_on"]]  # type: ignore[index]


def test_every_page_is_an_exposure() -> None:
    *pages, cookbook = exposures()
    assert [page["label"] for page in pages] == [title for title, _ in PAGES]
    for page in pages:
        assert page["name"] == "report_" + page["label"].replace(" ", "_")
    assert cookbook["name"] == "cookbook"
    assert (ROOT / cookbook["label"]).is_file()


def test_exposures_read_what_pages_and_cookbook_read() -> None:
    *pages, cookbook = exposures()
    for page, (_, make) in zip(pages, PAGES, strict=True):
        folder = ROOT / Path(*make.__module__.split(".")[:-1])
        assert names(page) == read_tables(folder.glob("*.py")), page["name"]
        assert len(names(page)) >= 3
    assert names(cookbook) == read_tables([ROOT / "docs" / "cookbook.md"])
    assert len(names(cookbook)) >= 10
