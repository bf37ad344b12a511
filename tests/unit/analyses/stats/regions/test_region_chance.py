"""Regions by chance: random directions against the same contrast fitted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analyses.stats.regions.chance import Chance, chance_regions
from analyses.stats.regions.correlation import NeighbourCorrelation, neighbour_correlation
from analyses.stats.regions.neighbours import Runs, neighbours
from analyses.stats.regions.regions import candidate_regions, regions_of_runs
from analyses.stats.regions.residuals import Residuals

N, M, N_DIRECTIONS, SEED = 60, 9, 40, 3


@pytest.mark.parametrize("df_prior", [0.0, 4.0, np.inf])
@pytest.mark.parametrize("share", [0.0, 0.4])
def test_a_direction_is_a_contrast(df_prior: float, share: float) -> None:
    """Each direction taken as a contrast: the other coordinates are its residuals."""
    rng = np.random.default_rng(1)
    e = rng.standard_normal((N + 4, M))
    e = rng.uniform(0.5, 2.0, (N, 1)) * sum(e[i : N + i] for i in range(5))
    square = (e**2).sum(axis=1)
    found = Residuals(e / np.sqrt(square)[:, None], square, np.full(N, float(M)))
    beside = neighbours(np.zeros(N, int), np.arange(N) * 50, 500, 2)
    correlation = NeighbourCorrelation(
        found.unit, beside.position, np.array([0.0, 500.0]), np.array([0.8, 0.2]), share
    )
    d0, s0 = np.full(N, df_prior), np.full(N, 1.3)
    chance = chance_regions(found, d0, s0, correlation, beside, 0.2, N_DIRECTIONS, SEED)

    draws = np.random.default_rng(SEED).standard_normal((N_DIRECTIONS, M))
    smallest, p_values = [], []
    for u in draws / np.linalg.norm(draws, axis=1, keepdims=True):
        across = np.linalg.qr(np.column_stack([u, np.eye(M)[:, : M - 1]]))[0][:, 1:]
        rest = e @ across
        s2 = (rest**2).sum(axis=1) / (M - 1)
        finite = 0.0 if np.isinf(df_prior) else df_prior
        post = s0 if np.isinf(df_prior) else (finite * s0 + (M - 1) * s2) / (finite + M - 1)
        unit = rest / np.linalg.norm(rest, axis=1)[:, None]
        own = NeighbourCorrelation(
            unit, beside.position, correlation.distance, correlation.mean, share
        )
        regions = candidate_regions(
            e @ u, np.sqrt(post), np.full(N, df_prior + M - 1), own, beside, 0.2
        )
        smallest.append(regions.p_value.min(initial=1.0))
        p_values += regions.p_value.tolist()
    assert len(p_values) > 40
    np.testing.assert_allclose(chance.smallest, np.sort(smallest), rtol=1e-8)
    np.testing.assert_allclose(chance.p_value, np.sort(p_values), rtol=1e-8)


def test_a_missing_value_changes_little() -> None:
    """A CpG that lacks a sample lies in a space of one dimension less; its t stays a t."""
    rng = np.random.default_rng(2)
    n, m = 4000, 8
    e = rng.standard_normal((n, m))
    e[:, -1] = 0.0  # all of them lack it
    square = (e**2).sum(axis=1)
    found = Residuals(e / np.sqrt(square)[:, None], square, np.full(n, m - 1.0))
    beside = neighbours(np.zeros(n, int), np.arange(n) * 50, 500, 2)
    flat = NeighbourCorrelation(found.unit, beside.position, np.zeros(1), np.zeros(1), 1.0)
    nothing, ones = np.zeros(n), np.ones(n)
    chance = chance_regions(found, nothing, ones, flat, beside, 0.3, 200, 1)
    # both of two neighbours of one sign below 0.3: starts of runs, n x 0.15^2 x 0.85 x 2
    expected = n * 2 * 0.15**2 * 0.85
    assert len(chance.p_value) / 200 == pytest.approx(expected, rel=0.1)


def test_adjusted_p_values_count() -> None:
    chance = Chance(np.array([0.001, 0.01, 0.02, 1.0]), np.array([0.001, 0.01, 0.015, 0.02, 0.4]))
    p = np.array([0.02, 1e-9, 0.01])
    assert chance.family_wise(p).tolist() == pytest.approx([4 / 5, 1 / 5, 3 / 5])
    assert chance.expected(p).tolist() == pytest.approx([5 / 5, 1 / 5, 3 / 5])
    # 1/5 over one found, 3/5 over two, 1 over three: made monotone from the largest P
    assert chance.false_discovery_rate(p).tolist() == pytest.approx([1 / 3, 1 / 5, 3 / 10])
    assert chance.false_discovery_rate(np.empty(0)).tolist() == []


def test_the_threshold_is_where_adjusted_p_reaches_the_level() -> None:
    chance = Chance(np.linspace(0.01, 1.0, 100), np.linspace(0.01, 1.0, 100))
    limit = chance.threshold(0.05)
    assert chance.family_wise(np.array([limit * (1 - 1e-9)])).item() <= 0.05
    assert chance.family_wise(np.array([limit])).item() > 0.05
    assert Chance(np.array([0.5]), np.array([0.5])).threshold(0.05) == 0.0


def test_one_coordinate_has_no_directions() -> None:
    unit = np.ones((6, 1))
    beside = neighbours(np.zeros(6, int), np.arange(6), 500, 3)
    with pytest.raises(ValueError, match="at least 2"):
        chance_regions(
            Residuals(unit, np.ones(6), np.ones(6)), np.ones(6), np.ones(6),
            neighbour_correlation(unit, beside), beside, 0.05, 99, 1,
        )  # fmt: skip


def test_a_region_named_beforehand_has_a_valid_p() -> None:
    """Fixed windows of rotated, correlated CpGs: 5 % of P below 0.05."""
    rng = np.random.default_rng(4)
    e = rng.standard_normal((3000 + 4, 13))
    e = sum(e[i : 3000 + i] for i in range(5))
    z, rest = e[:, 0], e[:, 1:]
    square = (rest**2).sum(axis=1)
    unit, beside = (
        rest / np.sqrt(square)[:, None],
        neighbours(np.zeros(3000, int), np.arange(3000) * 50, 500, 2),
    )
    correlation = neighbour_correlation(unit, beside)
    start = np.arange(0, 2990, 6)
    runs = Runs(np.zeros(len(start), int), start, start + 5)
    found = regions_of_runs(runs, z, np.sqrt(square / 12), np.full(3000, 12.0), correlation)
    assert stats.binomtest(int((found.p_value < 0.05).sum()), len(start), 0.05).pvalue > 0.001
