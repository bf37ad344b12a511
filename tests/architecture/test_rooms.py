"""The rooms: who may import whom is said by folder, and the docs and the tests know every one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGES = ("cohortmart", "ingest", "analyses")
#: Folders that the tree does not name one by one: a page or a view each.
A_FOLDER_EACH = ("cohortmart/report/pages/", "cohortmart/explore/answers/")
#: Where the tests of a package's folder stand.
MIRRORS = {
    "analyses": ROOT / "analyses",
    "ingest": ROOT / "ingest",
    "core": ROOT / "cohortmart" / "core",
    "report": ROOT / "cohortmart" / "report",
    "explore": ROOT / "cohortmart" / "explore",
    "app": ROOT / "cohortmart" / "app",
    "models": ROOT / "models",
}


def folders_of(package: str) -> list[Path]:
    """Folders of a package that hold Python."""
    return sorted({p.parent for p in (ROOT / package).rglob("*.py")})


def named_in_contracts() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    named = set()
    for contract in project["tool"]["importlinter"]["contracts"]:
        for key in ("layers", "source_modules", "forbidden_modules", "modules", "containers"):
            for entry in contract.get(key, ()):
                named |= set(re.split(r"\s*[|:]\s*", entry))
    return {name for name in named if name.split(".")[0] in PACKAGES}


def test_the_import_rules_name_folders_and_no_file() -> None:
    named = named_in_contracts()
    assert named
    files = {name for name in named if not (ROOT / Path(*name.split("."))).is_dir()}
    assert files == set()


def test_every_room_of_the_analyses_has_its_place_in_the_rules() -> None:
    rooms = {f"analyses.{p.name}" for p in folders_of("analyses") if p.parent.name == "analyses"}
    assert rooms - named_in_contracts() == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_architecture_names_every_folder(package: str) -> None:
    tree = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    silent = [
        folder.relative_to(ROOT).as_posix()
        for folder in folders_of(package)
        if not re.search(rf"(?<![\w]){re.escape(folder.name)}/", tree)
        and not folder.relative_to(ROOT).as_posix().startswith(A_FOLDER_EACH)
    ]
    assert silent == []


def test_the_readme_names_every_top_level_folder() -> None:
    table = (ROOT / "README.md").read_text("utf-8").split("| room |", 1)[1].split("\n\n", 1)[0]
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text("utf-8").split()}
    rooms = {p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith((".", "_"))}
    rooms = {name for name in rooms - ignored if not name.endswith(".egg-info")}
    assert rooms >= {*PACKAGES, "models", "macros", "tests"}
    assert {room for room in rooms if f"`{room}/" not in table} == set()


@pytest.mark.parametrize("room", sorted(MIRRORS))
def test_tests_mirror_the_rooms(room: str) -> None:
    """A folder of tests is called like the folder that it tests."""
    here = ROOT / "tests" / "unit" / room
    folders = {p.parent.relative_to(here) for p in here.rglob("test_*.py")}
    assert folders
    assert {str(f) for f in folders if not (MIRRORS[room] / f).is_dir()} == set()


def test_helpers_of_tests_live_in_one_place() -> None:
    elsewhere = [
        p.relative_to(ROOT).as_posix()
        for p in (ROOT / "tests").rglob("*.py")
        if not p.name.startswith("test_")
        and p.name not in {"conftest.py", "__init__.py"}
        and p.parent != ROOT / "tests" / "support"
    ]
    assert elsewhere == []
