"""docs/tables.md: up to date, every table in its place, and no column lost on the way."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from cohortmart.app import table_docs
from tests.support.paths import ROOT

MODELS = ROOT / "models"


@cache  # reading the YAML takes most of the time
def described() -> dict[str, dict[str, Any]]:
    files = [f for folder in ("marts", "results") for f in (MODELS / folder).glob("*.yml")]
    texts = [with_shared_words(f.read_text(encoding="utf-8")) for f in files]
    return {block["name"]: block for text in texts for block in yaml.safe_load(text)["models"]}


def with_shared_words(text: str) -> str:
    """Put what models/docs.md says in the place of its name."""
    *_, blocks = (MODELS / "docs.md").read_text(encoding="utf-8").partition("{% docs ")
    for block in blocks.split("{% docs "):
        name, words, _ = block.split("\n", 2)
        quoted = words.replace("'", "''")
        text = text.replace(f"\"{{{{ doc('{name.split()[0]}') }}}}\"", f"'{quoted}'")
    assert "{{" not in text
    return text


@cache
def page_now() -> str:
    return table_docs.table_page(MODELS)


def rendered(text: str) -> str:
    """A cell as a reader sees it."""
    return text.replace("\\|", "|").replace("&lt;", "<")


def tables_of(page: str) -> dict[str, list[list[str]]]:
    """Read the page back: the rows under each heading, three cells each."""
    found = {}
    for section in page.split("\n### ")[1:]:
        lines = [line for line in section.splitlines() if line.startswith("| `")]
        cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
        found[section.splitlines()[0]] = [[cell.strip() for cell in row] for row in cells]
    return found


def test_the_page_is_up_to_date() -> None:
    written = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert written == page_now(), (
        "docs/tables.md is not what the YAML beside the models says: run `make docs`"
    )


def abouts() -> dict[str, str | None]:
    return {name: block["config"]["meta"].get("about") for name, block in described().items()}


def test_every_table_has_its_place() -> None:
    homeless = {name: about for name, about in abouts().items() if about not in table_docs.GROUPS}
    assert not homeless, f"`meta: about:` names no group of app/table_docs.py: {homeless}"


def test_every_group_has_its_tables() -> None:
    assert set(abouts().values()) == set(table_docs.GROUPS)
    assert len(table_docs.GROUPS) == len(set(table_docs.GROUPS))
    page = page_now().split("## All tables")[1]
    headings = re.findall(r"^## (.+)$", page, flags=re.MULTILINE)
    assert headings[1:] == list(table_docs.GROUPS)
    at = {title: re.findall(r"^### (.+)$", section, flags=re.MULTILINE)
          for title, _, section in (s.partition("\n") for s in page.split("\n## "))}  # fmt: skip
    for group in table_docs.GROUPS:
        members = sorted(name for name, about in abouts().items() if about == group)
        dimensions = [name for name in members if name.startswith("dim_")]
        assert at[group] == [*dimensions, *(m for m in members if m not in dimensions)]


def test_every_column_of_every_table_is_on_the_page() -> None:
    found = tables_of(page_now())
    expected = {
        name: [
            [f"`{column['name']}`", " ".join(column["description"].split())]
            for column in block["columns"]
        ]
        for name, block in described().items()
    }
    seen = {
        name: [[column, rendered(text)] for column, _, text in rows] for name, rows in found.items()
    }
    assert seen == expected
    assert {kind for rows in found.values() for _, kind, _ in rows} == {
        "text", "number", "whole number", "true or false",
    }  # fmt: skip


def test_the_page_begins_with_the_text_of_dbts_web_page() -> None:
    page = page_now()
    assert "{%" not in page
    assert page.index("# The tables of cohortmart") < page.index("## All tables")
    assert "rebound, rebound_group, dmp_deg" in page.split("## All tables")[0]


def write_models(folder: Path, name: str, description: str) -> Path:
    """A project of one table that says no group, and one that has a place."""
    (folder / "marts").mkdir()
    (folder / "results").mkdir()
    (folder / "overview.md").write_text(
        "{% docs __overview__ %}\n# The tables\n{% enddocs %}\n", encoding="utf-8"
    )
    for table in (name, "dmp_deg"):
        column = {"name": "x", "description": description, "data_type": "double"}
        about = {"about": "CpG-gene pairs"} if table == "dmp_deg" else {}
        block = {
            "name": table,
            "description": description,
            "config": {"meta": {"grain": ["x"], **about}},
            "columns": [column],
        }
        text = yaml.safe_dump({"version": 2, "models": [block]})
        (folder / "results" / f"{table}.yml").write_text(text, encoding="utf-8")
    return folder


def test_an_unknown_table_comes_last_and_breaks_nothing(tmp_path: Path) -> None:
    page = table_docs.table_page(write_models(tmp_path, "a_new_one", "One row per x."))
    headings = re.findall(r"^##+ (.+)$", page, flags=re.MULTILINE)
    assert headings[-4:] == ["CpG-gene pairs", "dmp_deg", table_docs.FURTHER, "a_new_one"]
    assert "Quality" not in headings  # a group without tables has no heading
    assert f"| {table_docs.FURTHER} | [a_new_one](#a_new_one) |" in page


def test_signs_of_markdown_and_html_stay_text(tmp_path: Path) -> None:
    text = "Where |a| < `b | c <d>`."
    page = table_docs.table_page(write_models(tmp_path, "odd", text))
    (row,) = tables_of(page)["odd"]
    assert row == ["`x`", "number", "Where \\|a\\| &lt; `b \\| c <d>`."]
    assert "\nWhere |a| &lt; `b | c <d>`.\n" in page


def test_the_page_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "tables.md"
    table_docs.main([str(target)])
    assert target.read_text(encoding="utf-8") == page_now()


def test_a_type_without_a_word_is_not_passed_over(tmp_path: Path) -> None:
    models = write_models(tmp_path, "odd", "One row per x.")
    file = models / "results" / "odd.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("double", "blob"), encoding="utf-8")
    with pytest.raises(KeyError, match="blob"):
        table_docs.table_page(models)
