"""Differences of the demo that return, and those that do not, against its truth."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest


@pytest.fixture(scope="module")
def returns(demo_run: Path) -> pl.DataFrame:
    """Genes of the return with what is planted: in the third trimester, and what is left of it."""
    con = duckdb.connect(str(demo_run / "warehouse.duckdb"), read_only=True)
    found = con.sql("select * from fct_return where analysis = 'rna_cd8'").pl()
    con.close()
    truth = pl.read_csv(demo_run / "raw" / "truth" / "genes.csv").select(
        pl.col("gene_id").alias("feature_id"),
        "effect",
        before=pl.col("MSvsHP_3rd"),
        left=pl.col("MSvsHP_PP"),
    )
    both = found.join(truth, on="feature_id", validate="1:1")
    assert both.height == found.height > 0
    return both


def test_planted_returners_are_found_and_lasting_differences_are_not(
    returns: pl.DataFrame,
) -> None:
    different = (pl.col("before") != 0) & pl.col("is_bounded")
    gone = returns.filter(different & (pl.col("left") == 0))
    lasting = returns.filter(different & (pl.col("left") == pl.col("before")))
    assert min(gone.height, lasting.height) > 50
    found = pl.col("adj_p_value") < 0.05
    assert gone.filter(found).height > 0.4 * gone.height
    assert lasting.filter(found).height <= 0.04 * lasting.height
    wrong = returns.filter(found & ~(different & (pl.col("left") == 0))).height
    assert wrong <= 0.08 * returns.filter(found).height
    # features chosen for their difference: most lasting ones move towards the reference by chance
    assert (lasting["return_share"] > 0).mean() > 0.5


def test_intervals_hold_what_is_planted(returns: pl.DataFrame) -> None:
    known = returns.filter((pl.col("before") != 0) & pl.col("is_bounded"))
    share = 1 - known["left"] / known["before"]
    inside = ((known["ci_low"] <= share) & (share <= known["ci_high"])).mean()
    assert 0.9 < inside <= 1
    states = set(known.filter(pl.col("left") == 0)["state"])
    assert {"back", "towards"} <= states
    assert "away" not in states


def test_r_is_beyond_what_no_change_gives(demo_run: Path) -> None:
    con = duckdb.connect(str(demo_run / "warehouse.duckdb"), read_only=True)
    (row,) = con.sql("select * from return_summary").pl().to_dicts()
    con.close()
    assert (row["return_name"], row["to_mean"]) == ("MS.3rd to HP", "MS.PP")
    assert row["r"] < row["no_change_low"] < row["r_no_change"]
    assert row["p_value"] < 0.01
    # against "nothing happens at all" the same r would say nothing: true differences thin it out
    assert row["no_effect_low"] < row["r"] < row["no_effect_high"]
    assert row["share_towards"] > row["share_by_chance"] > 0.5
    assert row["n_found"] >= row["n_back"] > 0
