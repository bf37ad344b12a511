"""Correlation within persons, against an analysis of covariance and by its properties."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analyses.stats.mixed import repeated_measures as module
from analyses.stats.mixed.repeated_measures import (
    RepeatedMeasuresCorrelation,
    repeated_measures_correlation,
)
from cohortmart.core.types import Floats

#: Visits in no order; D has one, E has two.
PEOPLE = ["B", "A", "C", "A", "B", "D", "C", "A", "E", "B", "E", "A", "C"]
FIELDS = ("r", "df", "p_value", "n_visits", "n_subjects")


def values(rng: np.random.Generator, n: int = 60, missing: float = 0.15) -> tuple[Floats, Floats]:
    """Levels of the people that would hide what happens within them, and gaps of each quantity."""
    level = {w: rng.normal(0, 5, (2, n)) for w in sorted(set(PEOPLE))}
    shared = rng.normal(size=(n, len(PEOPLE)))
    x, y = (
        np.stack([level[w][k] for w in PEOPLE], axis=1) + shared + rng.normal(size=shared.shape)
        for k in range(2)
    )
    for v in (x, y):
        v[rng.random(v.shape) < missing] = np.nan
    return x, y


def ancova(x: Floats, y: Floats, whose: Sequence[str]) -> tuple[float, float, float, int, int]:
    """Fit one pair with a dummy a person and one slope: signed root of the partial R squared."""
    both = np.isfinite(x) & np.isfinite(y)
    names = np.array(whose)
    often = [w for w in sorted(set(whose)) if (both & (names == w)).sum() >= 2]
    both &= np.isin(names, often)
    n = int(both.sum())
    if n - len(often) - 1 < 1:
        return np.nan, np.nan, np.nan, n, len(often)
    dummies = (names[both][:, None] == np.array(often)).astype(float)
    fit = sm.OLS(y[both], np.column_stack([x[both], dummies])).fit()
    without = sm.OLS(y[both], dummies).fit()
    r = np.sign(fit.params[0]) * np.sqrt(1 - fit.ssr / without.ssr)
    return float(r), float(fit.df_resid), float(fit.pvalues[0]), n, len(often)


def fields(found: RepeatedMeasuresCorrelation) -> Floats:
    return np.array([getattr(found, name) for name in FIELDS], dtype=float).T


def test_covariance_with_a_dummy_per_person(rng: np.random.Generator) -> None:
    x, y = values(rng)
    x[7, :9] = np.nan  # two visits of two people are left: no degree of freedom
    expected = np.array([ancova(a, b, PEOPLE) for a, b in zip(x, y, strict=True)], dtype=float)
    assert np.isnan(expected[:, 0]).sum() >= 1
    assert len(set(expected[:, 4])) >= 3  # people drop out where too little is left of them
    found = repeated_measures_correlation(x, y, PEOPLE)
    np.testing.assert_allclose(fields(found), expected, rtol=1e-9, atol=1e-12)


def test_bland_and_altmans_own_example() -> None:
    """Intramural pH and PaCO2 (BMJ 1995;310:446, table 1); numbers as R's rmcorr prints them."""
    visits = {
        1: "6.68 3.97 6.53 4.12 6.43 4.09 6.33 3.97",
        2: "6.85 5.27 7.06 5.37 7.13 5.41 7.17 5.44",
        3: "7.40 5.67 7.42 3.64 7.41 4.32 7.37 4.73 7.34 4.96 7.35 5.04 7.28 5.22 7.30 4.82"
        " 7.34 5.07",
        4: "7.36 5.67 7.33 5.10 7.29 5.53 7.30 4.75 7.35 5.51",
        5: "7.35 4.28 7.30 4.44 7.30 4.32 7.37 3.23 7.27 4.46 7.28 4.72 7.32 4.75 7.32 4.99",
        6: "7.38 4.78 7.30 4.73 7.29 5.12 7.33 4.93 7.31 5.03 7.33 4.93",
        7: "6.86 6.85 6.94 6.44 6.92 6.52",
        8: "7.19 5.28 7.29 4.56 7.21 4.34 7.25 4.32 7.20 4.41 7.19 3.69 6.77 6.09 6.82 5.58",
    }
    numbers = {k: np.array(v.split(), dtype=float).reshape(-1, 2) for k, v in visits.items()}
    both = np.vstack(list(numbers.values())).T
    whose = [k for k, v in numbers.items() for _ in v]
    found = repeated_measures_correlation(both[:1], both[1:], whose)
    assert found.r[0] == pytest.approx(-0.5067697, abs=5e-8)
    assert found.p_value[0] == pytest.approx(0.0008471081, abs=5e-11)
    assert found.df[0] == 38


def test_a_person_with_one_visit_changes_nothing(rng: np.random.Generator) -> None:
    x, y = values(rng, missing=0)
    others = [i for i, w in enumerate(PEOPLE) if w != "D"]
    found = repeated_measures_correlation(x, y, PEOPLE)
    fewer = repeated_measures_correlation(x[:, others], y[:, others], [PEOPLE[i] for i in others])
    np.testing.assert_array_equal(fields(found), fields(fewer))
    assert set(found.n_visits) == {12}
    assert set(found.n_subjects) == {4}
    assert set(found.df) == {7.0}


def test_one_person_is_pearson() -> None:
    x, y = np.array([[1.0, 2.0, 4.0, 7.0]]), np.array([[2.0, 1.0, 5.0, 4.0]])
    found = repeated_measures_correlation(x, y, [3, 3, 3, 3])
    assert found.r[0] == pytest.approx(np.corrcoef(x, y)[0, 1], rel=1e-14)
    assert found.df[0] == 2


@pytest.mark.parametrize("slope", [2.0, -0.3, 1e-9, -1e200])
def test_a_line_in_every_person_is_exactly_one(rng: np.random.Generator, slope: float) -> None:
    x = rng.normal(8, 3, (5, len(PEOPLE)))
    level = dict(zip("ABCDE", [4.0, -90.0, 2.5, 0.0, 17.0], strict=True))
    y = slope * (x + np.array([level[w] for w in PEOPLE]))
    found = repeated_measures_correlation(x, y, PEOPLE)
    np.testing.assert_array_equal(found.r, np.sign(slope))
    np.testing.assert_array_equal(found.p_value, 0.0)


def test_nearly_a_line_keeps_its_digits() -> None:
    """Residuals of 1e-10 of the signal; 1 - r^2 from r would be 0."""
    u = np.array([1.0, -1.0, 1.0, -1.0, 0.0, 0.0])
    e = np.array([1.0, 1.0, -1.0, -1.0, 0.0, 0.0])  # at right angles to u, both of mean 0
    found = repeated_measures_correlation(u[None], (u + 1e-10 * e)[None], [1] * 6)
    expected = 2 * stats.t.sf(2e10, 4)
    assert 0 < expected < 1e-40
    assert found.p_value[0] == pytest.approx(expected, rel=1e-5, abs=0)


def test_what_never_moves_has_no_correlation(rng: np.random.Generator) -> None:
    x, y = values(rng, n=4, missing=0)
    level = {w: 0.1 * (i + 1) for i, w in enumerate("ABCDE")}
    x[0] = [level[w] for w in PEOPLE]  # differs between the people only
    y[1] = 1 / 3
    x[2], y[2] = 0.0, 0.0
    found = repeated_measures_correlation(x, y, PEOPLE)
    np.testing.assert_array_equal(np.isnan(found.r), [True, True, True, False])
    np.testing.assert_array_equal(np.isnan(found.p_value), [True, True, True, False])
    np.testing.assert_array_equal(found.df, [7.0] * 4)


@pytest.mark.parametrize("n", [4, 5000])
def test_rounding_is_no_movement(rng: np.random.Generator, n: int) -> None:
    """Neither the last bit of the values nor that of a mean over many of them."""
    x = np.tile([1 / 3, 1.0, 1 / 7], (2, n))
    x[1] += np.spacing(x[1]) * (np.arange(3 * n) % 2)
    y = rng.normal(size=x.shape)
    found = repeated_measures_correlation(x, y, ["A", "B", "C"] * n)
    np.testing.assert_array_equal(found.r, [np.nan, np.nan])


def test_two_visits_of_one_person_are_too_few() -> None:
    found = repeated_measures_correlation(np.eye(2), np.eye(2), ["A", "A"])
    np.testing.assert_array_equal(fields(found), [[np.nan, np.nan, np.nan, 2, 1]] * 2)


def test_nothing_in_nothing_out() -> None:
    assert repeated_measures_correlation(np.ones((0, 3)), np.ones((0, 3)), [1, 1, 2]).r.shape == (
        0,
    )
    none = repeated_measures_correlation(np.ones((2, 0)), np.ones((2, 0)), [])
    np.testing.assert_array_equal(fields(none), [[np.nan, np.nan, np.nan, 0, 0]] * 2)


@pytest.mark.parametrize("whose", [[1, 2], [[1, 2, 3]], [1, 2, 3, 4]])
def test_shapes_that_do_not_fit(whose: list[int]) -> None:
    with pytest.raises(ValueError, match="n_visits"):
        repeated_measures_correlation(np.ones((2, 3)), np.ones((2, 3)), whose)
    with pytest.raises(ValueError, match="n_pairs"):
        repeated_measures_correlation(np.ones((2, 3)), np.ones((1, 3)), [1, 1, 1])


def test_blocks_change_no_bit(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = values(rng, n=200)
    whole = fields(repeated_measures_correlation(x, y, PEOPLE))
    monkeypatch.setattr(module, "_VALUES", 1)  # blocks of 64 rows
    np.testing.assert_array_equal(fields(repeated_measures_correlation(x, y, PEOPLE)), whole)


@given(
    seed=st.integers(0, 2**32),
    scale=st.floats(1e-3, 1e3),
    sign=st.sampled_from([-1, 1]),
    shifts=st.lists(st.floats(-50, 50), min_size=5, max_size=5),
)
def test_levels_scale_and_order_do_not_matter(
    seed: int, scale: float, sign: int, shifts: list[float]
) -> None:
    rng = np.random.default_rng(seed)
    x, y = values(rng, n=8)
    found = repeated_measures_correlation(x, y, PEOPLE)
    moved = y * scale * sign + np.array([shifts["ABCDE".index(w)] for w in PEOPLE])
    order = rng.permutation(len(PEOPLE))
    again = repeated_measures_correlation(
        moved[:, order], x[:, order], [PEOPLE[i].lower() for i in order]
    )
    np.testing.assert_allclose(again.r, sign * found.r, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(again.p_value, found.p_value, rtol=1e-5, atol=1e-12)
    for name in ("df", "n_visits", "n_subjects"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    assert (np.abs(found.r[np.isfinite(found.r)]) <= 1).all()


def test_p_values_are_uniform_without_any_relation() -> None:
    """People differ a lot in both; only what happens within them counts."""
    rng = np.random.default_rng(11)
    whose = np.repeat(np.arange(8), 4)
    level = rng.normal(0, 10, (2, 8))
    x, y = (level[k][whose] + rng.normal(size=(20_000, 32)) for k in range(2))
    p = repeated_measures_correlation(x, y, whose).p_value
    np.testing.assert_allclose(
        [(p < a).mean() for a in (0.01, 0.1, 0.5)], [0.01, 0.1, 0.5], atol=0.012
    )
