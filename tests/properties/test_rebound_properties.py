"""What holds for every pair of contrasts, and how often a rebound is found where there is none."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from analyses.rebound.pairs import resolve_pairs
from analyses.rebound.rebound import (
    amplitude_contrasts,
    rebound_class,
    rebound_p,
    rebound_test,
)
from cohortmart.core.types import Floats

OPPOSITE = ["up-down", "down-up"]
changes = st.one_of(st.floats(-5, 5), st.sampled_from([0.0, -0.0, 1e-300, -1e-300, np.nan]))
p_values = st.one_of(st.floats(0, 1), st.just(np.nan))


@st.composite
def features(draw: st.DrawFn) -> tuple[Floats, Floats, Floats, Floats]:
    """Two changes and their P values."""
    n = draw(st.integers(1, 30))
    first, second = (draw(arrays(float, n, elements=changes)) for _ in range(2))
    return first, second, *(draw(arrays(float, n, elements=p_values)) for _ in range(2))


def same(found: tuple[Floats, ...], expected: tuple[Floats, ...]) -> None:
    for f, e in zip(found, expected, strict=True):
        np.testing.assert_array_equal(f, e)


@given(features())
def test_at_most_one_of_the_two_says_something_and_it_is_the_larger_p(columns) -> None:
    p_rebound, p_same = rebound_p(*columns)
    tested = ~np.isnan(np.array(columns)).any(axis=0)
    np.testing.assert_array_equal(np.isfinite(p_rebound), tested)
    np.testing.assert_array_equal(np.isfinite(p_same), tested)
    assert (np.maximum(p_rebound, p_same)[tested] == 1).all()
    still = (columns[0] == 0) | (columns[1] == 0)
    expected = np.where(still, 1.0, np.maximum(columns[2], columns[3]))
    np.testing.assert_array_equal(np.minimum(p_rebound, p_same)[tested], expected[tested])


@given(features())
def test_which_contrast_is_first_and_which_way_is_up_do_not_matter(columns) -> None:
    first, second, p_first, p_second = columns
    expected = rebound_p(*columns)
    same(rebound_p(second, first, p_second, p_first), expected)
    same(rebound_p(-first, -second, p_first, p_second), expected)
    same(rebound_p(first, -second, p_first, p_second), expected[::-1])


@given(features())
def test_the_class_says_which_of_the_two_it_is(columns) -> None:
    classes = rebound_class(columns[0], columns[1])
    p_rebound, p_same = rebound_p(*columns)
    opposite = np.isin(classes, OPPOSITE)
    assert not (p_rebound[~opposite] < 1).any()
    assert not (p_same[opposite | (classes == "")] < 1).any()


@given(features(), st.randoms(use_true_random=False))
def test_order_of_features(columns, random) -> None:
    order = np.array(random.sample(range(len(columns[0])), len(columns[0])))
    test, moved = rebound_test(*columns), rebound_test(*(c[order] for c in columns))
    np.testing.assert_array_equal(moved.adj_p_rebound, test.adj_p_rebound[order])
    np.testing.assert_array_equal(moved.adj_p_same, test.adj_p_same[order])
    assert not (test.adj_p_rebound < test.p_rebound * (1 - 1e-12)).any()


@settings(max_examples=15)
@given(
    st.floats(-1, 1),
    st.floats(0, 6),
    st.floats(0, 6),
    st.sampled_from([1, -1]),
    st.integers(0, 2**31),
)
def test_it_is_valid_wherever_the_true_changes_do_not_differ_in_sign(
    correlation, first, second, sign, seed
) -> None:
    """Both true changes at least 0, or both at most 0, with estimates of any correlation."""
    z = np.random.default_rng(seed).normal(size=(2, 200_000))
    one = z[0] + sign * first
    two = correlation * z[0] + np.sqrt(1 - correlation**2) * z[1] + sign * second
    p_rebound, _ = rebound_p(one, two, 2 * norm.sf(np.abs(one)), 2 * norm.sf(np.abs(two)))
    for level in (0.001, 0.01, 0.05, 0.2, 0.5):
        error = np.sqrt(level * (1 - level) / z.shape[1])
        assert (p_rebound <= level).mean() <= level + 5 * error


@given(
    arrays(float, (4, 3), elements=st.floats(-3, 3)), arrays(float, 4, elements=st.floats(-9, 9))
)
def test_amplitude_is_half_of_the_difference_of_the_changes(matrix, coefficients) -> None:
    pairs = resolve_pairs(["a", "b", "c"], [("a", "b"), ("c", "b")], [])
    one, two, three = coefficients @ matrix
    np.testing.assert_allclose(
        coefficients @ amplitude_contrasts(matrix, pairs),
        [(one - two) / 2, (three - two) / 2],
        atol=1e-9,
    )
