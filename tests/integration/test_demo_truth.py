"""Are the planted effects of the demo found as often as they should be, and nothing else?

The prediction: a contrast with true value m and standard error se has t = (m / se + z) /
sqrt(chi2 / df). Drawn 200 times for every feature and adjusted by Benjamini-Hochberg, it gives the
band in which the share of effects found and of false discoveries must lie. Standard errors that
are too small, a wrong number of degrees of freedom or contrasts mixed up all leave the band.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy import stats

LEVEL = 0.05
ANALYSES = {
    "rna_cd4": ("genes", "gene_id"),
    "rna_cd8": ("genes", "gene_id"),
    "methylation_cd4": ("probes", "probe_id"),
    "methylation_cd8": ("probes", "probe_id"),
}


def with_truth(demo: Path, analysis: str, contrast: str) -> pl.DataFrame:
    kind, key = ANALYSES[analysis]
    con = duckdb.connect(str(demo / "warehouse.duckdb"), read_only=True)
    found = con.cursor().sql(
        "select * from fct_contrast_result where analysis = $1 and contrast = $2",
        params=[analysis, contrast],
    ).pl()  # fmt: skip
    con.close()
    planted = pl.read_csv(demo / "raw" / "truth" / f"{kind}.csv")
    if kind == "probes":
        planted = planted.filter(~pl.col("filtered"))
    truth = planted.select(pl.col(key).alias("feature_id"), pl.col(contrast).alias("truth"))
    both = found.join(truth, on="feature_id", validate="1:1")
    assert both.height == found.height == truth.height
    return both


def shares(p: np.ndarray, real: np.ndarray) -> tuple[float, float]:
    """Share of the effects found, and share of false ones among what was found."""
    hit = stats.false_discovery_control(p) < LEVEL
    return float((hit & real).sum() / real.sum()), float((hit & ~real).sum() / max(hit.sum(), 1))


@pytest.mark.parametrize("contrast", ["MS_3rd-1st", "HP_3rd-1st", "MSvsHP_3rd-1st"])
@pytest.mark.parametrize("analysis", list(ANALYSES))
def test_power_and_false_discoveries(
    demo_run: Path, rng: np.random.Generator, analysis: str, contrast: str
) -> None:
    rows = with_truth(demo_run, analysis, contrast)
    truth, se, df = (rows[c].to_numpy() for c in ("truth", "se", "df_total"))
    real = truth != 0
    assert real.sum() >= 100
    predicted = []
    for _ in range(200):
        t = (truth / se + rng.normal(size=len(se))) / np.sqrt(rng.chisquare(df) / df)
        predicted.append(shares(2 * stats.t.sf(np.abs(t), df), real))
    power, false = shares(rows["p_value"].to_numpy(), real)
    low, high = np.quantile(predicted, [0.001, 0.999], axis=0)
    assert low[0] - 0.02 <= power <= high[0] + 0.02
    assert false <= high[1] + 0.02


@pytest.mark.parametrize("analysis", list(ANALYSES))
def test_estimates_scatter_around_the_truth_as_their_errors_say(
    demo_run: Path, analysis: str
) -> None:
    rows = with_truth(demo_run, analysis, "MS_3rd-1st")
    z = ((rows["log_fc"] - rows["truth"]) / rows["se"]).to_numpy()
    assert abs(z.mean()) < 0.15
    assert 0.93 < z.std() < 1.07
    covered = ((rows["ci_low"] <= rows["truth"]) & (rows["truth"] <= rows["ci_high"])).mean()
    assert 0.93 < covered < 0.97


@pytest.mark.parametrize("analysis", list(ANALYSES))
def test_p_values_without_effect_are_uniform(demo_run: Path, analysis: str) -> None:
    rows = with_truth(demo_run, analysis, "MSvsHP_1st").filter(pl.col("truth") == 0)
    p = rows["p_value"].to_numpy()
    assert rows.height > 2500
    for level in (0.01, 0.05, 0.2, 0.5):
        expected = level * len(p)
        # features share samples and batches, so counts vary more than binomially
        assert abs((p < level).sum() - expected) < 5 * np.sqrt(expected * (1 - level)) + 0.01 * len(
            p
        )
