from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.numeric.lowess import lowess
from cohortmart.core.types import Floats

TIED_X = [0, 0, 0, 1, 1, 2, 3, 3, 3, 4, 5, 5.5, 6, 6, 6, 6, 7, 9, 12, 20]
TIED_Y = [1, 3, 2, 5, 4, 4, 8, 2, 7, 6, 9, 1, 5, 5.5, 6, 30, 7, 6, 8, 9]
#: R 4.2.2, lowess(x, y, f = 0.5)$y and lowess(x, y, f = 2/3, delta = 2.5)$y, one value a tie
R_TIED = [
    2.2641080557332636, 3.6805999379177194, 5.1276365763187544, 6.0027245304818893,
    7.0187049944677211, 6.5672307666143164, 6.3159359295976207, 6.2014123486898853,
    6.1047084490549715, 6.6690178816541721, 7.7492707349288228, 9.0788200474094882,
]  # fmt: skip
R_TIED_COARSE = [
    2.3726254884841240, 3.5925131079674610, 4.8124007274507976, 5.5159708398510690,
    6.2195409522513403, 6.1984719238179409, 6.1879374096012407, 6.1774028953845406,
    6.1089622260245617, 6.7290771283417552, 7.6361939893537976, 9.1191135902935869,
]  # fmt: skip
#: the same of 200 points, every 20th: f = 0.5, and f = 0.3 with delta = 0
R_CURVE = [
    1.668847653271953169, 1.297195410694966355, 1.038737646187910091, 0.591568474622348295,
    0.090693997028465700, -0.240207479230633431, -0.276752970335274795, 0.021021167239920344,
    0.536284129933967568, 1.041304786924234227,
]  # fmt: skip
R_FINE = [
    1.238093933773289468, 1.369158697661107649, 1.150270107470012126, 0.610171656120677586,
    0.033767342502549015, -0.360914174636306928, -0.410618664256895749, -0.059476512402356435,
    0.535278728073163013, 1.092714120507520814,
]  # fmt: skip


def curve() -> tuple[Floats, Floats]:
    i = np.arange(1, 201)
    x = np.sort((i * 37) % 101 + i / 7)
    return x, np.sin(x / 15) + ((i * 53) % 29) / 29


def test_numbers_of_r() -> None:
    x, y = curve()
    np.testing.assert_allclose(lowess(x, y)[::20], R_CURVE, rtol=1e-11)
    np.testing.assert_allclose(lowess(x, y, span=0.3, delta=0.0)[::20], R_FINE, rtol=1e-11)


def test_numbers_of_r_with_ties_and_an_outlier() -> None:
    x, y = np.array(TIED_X, float), np.array(TIED_Y, float)
    first = np.unique(x, return_index=True)[1]
    np.testing.assert_allclose(lowess(x, y, span=0.5)[first], R_TIED, rtol=1e-12)
    found = lowess(x, y, span=2 / 3, delta=2.5)
    np.testing.assert_allclose(found[first], R_TIED_COARSE, rtol=1e-12)
    for at in np.unique(x):
        assert np.unique(found[x == at]).size == 1


def test_more_equal_x_than_a_window_holds() -> None:
    x = np.array([0, 0, 0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1.5, 1.5, 1.5])
    y = np.array([0.61, 0.61, -0.89, 0.45, -0.37, 2.84, 0.73, 0.84, -2.22, -0.98, 0.59, 0.4])
    found = lowess(x, y, span=0.25, rounds=0, delta=0.0)
    # R 4.2.2: three points a window, yet the ties of x count in full: their mean
    np.testing.assert_allclose(found[[2, 6, 9]], [0.5075, -0.65 / 3, 0.01 / 3], rtol=1e-12)


def naive(x: Floats, y: Floats, span: float, rounds: int) -> Floats:
    """A line of its own at every point, every point looked at; Cleveland's definition."""
    n = len(x)
    near = max(int(span * n + 1e-7), 2)
    robustness, fitted = np.ones(n), np.empty(n)
    for turn in range(rounds + 1):
        for i in range(n):
            distance = np.abs(x - x[i])
            h = np.sort(distance)[near - 1]
            w = np.array(
                [max(1 - (d / h) ** 3, 0.0) ** 3 if d <= 0.999 * h else 0 for d in distance]
            )
            w[distance <= 0.001 * h] = 1.0
            w *= robustness
            slope, height = np.polyfit(x - x[i], y, 1, w=np.sqrt(w))
            fitted[i] = height + 0.0 * slope
        if turn < rounds:
            size = np.abs(y - fitted)
            ratio = size / (6 * np.median(size))
            robustness = np.where(ratio < 1, (1 - ratio**2) ** 2, 0.0)
            robustness[ratio <= 0.001], robustness[ratio > 0.999] = 1.0, 0.0
    return fitted


@pytest.mark.parametrize("rounds", [0, 1, 3])
@pytest.mark.parametrize("span", [0.3, 0.5, 0.8])
def test_the_naive_loop_agrees(span: float, rounds: int, rng: np.random.Generator) -> None:
    x = np.sort(rng.uniform(0, 10, 70))
    y = np.cos(x) + rng.normal(0, 0.2, 70)
    y[10] += 9
    found = lowess(x, y, span, rounds, delta=0.0)
    np.testing.assert_allclose(found, naive(x, y, span, rounds), rtol=1e-8, atol=1e-10)


def test_anchors_change_little(rng: np.random.Generator) -> None:
    x = np.sort(rng.normal(size=2000))
    y = np.sin(x) + rng.normal(0, 0.1, 2000)
    np.testing.assert_allclose(lowess(x, y), lowess(x, y, delta=0.0), atol=2e-3)


def test_a_straight_line_stays_one() -> None:
    x = np.linspace(0, 1, 50) ** 2
    np.testing.assert_allclose(lowess(x, 3 - 2 * x), 3 - 2 * x, rtol=1e-10)


def test_degenerate_input() -> None:
    found = lowess(np.ones(4), np.array([1.0, 2, 3, 6]))
    np.testing.assert_allclose(found, [2.827491374279891] * 4, rtol=1e-12)  # R 4.2.2
    np.testing.assert_array_equal(lowess(np.array([2.0]), np.array([5.0])), [5.0])
    with pytest.raises(ValueError, match="sorted"):
        lowess(np.array([1.0, 0.0]), np.zeros(2))
