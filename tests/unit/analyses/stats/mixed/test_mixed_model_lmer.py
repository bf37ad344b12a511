"""The mixed model against lmerTest's output (lmer_mixed.R) on studies of ten people."""

from __future__ import annotations

import csv
from functools import cache

import numpy as np
import pytest
from scipy.stats import norm

from analyses.stats.linear.basis import design_basis
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.mixed.mixed_model import MixedFit, fit_mixed
from cohortmart.core.types import Floats, Ints
from tests.support.paths import DATA

PERSON, VISIT = np.repeat(np.arange(1, 11), 3), np.tile(np.arange(3), 10)
SAMPLE, GROUP = np.arange(1, 31), (PERSON > 5).astype(int)
WHOLE = np.ones(30, bool)
SOME = ~np.isin(SAMPLE, [3, 7, 8, 14, 21, 26, 30])
FEW = np.isin(PERSON, [1, 2, 6, 7]) & ~np.isin(SAMPLE, [2, 19])
CELLS = np.array(
    [
        [-1, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, -1, 1],
        [1, 0, -1, -1, 0, 1],
        [0, -1, 0, 0, 1, 0],
        [-1 / 3, -1 / 3, -1 / 3, 1 / 3, 1 / 3, 1 / 3],
    ]
).T
SETS = {"all": (0, 1, 2, 3, 4), "within": (0, 1), "mixed": (0, 3), "between": (3, 4)}
#: kept samples; covariate, gaps, weights
CASES = {
    "balanced": (WHOLE, False, False, False),
    "unbalanced": (SOME, True, False, False),
    "missing": (WHOLE, True, True, False),
    "weighted": (SOME, False, False, True),
    "weighted_missing": (WHOLE, True, True, True),
    "few": (FEW, False, False, False),
}


def noise(a: Ints, b: Ints) -> Floats:
    steps = (a * 7919 + b * 104729 + a * a * b * 31 + b * b * 17) % 1009
    return np.asarray(norm.ppf((steps + 0.5) / 1009))


@cache
def fitted(case: str) -> MixedFit:
    kept, covariate, gaps, weighted = CASES[case]
    g, s, person, visit = np.arange(1, 9)[:, None], SAMPLE[kept], PERSON[kept], VISIT[kept]
    spread = np.array([0.4, 0.9, 1.6, 3, 0.7, 8, 0.15, 1.2])[:, None]
    y = 6 + g + spread * noise(g + 50, person) + noise(g, s + 40)
    y = y + 0.3 * g * (visit == 2) + 0.2 * GROUP[kept] * visit
    if gaps:
        y[(s * (g + 2) + g) % 11 == 0] = np.nan
    weights = np.exp(0.7 * noise(g + 9, s)) * 3 if weighted else None
    design = np.eye(6)[GROUP[kept] * 3 + visit]
    contrasts = CELLS
    if covariate:
        age = 30 + 6 * noise(person, np.array(3)) + visit / 4
        design, contrasts = np.column_stack([design, age]), np.vstack([CELLS, np.zeros(5)])
    blocks = make_blocks([f"w{w:02}" for w in person])
    return fit_mixed(y, design_basis(design), contrasts, blocks, weights, list(SETS.values()))


@pytest.fixture(scope="module")
def lmer() -> list[dict[str, str]]:
    with (DATA / "lmer_mixed.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("case", CASES)
def test_lmer_test_agrees(case: str, lmer: list[dict[str, str]]) -> None:
    """Also where t2 is 0, at which it has the residual degrees of freedom, too."""
    found, rows = fitted(case), [r for r in lmer if r["case"] == case]
    fit, n_bound = found.fit, 0
    assert fit.df_contrast is not None
    assert fit.df_wald is not None
    assert len(rows) == 8 * 9
    for row in rows:
        i, name = int(row["feature"]) - 1, row["what"]
        if name in SETS:
            j = list(SETS).index(name)
            assert fit.wald[i, j] / fit.sigma2[i] == pytest.approx(float(row["f"]), rel=2e-6)
            assert fit.df_wald[i, j] == pytest.approx(float(row["df2"]), rel=1e-5)
            assert fit.wald_df[j] == int(row["df1"])
            continue
        j, se = int(name) - 1, float(row["se"])
        assert fit.estimate[i, j] == pytest.approx(float(row["estimate"]), abs=1e-6 * se)
        assert fit.unscaled_sd[i, j] * np.sqrt(fit.sigma2[i]) == pytest.approx(se, rel=1e-6)
        assert fit.df_contrast[i, j] == pytest.approx(float(row["df"]), rel=1e-5)
        if float(row["t2"]) == 0:
            n_bound += 1
            assert found.correlation[i] == 0
    assert n_bound == {"unbalanced": 5, "few": 15}.get(case, 0)


@pytest.mark.parametrize("case", ["balanced", "unbalanced", "missing", "few"])
def test_components_of_lmer(case: str, lmer: list[dict[str, str]]) -> None:
    found = fitted(case)
    rows = [r for r in lmer if r["case"] == case and r["what"] == "1"]
    t2, s2 = (np.array([float(r[name]) for r in rows]) for name in ("t2", "s2"))
    np.testing.assert_allclose(found.fit.sigma2, t2 + s2, rtol=2e-6)
    np.testing.assert_allclose(found.correlation, t2 / (t2 + s2), rtol=1e-5)
