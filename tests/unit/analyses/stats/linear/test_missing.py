"""Patterns of missing values, and filling them in against leaving them out."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.linear.missing import (
    MaskPatterns,
    by_number_missing,
    find_gaps,
    find_patterns,
    observed_rank,
)
from analyses.stats.linear.missing_plot import allows_missing_plot, centred_product
from analyses.stats.mixed.block_correlation import correlation_of_rows
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.mixed.feature_correlation import feature_correlation
from cohortmart.core.types import Bools, Floats
from tests.support.dense import dense_fit
from tests.unit.analyses.stats.conftest import SmallStudy


def masks(rng: np.random.Generator, n: int, n_samples: int) -> Bools:
    few = rng.random((6, n_samples)) > 0.1
    few[0] = True
    return few[rng.integers(0, 6, n)]


@pytest.mark.parametrize("n_samples", [3, 64, 65, 130])
def test_patterns_give_the_masks_back(n_samples: int, rng: np.random.Generator) -> None:
    observed = masks(rng, 200, n_samples)
    found = find_patterns(observed)
    np.testing.assert_array_equal(found.masks[found.of_row], observed)
    assert len(np.unique(found.masks, axis=0)) == len(found.masks)


@pytest.mark.parametrize("n_samples", [3, 70])
def test_gaps(n_samples: int, rng: np.random.Generator) -> None:
    observed = masks(rng, 300, n_samples)
    y = np.where(observed, 1.0, np.nan)
    y[~observed & (rng.random(y.shape) < 0.5)] = np.inf
    gaps = find_gaps(y)
    np.testing.assert_array_equal(gaps.complete, observed.all(axis=1))
    np.testing.assert_array_equal(np.sort(gaps.rows), np.flatnonzero(~gaps.complete))
    np.testing.assert_array_equal(gaps.patterns.masks[gaps.patterns.of_row], observed[gaps.rows])
    assert (np.diff(gaps.patterns.of_row) >= 0).all()
    part = gaps.patterns.of(slice(5, 30))
    np.testing.assert_array_equal(part.masks[part.of_row], observed[gaps.rows[5:30]])


def test_nothing_and_everything_missing() -> None:
    assert find_gaps(np.ones((4, 3))).rows.size == 0
    assert find_gaps(np.empty((0, 3))).complete.size == 0
    gaps = find_gaps(np.full((4, 3), np.nan))
    assert gaps.rows.tolist() == [0, 1, 2, 3]
    assert gaps.patterns.masks.tolist() == [[False] * 3]


def test_equal_numbers_missing(rng: np.random.Generator) -> None:
    observed = masks(rng, 100, 20)
    patterns = find_patterns(observed)
    rows = []
    for gaps in by_number_missing(patterns):
        rows += gaps.rows.tolist()
        for row, one in zip(gaps.rows, gaps.of_row, strict=True):
            assert np.flatnonzero(~observed[row]).tolist() == gaps.samples[one].tolist()
            assert gaps.patterns[one] == patterns.of_row[row]
    assert sorted(rows) == list(range(100))


def test_only_well_determined_designs_are_filled_in(small: SmallStudy) -> None:
    """Never where the rank falls; the last sample of a mean decides."""
    n = len(small.design)
    observed = np.random.default_rng(3).random((400, n)) > 0.3
    patterns = MaskPatterns(observed, np.arange(400))
    found = allows_missing_plot(small.basis, patterns)
    deficient = observed_rank(small.basis, patterns) < small.basis.rank
    assert 20 < found.sum() < 380
    assert deficient.sum() > 20
    assert not (found & deficient).any()
    assert not (found & ((~observed).sum(axis=1) > small.basis.rank)).any()
    within = np.linalg.eigvalsh(
        np.stack([small.basis.q[seen].T @ small.basis.q[seen] for seen in observed])
    )[:, 0]
    few = (~observed).sum(axis=1) <= small.basis.rank
    # the least share left is the smallest eigenvalue of the observed part
    np.testing.assert_array_equal(found, few & (within >= 0.01))


def test_filled_in_or_left_out_is_the_same(small: SmallStudy, rng: np.random.Generator) -> None:
    y = np.resize(small.y, (600, small.y.shape[1])) + rng.normal(size=(600, small.y.shape[1]))
    y[rng.random(y.shape) < 0.12] = np.nan
    patterns = find_patterns(np.isfinite(y))
    filled = allows_missing_plot(small.basis, patterns)[patterns.of_row] & ~np.isfinite(y).all(
        axis=1
    )
    assert filled.sum() > 200
    own = feature_correlation(y, small.basis, small.blocks)
    shared = correlation_of_rows(y, small.basis, small.blocks)
    np.testing.assert_allclose(shared, own, rtol=0, atol=1e-9)
    arguments = (small.basis, small.contrasts, small.blocks, 0.4)
    common_gls = fit_contrasts(y, *arguments)
    left_out = fit_contrasts(y, *arguments, np.ones_like(y))
    for name in ("estimate", "unscaled_sd", "sigma2", "df_residual", "mean", "wald"):
        np.testing.assert_allclose(
            getattr(common_gls, name), getattr(left_out, name), rtol=1e-9, atol=1e-11, err_msg=name
        )


def test_hardly_determined_mean(rng: np.random.Generator) -> None:
    """One sample of fifty is left of a group: filled in only while that is well determined."""
    x = np.column_stack([np.ones(200), np.arange(200) >= 150]).astype(float)
    blocks = make_blocks([str(i // 4) for i in range(200)])
    y = rng.normal(50, 1, size=(3, 200))
    y[0, 150:199] = np.nan
    y[1, 150:152] = np.nan
    contrasts = np.array([[0.0], [1.0]])
    found = fit_contrasts(y, design_basis(x), contrasts, blocks, 0.3)
    for i, row in enumerate(y):
        one = dense_fit(row, x, contrasts, blocks, 0.3, np.ones(200))
        np.testing.assert_allclose(found.estimate[i], one.estimate, rtol=1e-11)
        np.testing.assert_allclose(found.unscaled_sd[i], one.unscaled_sd, rtol=1e-11)
        np.testing.assert_allclose(found.wald[i], one.wald, rtol=1e-10)


def test_a_value_that_decides_alone_is_left_out(rng: np.random.Generator) -> None:
    """Without the one dose that differs hardly anything is known of the slope."""
    dose = np.concatenate([[1e4], rng.normal(size=39)])
    x = np.column_stack([np.ones(40), dose])
    basis, blocks = design_basis(x), make_blocks([str(i // 4) for i in range(40)])
    y = rng.normal(size=(3, 40))
    y[0, 0], y[1, 5], y[2, 5:8] = np.nan, np.nan, np.nan
    patterns = MaskPatterns(np.isfinite(y), np.arange(3))
    # three equations are more than the two of the design
    assert allows_missing_plot(basis, patterns).tolist() == [False, True, False]
    contrasts = np.array([[0.0], [1.0]])
    found = fit_contrasts(y, basis, contrasts, blocks, 0.3)
    for i, row in enumerate(y):
        one = dense_fit(row, x, contrasts, blocks, 0.3, np.ones(40))
        np.testing.assert_allclose(found.estimate[i], one.estimate, rtol=1e-9)
        np.testing.assert_allclose(found.unscaled_sd[i], one.unscaled_sd, rtol=1e-9)


def test_incomplete_features_that_do_not_vary_have_no_correlation(small: SmallStudy) -> None:
    flat = np.log2(np.full((40, small.y.shape[1]), 0.1) * np.linspace(1, 3, 40)[:, None])
    flat += np.where(np.arange(flat.shape[1]) % 3 == 0, 1, 0) * np.spacing(flat)
    flat[np.arange(40), np.arange(40) % flat.shape[1]] = np.nan
    assert np.isnan(correlation_of_rows(flat, small.basis, small.blocks)).all()


def test_large_means_cost_no_digits(small: SmallStudy, holes: Floats) -> None:
    """In any of the ways a mean can be in the model."""
    level = 2.0**17 * np.arange(1, len(holes) + 1)[:, None]
    for design in (
        small.design,
        np.column_stack([np.ones(len(small.design)), small.design[:, 1:]]),
    ):
        basis = design_basis(design)
        here = fit_contrasts(holes, basis, small.contrasts, small.blocks, 0.4)
        there = fit_contrasts(holes + level, basis, small.contrasts, small.blocks, 0.4)
        np.testing.assert_allclose(there.sigma2, here.sigma2, rtol=1e-7)
        np.testing.assert_allclose(there.mean, here.mean + level[:, 0], rtol=1e-14)


def test_centred_product(rng: np.random.Generator) -> None:
    y, table = rng.normal(7, 1, size=(30, 9)), rng.normal(size=(9, 4))
    table[:, 0] -= table[:, 0].mean()
    product, mean = centred_product(y, table)
    np.testing.assert_allclose(product, y @ table, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(mean, y.mean(axis=1), rtol=1e-14)
    seen = rng.random(y.shape) < 0.7
    seen[:, 0] = True
    filled = np.where(seen, y, (np.where(seen, y, 0).sum(axis=1) / seen.sum(axis=1))[:, None])
    product, mean = centred_product(np.where(seen, y, np.nan), table, seen)
    np.testing.assert_allclose(product, filled @ table, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(mean, filled.mean(axis=1), rtol=1e-13)
