"""Permission of a query: the tables of the study, however they are named, and no file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.queries import Queries
from cohortmart.explore.answers.queries.syntax import named_in
from tests.support.explored_study import small_explored

READ = [
    "from dim_sample", 'select * from "DIM_SAMPLE"', "from main.dim_sample", "show tables",
    "from warehouse.main.dim_sample", "from warehouse.dim_sample", "describe dim_sample",
    "summarize dim_sample", "from staging.stg_lake__assays", "explain from dim_sample",
    "explain analyze select 1", "with a as (from dim_sample) from a", "from duckdb_columns()",
    "with dim_sample as (select 1 as a) from dim_sample", "from information_schema.columns",
    "with recursive t as (select 1 as n union all select n + 1 from t where n < 5) from t",
    "from range(3)", "select unnest([1, 2])", "from dim_sample, lateral (select sample_id as b)",
    "select (select count(*) from dim_gene), exists (from dim_probe)", "values (1, 2)",
    "pivot dim_sample on timepoint in ('1st', 'PP') using count(*)", "select 1 -- from 'x.csv'",
    "from (from dim_sample union all from dim_sample) where subject_id in (select 'anna')",
]  # fmt: skip
REFUSED = [
    "from '{lake}/a.parquet'", "from read_parquet('{lake}/*')", "from glob('{lake}/*')",
    "from read_text('{lake}/a.parquet')", "from READ_CSV('{lake}/a.parquet')",
    "from parquet_scan('{lake}/a.parquet')", "from parquet_metadata('{lake}/a.parquet')",
    "with a as (from '{lake}/a.parquet') from a", "select (select a from '{lake}/a.parquet')",
    "with \"{lake}/a.parquet\" as (select 1) from \"{lake}/a.parquet\", (from '{lake}/b.parquet')",
    "from (with \"{lake}/a.parquet\" as (select 1) from \"{lake}/a.parquet\"), "
    "\"{lake}/a.parquet\"",
    "select * from dim_sample where sample_id in (select a from read_parquet('{lake}/*'))",
    "from query('from dim_sample')", "from query_table('dim_sample')", "from histogram(dim_gene, gene_id)",
    "from json_execute_serialized_sql(json_serialize_sql('select 1'))", "from duckdb_settings()",
    "from duckdb_secrets()", "from duckdb_logs", "from pragma_database_list", "from duckdb_views()",
    "from pg_catalog.pg_settings", "from sqlite_master", "select current_setting('temp_directory')",
    "select main.current_setting('temp_directory')", "from memory.main.shown_sample",
    "from memory.shown_sample", "from shown_sample", "from memory.main.search_word",
    "explain from '{lake}/a.parquet'", "explain (analyze) from read_text('{lake}/*')",
    "describe '{lake}/a.parquet'", "summarize '{lake}/a.parquet'", "show variables",
    "select stats(beta) from fct_probe_methylation", "from nowhere", "from other.main.dim_sample",
    "pivot '{lake}/a.parquet' on a in (1) using count(*)", "from dim_sample at (version => 1), nowhere",
    "with t as (from nowhere) select 1", "select list_transform([1], x -> (select 1 from nowhere))",
    "select count(*) filter (where (from read_text('{lake}/*') select true))",
    "select row_number() over (order by (from glob('{lake}/*') limit 1))", "from cursor", "from rows",
    "select 1 limit (from glob('{lake}/*') select 1)", "select 1 order by (from glob('{lake}/*'))",
]  # fmt: skip


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    study = small_explored(tmp_path_factory.mktemp("study"))
    with study.cursor() as cursor:
        for name in ("a", "b"):
            cursor.execute(f"copy (select 42 as a) to '{study.home.lake}/{name}.parquet'")
    study.kept("search words", lambda source: source.con.execute(
        "create or replace table memory.main.search_word as select 'anna' as word"
    ))  # fmt: skip
    yield study
    study.close()


@pytest.mark.parametrize("query", READ)
def test_tables_of_the_study_are_read(explored: Explored, query: str) -> None:
    assert Queries(explored).answer(query).rows.num_rows > 0


@pytest.mark.parametrize("query", REFUSED)
def test_nothing_else_is(explored: Explored, query: str) -> None:
    with pytest.raises(InputError) as caught:
        Queries(explored).answer(query.format(lake=explored.home.lake))
    assert "42" not in str(caught.value)


@pytest.mark.parametrize(
    "query", ["copy dim_sample to 'x.csv'", "create table a as select 1", "select 1; select 2", "",
              "set memory_limit = '9GB'", "attach 'x.duckdb'", "pragma table_info('dim_sample')"]
)  # fmt: skip
def test_what_does_not_read_is_not_run(explored: Explored, query: str) -> None:
    with pytest.raises(InputError):
        Queries(explored).answer(query)


def test_a_name_of_with_is_seen_only_where_it_is() -> None:
    before = "with b as (from a), a as (select 1) from a, b"
    assert named_in(before).tables == {("a",)}
    assert named_in("from (with a as (select 1) from a), a").tables == {("a",)}
    assert named_in("with a as (select 1) from a, x.a, (from A)").tables == {("x", "a")}
    beginning = "with recursive a as (from a union all select * from a) from a"
    assert named_in(beginning).tables == {("a",)}
    # the sign of Kelvin is not a k for DuckDB
    assert named_in('with "k" as (select 1) from "\u212a"').tables == {("\u212a",)}


def test_a_deep_query_is_refused_and_not_a_fault(explored: Explored) -> None:
    deep = "select " + "(select " * 400 + "1" + ")" * 400
    with pytest.raises(InputError):
        Queries(explored).answer(deep)
    with pytest.raises(InputError, match="longer than"):
        Queries(explored).answer(f"select '{'x' * 100_000}'")


def test_a_table_that_is_not_there_is_looked_for(explored: Explored) -> None:
    with pytest.raises(InputError, match="has no table `dim_sampel`") as caught:
        Queries(explored).answer("from dim_sampel")
    assert "dim_sample" in str(caught.value.hint)
