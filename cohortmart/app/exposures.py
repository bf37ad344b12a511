"""Exposures of the dbt project: the report's pages and the cookbook, with the tables they read."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.report import pages
from cohortmart.report.pages import PAGES

_HEAD = """\
version: 2

# Who reads the tables: the pages of the report, in their order, and the queries of the cookbook.
# Made by `make docs` from the pages' first lines and their SQL.
exposures:
"""
_COOKBOOK = "Fifteen questions in SQL with their answers on the demo."


def exposures_text(cookbook: Path) -> str:
    """Return models/_exposures.yml.

    Parameters
    ----------
    cookbook : Path
        docs/cookbook.md.
    """
    tables = {path.stem for path in (dbt_project_folder() / "models").rglob("*.sql")}
    made = []
    for label, make in PAGES:
        files = page_files(make)
        name = "report_" + re.sub(r"\W", "_", label)
        if read := read_tables(files, tables):  # the page of help reads none
            made.append(_exposure(name, label, "dashboard", _first_line(files[0]), read))
    read = read_tables([cookbook], tables)
    made.append(_exposure("cookbook", "docs/cookbook.md", "notebook", _COOKBOOK, read))
    return _HEAD + "\n".join(made)


def page_files(make: Callable[..., Any]) -> list[Path]:
    """Return the Python files of a page, first the one whose first line says what it shows.

    Parameters
    ----------
    make : callable
        Of the registry: it stands in a file of its own, or in a folder with what it needs.
    """
    file = Path(inspect.getfile(make))
    if file.parent == Path(inspect.getfile(pages)).parent:
        return [file]
    return sorted(file.parent.glob("*.py"))


def read_tables(files: Iterable[Path], tables: Iterable[str]) -> list[str]:
    """Return those of some tables that stand behind `from` or `join` in any of the files."""
    texts = [file.read_text(encoding="utf-8") for file in files]
    named = {name for text in texts for name in re.findall(r"\b(?:from|join)\s+(\w+)", text)}
    return sorted(named & set(tables))


def main(arguments: list[str]) -> None:
    """Write the file that is named first; the second is docs/cookbook.md."""
    target, cookbook = map(Path, arguments)
    target.write_text(exposures_text(cookbook), encoding="utf-8")


def _first_line(file: Path) -> str:
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return said.partition("\n")[0]


def _exposure(name: str, label: str, kind: str, description: str, read: Iterable[str]) -> str:
    lines = [
        f"  - name: {name}",
        f"    label: {label}",
        f"    type: {kind}",
        "    description: >-",
        f"      {description}",
        "    owner:",
        "      name: cohortmart",
        "    depends_on:",
        *(f"      - ref('{table}')" for table in read),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
