from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.numeric.tail_table import (
    shared_df,
    t_quantile_of_rows,
    t_two_sided_of_rows,
    tail_table,
)
from analyses.stats.numeric.tails import t_quantile, t_two_sided


@pytest.mark.parametrize("df", [0.3, 1.0, 2.0, 3.7, 10.0, 51.0, 57.3, 400.0, 1e4, 1e6, 4.4e7, 1e8])
def test_polynomial_is_the_incomplete_beta_function(df: float) -> None:
    t = np.concatenate([[0.0], np.geomspace(1e-9, 1, 40), np.linspace(1, 37, 400), [60.0, 1e3]])
    expected = t_two_sided(t, df)
    found = tail_table(df)(np.where(np.arange(t.size) % 2, t, -t))
    near = expected > 1e-60
    np.testing.assert_allclose(found[near], expected[near], rtol=5e-14)
    np.testing.assert_allclose(found, expected, rtol=3e-13, atol=1e-300)
    assert found.max() <= 1.0


def test_even_df_has_a_closed_form() -> None:
    """With 4 df 1 - u (1 + (1 - u^2) / 2), u = t / sqrt(4 + t^2): in v = 1 - u without loss."""
    t = np.geomspace(0.01, 1e60, 300)
    root = np.sqrt(4 + t**2)
    v = 4 / (root * (root + t))
    np.testing.assert_allclose(tail_table(4.0)(t), v * v * (3 - v) / 2, rtol=8e-14)


def test_beyond_the_table() -> None:
    t = np.array([np.nan, np.inf, -np.inf, 1e200, 45.0, 0.0])
    np.testing.assert_array_equal(tail_table(30.0)(t)[:4], [np.nan, 0, 0, 0])
    assert tail_table(30.0)(t)[5] == pytest.approx(1.0, rel=1e-15)
    assert tail_table(1e5)(np.array([36.5]))[0] == t_two_sided(36.5, 1e5)  # about 1e-290


def test_rows_with_many_df(rng: np.random.Generator) -> None:
    """Shared ones, one of a kind, infinite, missing; in blocks that mix them."""
    df = rng.choice([12.5, 57.0, np.inf], 5000)
    df[::7] = rng.uniform(1, 80, df[::7].size)
    df[3], df[4], df[5] = np.nan, 1e12, 0.01
    t = rng.standard_t(5, size=(5000, 3)) * 2
    t[9] = np.nan
    found = t_two_sided_of_rows(t, np.broadcast_to(df[:, None], t.shape))
    np.testing.assert_allclose(found, t_two_sided(t, df[:, None]), rtol=1e-13)
    assert np.isnan(found[[3, 9]]).all()
    assert t_two_sided_of_rows(t[:0], np.empty((0, 3))).shape == (0, 3)


def test_df_of_their_own(rng: np.random.Generator) -> None:
    """Every contrast its own df; the same numbers as where a view says that they share it."""
    df = rng.uniform(0.5, 60, (3000, 4))
    df[0, :2], df[1000:, 1] = (np.inf, np.nan), np.geomspace(50, 1e9, 2000)
    t = rng.standard_t(5, size=df.shape) * 2
    t[1], t[2:400] = (0.0, np.inf, np.nan, -np.inf), np.linspace(-37, 37, 398)[:, None]
    t[400], t[401] = 1e-12, 1e200
    np.testing.assert_allclose(t_two_sided_of_rows(t, df), t_two_sided(t, df), rtol=1e-12)
    np.testing.assert_array_equal(t_quantile_of_rows(0.025, df), t_quantile(0.025, df))
    view = np.broadcast_to(df[:, :1], df.shape)
    for function in (lambda d: t_two_sided_of_rows(t, d), lambda d: t_quantile_of_rows(0.025, d)):
        np.testing.assert_allclose(function(view), function(view.copy()), rtol=1e-12)
    assert t_quantile_of_rows(0.025, view).strides[1] == 0


def test_shared_df() -> None:
    column = np.arange(3.0)[:, None]
    np.testing.assert_array_equal(shared_df(np.broadcast_to(column, (3, 5))), column[:, 0])
    np.testing.assert_array_equal(shared_df(column), column[:, 0])
    assert shared_df(np.repeat(column, 5, axis=1)) is None
    assert shared_df(np.empty((3, 0))) is None
