"""A planted shift of cells, from raw files to the report: what it explains, what remains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from tests.support.finished_run import cohortmart
from tests.support.mediated_raw_study import BY_CELLS, BY_ITSELF, HALF, SHIFT, write_study

pytestmark = pytest.mark.slow  # a whole run

#: The same share of cells from an assay that lacks the last sample; and the assay by itself.
OTHERS = {
    "of_assay": {"explained_by": {"variables": ["flow.memory", "hormone"]}},
    "without_last": {"explained_by": {"variables": ["memory", "hormone"]},
                         "where": "sample_id <> 'S053'"},
    "flow": {"assay": "flow", "values": "measured",
             "explained_by": {"variables": ["flow.memory"], "contrasts": ["3rd-1st"]}},
}  # fmt: skip


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mediated")
    cohortmart("run", write_study(folder, others=OTHERS), "--out", folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def con(out: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect(str(out / "warehouse.duckdb"), read_only=True)
    yield con
    con.close()


def changes(
    con: duckdb.DuckDBPyConnection, contrast: str = "3rd-1st", analysis: str = "cells"
) -> pl.DataFrame:
    query = "from explained_change where analysis = $1 and contrast = $2 order by feature_id"
    return con.cursor().sql(query, params=[analysis, contrast]).pl()


def test_the_shift_of_cells_is_told(con: duckdb.DuckDBPyConnection) -> None:
    row = con.cursor().sql(
        "from explained_variable where analysis = 'cells' and contrast = '3rd-1st'"
        " and variable = 'memory'"
    ).pl().to_dicts()[0]  # fmt: skip
    assert row["ci_low"] < SHIFT < row["ci_high"] < 0
    assert row["n_subjects"] == 20


def test_genes_of_the_shift_are_explained_and_nothing_remains(
    con: duckdb.DuckDBPyConnection,
) -> None:

    of_cells = changes(con).filter(pl.col("feature_id").is_in(BY_CELLS))
    assert of_cells["is_found"].all()
    assert (of_cells["adj_p_explained"] < 0.05).all()
    assert (of_cells["adj_p_remaining"] < 0.05).sum() <= 2
    # true shares are 1; sampling spreads them
    assert of_cells["share_explained"].median() == pytest.approx(1.0, abs=0.12)


def test_genes_that_change_by_themselves_remain(con: duckdb.DuckDBPyConnection) -> None:
    own = changes(con).filter(pl.col("feature_id").is_in(BY_ITSELF))
    assert (own["adj_p_remaining"] < 0.05).all()
    assert (own["adj_p_explained"] < 0.05).sum() <= 2
    assert own["share_explained"].median() == pytest.approx(0.0, abs=0.12)
    half = changes(con).filter(pl.col("feature_id").is_in(HALF))
    assert half["share_explained"].median() == pytest.approx(0.5, abs=0.12)


def test_genes_without_a_change_have_neither(con: duckdb.DuckDBPyConnection) -> None:
    planted = [*BY_CELLS, *BY_ITSELF, *HALF]
    none = changes(con).filter(~pl.col("feature_id").is_in(planted))
    assert none.height == 470
    assert (none["adj_p_explained"] < 0.05).sum() <= 5
    assert (none["p_remaining"] < 0.05).mean() == pytest.approx(0.05, abs=0.035)


def test_a_variable_that_nothing_follows_explains_nothing(con: duckdb.DuckDBPyConnection) -> None:
    found = con.cursor().execute(
        "select count(*) from fct_explained"
        " where analysis = 'cells' and part = 'hormone' and adj_p_value < 0.05"
    )
    assert found.fetchall()[0][0] <= 3


def test_parts_add_up_and_lie_close_to_log_fc(con: duckdb.DuckDBPyConnection) -> None:
    wide = con.cursor().sql(
        "pivot (from fct_explained where analysis = 'cells') on part using first(estimate)"
        " group by contrast, feature_id"
    ).pl()  # fmt: skip
    left = wide["total"] - wide["remaining"] - wide["memory"] - wide["hormone"]
    assert np.abs(left.to_numpy()).max() < 1e-12
    for contrast, most in (("3rd-1st", 0.1), ("MS_3rd-1st", 0.05)):
        rows = changes(con, contrast)
        assert (rows["total"] - rows["log_fc"]).abs().max() < most
    # differences between people have no parts
    assert set(wide["contrast"]) == {"3rd-1st", "MS_3rd-1st", "MSvsHP_3rd-1st"}


def test_numbers_of_an_assay_are_variables_like_those_of_the_sheet(
    con: duckdb.DuckDBPyConnection,
) -> None:
    wide = con.cursor().sql(
        "select f.*, s.estimate as same, s.p_value as same_p, s.n as same_n from"
        " (select e.*, v.n_samples as n from fct_explained as e, explained_variable as v"
        "  where e.analysis = 'of_assay' and v.analysis = 'of_assay' and e.contrast = v.contrast"
        "  and v.variable = 'hormone') as f"
        " inner join"
        " (select e.*, v.n_samples as n from fct_explained as e, explained_variable as v"
        "  where e.analysis = 'without_last' and v.analysis = e.analysis"
        "  and e.contrast = v.contrast and v.variable = 'hormone') as s"
        " on f.contrast = s.contrast and f.feature_id = s.feature_id"
        " and replace(f.part, 'flow.', '') = s.part"
    ).pl()  # fmt: skip
    assert wide.height == 3 * 600 * 5
    assert set(wide["n"]) == set(wide["same_n"]) == {53}
    # voom's weights are those of all samples of the analysis
    assert (wide["estimate"] - wide["same"]).abs().max() < 0.05
    assert wide.select(pl.corr("estimate", "same")).item() > 0.999


def test_a_measure_explains_itself(con: duckdb.DuckDBPyConnection) -> None:
    rows = changes(con, analysis="flow")
    assert rows["feature_id"].to_list() == ["memory", "naive"]
    assert rows["share_explained"].to_list() == pytest.approx([1.0, 1.0])
    assert rows["remaining"].to_list() == pytest.approx([0.0, 0.0], abs=1e-12)


def test_the_report_has_its_page(out: Path) -> None:
    page = (out / "report" / "index.html").read_text()
    assert "Explained changes: cells" in page
    assert "Explained is not caused" in page
    assert (out / "report" / "figures" / "explained-parts-cells.svg").exists()


def test_a_second_run_computes_nothing_and_without_it_the_tables_are_empty(out: Path) -> None:
    study = write_study(out.parent, others=OTHERS)
    assert "explained changes" not in cohortmart("run", study, "--out", out)
    cohortmart("run", write_study(out.parent, {"explained_by": None}), "--out", out)
    count = "select count(*) as n from {} having count(*) = {}"
    for table, n in (("fct_explained", 0), ("explained_summary", 0), ("deg", 272)):
        printed = cohortmart("sql", count.format(table, n), "--format", "csv", "--out", out)
        assert printed.split() == ["n", str(n)], table
