"""The design of links: what moves a level beside the person, and what is the person's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pytest

from analyses.identity.links import _alone, _design

N = 48
PEOPLE = np.repeat(np.arange(8), 6)


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """Eight people, three visits, two cell types; a batch, a plate of two, who they are."""
    con = duckdb.connect()
    con.execute(
        "create table dim_sample (sample_id varchar, study_group varchar, timepoint varchar,"
        " cell_type varchar, batch varchar, plate varchar, hair varchar)"
    )
    rows = [
        (f"s{i:02d}", "ab"[p % 2], f"v{i % 3}", f"c{i // 3 % 2}", f"b{i % 4}",
         "q" if i < 2 else "p", f"h{p % 3}")
        for i, p in enumerate(PEOPLE)
    ]  # fmt: skip
    con.executemany("insert into dim_sample values (?, ?, ?, ?, ?, ?, ?)", rows)
    return con


def design(con: duckdb.DuckDBPyConnection, *factors: str) -> np.ndarray:
    study: Any = SimpleNamespace(factors=factors)
    return _design(con, study, [f"s{i:02d}" for i in range(N)], PEOPLE)


def test_group_visit_cell_type_and_factors_have_a_column_a_level(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert design(con).shape == (N, 1 + 1 + 2 + 1)
    assert design(con, "batch").shape == (N, 5 + 3)


def test_what_stays_the_same_in_a_person_is_the_persons_own(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert (design(con, "hair") == design(con)).all()


def test_levels_of_few_samples_have_no_mean(con: duckdb.DuckDBPyConnection) -> None:
    assert (design(con, "plate") == design(con)).all()


def test_a_third_of_the_samples_is_the_most_that_a_design_takes(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("update dim_sample set plate = 'p' || (cast(sample_id[2:] as int) % 12)")
    assert design(con, "plate").shape[1] == 5 + 11
    con.execute("update dim_sample set batch = 'p' || (cast(sample_id[2:] as int) % 12)")
    assert design(con, "plate", "batch").shape[1] == 5 + 11


def test_a_sample_alone_in_its_batch_and_cell_type_keeps_its_levels(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """Batches of one cell type each, but for one sample of batch x."""
    con.execute("update dim_sample set batch = cell_type || cast(sample_id[2:] as int) % 2")
    con.execute("update dim_sample set batch = 'x' where sample_id in ('s00','s12','s18','s24')")
    con.execute("update dim_sample set cell_type = 'c1' where sample_id in ('s12','s18','s24')")
    con.execute("update dim_sample set batch = 'y' where cell_type = 'c0' and batch <> 'x'")
    made = design(con, "batch")
    assert made.shape[1] > 5
    assert not made[0, 5:].any()
    assert not _alone(made).any()
    one = np.column_stack([np.ones(N), np.arange(N) == 3])
    assert np.flatnonzero(_alone(one)).tolist() == [3]
