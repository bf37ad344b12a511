from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import polar

from analyses.stats.linear.basis import DesignBasis, design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.linear.gls import solve_gls
from analyses.stats.mixed.blocks import Blocks, make_blocks
from analyses.stats.rotation.contrast_correlation import (
    contrast_correlations,
    no_effect_correlation,
)
from analyses.stats.rotation.frames import random_frames
from analyses.stats.rotation.rotation import RotationSums, rotation_test
from analyses.stats.rotation.space import rotation_space, weighted_coordinates
from cohortmart.core.types import Floats
from tests.support.dense import covariance
from tests.unit.analyses.stats.conftest import SmallStudy

RHO = 0.4


def sums_of(small: SmallStudy, weights: Floats | None = None, size: int = 1000) -> RotationSums:
    sums = RotationSums(small.basis, small.contrasts, small.blocks, RHO)
    for start in range(0, len(small.y), size):
        rows = slice(start, start + size)
        sums.add(small.y[rows], None if weights is None else weights[rows])
    return sums


# --- coordinates and rotations, once more and one feature at a time --------------------------


@dataclass(frozen=True)
class DenseCoordinates:
    """Of one feature and one pair of contrasts: residuals, then the contrasts; and its factor."""

    e: Floats
    factor: Floats


def dense_coordinates(
    small: SmallStudy, y: Floats, w: Floats, pair: tuple[int, int]
) -> DenseCoordinates:
    """With n x n matrices and SciPy's polar decomposition."""
    common = rotation_space(small.basis, small.contrasts, small.blocks, RHO)
    values, vectors = np.linalg.eigh(covariance(small.blocks, RHO, np.ones(len(y))))
    white = (vectors / np.sqrt(values)) @ vectors.T @ np.diag(np.sqrt(w))
    x = white @ small.design
    keep_out = np.eye(len(y)) - x @ np.linalg.pinv(x)
    nearest = polar(keep_out @ common.outside)[0]
    c = small.contrasts[:, list(pair)]
    factor = np.linalg.cholesky(c.T @ np.linalg.inv(x.T @ x) @ c)
    estimate = c.T @ np.linalg.pinv(x) @ white @ y
    return DenseCoordinates(
        np.concatenate([nearest.T @ white @ y, np.linalg.solve(factor, estimate)]), factor
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_explicit_rotations(small: SmallStudy, weighted: bool) -> None:
    w = small.weights if weighted else np.ones_like(small.y)
    sums = sums_of(small, w if weighted else None)
    found = sums.rotated(7, seed=3)
    (frames,) = random_frames(7, sums.n_coordinates, seed=3)
    assert sums.pairs.tolist() == [[0, 1], [0, 2], [1, 2]]
    for column, pair in enumerate([(0, 1), (0, 2), (1, 2)]):
        every = [dense_coordinates(small, y, v, pair) for y, v in zip(small.y, w, strict=True)]
        for row in range(7):
            frame = np.column_stack([frames.first[row], frames.second[row]])
            log_fc = np.array([d.factor @ frame.T @ d.e for d in every])
            expected = np.corrcoef(log_fc.T)[0, 1]
            assert found[row, column] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_no_rotation_is_what_was_observed(small: SmallStudy, weighted: bool) -> None:
    w = small.weights if weighted else None
    fit = fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, RHO, w)
    sums = sums_of(small, w)
    (frames,) = random_frames(1, sums.n_coordinates, seed=1)
    frames.first[:], frames.second[:] = 0.0, 0.0
    frames.first[:, -2], frames.second[:, -1] = 1.0, 1.0
    assert sums._sums is not None
    found = sums._sums.moments(frames).correlation(sums.n_features)[0]
    r = contrast_correlations(fit.estimate).r
    np.testing.assert_allclose(found, r[*sums.pairs.T], rtol=0, atol=1e-11)


def test_coordinates_of_weighted_features(small: SmallStudy) -> None:
    """Their squares are the residual sum of squares; estimates and errors are those of the fit."""
    space = rotation_space(small.basis, small.contrasts, small.blocks, RHO)
    found = weighted_coordinates(small.y, small.weights, space)
    k = small.basis.contrasts(small.contrasts)
    fit = solve_gls(small.y, small.basis, small.blocks.indicators, RHO, small.weights)
    np.testing.assert_allclose((found.residual**2).sum(axis=1), fit.rss, rtol=1e-10)
    np.testing.assert_allclose(found.estimate, fit.gamma @ k, rtol=0, atol=1e-11)
    np.testing.assert_allclose(found.covariance, k.T @ fit.inverse @ k, rtol=0, atol=1e-12)


def test_frames_are_orthonormal_and_uniform() -> None:
    every = list(random_frames(1100, 5, seed=8))
    first, second = (np.concatenate([getattr(f, n) for f in every]) for n in ("first", "second"))
    assert first.shape == (1100, 5)
    np.testing.assert_allclose((first**2).sum(axis=1), 1.0)
    np.testing.assert_allclose((second**2).sum(axis=1), 1.0)
    np.testing.assert_allclose((first * second).sum(axis=1), 0.0, atol=1e-14)
    for x in (first[:, 0], second[:, 4]):  # the square of a coordinate is beta distributed
        assert stats.kstest(x**2, stats.beta(0.5, 2.0).cdf).pvalue > 1e-3
    assert abs(np.corrcoef(first[:, 1], second[:, 2])[0, 1]) < 0.1


# --- sums ------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_block_size_plays_no_part(
    small: SmallStudy, weighted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = small.weights if weighted else None
    whole = sums_of(small, w).rotated(50, seed=2)
    monkeypatch.setattr("analyses.stats.rotation.weighted._ROWS", 4)
    monkeypatch.setattr("analyses.stats.rotation.frames._AT_ONCE", 13)
    np.testing.assert_allclose(sums_of(small, w, 7).rotated(50, seed=2), whole, atol=1e-12)


def test_equal_weights_are_none(small: SmallStudy) -> None:
    equal = np.full_like(small.y, 3.7)
    expected = sums_of(small).rotated(50, seed=2)
    np.testing.assert_allclose(sums_of(small, equal).rotated(50, seed=2), expected, atol=1e-11)


def test_a_large_mean_costs_no_digits(small: SmallStudy) -> None:
    expected = sums_of(small).rotated(20, seed=2)
    sums = RotationSums(small.basis, small.contrasts, small.blocks, RHO)
    sums.add(small.y + 1e6)
    np.testing.assert_allclose(sums.rotated(20, seed=2), expected, atol=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_contrast_of_the_level(small: SmallStudy, weighted: bool) -> None:
    """One that does not add up to 0, where the mean of a feature counts."""
    level = np.column_stack([np.eye(7)[0] + 30.0 * np.eye(7)[6], small.contrasts[:, 1]])
    w = small.weights if weighted else None
    fit = fit_contrasts(small.y, small.basis, level, small.blocks, RHO, w)
    sums = RotationSums(small.basis, level, small.blocks, RHO)
    sums.add(small.y, w)
    (frames,) = random_frames(1, sums.n_coordinates, seed=1)
    frames.first[:], frames.second[:] = 0.0, 0.0
    frames.first[:, -2], frames.second[:, -1] = 1.0, 1.0
    assert sums._sums is not None
    found = sums._sums.moments(frames).correlation(sums.n_features)[0, 0]
    assert found == pytest.approx(np.corrcoef(fit.estimate.T)[0, 1], abs=1e-10)


def test_features_with_gaps_are_left_out(small: SmallStudy, holes: Floats) -> None:
    complete = np.isfinite(holes).all(axis=1)
    found = RotationSums(small.basis, small.contrasts, small.blocks, RHO)
    found.add(holes)
    expected = RotationSums(small.basis, small.contrasts, small.blocks, RHO)
    expected.add(holes[complete])
    assert (found.n_features, found.n_left_out) == (complete.sum(), (~complete).sum())
    np.testing.assert_array_equal(found.rotated(9, seed=1), expected.rotated(9, seed=1))
    no_weight = small.weights.copy()
    no_weight[3, 2], no_weight[5, 0] = 0.0, np.nan
    sums = sums_of(small, no_weight)
    assert (sums.n_features, sums.n_left_out) == (58, 2)
    assert np.isfinite(sums.rotated(9, seed=1)).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_chosen_pairs(small: SmallStudy, weighted: bool) -> None:
    w = small.weights if weighted else None
    every = sums_of(small, w).rotated(9, seed=1)
    some = RotationSums(small.basis, small.contrasts, small.blocks, RHO, np.array([[1, 2], [0, 1]]))
    some.add(small.y, w)
    np.testing.assert_allclose(some.rotated(9, seed=1), every[:, [2, 0]], atol=1e-12)


# --- the test --------------------------------------------------------------------------------


def test_what_the_test_counts(small: SmallStudy) -> None:
    fit = fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, RHO)
    r = contrast_correlations(fit.estimate).r
    sums = sums_of(small)
    found = rotation_test(sums, r, 199, seed=4)
    rotated = sums.rotated(199, seed=4)
    for column, (i, j) in enumerate(found.pairs):
        below, above = (rotated[:, column] <= r[i, j]).sum(), (rotated[:, column] >= r[i, j]).sum()
        assert found.p_value[column] == min(1.0, 2 * (1 + min(below, above)) / 200)
        ends = np.quantile(rotated[:, column], [0.025, 0.975])
        assert [found.no_effect_low[column], found.no_effect_high[column]] == list(ends)
        sd = np.sqrt(np.var(np.arctanh(rotated[:, column]), ddof=1))
        z = np.arctanh(r[i, j]) + np.array([-1, 1]) * stats.norm.ppf(0.975) * sd
        np.testing.assert_allclose([found.r_low[column], found.r_high[column]], np.tanh(z))
    assert (found.n_features, found.n_rotations) == (60, 199)
    np.testing.assert_array_equal(found.r, r[*found.pairs.T])
    again = rotation_test(sums_of(small), r, 199, seed=4)
    np.testing.assert_array_equal(again.p_value, found.p_value)
    np.testing.assert_array_equal(again.r_low, found.r_low)
    assert (rotation_test(sums, r, 199, seed=5).r_low != found.r_low).all()


def test_the_same_contrast_twice(small: SmallStudy) -> None:
    """And its opposite: always 1 or -1, so there is nothing to test; the others are unmoved."""
    c = small.contrasts
    doubled = np.column_stack([c[:, 0], -2.0 * c[:, 0], c[:, 1]])
    for w in (None, small.weights):
        sums = RotationSums(small.basis, doubled, small.blocks, RHO)
        sums.add(small.y, w)
        fit = fit_contrasts(small.y, small.basis, doubled, small.blocks, RHO, w)
        found = rotation_test(sums, contrast_correlations(fit.estimate).r, 99, seed=1)
        assert found.r[0] == pytest.approx(-1.0)
        assert np.isnan([found.p_value[0], found.r_low[0], found.no_effect_high[0]]).all()
        assert np.isfinite([found.p_value[1:], found.r_low[1:], found.no_effect_low[1:]]).all()


@pytest.mark.parametrize("n", [0, 2])
def test_too_few_features(small: SmallStudy, n: int) -> None:
    sums = RotationSums(small.basis, small.contrasts, small.blocks, RHO)
    if n:
        sums.add(small.y[:n])
    found = rotation_test(sums, np.full((3, 3), 0.5), 19, seed=1)
    assert np.isnan(found.p_value).all()
    assert found.n_features == n


@pytest.mark.parametrize("weighted", [False, True])
def test_one_contrast(small: SmallStudy, weighted: bool) -> None:
    sums = RotationSums(small.basis, small.contrasts[:, :1], small.blocks, RHO)
    sums.add(small.y, small.weights if weighted else None)
    found = rotation_test(sums, np.eye(1), 19, seed=1)
    assert found.pairs.shape == (0, 2)
    assert found.p_value.shape == found.no_effect_low.shape == (0,)


def test_what_is_refused(small: SmallStudy) -> None:
    sums = sums_of(small)
    with pytest.raises(ValueError, match="all blocks of features have weights, or none"):
        sums.add(small.y, small.weights)
    with pytest.raises(ValueError, match=r"5 samples, where the design has 20"):
        sums.add(small.y[:, :5])
    with pytest.raises(ValueError, match="at least two rotations"):
        rotation_test(sums, np.eye(3), 1, seed=1)
    with pytest.raises(ValueError, match="pairs must name contrasts 0 to 2"):
        RotationSums(small.basis, small.contrasts, pairs=np.array([[0, 3]]))
    with pytest.raises(ValueError, match="nothing can be rotated"):
        RotationSums(design_basis(np.eye(4)), np.eye(4)[:, :2])


# --- calibration -----------------------------------------------------------------------------


@dataclass(frozen=True)
class NullStudy:
    """Ten people at three visits and a covariate; nothing happens."""

    basis: DesignBasis
    contrasts: Floats
    blocks: Blocks
    root: Floats


def null_study() -> NullStudy:
    visit = np.tile(np.arange(3), 10)
    blocks = make_blocks([f"s{i // 3}" for i in range(30)])
    covariate = np.random.default_rng(1).normal(size=30)
    contrasts = np.array([[-1.0, 1, 0, 0], [0, -1, 1, 0]]).T
    root = np.linalg.cholesky(covariance(blocks, RHO, np.ones(30)))
    return NullStudy(
        design_basis(np.column_stack([np.eye(3)[visit], covariate])), contrasts, blocks, root
    )


def null_values(
    study: NullStudy, seed: int, weighted: bool, n_factors: int = 4
) -> tuple[Floats, Floats | None]:
    """Features that share few factors, with levels and variances of their own."""
    rng = np.random.default_rng([20230626, seed])
    factors = rng.normal(size=(200, n_factors)) @ rng.normal(size=(n_factors, 30))
    factors /= np.sqrt(n_factors / 4.0)
    noise = (factors + 0.4 * rng.normal(size=(200, 30))) @ study.root.T
    y = np.exp(rng.normal(0.0, 0.3, size=(200, 1))) * noise
    w = np.exp(rng.normal(0.0, 0.4, size=y.shape)) if weighted else None
    return (y if w is None else y / np.sqrt(w)) + rng.normal(5.0, 2.0, size=(200, 1)), w


def null_p_values(n_seeds: int, weighted: bool) -> tuple[Floats, Floats]:
    """P of rotation and of Fisher's z."""
    study = null_study()
    no_effect = no_effect_correlation(study.basis, study.contrasts, study.blocks, RHO)[0, 1]
    p, naive = np.empty(n_seeds), np.empty(n_seeds)
    for seed in range(n_seeds):
        y, w = null_values(study, seed, weighted)
        sums = RotationSums(study.basis, study.contrasts, study.blocks, RHO)
        sums.add(y, w)
        fit = fit_contrasts(y, study.basis, study.contrasts, study.blocks, RHO, w)
        r = contrast_correlations(fit.estimate).r
        p[seed] = rotation_test(sums, r, 199, seed=seed).p_value[0]
        z = (np.arctanh(r[0, 1]) - np.arctanh(no_effect)) * np.sqrt(len(y) - 3)
        naive[seed] = 2.0 * stats.norm.sf(abs(z))
    return p, naive


def assert_calibrated(p: Floats, naive: Floats) -> None:
    for level in (0.05, 0.2, 0.5):
        low, high = stats.binom.ppf([1e-3, 1 - 1e-3], len(p), level)
        assert low <= (p <= level).sum() <= high
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    assert (naive < 0.05).mean() > 0.4


def test_p_values_with_correlated_features() -> None:
    assert_calibrated(*null_p_values(100, weighted=False))


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True])
def test_p_values_of_many_null_studies(weighted: bool) -> None:
    assert_calibrated(*null_p_values(600, weighted))


@pytest.mark.parametrize("weighted", [False, True])
def test_a_planted_rebound(weighted: bool) -> None:
    """A third of the features swing up and back: beyond the null; those that only rise are not."""
    study = null_study()
    y, w = null_values(study, seed=7, weighted=weighted, n_factors=20)
    third = np.arange(len(y))[:, None] % 3 == 0
    changed = np.random.default_rng(5).normal(0.0, 4.0, size=(len(y), 1)) * third
    found = {}
    for name, shape in {"swing": [0.0, 1.0, 0.0], "rise": [0.0, 1.0, 2.0]}.items():
        changed_y = y + changed * np.tile(shape, 10)
        sums = RotationSums(study.basis, study.contrasts, study.blocks, RHO)
        sums.add(changed_y, w)
        fit = fit_contrasts(changed_y, study.basis, study.contrasts, study.blocks, RHO, w)
        found[name] = rotation_test(sums, contrast_correlations(fit.estimate).r, 999, seed=1)
    swing, rise = found["swing"], found["rise"]
    assert swing.r[0] < swing.no_effect_low[0]
    assert rise.r[0] > rise.no_effect_high[0]
    assert max(swing.p_value[0], rise.p_value[0]) < 0.01
