"""A warehouse that shows another lake than the one that is there is refused."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import Entry, switch_current, write_table
from cohortmart.core.warehouse.build_state import refuse_stale, shows_current
from cohortmart.core.warehouse.home import Home, connect_read_only


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A lake of one file, and a warehouse that notes that it was built from it."""
    home = Home(tmp_path)
    make_current(home, "sample-1.parquet")
    con = duckdb.connect(str(home.warehouse))
    con.execute("create schema intermediate")
    con.execute(
        "create table intermediate.int_lake__built_files as select 'sample' as table_name, "
        "'' as part, 'sample-1.parquet' as path, $1 as home, 'mark' as project_mark",
        [str(home.root)],
    )
    con.close()
    return home


def make_current(home: Home, name: str) -> None:
    write_table(pa.table({"sample_id": ["s"]}), home.lake / name)
    switch_current(home.lake, [Entry("sample", "", name)])


def test_the_lake_it_was_built_from(home: Home) -> None:
    con = connect_read_only(home)
    refuse_stale(con, home)
    assert shows_current(con, home, "lake", "mark")
    assert not shows_current(con, home, "lake", "other SQL")
    con.close()


def test_another_lake_is_refused(home: Home) -> None:
    make_current(home, "sample-2.parquet")
    con = connect_read_only(home)
    with pytest.raises(InputError, match="does not show what the lake holds now"):
        refuse_stale(con, home)
    con.close()


def test_a_warehouse_without_a_note_is_refused(home: Home) -> None:
    con = duckdb.connect(str(home.warehouse))
    con.execute("drop table intermediate.int_lake__built_files")
    con.close()
    con = connect_read_only(home)
    with pytest.raises(InputError, match="build it first"):
        refuse_stale(con, home)
    con.close()


def test_a_moved_folder_is_refused(home: Home) -> None:
    moved = Home(home.root.parent / "moved")
    home.root.rename(moved.root)
    with pytest.raises(InputError, match="was moved or copied"):
        connect_read_only(moved)
