"""What holds for every Python file and for the project as a whole."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGES = ("cohortmart", "ingest", "analyses")
SOURCES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MOST_LINES = 400
MOST_LINES_OF_FUNCTION = 80
#: Offered under a free licence of the user's choice beside the GPL.
CHOICE_OF_LICENCE = {"text-unidecode": "Artistic License"}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name)
def test_files_stay_short(path):
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_functions_stay_short(path):
    long = {
        f.name: f.end_lineno - f.lineno + 1
        for f in functions(ast.parse(path.read_text("utf-8")))
        if f.end_lineno is not None and _code_lines(f) > MOST_LINES_OF_FUNCTION
    }
    assert long == {}


def _code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        text = function.body[0]
        assert text.end_lineno is not None
        lines -= text.end_lineno - text.lineno + 1
    return lines


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_what_is_public_says_what_it_is_for(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), "the file has no docstring"
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_nothing_is_left_to_do(path):
    text = path.read_text("utf-8")
    assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", text)


def required(names: list[str]) -> list[str]:
    return [re.split(r"[<>=!~\[; ]", requirement, maxsplit=1)[0] for requirement in names]


def pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {package.lower(): version for package, version in pins}


def test_every_dependency_is_pinned_by_version_and_not_by_address():
    text = (ROOT / "constraints.txt").read_text("utf-8")
    pins = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in pins)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = required(project["project"]["dependencies"])
    wanted += required(project["project"]["optional-dependencies"]["dev"])
    wanted += required(project["build-system"]["requires"])
    assert set(map(str.lower, wanted)) - set(pinned()) == set()


def test_no_dependency_is_under_the_gpl():
    copyleft = {}
    for package in pinned():
        try:
            facts = metadata(package)
        except PackageNotFoundError:
            continue  # builds the project, or is for another platform
        said = [facts.get("License-Expression") or "", facts.get("License") or ""]
        said += [c for c in facts.get_all("Classifier") or [] if c.startswith("License ::")]
        # the first line: some packages give the whole text of a licence
        licence = " ".join(part.splitlines()[0] for part in said if part)
        if re.search(r"\bA?GPL|GNU (Affero )?General Public", licence):
            copyleft[package] = licence
    for package, free in CHOICE_OF_LICENCE.items():
        assert free in copyleft.pop(package, free)
    assert copyleft == {}


def project_files() -> list[Path]:
    """Files that belong to the project: those in its folders and beside them."""
    folders = (*PACKAGES, "models", "macros", "tests", "docs", "benchmarks", "examples", ".ci")
    inside = [p for folder in folders for p in (ROOT / folder).rglob("*")]
    files = [p for p in (*inside, *ROOT.iterdir()) if p.is_file() and "__pycache__" not in p.parts]
    files = [p for p in files if p.name != ".git"]  # a worktree names its checkout there
    return sorted(files)


def test_no_file_names_a_place_of_one_machine():
    # put together here, so that this file does not name them itself
    places = ["/" + "work/", "/" + "home/", "/" + "root/", "/" + "Users/"]
    addresses = ["index" + "-url", "find" + "-links", "trusted" + "-host"]
    for path in project_files():
        if path.suffix in {".duckdb", ".parquet", ".gz", ".png"}:
            continue
        text = path.read_text("utf-8", errors="replace")
        named = [word for word in [*places, *addresses] if word in text]
        assert named == [], path


def test_the_licence_is_apache_2():
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_make_lists_every_verb():
    text = (ROOT / "Makefile").read_text("utf-8")
    verbs = re.findall(r"^([a-z-]+):.*## ", text, flags=re.MULTILINE)
    assert verbs == [
        "help", "setup", "demo", "test", "unit", "test-slow", "lint", "docs", "bench",
    ]  # fmt: skip


#: All that `stats` may see beside arrays: what their types are called.
TYPES = "cohortmart.core.types"


def test_the_shared_modules_of_the_rooms_are_layered():
    """`stats` sees only arrays: no DuckDB, no polars, no files, and nothing of the other rooms."""
    for path in sorted((ROOT / "analyses" / "stats").rglob("*.py")):
        for module in imported(ast.parse(path.read_text("utf-8"))):
            assert module == TYPES or module.split(".")[0] not in {
                "duckdb",
                "polars",
                "pyarrow",
                "pathlib",
                "ingest",
                "cohortmart",
            }, f"{path.name} imports {module}"


def test_types_of_arrays_are_named_once_and_need_numpy_only():
    kinds = re.compile(r"\bNDArray\[np\.(float64|int64|bool_)\]")
    home = ROOT / "cohortmart" / "core" / "types.py"
    assert len(kinds.findall(home.read_text("utf-8"))) == 3
    assert set(imported(ast.parse(home.read_text("utf-8")))) <= {
        "__future__",
        "numpy",
        "numpy.typing",
    }
    again = [name(p) for p in (*SOURCES, *TESTS) if kinds.search(p.read_text("utf-8"))]
    assert again == [name(home)]


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_docs_name_tests_that_are_there():
    present = {path.name for path in TESTS}
    for page in sorted((ROOT / "docs").rglob("*.md")):
        named = set(re.findall(r"\btest_\w+\.py\b", page.read_text("utf-8")))
        assert named - present == set(), page.name
