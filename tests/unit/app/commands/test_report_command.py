"""`cohortmart report` refuses a warehouse that does not show what is there, and says what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from cohortmart.app.cli import main
from cohortmart.app.commands.report import report_only
from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import Entry, switch_current
from cohortmart.core.warehouse.build import project_mark
from cohortmart.core.warehouse.home import Home

BUILT = {
    "lake": "intermediate.int_lake__built_files", "results": "staging.stg_results__built_files",
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A warehouse of empty rooms without a single table."""
    home = Home(tmp_path / "out")
    home.root.mkdir()
    with duckdb.connect(str(home.warehouse)) as con:
        for table in BUILT.values():
            con.execute(f"create schema {table.split('.')[0]}")
            con.execute(
                f"create table {table} (table_name text, part text, path text, home text, "
                "project_mark text)"
            )
    return home


def report(home: Home) -> None:
    report_only(home.root, pseudonymise=False, quiet=True)


def put(home: Home, room: str) -> None:
    folder = {"lake": home.lake, "results": home.results}[room]
    folder.mkdir()
    (folder / "a.parquet").touch()
    switch_current(folder, [Entry("sample", "", "a.parquet")])


@pytest.mark.parametrize("room", BUILT)
def test_newer_files_than_the_warehouse_are_told(home: Home, room: str) -> None:
    put(home, room)
    with pytest.raises(InputError, match=f"does not show what is in {room} now") as told:
        report(home)
    assert "cohortmart build --out" in str(told.value)
    assert not home.report().exists()


def note(home: Home, mark: str, place: Path) -> None:
    """Write down that the warehouse was built from what `put` puts there."""
    with duckdb.connect(str(home.warehouse)) as con:
        for table in BUILT.values():
            row = ["sample", "", "a.parquet", str(place), mark]
            con.execute(f"insert into {table} values (?, ?, ?, ?, ?)", row)


def test_a_moved_folder_and_one_without_a_warehouse_are_told(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    note(home, "m", home.root)
    moved = home.root.with_name("moved")
    shutil.copytree(home.root, moved)
    nowhere = home.root / "nowhere"
    for folder, words in ((moved, "was moved or copied"), (nowhere, "no warehouse here to report")):
        with pytest.raises(SystemExit) as left:
            main(["report", "--out", str(folder)])
        assert left.value.code == 2
        assert words in capsys.readouterr().err
    assert not nowhere.exists()


def test_a_warehouse_of_another_version_is_told_and_a_fault_of_ours_is_not_blamed_on_it(
    home: Home,
) -> None:
    for room in BUILT:
        put(home, room)
    note(home, "of another version", home.root)
    with pytest.raises(InputError, match="lacks what this version's report shows") as told:
        report(home)
    assert "dim_sample" in str(told.value)
    with duckdb.connect(str(home.warehouse)) as con:
        for table in BUILT.values():
            con.execute(f"update {table} set project_mark = ?", [project_mark()])
    with pytest.raises(duckdb.CatalogException):
        report(home)
