"""Components, maps and correlations of samples, against R, a dense SVD and planted truth."""

from __future__ import annotations

import csv
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from analyses.stats.ordination.multidimensional_scaling import (
    MostVariable,
    leading_differences,
    mds_common,
    mds_pairwise,
)
from analyses.stats.ordination.principal_axes import principal_axes
from analyses.stats.ordination.principal_components import (
    SampleSums,
    complete_about_mean,
    principal_components,
    sample_correlation,
    sample_sums,
)
from cohortmart.core.types import Floats
from tests.support.paths import DATA


def values() -> Floats:
    """The values of limma_samples.R."""
    g, s = np.arange(1, 81)[:, None], np.arange(1, 10)[None, :]
    noise = norm.ppf(((g * 7919 + s * 104729 + g * g * s * 31) % 1009 + 0.5) / 1009)
    return np.asarray(5 + noise + 2 * (g % 4 == 0) * (s % 3) + 0.1 * g)


@cache
def of_r(what: str) -> Floats:
    with (DATA / "limma_samples.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["what"] == what]
    shape = tuple(max(int(row[k]) for row in rows) for k in ("row", "column"))
    found = np.full(shape, np.nan)
    for row in rows:
        found[int(row["row"]) - 1, int(row["column"]) - 1] = float(row["value"])
    return found


def sums_of(values: Floats, step: int = 1000) -> SampleSums:
    """The sums of blocks of `step` features."""
    total = sample_sums(np.empty((0, values.shape[1])), np.empty(0))
    for start in range(0, len(values), step):
        total += sample_sums(*complete_about_mean(values[start : start + step]))
    return total


def map_of(values: Floats, top: int, step: int = 1000) -> Floats:
    """The map by the most variable features, seen in blocks of `step`."""
    chosen = MostVariable(np.empty((0, values.shape[1])), np.empty(0), top)
    for start in range(0, len(values), step):
        chosen = chosen.with_block(complete_about_mean(values[start : start + step])[0])
    return mds_common(chosen)


def same_but_signs(found: Floats, expected: Floats, tolerance: float = 1e-8) -> None:
    signs = np.sign((found * expected).sum(axis=0))
    np.testing.assert_allclose(found, expected * signs, rtol=0, atol=tolerance)


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_components_are_those_of_r(step: int) -> None:
    found = principal_components(sums_of(values(), step))
    same_but_signs(found.scores, of_r("score"))
    np.testing.assert_allclose(found.shares, of_r("share")[:, 0], rtol=1e-9)


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_correlations_are_those_of_r(step: int) -> None:
    np.testing.assert_allclose(sample_correlation(sums_of(values(), step)), of_r("cor"), rtol=1e-12)


def test_leading_fold_changes_are_those_of_limma() -> None:
    found = mds_pairwise(leading_differences(values(), 25))
    assert found.shape == (9, 5)
    same_but_signs(found[:, :2], of_r("pairwise"))
    same_but_signs(mds_pairwise(leading_differences(values()))[:, :2], of_r("all"))


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_common_features_are_those_of_limma(step: int) -> None:
    same_but_signs(map_of(values(), 25, step)[:, :2], of_r("common"))


def test_components_are_those_of_a_singular_value_decomposition(rng: np.random.Generator) -> None:
    """Few features: the samples lie in fewer directions than there are samples."""
    x = rng.normal(3.0, 1.0, (6, 20))
    _, d, vt = np.linalg.svd(x - x.mean(axis=1, keepdims=True), full_matrices=False)
    found = principal_components(sums_of(x))
    assert found.scores.shape == (20, 6)
    same_but_signs(found.scores, vt.T * d)
    assert found.shares.sum() == pytest.approx(1.0, abs=1e-12)
    assert (found.scores[np.abs(found.scores).argmax(axis=0), np.arange(6)] > 0).all()


def test_a_sign_does_not_hang_on_rounding() -> None:
    """Two samples equally far out: the first of them is positive."""
    for scale in (1.0, 1.0 + 1e-13, 1.0 - 1e-13):
        axis = np.array([-1.0, scale, 0.0])
        (found,) = principal_axes(np.outer(axis, axis), 2).coordinates.T
        np.testing.assert_allclose(found, [1.0, -1.0, 0.0], atol=1e-7)


def test_only_features_known_in_all_samples_count(rng: np.random.Generator) -> None:
    x = rng.normal(size=(50, 6))
    holes = np.concatenate([x, rng.normal(size=(30, 6))])
    holes[50:, 2] = np.nan
    order = rng.permutation(80)
    found, expected = sums_of(holes[order], 9), sums_of(x)
    assert found.n_features == 50
    same_but_signs(principal_components(found).scores, principal_components(expected).scores)
    np.testing.assert_allclose(sample_correlation(found), np.corrcoef(x.T), rtol=1e-10)
    same_but_signs(map_of(holes[order], 10, 9), map_of(x, 10))


def test_samples_that_do_not_differ_have_no_components() -> None:
    flat = np.repeat(np.arange(5.0)[:, None], 4, axis=1)
    found = principal_components(sums_of(flat))
    assert found.scores.shape == (4, 0)
    assert mds_pairwise(leading_differences(flat)).shape == (4, 0)
    assert map_of(flat, 3).shape == (4, 0)
    np.testing.assert_allclose(sample_correlation(sums_of(flat)), 1.0)


def test_a_constant_sample_correlates_with_none(rng: np.random.Generator) -> None:
    x = rng.normal(size=(40, 4))
    x[:, 1] = 0.1
    r = sample_correlation(sums_of(x, 7))
    assert np.isnan(r[1]).all()
    assert np.isnan(r[:, 1]).all()
    np.testing.assert_allclose(r[2, [0, 3]], np.corrcoef(x.T)[2, [0, 3]], rtol=1e-10)


def test_large_means_cost_the_correlation_no_digits(rng: np.random.Generator) -> None:
    x = rng.normal(size=(500, 1)) + rng.normal(size=(500, 5))
    np.testing.assert_allclose(
        sample_correlation(sums_of(x + 1e6, 50)), np.corrcoef(x.T), atol=1e-8
    )


def test_leading_differences_by_hand(rng: np.random.Generator) -> None:
    x = rng.normal(size=(30, 5))
    found = leading_differences(x, 4)
    for i in range(5):
        for j in range(5):
            largest = sorted((x[:, i] - x[:, j]) ** 2)[-4:]
            assert found[i, j] == pytest.approx(np.mean(largest), abs=1e-14)


def test_pairs_are_compared_in_steps(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = rng.normal(size=(30, 8))
    whole = leading_differences(x, 4)
    monkeypatch.setattr("analyses.stats.ordination.multidimensional_scaling._VALUES", 60)
    np.testing.assert_array_equal(leading_differences(x, 4), whole)


def test_the_map_keeps_distances_where_they_fit(rng: np.random.Generator) -> None:
    """All features in three dimensions: the map has the same distances."""
    x = rng.normal(size=(3, 9))
    for found in (mds_pairwise(leading_differences(x, 3)), map_of(x, 3)):
        assert found.shape == (9, 3)
        apart = ((found[:, None] - found[None, :]) ** 2).sum(axis=2)
        expected = ((x.T[:, None] - x.T[None, :]) ** 2).mean(axis=2)
        np.testing.assert_allclose(apart, expected, atol=1e-10)


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 12), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_samples_in_another_order_and_features_turned(n: int, g: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(g, n)) * rng.exponential(size=(g, 1))
    found = principal_components(sums_of(x))
    assert 0 < found.shares.sum() <= 1.0 + 1e-12
    assert (np.diff(found.shares) <= 0).all()
    assert found.scores.shape[1] <= min(10, n - 1, g)
    np.testing.assert_allclose(found.scores.sum(axis=0), 0, atol=1e-8 * np.abs(x).max())
    order = rng.permutation(n)
    turn = np.linalg.qr(rng.normal(size=(g, g)))[0]
    for other, placed in ((x[:, order], found.scores[order]), (turn @ x, found.scores)):
        again = principal_components(sums_of(other))
        np.testing.assert_allclose(again.shares, found.shares, rtol=1e-7, atol=1e-12)
        # of one axis, as two of the same length have no order
        if len(found.shares) > 1 and found.shares[0] > 1.05 * found.shares[1]:
            same_but_signs(again.scores[:, :1], placed[:, :1], 1e-6 * np.abs(placed).max())
    squared = leading_differences(x, 5)
    np.testing.assert_allclose(leading_differences(x[:, order], 5), squared[np.ix_(order, order)])
