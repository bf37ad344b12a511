"""Names of features: ids, names and both in one list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cohortmart.api.names import features_meant
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import connect_read_only
from tests.support.explored_study import small_explored_home


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    home = small_explored_home(Path(tmp_path_factory.mktemp("study")))
    with duckdb.connect(str(home.warehouse)) as written:
        written.execute("alter table dim_gene add column if not exists matrix_name varchar")
    opened = connect_read_only(home)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ENSG2", "ENSG1"], ["ENSG2", "ENSG1"]),  # ids alone, in their order
        (["ENSG2", "ENSG2"], ["ENSG2"]),
        (["ENSG2", "SEPT2"], ["ENSG2", "ENSG1"]),  # an id and a name
        (["sept2", "ensg2"], ["ENSG1", "ENSG2"]),
        ([], []),
    ],
)
def test_ids_and_names_in_one_list(
    con: duckdb.DuckDBPyConnection, words: list[str], expected: list[str]
) -> None:
    assert features_meant(con, "rna", "counts", words) == expected


def test_one_that_is_nothing_is_said_among_ids(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(InputError, match="SEPT22"):
        features_meant(con, "rna", "counts", ["ENSG1", "SEPT22"])


def test_cpgs_and_measures(con: duckdb.DuckDBPyConnection) -> None:
    assert features_meant(con, "methylation", "beta", ["cg2", "ABC"]) == ["cg2", "cg1"]
    assert features_meant(con, "proteins", "continuous", ["IL-6", "il6"]) == ["IL-6"]
