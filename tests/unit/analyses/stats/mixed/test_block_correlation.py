"""REML correlations against statsmodels, against dense likelihoods and at the edges."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM

from analyses.stats.linear.basis import design_basis
from analyses.stats.mixed import block_correlation as module
from analyses.stats.mixed.block_correlation import block_correlation, consensus
from analyses.stats.mixed.blocks import Blocks, make_blocks
from cohortmart.core.types import Floats
from tests.support.dense import restricted_log_likelihood, simulated
from tests.unit.analyses.stats.conftest import SmallStudy


def assert_at_the_maximum(
    design: Floats, blocks: Blocks, y: Floats, w: Floats, atanh: Floats
) -> None:
    """Nowhere in the range is the dense restricted likelihood larger."""
    low, high = 1.0 / (1.0 - blocks.largest) + 0.01, 0.99
    grid = np.linspace(low, high, 60)
    for i, own in enumerate(np.tanh(atanh)):
        assert low - 1e-12 <= own <= high + 1e-12

        def height(rho: float, i: int = i) -> float:
            return restricted_log_likelihood(rho, y[i], design, blocks, w[i])

        best = height(own)
        assert best >= max(height(r) for r in grid) - 1e-10
        for near in (own - 1e-4, own + 1e-4):
            if low < near < high:
                assert best >= height(near)


def test_maximum_of_complete_features(small: SmallStudy) -> None:
    found = block_correlation(small.y, small.basis, small.blocks)
    assert_at_the_maximum(
        small.design, small.blocks, small.y[:25], np.ones_like(small.y), found.atanh[:25]
    )


def test_maximum_with_missing_values(small: SmallStudy, holes: Floats) -> None:
    found = block_correlation(holes, small.basis, small.blocks)
    assert_at_the_maximum(
        small.design, small.blocks, holes[:25], np.ones_like(holes), found.atanh[:25]
    )


def test_maximum_with_weights_and_missing_values(small: SmallStudy, holes: Floats) -> None:
    found = block_correlation(holes, small.basis, small.blocks, small.weights)
    assert_at_the_maximum(small.design, small.blocks, holes[:25], small.weights, found.atanh[:25])


def test_likelihoods_with_two_maxima(rng: np.random.Generator) -> None:
    """Few samples in uneven blocks: one feature in twelve has a second, lower maximum."""
    blocks = make_blocks(["a", "a", "b", "b", "c", "d"])
    x = np.column_stack([np.ones(6), rng.normal(size=6)])
    y = rng.normal(size=(60, 6))
    found = block_correlation(y, design_basis(x), blocks)
    assert_at_the_maximum(x, blocks, y, np.ones_like(y), found.atanh)


@pytest.mark.parametrize(
    ("labels", "covariate", "y"),
    [
        ("aabbcd", [0, 1, 0, 1, 1, 2], [-0.82, -2.01, -0.01, -0.48, -0.9, 0.84]),
        ("aaabbcde", [0, 1, 2, 0, 1, 0, 1, 2], [0.46, 0.41, -1.21, -0.38, -1.11, 0.24, -1.3, 1.86]),
    ],
)
@pytest.mark.parametrize("weight", [None, 3.0])
def test_two_maxima_almost_as_high(
    labels: str, covariate: list[int], y: list[float], weight: float | None
) -> None:
    """The highest point of a coarse grid lies near the lower maximum."""
    blocks = make_blocks(list(labels))
    x = np.column_stack([np.ones(len(labels)), covariate])
    row = np.array([y])
    w = None if weight is None else np.full(row.shape, weight)
    found = block_correlation(row, design_basis(x), blocks, w)
    heights = [
        restricted_log_likelihood(rho, row[0], x, blocks, np.ones(len(y)))
        for rho in [*np.tanh(found.atanh), *np.tanh(np.linspace(-0.5, 2.6, 800))]
    ]
    assert heights[0] >= max(heights) - 1e-10


def test_equal_weights_are_no_weights(small: SmallStudy) -> None:
    plain = block_correlation(small.y, small.basis, small.blocks)
    equal = block_correlation(small.y, small.basis, small.blocks, np.full(small.y.shape, 3.7))
    np.testing.assert_allclose(equal.atanh, plain.atanh, rtol=1e-8, atol=1e-9)


def test_statsmodels_agrees(small: SmallStudy) -> None:
    """MixedLM knows positive variances only and stops at about 1e-5."""
    found = np.tanh(block_correlation(small.y, small.basis, small.blocks).atanh)
    clear = np.flatnonzero((found > 0.2) & (found < 0.9))[:4]
    assert clear.size == 4
    for i in clear:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of its own optimiser
            fit = MixedLM(small.y[i], small.design, groups=small.blocks.codes).fit(reml=True)
        between = float(np.asarray(fit.cov_re).item())
        assert found[i] == pytest.approx(between / (between + fit.scale), abs=2e-4)


def test_balanced_pairs_have_a_closed_form(rng: np.random.Generator) -> None:
    """One visit before and one after: ratio of mean squares between and within."""
    after = np.tile([0.0, 1.0], 7)
    blocks = make_blocks([str(i // 2) for i in range(14)])
    x = np.column_stack([np.ones(14), after])
    y = simulated(rng, 40, blocks, 0.3, x)
    pairs = y.reshape(40, 7, 2)
    between = pairs.sum(axis=2).var(axis=1, ddof=1) / 2
    within = np.diff(pairs, axis=2)[:, :, 0].var(axis=1, ddof=1) / 2
    rho = np.clip((between - within) / (between + within), -0.99, 0.99)
    found = block_correlation(y, design_basis(x), blocks)
    np.testing.assert_allclose(np.tanh(found.atanh), rho, rtol=1e-9, atol=1e-10)


def test_consensus_recovers_the_truth(rng: np.random.Generator) -> None:
    blocks = make_blocks([f"{i // 5}" for i in range(60)])
    x = np.column_stack([np.ones(60), np.arange(60) >= 30])
    found = block_correlation(simulated(rng, 1500, blocks, 0.4, x), design_basis(x), blocks)
    assert found.consensus == pytest.approx(0.4, abs=0.02)


def test_consensus_is_a_trimmed_mean() -> None:
    values = np.concatenate([np.linspace(0.1, 1.2, 27) ** 3, [np.nan, 80.0, -90.0]])
    finite = values[np.isfinite(values)]
    assert consensus(values) == pytest.approx(np.tanh(stats.trim_mean(finite, 0.15)), rel=1e-12)
    assert consensus(values[::-1]) == consensus(values)


def test_work_in_pieces_changes_nothing(
    small: SmallStudy, holes: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = block_correlation(holes, small.basis, small.blocks, small.weights)
    monkeypatch.setattr(module, "_ROWS", 7)
    pieces = block_correlation(holes, small.basis, small.blocks, small.weights)
    np.testing.assert_allclose(pieces.atanh, whole.atanh, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_features_that_do_not_vary_have_no_correlation(small: SmallStudy, weighted: bool) -> None:
    """Their residuals are rounding; thousands of empty genes must not move the consensus."""
    # log CPM of genes without counts: equal up to the last bit
    flat = np.log2(np.full((500, small.y.shape[1]), 0.1) * np.linspace(1, 3, 500)[:, None])
    flat += np.where(np.arange(flat.shape[1]) % 3 == 0, 1, 0) * np.spacing(flat)
    y = np.vstack([small.y, flat])
    w = np.vstack([small.weights, np.resize(small.weights, flat.shape)]) if weighted else None
    own = small.weights if weighted else None
    found = block_correlation(y, small.basis, small.blocks, w)
    assert np.isnan(found.atanh[len(small.y) :]).all()
    alone = block_correlation(small.y, small.basis, small.blocks, own)
    assert found.consensus == pytest.approx(alone.consensus, rel=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_too_few_values_or_blocks(small: SmallStudy, weighted: bool) -> None:
    y = small.y[:6].copy()
    x = np.ones((len(small.design), 1))
    first_visits = np.unique(small.blocks.codes, return_index=True)[1]
    y[0] = np.nan
    y[1, 3:] = np.nan  # three values, one block
    y[2, np.setdiff1d(np.arange(y.shape[1]), first_visits)] = np.nan  # no block seen twice
    y[3, 4:] = np.nan  # four values in two blocks, as many as are needed
    found = block_correlation(
        y, design_basis(x), small.blocks, small.weights[:6] if weighted else None
    )
    assert np.isnan(found.atanh).tolist() == [True, True, True, False, False, False]


def test_more_values_than_coefficients_and_two(rng: np.random.Generator) -> None:
    blocks = make_blocks(["a", "a", "a", "b", "b"])
    x = np.column_stack([np.ones(5), rng.normal(size=5)])
    y = rng.normal(size=(2, 5))
    y[1, 0] = np.nan  # four values are too few for two coefficients
    found = block_correlation(y, design_basis(x), blocks)
    assert np.isnan(found.atanh).tolist() == [False, True]


def test_range_ends_are_reached() -> None:
    """Blocks of three that differ hugely, or whose members repel each other."""
    blocks = make_blocks([str(i // 3) for i in range(12)])
    apart = np.repeat([1.0, 5.0, -4.0, 9.0], 3) + np.tile([1e-6, 0, -1e-6], 4)
    repel = np.tile([1.0, 0.0, -1.0], 4) + np.repeat([1e-6, 0, -1e-6, 0], 3)
    found = block_correlation(np.vstack([apart, repel]), design_basis(np.ones((12, 1))), blocks)
    np.testing.assert_allclose(np.tanh(found.atanh), [0.99, -0.49], rtol=1e-9)


@pytest.mark.parametrize(
    "labels", [[str(i) for i in range(10)], ["one"] * 10], ids=["one sample each", "one block"]
)
def test_blocks_without_information_are_an_error(
    labels: list[str], rng: np.random.Generator
) -> None:
    y = rng.normal(size=(5, 10))
    with pytest.raises(ValueError, match="enough blocks"):
        block_correlation(y, design_basis(np.ones((10, 1))), make_blocks(labels))
    y[:, 0] = np.nan
    with pytest.raises(ValueError, match="enough blocks"):
        block_correlation(y, design_basis(np.ones((10, 1))), make_blocks(labels))


def test_no_features_is_an_error() -> None:
    with pytest.raises(ValueError, match="no feature"):
        block_correlation(
            np.empty((0, 4)), design_basis(np.ones((4, 1))), make_blocks(["a", "a", "b", "b"])
        )


def test_block_numbers() -> None:
    blocks = make_blocks(["b", "a", "c", "a"])
    assert blocks.codes.tolist() == [1, 0, 2, 0]
    assert (blocks.n_blocks, blocks.largest) == (3, 2)
    np.testing.assert_array_equal(blocks.indicators.sum(axis=0), [2, 1, 1])
