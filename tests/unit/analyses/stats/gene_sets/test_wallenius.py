"""Wallenius' test against its own definition: genes drawn one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.stats.gene_sets.wallenius import wallenius_greater, wallenius_odds
from analyses.stats.lists.fisher import fisher_greater
from cohortmart.core.types import Floats

#: Genes of the set, found genes, all genes, odds.
CASES = [
    (10, 5, 30, 2.0),
    (1, 1, 50, 0.3),
    (25, 20, 30, 3.0),
    (5, 29, 30, 0.5),
    (80, 11, 300, 0.5),
    (80, 29, 300, 0.5),
    (80, 30, 300, 4.0),
    (100, 500, 20000, 1.7),
    (500, 2000, 20000, 0.4),
    (50, 30, 20000, 8.0),
    (300, 10, 20000, 1e-3),
    (200, 1500, 5000, 1e3),
    (4000, 800, 5000, 0.7),
    (10, 1995, 2000, 1.5),
    (1990, 500, 2000, 3.0),
]


def drawn_one_by_one(m: int, n: int, total: int, odds: float) -> Floats:
    """Probability of 0, 1, ... genes of the set; only products and sums of positive numbers."""
    p = np.zeros(m + 2)
    p[0] = 1.0
    x = np.arange(m + 2)
    for drawn in range(n):
        inside = np.maximum(m - x, 0) * odds
        outside = np.maximum(total - m - (drawn - x), 0)
        left = np.maximum(inside + outside, 1e-300)
        moved = p * inside / left
        p = p * outside / left
        p[1:] += moved[:-1]
    return p[: min(m, n) + 1]


@pytest.mark.parametrize("case", CASES)
def test_tails_keep_their_digits(case: tuple[int, int, int, float]) -> None:
    p = drawn_one_by_one(*case)
    tail = np.cumsum(p[::-1])[::-1]  # from the small end
    known = tail > 1e-280
    got = wallenius_greater(np.arange(len(p)), *case)
    np.testing.assert_allclose(got[known], tail[known], rtol=1e-11)
    assert (got[~known] <= 2e-280).all()
    assert (got[~known] >= 0).all()
    mean = p @ np.arange(len(p))
    m, n, total, odds = case
    if min(m, n) > 20 and 0.1 < odds < 10:
        at_mean = wallenius_odds(mean, m, n, total)
        assert at_mean == pytest.approx(odds, rel=0.01)


def test_odds_of_one_are_fishers_test() -> None:
    rng = np.random.default_rng(3)
    total = rng.integers(20, 30000, 500)
    m, n = rng.integers(1, total), rng.integers(1, total)
    x = rng.integers(np.maximum(0, n + m - total), np.minimum(m, n) + 1)
    p = fisher_greater(x, m, n, total)
    got = wallenius_greater(x, m, n, total, 1.0)
    np.testing.assert_allclose(got[p > 1e-280], p[p > 1e-280], rtol=1e-10)
    np.testing.assert_allclose(wallenius_odds(m * n / total, m, n, total), 1.0, rtol=1e-9)


def test_ends_of_the_support() -> None:
    np.testing.assert_array_equal(wallenius_greater([0, 7, 8], 7, 9, 100, 2.0)[[0, 2]], [1, 0])
    assert wallenius_greater(4, 5, 9, 10, 0.1) == 1.0  # 9 of 10 have at least 4 of the 5
    assert wallenius_greater(9, 10, 9, 10, 0.1) == 1.0  # all genes are in the set
    np.testing.assert_array_equal(wallenius_odds([0, 4, 5], 5, 9, 10), [0, 0, np.inf])
    assert np.isnan(wallenius_odds(9, 10, 9, 10))


@given(st.data())
def test_set_and_rest_change_places(data: st.DataObject) -> None:
    """At least x of the set is less than n - x + 1 of the others, whose odds are the inverse."""
    total = data.draw(st.integers(4, 5000))
    m, n = (data.draw(st.integers(1, total - 1)) for _ in range(2))
    low, high = max(0, n + m - total), min(m, n)
    x = data.draw(st.integers(low, high))
    odds = data.draw(st.floats(0.02, 50))
    p = float(wallenius_greater(x, m, n, total, odds))
    other = float(wallenius_greater(n - x + 1, total - m, n, total, 1 / odds))
    assert p + other == pytest.approx(1.0, abs=1e-11)
    assert p <= float(wallenius_greater(x, m, n, total, odds * 1.5)) + 1e-12
    if low < x < high:
        inverse = wallenius_odds(n - x, total - m, n, total)
        assert wallenius_odds(x, m, n, total) * inverse == pytest.approx(1.0)
