"""Relations: rows as Arrow, polars and pandas, streams, and what a notebook shows."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import cohortmart
from tests.support.small_warehouse import write_warehouse


@pytest.fixture
def study(tmp_path: Path) -> Iterator[cohortmart.Study]:
    with cohortmart.open(write_warehouse(tmp_path)) as study:
        yield study


def test_rows_come_as_arrow_and_polars_and_to_whoever_takes_arrow(study: cohortmart.Study) -> None:
    relation = study.sql("select sample_id, 1 as a, 2 as a from dim_sample order by sample_id")
    assert relation.columns == ("sample_id", "a", "a_2")
    assert relation.arrow().to_pydict() == {
        "sample_id": ["s1", "s2", "s3"], "a": [1, 1, 1], "a_2": [2, 2, 2],
    }  # fmt: skip
    for frame in (relation.pl(), pl.DataFrame(relation), pl.from_arrow(pa.table(relation))):
        assert isinstance(frame, pl.DataFrame)
        assert frame.rows() == [("s1", 1, 2), ("s2", 1, 2), ("s3", 1, 2)]


def test_pandas_is_needed_for_a_pandas_frame_only(
    study: cohortmart.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(cohortmart.InputError, match="pandas is not installed"):
        study.sql("from dim_sample").df()


def test_a_pandas_frame(study: cohortmart.Study) -> None:
    pandas = pytest.importorskip("pandas")
    frame = study.sql("select sample_id from dim_sample order by sample_id").df()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["sample_id"]) == ["s1", "s2", "s3"]


def test_batches_hold_every_row_once(study: cohortmart.Study) -> None:
    relation = study.sql("select range as i from range(10000)")
    batches = list(relation.batches(rows=700))
    assert max(b.num_rows for b in batches) <= 700
    assert [i for b in batches for i in b["i"].to_pylist()] == list(range(10000))
    with pytest.raises(cohortmart.InputError, match="1 row or more"):
        next(relation.batches(rows=0))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (np.int64(3), 3),
        (np.float64(1.5), 1.5),
        (pl.Series(["a", "b"]), ["a", "b"]),
        ("x'; drop table dim_gene; --", "x'; drop table dim_gene; --"),
    ],
)
def test_parameters_of_other_libraries(study: cohortmart.Study, given: Any, kept: Any) -> None:
    assert study.sql("select ? as x", [given]).pl().row(0) == (kept,)
    assert study.sql("select $x as x", {"x": given}).pl().row(0) == (kept,)


@pytest.mark.parametrize(
    "query", ["copy dim_sample to 'x.csv'", "drop table dim_sample", "select 1; select 2"]
)
def test_a_fault_is_said_when_the_query_is_asked(study: cohortmart.Study, query: str) -> None:
    with pytest.raises(cohortmart.InputError):
        study.sql(query)


def test_no_other_file_is_read(study: cohortmart.Study, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with pytest.raises(cohortmart.InputError, match="no other file"):
        study.sql("select * from read_csv(?)", [str(tmp_path / "secret.csv")]).pl()


def test_a_notebook_shows_the_first_rows_and_says_that_there_are_more(
    study: cohortmart.Study,
) -> None:
    few, many = study.sql("select 1 as a"), study.sql("select range as a from range(11)")
    assert "the first 10 rows" in repr(many)
    assert "the first 10 rows" in many._repr_html_()
    assert "shape: (1, 1)" in repr(few)
    assert "<table" in few._repr_html_()
    assert "shape: (0, 1)" in repr(study.sql("select 1 as a where false"))
    assert "dim_sample" in repr(study.sql("show tables"))
    assert "explain_value" in repr(study.sql("explain select 1"))


def test_threads_share_a_study(study: cohortmart.Study) -> None:
    found: list[int] = []

    def ask(i: int) -> None:
        query = "select sum(range) + $i as n from range(200000)"
        found.extend(study.sql(query, {"i": i}).pl()["n"].to_list())

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [19999900000 + i for i in range(8)]
