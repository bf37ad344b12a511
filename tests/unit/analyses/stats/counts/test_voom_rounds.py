"""voom with blocks and weights of samples, and the rounds, against limma and by hand."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from scipy.stats import norm

from analyses.stats.counts.voom import VoomValues, voom
from analyses.stats.counts.voom_rounds import voom_rounds
from analyses.stats.linear.array_weights import array_weights
from analyses.stats.linear.basis import design_basis
from analyses.stats.mixed.block_correlation import block_correlation
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.numeric.lowess import adaptive_span, lowess
from cohortmart.core.types import Floats
from tests.support.dense import covariance
from tests.support.paths import DATA

DESIGN = np.column_stack([np.ones(12), np.tile([0.0, 1.0], 6)])
BASIS = design_basis(DESIGN)
BLOCKS = make_blocks([str(i // 2) for i in range(12)])
SAMPLES = np.arange(1, 13) / 6


@pytest.fixture(scope="module")
def counts() -> Floats:
    """Those of limma_voom_rounds.R."""
    g, s = np.arange(1, 121)[:, None], np.arange(1, 13)[None, :]
    person = (s + 1) // 2
    noise = norm.ppf(((g * 7919 + s * 104729 + g * g * s * 31) % 1009 + 0.5) / 1009)
    shared = norm.ppf(((g * 6133 + person * 50021 + g * g * person * 17) % 1013 + 0.5) / 1013)
    size = 1 + (g * 29) % 83 / 14
    spread = np.where(s % 5 == 0, 2.5, 1.0)
    out = np.asarray(np.round(np.exp(size + 0.3 * noise * spread + 0.3 * shared)))
    out[4] = 0
    return out


@pytest.fixture(scope="module")
def limma() -> dict[str, dict[tuple[int, int], float]]:
    out: dict[str, dict[tuple[int, int], float]] = {}
    with (DATA / "limma_voom_rounds.csv").open() as file:
        for row in csv.DictReader(file):
            place = int(row["gene"]) - 1, int(row["sample"]) - 1
            out.setdefault(row["case"], {})[place] = float(row["value"])
    return out


def assert_like(found: Floats, expected: dict[tuple[int, int], float], near: float) -> None:
    assert len(expected) in (12, 60)
    values = [found[place] for place in expected]
    np.testing.assert_allclose(values, list(expected.values()), rtol=near)


def values_of(counts: Floats, *rest: object) -> VoomValues:
    return voom(counts, counts.sum(axis=0), BASIS, *rest)  # type: ignore[arg-type]


def test_limma_agrees_on_blocks_and_samples(
    counts: Floats, limma: dict[str, dict[tuple[int, int], float]]
) -> None:
    assert_like(values_of(counts, BLOCKS, 0.4).weights, limma["block"], 1e-9)
    assert_like(values_of(counts, None, 0.0, SAMPLES).weights, limma["weights"], 1e-9)
    assert_like(values_of(counts, BLOCKS, 0.4, SAMPLES).weights, limma["both"], 1e-9)


def test_limma_agrees_on_quality_weights(
    counts: Floats, limma: dict[str, dict[tuple[int, int], float]]
) -> None:
    found = voom_rounds(counts, counts.sum(axis=0), BASIS, weigh_samples=True)
    assert found.sample_weights is not None
    assert found.correlation is None
    assert_like(found.sample_weights[None], limma["quality_sample"], 1e-6)
    assert_like(found.weights, limma["quality"], 1e-6)
    # and with the correlation that R was given
    once = values_of(counts, BLOCKS, 0.4)
    again = values_of(counts, BLOCKS, 0.4, array_weights(once.log2_cpm, BASIS, once.weights))
    of_samples = array_weights(again.log2_cpm, BASIS, again.weights)
    assert_like(of_samples[None], limma["quality_block_sample"], 1e-6)
    assert_like(again.weights * of_samples, limma["quality_block"], 1e-6)


def test_limma_agrees_on_the_span(
    counts: Floats, limma: dict[str, dict[tuple[int, int], float]]
) -> None:
    library = counts.sum(axis=0)
    wide = voom(counts, library, BASIS, span=0.8)
    assert_like(wide.weights, limma["span"], 1e-9)
    adaptive = voom(counts, library, BASIS, span="adaptive")
    assert_like(adaptive.weights, limma["span_adaptive"], 1e-9)
    assert np.abs(adaptive.weights / wide.weights - 1).max() > 1e-3


@pytest.mark.parametrize(
    ("n_genes", "span"), [(1, 1.0), (50, 1.0), (400, 0.65), (6250, 0.44), (50_000, 0.37)]
)
def test_the_adaptive_span_is_limmas(n_genes: int, span: float) -> None:
    """0.3 + 0.7 (50 / n)^(1/3): 400 genes are 8 times 50, 6,250 are 5^3 times, 50,000 10^3."""
    assert adaptive_span(n_genes, 50) == pytest.approx(span, abs=1e-15)


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("weigh", [False, True])
def test_every_round_has_the_span(counts: Floats, rounds: int, weigh: bool) -> None:
    library = counts.sum(axis=0)
    found = voom_rounds(counts, library, BASIS, BLOCKS, rounds, weigh, 0.8)
    rest = () if rounds == 1 else (BLOCKS, float(found.correlation or 0.0))
    last = voom(counts, library, BASIS, *rest, span=0.8)
    if weigh:
        of_samples = array_weights(last.log2_cpm, BASIS, last.weights)
        padded = rest or (None, 0.0)
        last = voom(counts, library, BASIS, *padded, of_samples, 0.8)
    np.testing.assert_array_equal(found.trend.trend, last.trend.trend)
    usual = voom_rounds(counts, library, BASIS, BLOCKS, rounds, weigh)
    assert np.nanmax(np.abs(found.trend.trend - usual.trend.trend)) > 1e-3


def test_the_blocked_fit_is_generalised_least_squares(counts: Floats) -> None:
    """The sd of each gene, and with it the trend's points, from dense matrices."""
    library = counts.sum(axis=0)
    found = values_of(counts, BLOCKS, 0.4, SAMPLES)
    v = np.linalg.inv(covariance(BLOCKS, 0.4, SAMPLES))
    y = found.log2_cpm
    beta = np.linalg.solve(DESIGN.T @ v @ DESIGN, DESIGN.T @ v @ y.T)
    fitted = (DESIGN @ beta).T
    rss = np.einsum("gi,ij,gj->g", y - fitted, v, y - fitted)
    size = y.mean(axis=1) + np.log2(library + 1).mean() - np.log2(1e6)
    seen = counts.any(axis=1)
    order = np.argsort(size[seen], kind="stable")
    curve = lowess(size[seen][order], np.sqrt(np.sqrt(rss / 10))[seen][order], span=0.5)
    at = fitted + np.log2(library + 1) - np.log2(1e6)
    predicted = np.interp(at, size[seen][order], curve) ** -4.0
    np.testing.assert_allclose(found.weights, predicted, rtol=1e-8)


def test_no_correlation_is_no_block(counts: Floats) -> None:
    plain = values_of(counts)
    np.testing.assert_allclose(values_of(counts, BLOCKS, 0.0).weights, plain.weights, rtol=1e-10)
    alike = values_of(counts, None, 0.0, np.full(12, 4.0))
    # sds are twice as large, fitted values the same: weights a quarter
    np.testing.assert_allclose(alike.weights, plain.weights / 4, rtol=1e-10)


@pytest.mark.parametrize("weigh", [False, True])
def test_rounds_by_hand(counts: Floats, weigh: bool) -> None:
    library = counts.sum(axis=0)
    one = voom_rounds(counts, library, BASIS, BLOCKS, 1, weigh)
    two = voom_rounds(counts, library, BASIS, BLOCKS, 2, weigh)
    assert one.correlation is None
    # a block has no part in the first round
    np.testing.assert_array_equal(
        one.weights, voom_rounds(counts, library, BASIS, None, 1, weigh).weights
    )
    rho = block_correlation(one.log2_cpm, BASIS, BLOCKS, one.weights).consensus
    assert two.correlation == rho > 0.1
    if weigh:
        once = voom(counts, library, BASIS, BLOCKS, rho)
        of_samples = array_weights(once.log2_cpm, BASIS, once.weights)
        again = voom(counts, library, BASIS, BLOCKS, rho, of_samples)
        of_samples = array_weights(again.log2_cpm, BASIS, again.weights)
        expected = again.weights * of_samples
        assert two.sample_weights is not None
        np.testing.assert_array_equal(two.sample_weights, of_samples)
        # the samples made noisy weigh less than any other
        assert set(np.argsort(of_samples)[:2]) == {4, 9}
    else:
        expected = voom(counts, library, BASIS, BLOCKS, rho).weights
    np.testing.assert_array_equal(two.weights, expected)
    assert np.abs(two.weights / one.weights - 1).max() > 0.01


def test_a_second_round_needs_blocks(counts: Floats) -> None:
    with pytest.raises(ValueError, match="needs blocks"):
        voom_rounds(counts, counts.sum(axis=0), BASIS, None, 2)


@pytest.mark.parametrize(
    ("case", "rest"), [("plain", ()), ("both", (BLOCKS, 0.4, SAMPLES))], ids=["plain", "both"]
)
def test_limma_agrees_on_the_trend(counts: Floats, case: str, rest: tuple[object, ...]) -> None:
    found = values_of(counts, *rest).trend
    with (DATA / "limma_voom_trend.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["case"] == case]
    assert len(rows) == 17
    at = [int(row["gene"]) - 1 for row in rows]
    for name in ("mean_log2_count", "sqrt_sd", "trend"):
        values = [float(row[name]) for row in rows]
        np.testing.assert_allclose(getattr(found, name)[at], values, rtol=1e-9)
        assert np.flatnonzero(np.isnan(getattr(found, name))).tolist() == [4]  # without counts


@pytest.mark.parametrize("weigh", [False, True])
def test_the_trend_is_that_of_the_last_round(counts: Floats, weigh: bool) -> None:
    library = counts.sum(axis=0)
    two = voom_rounds(counts, library, BASIS, BLOCKS, 2, weigh)
    assert two.correlation is not None
    last = voom(counts, library, BASIS, BLOCKS, two.correlation)
    if weigh:
        of_samples = array_weights(last.log2_cpm, BASIS, last.weights)
        last = voom(counts, library, BASIS, BLOCKS, two.correlation, of_samples)
    np.testing.assert_array_equal(two.trend.sqrt_sd, last.trend.sqrt_sd)
    np.testing.assert_array_equal(two.trend.trend, last.trend.trend)
    one = voom_rounds(counts, library, BASIS, BLOCKS, 1, weigh)
    assert np.nanmax(np.abs(one.trend.trend - two.trend.trend)) > 1e-3
