"""`cohortmart export`: one file with all tables and comments, or one message."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cohortmart.app.export.duckdb_file import export_tables
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An output folder whose warehouse has a table, and a view on a Parquet file."""
    home = Home(tmp_path / "out")
    home.results.mkdir(parents=True)
    home.lake.mkdir()
    pq.write_table(pa.table({"gene": ["b", "a"], "p": [0.5, None]}), home.results / "x.parquet")
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create table dim (id integer not null)")
        con.execute("insert into dim values (2), (1)")
        con.execute("create schema staging")
        path = home.results / "x.parquet"
        con.execute(f"create view staging.stg as select * from read_parquet('{path}')")
        con.execute("create view deg as select * from warehouse.staging.stg")
        con.execute("comment on view deg is 'What was ''found''.'")
        con.execute("comment on column deg.p is 'P value'")
        con.execute("comment on table dim is 'Ids'")
    return home


def test_the_file_stands_alone_with_its_comments(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "new" / "sent.duckdb"
    assert "2 tables" in export_tables(home, target)
    export_tables(home, target)  # again: replaced
    (home.results / "x.parquet").unlink()
    with duckdb.connect(str(target), read_only=True) as con:
        assert con.sql("from deg").fetchall() == [("b", 0.5), ("a", None)]
        assert con.sql("from dim").fetchall() == [(2,), (1,)]
        comments = con.sql("select table_name, comment from duckdb_tables() order by all")
        assert comments.fetchall() == [("deg", "What was 'found'."), ("dim", "Ids")]
        of_p = con.sql("select comment from duckdb_columns() where column_name = 'p'")
        assert of_p.fetchall() == [("P value",)]
    assert sorted(p.name for p in target.parent.iterdir()) == ["sent.duckdb"]


def test_only_the_tables_that_are_named(home: Home, tmp_path: Path) -> None:
    export_tables(home, tmp_path / "a.duckdb", ["dim"])
    with duckdb.connect(str(tmp_path / "a.duckdb"), read_only=True) as con:
        assert con.sql("show tables").fetchall() == [("dim",)]
    with pytest.raises(InputError, match="no table `degs`") as caught:
        export_tables(home, tmp_path / "b.duckdb", ["degs"])
    assert "deg" in str(caught.value.hint)
    assert not (tmp_path / "b.duckdb").exists()


def test_other_files_are_not_written_over(home: Home, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for target, said in (
        (home.warehouse, "over the study's own files"),
        (home.lake / "x.duckdb", "over the study's own files"),
        (tmp_path, "a folder"),
        (tmp_path / "notes.txt", "no DuckDB database"),
    ):
        with pytest.raises(InputError, match=said):
            export_tables(home, target)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_failure_leaves_the_file_that_was_there(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "sent.duckdb"
    export_tables(home, target)
    before = target.read_bytes()
    (home.results / "x.parquet").unlink()
    with pytest.raises(InputError, match="cannot be exported"):
        export_tables(home, target)
    assert target.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "sent.duckdb"]


def test_a_warehouse_is_needed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no warehouse here yet"):
        export_tables(Home(tmp_path), tmp_path / "x.duckdb")
