"""Limits of queries: rows, seconds, and who may stop one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.queries import Limits, Queries
from tests.support.explored_study import small_explored

#: Two of the largest loops: it takes years.
LONG = "select count(*) from range(100000000000) as a, range(10000000) as b"


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    study = small_explored(tmp_path_factory.mktemp("study"))
    yield study
    study.close()


def test_the_first_rows_are_given_and_that_there_are_more(explored: Explored) -> None:
    queries = Queries(explored, Limits(rows=3))
    few = queries.answer("select a from range(3) as r(a)")
    assert (few.rows["a"].to_pylist(), few.is_all) == ([0, 1, 2], True)
    many = queries.answer("select a from range(4) as r(a) order by a desc;")
    assert (many.rows["a"].to_pylist(), many.is_all) == ([3, 2, 1], False)
    assert many.seconds > 0


def test_an_answer_without_rows_has_columns(explored: Explored) -> None:
    none = Queries(explored).answer("select 1 as a, 'x' as b limit 0")
    assert (none.rows.schema.names, none.rows.num_rows, none.is_all) == (["a", "b"], 0, True)


def test_wide_rows_end_an_answer_early(explored: Explored) -> None:
    wide = Queries(explored).answer("select repeat('x', 100000) as a from range(900)")
    assert not wide.is_all or wide.rows.nbytes < 16_000_000
    assert 0 < wide.rows.num_rows <= 1_000


def test_columns_have_names_of_their_own_and_types(explored: Explored) -> None:
    answered = Queries(explored).answer("select 1.50::decimal(5,2) as a, [1] as a, null as b")
    assert answered.rows.schema.names == ["a", "a_1", "b"]
    assert answered.kinds == ("DECIMAL(5,2)", "INTEGER[]", '"NULL"')
    assert answered.rows["a"].to_pylist() == [Decimal("1.50")]


def test_a_query_is_stopped_at_its_time(explored: Explored) -> None:
    began = time.monotonic()
    with pytest.raises(InputError, match=r"stopped after 0\.3 seconds") as caught:
        Queries(explored, Limits(seconds=0.3)).answer(LONG)
    assert time.monotonic() - began < 3
    assert "ask for less" in str(caught.value.hint)
    assert Queries(explored, Limits(seconds=0.3)).answer("select 1").is_all


def test_a_query_is_stopped_by_another_request(explored: Explored) -> None:
    queries, said = Queries(explored), list[str]()
    running = _begun(queries, "page", said)
    assert queries.stop("page")
    running.join(5)
    assert said == ["the query was stopped"]
    assert not queries.stop("page")


def test_a_new_query_stops_the_one_before_of_the_same_page_alone(explored: Explored) -> None:
    queries, said, others = Queries(explored), list[str](), list[str]()
    first, other = _begun(queries, "page", said), _begun(queries, "another page", others)
    assert queries.answer("select 1", "page").is_all
    first.join(5)
    assert (said, others) == (["the query was stopped"], [])
    queries.stop("another page")
    other.join(5)
    assert others == ["the query was stopped"]


def test_a_file_gets_all_rows(explored: Explored) -> None:
    with Queries(explored, Limits(rows=3)).whole("select a from range(5000) as r(a)") as reader:
        assert reader.read_all().num_rows == 5000


def test_faults_are_said_with_their_place(explored: Explored) -> None:
    with pytest.raises(InputError) as caught:
        Queries(explored).answer("selec 1")
    assert "LINE 1: selec 1" in caught.value.problem
    with pytest.raises(InputError, match='"nope" not found'):
        Queries(explored).answer("select nope from dim_sample")


def _begun(queries: Queries, asker: str, said: list[str]) -> threading.Thread:
    """Begin a query that takes long, and wait until it runs."""

    def ask() -> None:
        try:
            queries.answer(LONG, asker)
        except InputError as error:
            said.append(error.problem)

    thread = threading.Thread(target=ask)
    thread.start()
    end = time.monotonic() + 5
    while asker not in queries.running and time.monotonic() < end:
        time.sleep(0.01)
    return thread
