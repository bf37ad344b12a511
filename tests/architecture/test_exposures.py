"""dbt's exposures are the pages of the report and the cookbook, with the tables they read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import yaml

from cohortmart.app.exposures import exposures_text, main, page_files
from cohortmart.report import pages as registry
from cohortmart.report.pages import PAGES
from tests.support.paths import ROOT

COOKBOOK = ROOT / "docs" / "cookbook.md"
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


#: The page of help reads no table.
READING = [(name, make) for name, make in PAGES if name != "help"]


def test_every_page_that_reads_tables_is_an_exposure() -> None:
    *pages, cookbook = exposures()
    assert [page["label"] for page in pages] == [title for title, _ in READING]
    assert not read_tables(page_files(dict(PAGES)["help"]))
    for page in pages:
        assert page["name"] == "report_" + re.sub(r"\W", "_", page["label"])
    assert cookbook["name"] == "cookbook"
    assert (ROOT / cookbook["label"]).is_file()


def test_exposures_read_what_pages_and_cookbook_read() -> None:
    *pages, cookbook = exposures()
    for page, (_, make) in zip(pages, READING, strict=True):
        assert names(page) == read_tables(page_files(make)), page["name"]
        assert names(page)
    assert sum(len(names(page)) for page in pages) >= 60
    assert names(cookbook) == read_tables([COOKBOOK])
    assert len(names(cookbook)) >= 10


def test_they_are_up_to_date(tmp_path: Path) -> None:
    written = (ROOT / "models" / "_exposures.yml").read_text(encoding="utf-8")
    assert written == exposures_text(COOKBOOK), (
        "models/_exposures.yml is not what the pages say and read: run `make docs`"
    )
    main([str(tmp_path / "made.yml"), str(COOKBOOK)])
    assert (tmp_path / "made.yml").read_text(encoding="utf-8") == written


def page_in(file: Path) -> Callable[..., Any]:
    """Write a page that reads one table; return what makes it."""
    file.parent.mkdir(exist_ok=True)
    file.write_text('"""Page of the report. Genes: all."""\ndef page(): "from dim_gene"\n')
    spec = spec_from_file_location("a_page", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    made: Callable[..., Any] = module.page
    return made


def test_a_page_is_a_file_or_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone, inside = page_in(tmp_path / "alone.py"), page_in(tmp_path / "folder" / "page.py")
    (tmp_path / "folder" / "more.py").write_text('"join dim_probe"')
    (tmp_path / "other.py").write_text('"from dmp"')
    monkeypatch.setattr(registry, "__file__", str(tmp_path / "__init__.py"))
    assert page_files(alone) == [tmp_path / "alone.py"]
    assert page_files(inside) == [tmp_path / "folder" / n for n in ("more.py", "page.py")]
    assert read_tables(page_files(inside)) == ["dim_gene", "dim_probe"]
    monkeypatch.setattr("cohortmart.app.exposures.PAGES", [("all-genes", alone)])
    page, _ = yaml.safe_load(exposures_text(COOKBOOK))["exposures"]
    assert (page["name"], page["label"]) == ("report_all_genes", "all-genes")
    assert page["description"] == "Page of the report. Genes: all."
    assert names(page) == ["dim_gene"]
