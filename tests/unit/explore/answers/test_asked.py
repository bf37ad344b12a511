"""What a view asked: kept once, and runnable by anyone."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.core.warehouse.query import check_query
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.sql_values import with_values
from tests.support.explored_study import small_explored


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    study = small_explored(tmp_path_factory.mktemp("study"))
    yield study
    study.close()


def test_a_question_is_kept_once_with_its_values(explored: Explored) -> None:
    with explored.asked() as asked:
        for _ in range(2):
            asked.rows("select gene_id from dim_gene where gene_name = ?", ["g'1"])
        assert asked.questions == ["select gene_id from dim_gene where gene_name = 'g''1'"]


def test_what_only_looks_for_columns_is_not_kept(explored: Explored) -> None:
    with explored.asked() as asked:
        assert asked.is_there("dim_gene")
        assert asked.questions == []


def test_the_explorers_own_way_is_shown_as_analysts_would_ask(explored: Explored) -> None:
    with explored.asked() as asked:
        asked.table(
            "select $a::integer as n", {"a": 3}, shown="select $a::integer as n from dim_gene"
        )
        assert asked.questions == ["select 3::integer as n from dim_gene"]


def test_a_question_with_samples_runs_without_the_explorer(explored: Explored) -> None:
    with explored.asked() as asked:
        query = "with s as (select * from shown_sample) select subject, count(*) as n from s "
        mine = asked.rows(f"{query} where study_group = $g group by all order by all", {"g": "HP"})
        (question,) = asked.questions
    check_query(question)
    with explored.cursor() as cursor:
        assert cursor.sql(question).fetchall() == [(r["subject"], r["n"]) for r in mine]
    assert mine == [{"subject": "anna", "n": 2}]


values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**62), 2**62), st.floats(), st.text(),
    st.lists(st.text(), max_size=3),
)  # fmt: skip


@given(st.lists(values, min_size=1, max_size=4))
def test_written_values_are_the_values(given_values: list[object]) -> None:
    con = duckdb.connect()
    query = f"select {', '.join('?' for _ in given_values)}, '?' as \"$a ?\" -- ? $b"
    typed = con.execute(query, given_values).fetchone()
    written = con.execute(with_values(query, given_values)).fetchone()
    assert repr(written) == repr(typed)


def test_values_by_name_and_by_number() -> None:
    assert with_values("select $b, $a, '$a'", {"a": 1, "b": "x"}) == "select 'x', 1, '$a'"
    assert with_values("select $2, $1", ["x", 2]) == "select 2, 'x'"
