from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson

from analyses.stats.counts.negative_binomial_quantile import NegativeBinomial, match_quantiles
from cohortmart.core.types import Floats

NO_LIMIT = 1e12


def law(mean: Floats, dispersion: Floats) -> NegativeBinomial:
    return NegativeBinomial(
        np.asarray(mean, dtype=float), np.broadcast_to(np.asarray(dispersion, float), mean.shape)
    )


def moved(count: Floats, old: NegativeBinomial, new: NegativeBinomial) -> Floats:
    return match_quantiles(count, old, new, np.full(count.shape, NO_LIMIT))[0]


def one_by_one(count: Floats, old: NegativeBinomial, new: NegativeBinomial) -> Floats:
    """The rule as it is written, by adding up probabilities."""
    out = count.copy()
    for i, c in enumerate(count):
        size, p = 1 / old.dispersion[i], 1 / (1 + old.dispersion[i] * old.mean[i])
        upper = nbinom.sf(c - 1, size, p)
        if c <= 1 or upper < 1e-4:
            continue
        size, p = 1 / new.dispersion[i], 1 / (1 + new.dispersion[i] * new.mean[i])
        x = np.arange(3000)
        enough = nbinom.sf(x, size, p) <= upper * (1 + 1e-10)
        out[i] = 1 + x[np.argmax(enough)]
    return out


def test_as_one_by_one(rng: np.random.Generator) -> None:
    n = 200
    old = law(np.exp(rng.uniform(0, 5, n)), np.exp(rng.uniform(-6, 1, n)))
    new = law(old.mean * np.exp(rng.normal(0, 0.7, n)), np.exp(rng.uniform(-6, 1, n)))
    size, p = 1 / old.dispersion, 1 / (1 + old.dispersion * old.mean)
    count = rng.negative_binomial(size, p).astype(float)
    count[:20] = np.rint(old.mean[:20] * 9)
    found = moved(count, old, new)
    assert (found != count).sum() > 100
    np.testing.assert_array_equal(found, one_by_one(count, old, new))


@given(
    st.integers(0, 2_000_000),
    st.floats(0.01, 1e6),
    st.floats(1e-9, 100.0),
    st.floats(0.05, 20.0),
)
def test_there_and_nowhere_else(count: int, mean: float, dispersion: float, fold: float) -> None:
    """Nothing moves to its own distribution; more mean, no smaller count; 0 and 1 stay."""
    y, here = np.array([float(count)]), law(np.array([mean]), dispersion)
    assert moved(y, here, here)[0] == count
    up = moved(y, here, law(np.array([mean * max(fold, 1 / fold)]), dispersion))[0]
    down = moved(y, here, law(np.array([mean * min(fold, 1 / fold)]), dispersion))[0]
    assert up >= count >= down >= min(count, 1)
    if count <= 1:
        assert up == down == count


def test_larger_counts_stay_larger() -> None:
    count = np.arange(2.0, 400.0)
    found = moved(count, law(np.full(398, 120.0), 0.2), law(np.full(398, 300.0), 0.4))
    assert (np.diff(found) >= 0).all()


def test_far_in_the_upper_tail_it_stays() -> None:
    old, new = law(np.full(60, 10.0), 1e-3), law(np.full(60, 40.0), 1e-3)
    count = np.arange(2.0, 62.0)
    found, in_tail, _ = match_quantiles(count, old, new, np.full(60, NO_LIMIT))
    np.testing.assert_array_equal(in_tail, nbinom.sf(count - 1, 1e3, 1 / 1.01) < 1e-4)
    assert 30 < in_tail.sum() < 45
    np.testing.assert_array_equal(found[in_tail], count[in_tail])
    assert (found[~in_tail] > count[~in_tail]).all()


def test_low_in_the_lower_tail_no_digit_is_lost() -> None:
    """A probability of 1e-40 is matched as well as one of a half."""
    count = np.array([500.0, 600.0, 700.0])
    old, new = law(np.full(3, 1000.0), 1e-3), law(np.full(3, 1200.0), 1e-3)
    found = moved(count, old, new)
    wanted = nbinom.cdf(count - 1, 1e3, 0.5)
    assert wanted[0] < 1e-29
    assert (nbinom.cdf(found - 1, 1e3, 1 / 2.2) >= wanted * (1 - 1e-9)).all()
    assert (nbinom.cdf(found - 2, 1e3, 1 / 2.2) < wanted).all()


def test_below_what_can_be_told_from_zero_it_stays() -> None:
    count = np.array([2.0, 500.0])
    old, new = law(np.full(2, 1e6), 1e-3), law(np.full(2, 1.1e6), 1e-3)
    found, in_tail, _ = match_quantiles(count, old, new, np.full(2, NO_LIMIT))
    np.testing.assert_array_equal(found, count)
    assert in_tail.all()


def test_next_to_no_dispersion_is_poisson() -> None:
    count = np.arange(2.0, 30.0)
    found = moved(count, law(np.full(28, 15.0), 0.0), law(np.full(28, 7.5), 0.0))
    wanted = 1 + poisson.isf(poisson.sf(count - 1, 15.0), 7.5)
    kept = poisson.sf(count - 1, 15.0) < 1e-4
    np.testing.assert_array_equal(found, np.where(kept, count, wanted))


@pytest.mark.parametrize("mean", [1e9, 1e100, np.inf])
def test_no_count_goes_beyond_the_limit(mean: float) -> None:
    count, limit = np.array([0.0, 1.0, 4.0, 9.0]), np.array([40.0, 40.0, 40.0, 9.0])
    found, _, capped = match_quantiles(
        count, law(np.full(4, 5.0), 0.1), law(np.full(4, mean), 0.1), limit
    )
    np.testing.assert_array_equal(found, [0.0, 1.0, 40.0, 9.0])
    np.testing.assert_array_equal(capped, [False, False, True, True])


def test_a_limit_that_is_just_met_caps_nothing() -> None:
    count, old, new = np.array([20.0]), law(np.array([15.0]), 0.1), law(np.array([60.0]), 0.1)
    free = moved(count, old, new)
    for limit, capped in ((free, False), (free - 1, True)):
        found = match_quantiles(count, old, new, limit)
        assert (found[0][0], found[2][0]) == (limit[0], capped)
