"""`cohortmart sql`: what it answers, what it refuses, and how faults are said."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from cohortmart.app.sql.query import run_sql
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A warehouse of one table, with rooms for Parquet beside it."""
    home = Home(tmp_path)
    home.lake.mkdir()
    home.results.mkdir()
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(
            """
            create table dim_sample as
            select
                'S' || range as sample_id,
                case when range % 2 = 0 then 'x,"y' end as state,
                range + 1e0 / 3 as age
            from range(200)
            """
        )
    return home


def answer(home: Home, query: str, output_format: str, capfd: pytest.CaptureFixture[str]) -> str:
    run_sql(home, query, output_format)  # type: ignore[arg-type]
    return capfd.readouterr().out


def test_csv_is_exact_and_keeps_missing_apart_from_empty(home, capfd):
    text = answer(home, "select *, '' as empty from dim_sample order by age limit 2", "csv", capfd)
    assert text == (
        'sample_id,state,age,empty\nS0,"x,""y",0.3333333333333333,""\nS1,,1.3333333333333333,""\n'
    )


def test_csv_of_many_batches_has_every_row_once(home, capfd, monkeypatch):
    monkeypatch.setattr("cohortmart.app.sql.query.BATCH_ROWS", 7)
    rows = list(csv.DictReader(io.StringIO(answer(home, "from dim_sample", "csv", capfd))))
    assert sorted(float(r["age"]) for r in rows) == [i + 1 / 3 for i in range(200)]


def test_json_is_exact(home, capfd):
    query = "select age, state, 1 / 0 as x, [1, 2] as l, sum(1) over () as n from dim_sample"
    rows = json.loads(answer(home, query + " order by age limit 2", "json", capfd))
    assert rows == [
        {"age": 1 / 3, "state": 'x,"y', "x": None, "l": [1, 2], "n": 200},
        {"age": 4 / 3, "state": None, "x": None, "l": [1, 2], "n": 200},
    ]
    assert json.loads(answer(home, "from dim_sample where false", "json", capfd)) == []


def test_repeated_column_names_are_told_apart(home, capfd):
    text = answer(home, "select 1 as a, 2 as a, 3 as a_2", "csv", capfd)
    assert text == "a,a_3,a_2\n1,2,3\n"


def test_parquet_goes_to_a_file_and_not_to_a_terminal(home, tmp_path, monkeypatch):
    target = tmp_path / "rows.parquet"
    run_sql(home, "from dim_sample", "parquet", target)
    assert pq.read_table(target).num_rows == 200
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with pytest.raises(InputError, match=r"--output rows\.parquet"):
        run_sql(home, "from dim_sample", "parquet")


@pytest.mark.parametrize("batch_rows", [7, 65_536])
def test_table_is_aligned_rounded_and_cut(home, capfd, monkeypatch, batch_rows):
    monkeypatch.setattr("cohortmart.app.sql.query.BATCH_ROWS", batch_rows)
    lines = answer(home, "from dim_sample order by age", "table", capfd).splitlines()
    assert lines[0] == "sample_id  state    age"
    assert lines[2] == 'S0         x,"y    0.33'
    assert lines[3] == "S1         null    1.33"
    assert lines[-1] == "… 140 more rows; --format csv, json or parquet gives all"
    assert len(lines) == 63


def test_long_answers_are_not_counted_to_the_end(home, capfd, monkeypatch):
    monkeypatch.setattr("cohortmart.app.sql.output.ROWS_COUNTED", 100)
    assert "… more than 100 rows" in answer(home, "from dim_sample", "table", capfd)


@pytest.mark.parametrize(
    "query",
    [
        "copy (select 1) to '{lake}/x.csv'",
        "with a as (copy (select 1) to '{lake}/x.csv') select * from a",
        "with a as materialized (copy (select 1) to '{lake}/x.csv') from a",
        "with a as (insert into dim_sample values ('a', 'b', 1) returning *) from a",
        "explain analyze copy (select 1) to '{lake}/x.csv'",
        "explain copy (select 1) to '{lake}/x.csv'",
        "explain (analyze) copy (select 1) to '{lake}/x.csv'",
        "explain (analyze, format json) copy (select 1) to '{lake}/x.csv'",
        "explain analyze with a as (copy (select 1) to '{lake}/x.csv') from a",
        "/* /* */ explain select 1 -- */\nexplain analyze copy (select 1) to '{lake}/x.csv'",
        "explain /* /* */ select 1 -- */\nanalyze copy (select 1) to '{lake}/x.csv'",
        "explain drop table dim_sample",
        "attach '{lake}/x.duckdb'",
        "drop table dim_sample",
        "create table x as select 1",
        "set memory_limit = '99GB'",
        "export database '{lake}/x'",
        "with a as (copy (select 1) to '{lake}/x.csv') pivot a on count using sum(count)",
    ],
)
def test_nothing_that_writes_is_run(home, query):
    with pytest.raises(InputError, match="only queries that read"):
        run_sql(home, query.format(lake=home.lake))
    assert list(home.lake.iterdir()) == []


@pytest.mark.parametrize(
    "query", ["select * from read_csv('/etc/passwd')", "select * from read_text('/etc/*')"]
)
def test_no_other_file_is_read(home, query):
    with pytest.raises(InputError, match="no other file"):
        run_sql(home, query)


@pytest.mark.parametrize(
    "query",
    [
        "with a as (select 1 as x) select * from a",
        "with recursive a as (select 1 as x union all select x + 1 from a where x < 3) from a",
        "select 1 union select 2",
        "from dim_sample limit 1;",
        "describe dim_sample",
        "show tables",
        "summarize dim_sample",
        "values (1), (2)",
        "pivot dim_sample on state in ('x') using count(*)",
        "select 'copy (select 1) to x' -- copy",
        "explain from dim_sample",
        " EXPLAIN select 1 union select 2;",
        "explain analyze from dim_sample",
        "explain (select 1)",
        "explain(format json) with a as (select 1 as x) select * from a",
        "explain (analyze, format json) select 1 -- $1",
    ],
)
def test_queries_that_read_are_run(home, query, capfd):
    assert answer(home, query, "csv", capfd)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select 1; select 2", "one query at a time"),
        ("  -- nothing", "the query is empty"),
        ("from dim_sampel", 'Did you mean "dim_sample"'),
        ("from dim_sampel", "show tables"),
        ("select agee from dim_sample", '"age"'),
        ("selec 1", "LINE 1: selec 1"),
        ("select 'a'::int", "Could not convert string 'a'"),
        ("pivot dim_sample on state using count(*)", "a pivot has to list its columns"),
        ("from dim_sample where age > $1", "the query has parameters"),
        ("from dim_sample where age > $1", "found:    $1 "),
        ("from dim_sample where age > ? and state = ?", "found:    $1, $2 "),
        ("explain from dim_sample where age > $oldest", "found:    $oldest "),
        ("select $1; select 2", "one query at a time"),
    ],
)
def test_faults_say_what_to_do(home, query, said):
    with pytest.raises(InputError) as caught:
        run_sql(home, query)
    assert said in str(caught.value)


def test_a_plan_is_shown_as_drawn(home, capfd):
    lines = answer(home, "explain select age from dim_sample", "table", capfd).splitlines()
    assert len(lines) > 4
    assert any("dim_sample" in line for line in lines)
    assert not any("explain_value" in line for line in lines)


def test_a_fault_writes_no_file(home, tmp_path):
    with pytest.raises(InputError):
        run_sql(home, "select error('late') from dim_sample", "csv", tmp_path / "rows.csv")
    assert not (tmp_path / "rows.csv").exists()


def test_without_a_warehouse_it_says_how_to_get_one(tmp_path):
    with pytest.raises(InputError, match="cohortmart run"):
        run_sql(Home(tmp_path), "select 1")
