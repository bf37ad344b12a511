from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analyses.stats.linear.basis import design_basis
from analyses.stats.rotation.feature_correlation import (
    INDEPENDENT,
    FeatureCorrelation,
    FeatureSums,
)
from analyses.stats.rotation.rotation import RotationSums
from cohortmart.core.types import Floats
from tests.unit.analyses.stats.conftest import SmallStudy
from tests.unit.analyses.stats.rotation.test_rotation import RHO, dense_coordinates, sums_of


def in_blocks(n: int, size: int, rho: float, m: int, seed: int) -> Floats:
    """Normal coordinates of features that correlate at rho within blocks."""
    rng = np.random.default_rng(seed)
    shared = np.repeat(rng.normal(size=(n // size, m)), size, axis=0)
    return np.asarray(np.sqrt(rho) * shared + np.sqrt(1 - rho) * rng.normal(size=(n, m)))


def found_in(residual: Floats) -> FeatureCorrelation:
    sums = FeatureSums(residual.shape[1])
    for rows in (slice(0, 30), slice(30, None)):
        sums.add(residual[rows], np.ones(len(residual[rows])))
    found = sums.correlation()
    assert found is not None
    return found


def one_by_one(residual: Floats) -> float:
    """Mean square of the correlations, pair after pair, less what chance gives."""
    n, m = residual.shape
    squares = [
        (residual[g] @ residual[h]) ** 2 / (residual[g] @ residual[g] * (residual[h] @ residual[h]))
        for g in range(n)
        for h in range(g)
    ]
    return float((np.mean(squares) - 1 / m) * (m + 2) / (m - 1))


def test_pair_after_pair() -> None:
    residual = in_blocks(60, 20, 0.5, 7, seed=1) * np.linspace(0.1, 9, 60)[:, None]
    found = found_in(residual)
    assert found.mean_square == pytest.approx(one_by_one(residual))
    assert found.df == 6 * 9 / 2


@pytest.mark.parametrize("weighted", [False, True])
def test_residuals_of_a_design(small: SmallStudy, weighted: bool) -> None:
    w = small.weights if weighted else np.ones_like(small.y)
    shifted = small.y + 1.5 * small.y[:1] + 40.0  # features that go together, and a large mean
    study = SmallStudy(
        shifted, small.design, small.basis, small.blocks, small.weights, small.contrasts
    )
    found = sums_of(study, w if weighted else None, size=25).feature_correlation()
    every = [dense_coordinates(study, y, v, (0, 1)).e for y, v in zip(shifted, w, strict=True)]
    assert found is not None
    assert found.mean_square > 0.1
    assert found.mean_square == pytest.approx(one_by_one(np.array(every)[:, :-2]), abs=1e-9)


def test_missing_values_are_left_out(small: SmallStudy, holes: Floats) -> None:
    sums = RotationSums(small.basis, small.contrasts, small.blocks, RHO)
    assert sums.feature_correlation() is None
    sums.add(holes)
    whole = RotationSums(small.basis, small.contrasts, small.blocks, RHO)
    whole.add(holes[np.isfinite(holes).all(axis=1)])
    assert sums.feature_correlation() == whole.feature_correlation()


@pytest.mark.parametrize(("size", "rho"), [(1, 0.0), (50, 0.25), (200, 0.1)])
def test_planted_blocks(size: int, rho: float) -> None:
    """1 + (size - 1) rho^2, whatever the features' variances; chance has no part in it."""
    expected = 1 + (size - 1) * rho**2
    effects = [
        found_in(in_blocks(1000, size, rho, 15, seed=s)).design_effect(1000) for s in range(40)
    ]
    error = np.std(effects) / np.sqrt(40)
    assert abs(np.mean(effects) - expected) < max(3 * error, 0.15)
    if size <= 50:  # the spread is that of its degrees of freedom, (m - 1)(m + 2)/2 = 119
        assert np.std(effects) < 2 * expected * np.sqrt(2 / 119)


def test_rotations_vary_as_much() -> None:
    """Independent features that all vary alike: the rotated r's variance is the effect / n."""
    design = np.repeat(np.eye(3), 14, axis=0)
    sums = RotationSums(design_basis(design), np.array([[-1.0, 0], [1, -1], [0, 1]]))
    y = in_blocks(2000, 100, 0.3, 42, seed=4)
    sums.add(y)
    found = sums.feature_correlation()
    assert found is not None
    rotated = sums.rotated(4000, seed=1)
    # r of independent features with correlation r0 of their errors: (1 - r0^2)^2 / n
    alone = (1 - 0.5**2) ** 2 / 2000
    assert rotated.var() / alone == pytest.approx(found.design_effect(2000), rel=0.15)


def test_thresholds() -> None:
    assert INDEPENDENT.threshold(1000) == pytest.approx(stats.chi2.isf(0.05, 1))
    known = FeatureCorrelation(0.003, np.inf)
    assert known.threshold(1001) == pytest.approx(4 * stats.chi2.isf(0.05, 1))
    guessed = FeatureCorrelation(0.003, 9.0)
    assert guessed.threshold(1001, 0.9) == pytest.approx(4 * stats.f.isf(0.1, 1, 9))


def test_features_that_do_not_vary_say_nothing() -> None:
    residual = in_blocks(60, 20, 0.5, 7, seed=1)
    sums = FeatureSums(7)
    flat = np.full((30, 7), 1e-14)
    sums.add(np.vstack([residual, flat]), np.ones(90))
    found = sums.correlation()
    assert found is not None
    assert found.mean_square == pytest.approx(found_in(residual).mean_square)


def test_too_little_to_tell() -> None:
    one = FeatureSums(1)
    one.add(np.ones((100, 1)), np.ones(100))
    few = FeatureSums(7)
    few.add(in_blocks(19, 1, 0.0, 7, seed=1), np.ones(19))
    assert one.correlation() is None
    assert few.correlation() is None
