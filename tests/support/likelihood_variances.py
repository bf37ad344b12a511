"""Variances on different degrees of freedom, made by arithmetic, for priors by likelihood."""

from __future__ import annotations

import numpy as np
from scipy import stats

from cohortmart.core.types import Floats

N = 240
#: df_prior that the made-up variances have, and whether twelve of them are outliers. `uneven`: each
#: twelfth has 4,000 degrees of freedom, so that its weight in a trend meets its limit.
CASES = {
    "heavy": (5.0, False), "outlying": (8.0, True), "light": (40.0, False), "uneven": (5.0, False),
}  # fmt: skip


def variances(case: str) -> tuple[Floats, Floats, Floats]:
    """Return s2, df and a covariate, each of shape (240,).

    The same numbers in every run: quantiles of F at a fixed order of 240 probabilities.
    """
    df_prior, outlying = CASES[case]
    g = np.arange(N)
    df = np.array([3.0, 5.0, 8.0, 12.0])[(g * 7) % 11 % 4]
    if case == "uneven":
        df[::12] = 4000.0
    covariate = 4.0 + ((g * 53) % N) / 40.0 + (g % 7) / 70.0
    p = (((g * 97 + g * g * 31) % 241) + 0.5) / 241.0
    s2 = 0.3 * np.exp(0.1 * (covariate - 6.0) ** 2) * stats.f.ppf(p, df, df_prior)
    if outlying:
        s2[:8] *= np.array([900.0, 400.0, 250.0, 160.0, 90.0, 60.0, 40.0, 25.0])
        s2[8:12] /= 5000.0
    return s2, df, covariate
