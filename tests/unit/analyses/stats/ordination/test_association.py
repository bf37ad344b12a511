"""Tests of variables against each other, against scipy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analyses.stats.ordination.association import cross_table, fit_factor, fit_line


def test_means_are_compared_as_scipy_does(rng: np.random.Generator) -> None:
    codes = np.repeat([4, 1, 9], [5, 8, 3])
    y = rng.normal(size=(16, 4)) + np.outer(codes == 1, [0, 1, 5, 100])
    found = fit_factor(y, codes)
    assert found is not None
    assert (found.df1, found.df2) == (2, 13)
    for j in range(4):
        f, p = stats.f_oneway(*(y[codes == c, j] for c in (1, 4, 9)))
        assert found.f[j] == pytest.approx(f, rel=1e-9)
        assert found.p_value[j] == pytest.approx(p, rel=1e-8)
    assert found.p_value[3] < 1e-20  # not 0, as 1 - cdf would be


def test_lines_are_fitted_as_scipy_does(rng: np.random.Generator) -> None:
    x = rng.normal(40, 5, 30)
    y = rng.normal(size=(30, 3)) + np.outer(x, [0, 0.2, -30])
    found = fit_line(y, x)
    assert found is not None
    assert (found.df1, found.df2) == (1, 28)
    for j in range(3):
        line = stats.linregress(x, y[:, j])
        assert found.r_squared[j] == pytest.approx(line.rvalue**2, rel=1e-9)
        assert found.p_value[j] == pytest.approx(line.pvalue, rel=1e-7)


def test_tables_are_compared_as_scipy_does(rng: np.random.Generator) -> None:
    a, b = rng.integers(0, 3, 60), rng.integers(5, 9, 60)
    b[a == 1] = 5
    found = cross_table(a, b)
    table = np.array([[np.sum((a == i) & (b == j)) for j in range(5, 9)] for i in range(3)])
    assert found is not None
    assert found.p_value == pytest.approx(stats.chi2_contingency(table, correction=False)[1])
    assert found.strength == pytest.approx(stats.contingency.association(table, method="cramer"))


def test_what_follows_from_the_other_has_strength_one() -> None:
    codes = np.repeat([0, 1, 2], 4)
    found = fit_factor(codes[:, None] * 0.1, codes)
    assert found is not None
    assert found.r_squared[0] == 1.0
    assert np.isposinf(found.f[0])
    assert found.p_value[0] == 0.0
    line = fit_line(0.3 + codes[:, None] * 0.1, codes * 7.0)
    assert line is not None
    assert line.r_squared[0] == 1.0
    table = cross_table(codes, -codes)
    assert table is not None
    assert table.strength == pytest.approx(1.0)


def test_nothing_to_compare() -> None:
    y = np.arange(6.0)[:, None]
    one, own, two = np.zeros(6, int), np.arange(6), np.arange(6) % 2
    assert fit_factor(y, one) is None
    assert fit_factor(y, own) is None  # no degrees of freedom are left
    assert fit_line(y, np.full(6, 0.1)) is None
    assert fit_line(y[:2], np.arange(2.0)) is None
    assert cross_table(one, two) is None
    assert cross_table(two, own) is None
    flat = fit_factor(np.full((6, 1), 0.1), two)
    assert flat is not None
    assert np.isnan([flat.r_squared[0], flat.f[0], flat.p_value[0]]).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(4, 30), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_names_scale_and_order_mean_nothing(n: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes, other, x = rng.integers(0, k, n), rng.integers(0, 3, n), rng.normal(size=n)
    y = rng.normal(size=(n, 2))
    order = rng.permutation(n)
    new_name = rng.permutation(k) * 10 - 7
    for first, second in (
        (fit_factor(y, codes), fit_factor(100 - 3 * y[order], new_name[codes[order]])),
        (fit_line(y, x), fit_line(100 - 3 * y[order], 5 - x[order] / 9)),
    ):
        assert (first is None) == (second is None)
        if first is not None and second is not None:
            assert ((first.r_squared >= 0) & (first.r_squared <= 1)).all()
            np.testing.assert_allclose(first.r_squared, second.r_squared, atol=1e-9)
            np.testing.assert_allclose(first.p_value, second.p_value, rtol=1e-6, atol=1e-12)
    one, two = cross_table(codes, other), cross_table(other[order], new_name[codes[order]])
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert 0 <= one.strength <= 1
        assert one.strength == pytest.approx(two.strength)
        assert one.p_value == pytest.approx(two.p_value)
