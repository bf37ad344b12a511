from __future__ import annotations

import numpy as np
from statsmodels.stats.multitest import multipletests

from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.types import Floats


def naive(p: Floats) -> list[float]:
    """The smallest rate at which each hypothesis would be rejected."""
    n = len(p)
    ordered = sorted(p)
    return [min(1.0, *(n * q / (k + 1) for k, q in enumerate(ordered) if q >= own)) for own in p]


def test_by_definition(rng: np.random.Generator) -> None:
    p = rng.uniform(size=40) ** 3
    p[[3, 8, 9]] = p[1]
    np.testing.assert_allclose(benjamini_hochberg(p), naive(p), rtol=1e-12)


def test_statsmodels_agrees(rng: np.random.Generator) -> None:
    p = rng.uniform(size=(500, 2)) ** 4
    found = benjamini_hochberg(p)
    for j in range(2):
        expected = multipletests(p[:, j], method="fdr_bh")[1]
        np.testing.assert_allclose(found[:, j], expected, rtol=1e-12)


def test_missing_ones_do_not_count(rng: np.random.Generator) -> None:
    p = rng.uniform(size=(30, 3))
    p[::4, 0], p[:, 1] = np.nan, np.nan
    found = benjamini_hochberg(p)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(p))
    tested = np.isfinite(p[:, 0])
    np.testing.assert_array_equal(found[tested, 0], benjamini_hochberg(p[tested, 0]))


def test_order_of_p_values_is_kept_and_none_shrinks(rng: np.random.Generator) -> None:
    p = rng.uniform(size=200)
    found = benjamini_hochberg(p)
    assert (found >= p).all()
    assert found.max() <= 1.0
    assert (np.diff(found[np.argsort(p)]) >= 0).all()


def test_one_none_and_zero() -> None:
    np.testing.assert_array_equal(benjamini_hochberg(np.array([0.03])), [0.03])
    np.testing.assert_array_equal(benjamini_hochberg(np.array([0.0, 1.0])), [0.0, 1.0])
    assert benjamini_hochberg(np.empty(0)).shape == (0,)
    assert benjamini_hochberg(np.empty((0, 3))).shape == (0, 3)
