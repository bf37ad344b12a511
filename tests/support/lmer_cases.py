"""Small studies of ten people with a random intercept, as lmer_mixed.R and kenward_roger.R have."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.stats import norm

from analyses.stats.linear.basis import design_basis
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.mixed.components import DfMethod
from analyses.stats.mixed.mixed_model import MixedFit, fit_mixed
from cohortmart.core.types import Floats, Ints

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
    """Return the deviates that the R scripts make, too."""
    steps = (a * 7919 + b * 104729 + a * a * b * 31 + b * b * 17) % 1009
    return np.asarray(norm.ppf((steps + 0.5) / 1009))


@cache
def fitted(case: str, df: DfMethod = "satterthwaite") -> MixedFit:
    """Fit the eight features of a case; the five contrasts, and the sets of SETS."""
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
    return fit_mixed(y, design_basis(design), contrasts, blocks, weights, list(SETS.values()), df)
