"""Half of the genes without a count: the warning, and limma's numbers with and without a filter.

limma 3.54 (`cases/unexpressed_genes/expected.md`). Its consensus of the log-CPM without a filter,
0.0136, is of the rounding noise of rows that do not vary; 0.3157 is that of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import run_cohortmart

pytestmark = pytest.mark.slow  # a whole run

#: analysis: genes found in MS_3rd-1st, consensus correlation, df_prior.
EXPECTED = {
    "v": (5, 0.1855, 25), "vf": (7, 0.3234, 315), "l": (4, 0.3157, 0.32), "lf": (7, 0.3250, 808),
}  # fmt: skip


@pytest.fixture(scope="module")
def run(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:

    study = shared_data.parent / "cases" / "unexpressed_genes" / "study.yml"
    if not study.exists():
        pytest.skip(f"no {study}")
    out = tmp_path_factory.mktemp("unexpressed")
    run_cohortmart("run", str(study), "--out", str(out), "--no-report")
    with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
        yield con


def rows(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    return {first: rest for first, *rest in con.execute(query).fetchall()}


def test_found_genes_consensus_and_prior_are_limmas(run: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        run,
        "select c.analysis, count(*) filter (r.adj_p_value < 0.05), any_value("
        "c.consensus_correlation), any_value(c.df_prior) from dim_contrast as c"
        " inner join fct_contrast_result as r using (analysis, contrast)"
        " where c.contrast = 'MS_3rd-1st' group by c.analysis",
    )
    assert set(found) == set(EXPECTED)
    for analysis, (n, consensus, df_prior) in EXPECTED.items():
        assert found[analysis][0] == n
        assert found[analysis][1] == pytest.approx(consensus, abs=6e-5)
        assert found[analysis][2] == pytest.approx(df_prior, rel=0.02)


def test_analyses_without_a_filter_have_the_warning(run: duckdb.DuckDBPyConnection) -> None:
    said = rows(run, "select analysis, note from analysis_note where kind = 'warning'")
    assert set(said) == {"v", "l"}
    for (note,) in said.values():
        assert note.startswith("195 of 400 genes have no count in any of the chosen samples")
        assert "`filter: filter_by_expr`" in note
