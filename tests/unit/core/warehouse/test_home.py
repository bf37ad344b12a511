"""Opening the warehouse: reading its own tables and nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home, connect_read_only, fetch


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    con = duckdb.connect(str(home.warehouse))
    con.execute("create table t as select 1 as a union all select null")
    con.close()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    return home


def test_reads_tables_but_no_other_file(home: Home) -> None:
    con = connect_read_only(home)
    assert fetch(con, "select a from t where a = $1", [1]).to_pylist() == [{"a": 1}]
    with pytest.raises(duckdb.PermissionException):
        con.execute(f"select * from read_csv('{home.root / 'secret.csv'}')")
    with pytest.raises(duckdb.Error, match="locked"):
        con.execute("set enable_external_access = true")
    with pytest.raises(duckdb.Error, match="read-only"):
        con.execute("drop table t")
    con.close()


def test_two_connections_of_one_process(home: Home) -> None:
    first, second = connect_read_only(home), connect_read_only(home)
    assert first.execute("select count(*) from t").fetchone() == (2,)
    assert second.execute("select count(*) from t").fetchone() == (2,)
    with pytest.raises(duckdb.Error, match="locked"):
        second.execute("set enable_external_access = true")
    first.close()
    second.close()


def test_no_warehouse_yet(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no warehouse here yet"):
        connect_read_only(Home(tmp_path))


def test_a_replaced_warehouse_is_seen_although_the_old_one_is_open(home: Home) -> None:
    old, of_user = connect_read_only(home), duckdb.connect(str(home.warehouse), read_only=True)
    new = home.root / "new.duckdb"
    with duckdb.connect(str(new)) as con:
        con.execute("create table t as select 7 as a")
    new.replace(home.warehouse)
    now = connect_read_only(home)
    assert now.execute("from t").fetchall() == [(7,)]
    assert now.cursor().cursor().execute("from t").fetchall() == [(7,)]
    assert old.execute("select count(*) from t").fetchall() == [(2,)]
    of_user.execute("set memory_limit = '1GB'")  # a user's own connection is not locked
    for each in (old, of_user, now):
        each.close()
