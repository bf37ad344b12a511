"""The build of `cohortmart` leaves out work of dbt and no result: the same as `dbt build`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Built

from cohortmart.core.warehouse.build import build
from cohortmart.core.warehouse.home import Home


def described(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Relations with kind and comment, and columns with type, place, nullness and comment."""
    return {
        "tables": con.execute(
            "select schema_name, table_name, comment from duckdb_tables() order by all"
        ).fetchall(),
        "views": con.execute(
            "select schema_name, view_name, comment from duckdb_views() where not internal "
            "order by all"
        ).fetchall(),
        "columns": con.execute(
            "select schema_name, table_name, column_name, column_index, data_type, is_nullable, "
            "comment from duckdb_columns() where not internal order by all"
        ).fetchall(),
    }


def rows(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> list[tuple[Any, ...]]:
    """All rows as text, without those columns that hold where and by whom it was built."""
    left_out = "columns(lambda c: c not in ('home', 'project_mark'))"
    found = con.execute(f'select {left_out}::varchar from "{schema}"."{name}"').fetchall()
    return sorted(found, key=repr)


@pytest.fixture(scope="module")
def ours(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the study with all tables, built by cohortmart."""
    folder = tmp_path_factory.mktemp("ours")
    theirs = built.homes["full"]
    for room in ("lake", "results"):
        if (theirs / room).exists():
            shutil.copytree(theirs / room, folder / room)
    build(Home(folder), lambda _: None)
    return folder


def test_relations_columns_comments_and_rows(built: Built, ours: Path) -> None:
    con = duckdb.connect(str(ours / "warehouse.duckdb"), read_only=True)
    theirs = built.open("full")
    try:
        wanted = described(theirs)
        assert described(con) == wanted
        assert len(wanted["columns"]) > 500
        assert sum(comment is not None for *_, comment in wanted["columns"]) > 500
        for schema, name, _ in wanted["tables"] + wanted["views"]:
            assert rows(con, schema, name) == rows(theirs, schema, name), name
    finally:
        con.close()
        theirs.close()
