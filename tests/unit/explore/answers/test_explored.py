"""An explored study: many at a time, a rebuilt warehouse, what is made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.explored import Explored, RunAgainError
from cohortmart.report.source import Source
from tests.support.explored_study import small_explored, small_explored_home

COUNT = "select count(*) as n, count(distinct subject) as people from shown_sample"


def test_many_ask_at_a_time(tmp_path: Path) -> None:
    explored = small_explored(tmp_path)

    def ask(_: int) -> tuple[int, int]:
        with explored.asked() as asked:
            row = asked.rows(COUNT)[0]
            return row["n"], row["people"]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(40))) == {(3, 2)}
    explored.close()


def test_a_rebuilt_warehouse_answers_at_once_and_what_was_kept_is_made_anew(tmp_path: Path) -> None:
    explored = small_explored(tmp_path / "here")
    made: list[str] = []

    def make(source: Source) -> int:
        made.append(source.study)
        return len(made)

    assert [explored.kept("n", make) for _ in range(3)] == [1, 1, 1]
    before = explored.state()
    new = small_explored_home(tmp_path / "new")
    with duckdb.connect(str(new.warehouse)) as con:
        con.execute("insert into dim_sample select * replace ('S9' as sample_id) from dim_sample "
                    "where sample_id = 'S1'")  # fmt: skip
    with explored.asked() as asked:  # what was asked before goes on with the old
        new.warehouse.replace(explored.home.warehouse)
        assert asked.rows(COUNT)[0]["n"] == 3
    with explored.asked() as asked:
        assert asked.rows(COUNT)[0]["n"] == 4
    assert explored.state() != before
    assert explored.kept("n", make) == 2
    explored.close()


def test_results_that_are_replaced_meanwhile_are_said_and_not_an_error(tmp_path: Path) -> None:
    home = small_explored_home(tmp_path)
    file = home.results / "rows.parquet"
    duckdb.sql("select 1 as x").write_parquet(str(file))
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(f"create view rows_of_results as from read_parquet('{file}')")
    explored = Explored(home)
    file.unlink()
    with pytest.raises(RunAgainError, match="run again"), explored.asked() as asked:
        asked.rows("from rows_of_results")
    explored.close()


def test_a_folder_without_warehouse_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no warehouse here yet"):
        Explored(small_explored_home(tmp_path / "a").__class__(tmp_path / "b"))


def test_no_view_of_the_explorer_is_on_a_plain_cursor(tmp_path: Path) -> None:
    explored = small_explored(tmp_path)
    with pytest.raises(InputError, match="shown_sample"), explored.cursor() as cursor:
        cursor.sql("from shown_sample").fetchall()
    explored.close()
