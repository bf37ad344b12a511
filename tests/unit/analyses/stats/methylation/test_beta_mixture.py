from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, special, stats

from analyses.stats.methylation.beta_mixture import (
    ROUNDS,
    BetaMixture,
    MixtureError,
    _beta_ml,
    _grouped,
    crossings,
    fit_mixture,
)
from cohortmart.core.types import Floats

SHAPES = (0.05, 0.5, 1.0, 7.0, 300.0, 2e4)
STATES = ((2.0, 30.0), (3.0, 3.0), (30.0, 3.0))


def draw(rng: np.random.Generator, n: int) -> Floats:
    state = rng.choice(3, size=n, p=[0.45, 0.25, 0.3])
    return np.sort(rng.beta(*np.array(STATES)[state].T))


def em_by_hand(x: Floats, thresholds: tuple[float, float]) -> tuple[Floats, Floats, Floats]:
    """Textbook EM on every value, likelihood maximised by a general optimiser."""
    share = np.eye(3)[np.digitize(x, thresholds, right=True)].T
    for _ in range(ROUNDS):
        weight = share.mean(axis=1)
        shapes = []
        for w in share:
            m, v = np.average(x, weights=w), np.cov(x, aweights=w, ddof=0)
            start = np.log([m * (m * (1 - m) / v - 1), (1 - m) * (m * (1 - m) / v - 1)])
            shapes.append(
                np.exp(
                    optimize.minimize(
                        lambda p, w=w: -w @ stats.beta.logpdf(x, *np.exp(p)) / w.sum(),
                        start,
                        method="BFGS",
                        options={"gtol": 1e-7},
                    ).x
                )
            )
        density = np.array([k * stats.beta.pdf(x, *p) for k, p in zip(weight, shapes, strict=True)])
        share = density / density.sum(axis=0)
    return *np.array(shapes).T, weight


def test_em_is_the_textbooks(rng: np.random.Generator) -> None:
    x = draw(rng, 600)
    # first classes far from the states, so that no round is the last for being near enough
    thresholds = (0.35, 0.9)
    found = fit_mixture(x, thresholds)
    a, b, weight = em_by_hand(x, thresholds)
    assert found.rounds == ROUNDS
    np.testing.assert_allclose(found.a, a, rtol=1e-4)
    np.testing.assert_allclose(found.b, b, rtol=1e-4)
    np.testing.assert_allclose(found.weight, weight, rtol=1e-5)
    np.testing.assert_allclose(found.mean, a / (a + b), rtol=1e-5)


def test_states_far_apart_are_found_again_at_once(rng: np.random.Generator) -> None:
    x = np.sort(
        np.concatenate([rng.beta(20, 600, 4000), rng.beta(200, 200, 2000), rng.beta(600, 20, 4000)])
    )
    found = fit_mixture(x, (0.2, 0.75))
    assert found.rounds == 2  # nothing moved
    np.testing.assert_allclose(found.a, [20, 200, 600], rtol=0.08)
    np.testing.assert_allclose(found.b, [600, 200, 20], rtol=0.08)
    np.testing.assert_allclose(found.weight, [0.4, 0.2, 0.4], rtol=1e-6)


@pytest.mark.parametrize("groups", [5_000, 65_536])
def test_groups_of_neighbours_are_as_good_as_every_value(
    rng: np.random.Generator, groups: int
) -> None:
    x = draw(rng, 100_000)
    single = fit_mixture(x, (0.2, 0.75), groups=None)
    grouped = fit_mixture(x, (0.2, 0.75), groups=groups)
    tolerance = 20 / groups**1.5
    for one, other in ((single.a, grouped.a), (single.b, grouped.b)):
        np.testing.assert_allclose(other, one, rtol=tolerance)
    np.testing.assert_allclose(crossings(grouped), crossings(single), rtol=tolerance)
    assert not np.array_equal(single.a, grouped.a)


@pytest.mark.parametrize(
    ("a", "b"),
    [(a, b) for a in SHAPES for b in SHAPES if 1e-5 < a / b < 1e5],
)
def test_shapes_solve_the_score_equations(a: float, b: float) -> None:
    x = np.clip(stats.beta.ppf((np.arange(2000) + 0.5) / 2000, a, b), 1e-12, 1 - 2.0**-53)
    data = _grouped(x, np.array([0, 2000]), None)
    found = _beta_ml(np.full(2000, 0.5), data, "x")
    both = special.psi(sum(found))
    assert special.psi(found[0]) - both == pytest.approx(np.log(x).mean(), abs=1e-8)
    assert special.psi(found[1]) - both == pytest.approx(np.log1p(-x).mean(), abs=1e-8)


def mixture(a: list[float], b: list[float], weight: list[float]) -> BetaMixture:
    return BetaMixture(np.array(a), np.array(b), np.array(weight), 1)


@pytest.mark.parametrize(
    ("a", "b", "weight"),
    [
        ([2.0, 3.0, 30.0], [30.0, 3.0, 3.0], [0.4, 0.3, 0.3]),
        # the broad middle wins again at both ends
        ([4.0, 0.8, 60.0], [60.0, 0.8, 4.0], [0.4, 0.2, 0.4]),
        # the outer states are the broader ones and win again beyond the middle
        ([0.5, 50.0, 9.0], [3.0, 50.0, 0.6], [0.4, 0.3, 0.3]),
    ],
)
def test_states_change_where_they_are_equally_probable(
    a: list[float], b: list[float], weight: list[float]
) -> None:
    made = mixture(a, b, weight)
    low, high = crossings(made)

    def density(x: float | Floats) -> Floats:
        return np.array([w * stats.beta.pdf(x, p, q) for w, p, q in zip(weight, a, b, strict=True)])

    at_low, at_high = density(low), density(high)
    assert at_low[0] == pytest.approx(at_low[1], rel=1e-9)
    assert at_high[2] == pytest.approx(at_high[1], rel=1e-9)
    middle = float(made.mean[1])
    assert low < middle < high
    between = np.linspace(low, high, 203)[1:-1]
    inside = density(between)
    assert (inside[1] > inside[0])[between < middle].all()
    assert (inside[1] > inside[2])[between > middle].all()


@pytest.mark.parametrize(
    ("a", "b", "weight", "reason"),
    [
        ([3.0, 3.0, 30.0], [3.0, 30.0, 3.0], [0.3, 0.4, 0.3], "the unmethylated state is nowhere"),
        ([2.0, 3.0, 3.0], [30.0, 3.0, 4.0], [0.4, 0.3, 0.3], "the methylated state is nowhere"),
        ([2.0, 2.0, 30.0], [30.0, 2.0, 3.0], [0.001, 0.998, 0.001], "is nowhere"),
        ([5.0, 5.0, 9.0], [8.0, 6.0, 5.0], [0.5, 0.001, 0.499], "is nowhere"),
        # the outer state wins at the middle's own mean
        ([2.0, 3.0, 30.0], [3.0, 3.0, 3.0], [0.6, 0.1, 0.3], "the unmethylated state is nowhere"),
    ],
)
def test_a_state_that_never_wins(
    a: list[float], b: list[float], weight: list[float], reason: str
) -> None:
    with pytest.raises(MixtureError, match=reason):
        crossings(mixture(a, b, weight))


def test_states_that_cannot_be_fitted(rng: np.random.Generator) -> None:
    x = draw(rng, 500)
    for thresholds in ((0.75, 0.2), (0.0, 0.5), (0.5, 1.0), (0.5, 0.5), (float("nan"), 0.5)):
        with pytest.raises(MixtureError, match=r"do not rise inside 0\.\.1"):
            fit_mixture(x, thresholds)
    with pytest.raises(MixtureError, match="3 distinct values in the half-methylated state"):
        fit_mixture(x[(x < 0.2) | (x > 0.75)], (0.2, 0.75))
    two_values = np.concatenate([np.repeat([0.1, 0.15], 20), x[x > 0.2]])
    with pytest.raises(MixtureError, match="3 distinct values in the unmethylated state"):
        fit_mixture(two_values, (0.2, 0.75))
    spike = np.concatenate([0.1 + np.arange(50) * 1e-13, x[x > 0.2]])
    with pytest.raises(MixtureError, match=r"unmethylated state shrank to a point at 0\.1$"):
        fit_mixture(spike, (0.2, 0.75))
    empty = _grouped(x, np.array([0, 500]), None)
    with pytest.raises(MixtureError, match="the lost state is left with no values"):
        _beta_ml(np.zeros(500), empty, "lost")
