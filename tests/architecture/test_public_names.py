"""The public names: one list, imported late, the same for people and for type checkers."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import cohortmart
from tests.support.paths import ROOT

INIT = ROOT / "cohortmart" / "__init__.py"
PUBLIC = cohortmart._PUBLIC
USER_CODE = """
import cohortmart

study: cohortmart.Study = cohortmart.open("demo")
name: str = study.gene("IL7R").contrasts.pl().columns[0]
n: int = study.matrix("rna").values.shape[0]
chart: cohortmart.Chart = study.plot.course("IL7R")
again: cohortmart.Study = cohortmart.run("study.yml", out="demo")
try:
    study.sql("select ?", [1]).arrow()
except cohortmart.InputError as error:
    print(error.hint)
cohortmart.open(3)
study.gen("IL7R")
"""


def test_type_checkers_see_the_same_names() -> None:
    seen = {}
    for node in ast.walk(ast.parse(INIT.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cohortmart."):
            assert all(alias.name == alias.asname for alias in node.names)
            seen |= {alias.name: node.module for alias in node.names}
    assert seen == PUBLIC
    assert list(PUBLIC) == sorted(PUBLIC)
    assert set(dir(cohortmart)) == set(cohortmart.__all__) == {*PUBLIC, "__version__"}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(cohortmart, name)
    assert value is getattr(import_module(PUBLIC[name]), name)
    text = inspect.getdoc(value)
    assert text
    assert name in (ROOT / "docs" / "python.md").read_text("utf-8") or inspect.isclass(value)
    members = [m for n, m in vars(value).items() if not n.startswith("_")] if inspect.isclass(
        value
    ) else []  # fmt: skip
    assert all(inspect.getdoc(m) for m in members if inspect.isfunction(m) or _is_property(m))


def _is_property(member: object) -> bool:
    return isinstance(member, property)


def test_other_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        cohortmart.opne  # noqa: B018


def test_the_import_alone_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys, time; began = time.process_time(); import cohortmart; "
        "print(time.process_time() - began); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    seconds, modules = done.stdout.splitlines()
    heavy = {"duckdb", "numpy", "polars", "pyarrow", "pydantic", "dbt", "vl_convert", "typer"}
    assert heavy.isdisjoint(modules.split())
    assert float(seconds) < 0.05


def test_user_code_is_checked_strictly(tmp_path: Path) -> None:
    file = tmp_path / "user.py"
    file.write_text(USER_CODE)
    assert (ROOT / "cohortmart" / "py.typed").exists()
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"),
         "--follow-imports=silent", str(file)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    said = [line.split("error: ")[1] for line in done.stdout.splitlines() if "error: " in line]
    assert len(said) == 2, done.stdout
    assert 'has incompatible type "int"' in said[0]
    assert 'has no attribute "gen"' in said[1]


def test_the_wheel_says_that_it_is_typed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "cohortmart" in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert (ROOT / "cohortmart" / "py.typed").read_bytes() == b""
