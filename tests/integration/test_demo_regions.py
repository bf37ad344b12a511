"""The demo's planted regions: found where they change, swung back, and nothing else is named."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

CONTRASTS = ("HP_3rd-1st", "MS_3rd-1st", "MS_PP-3rd", "MSvsHP_3rd")


def rows(run: Path, query: str) -> pl.DataFrame:
    with duckdb.connect(str(run / "warehouse.duckdb"), read_only=True) as con:
        return con.sql(query).pl()


@pytest.mark.slow
@pytest.mark.parametrize("analysis", ["methylation_cd4", "methylation_cd8"])
def test_regions_are_those_that_were_planted(demo_run: Path, analysis: str) -> None:
    truth = pl.read_csv(demo_run / "raw" / "truth" / "regions.csv")
    for contrast in CONTRASTS:
        found = rows(
            demo_run,
            f"select * from dmr where analysis = '{analysis}' and contrast = '{contrast}'"
            " and adj_p_value <= 0.05",
        )
        real = truth.filter(pl.col(contrast) != 0)
        assert set(found["gene_names"]) <= set(real["gene_name"])
        large = real.filter(pl.col(contrast).abs() > 0.4)
        assert set(large["gene_name"]) <= set(found["gene_names"])
        both = found.join(real, left_on="gene_names", right_on="gene_name", suffix="_true")
        z = (both["estimate"] - both[contrast]) / both["se"]
        assert z.abs().max() < 4


@pytest.mark.slow
def test_planted_rebounds_swing_back(demo_run: Path) -> None:
    truth = pl.read_csv(demo_run / "raw" / "truth" / "regions.csv")
    back = truth.filter(pl.col("effect").str.contains("rebound"))["gene_name"]
    for analysis in ("methylation_cd4", "methylation_cd8"):
        found = rows(demo_run, f"select * from rebound_region where analysis = '{analysis}'")
        assert len(found) >= 8
        assert set(found["gene_names"]) <= set(back)
        assert found["is_found"].all()
        assert set(found["class"]) == {"up-down", "down-up"}
