"""Tests against a minimum effect: limma, the definition, and what it is for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import ContrastFit, fit_contrasts
from analyses.stats.moderation import treat as module
from analyses.stats.moderation.ebayes import ModeratedFit, ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.treat import treat
from tests.support.limma_cases import CASES, DIGITS, RHO, limma_case
from tests.unit.analyses.stats.conftest import SmallStudy


def moderated(fit: ContrastFit) -> ModeratedFit:
    return ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual))


@pytest.fixture
def fit(small: SmallStudy) -> ContrastFit:
    return fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, 0.3, small.weights)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("tau", [0.4, 6.0])
def test_limma_agrees(name: str, tau: float) -> None:
    case = limma_case(name)
    fit = fit_contrasts(
        case.y, case.basis, case.contrasts, case.blocks, RHO, case.weights, errors="limma"
    )
    found = treat(fit, moderated(fit), tau)
    rows, t = case.of_r("t", tau)
    _, p = case.of_r("p", tau)
    np.testing.assert_allclose(found.t[rows], t, rtol=DIGITS, atol=1e-11)
    np.testing.assert_allclose(found.p_value[rows], p, rtol=DIGITS)
    assert p.min() < 1e-40  # an upper tail, not 1 - cdf
    assert (t == 0).any()


def test_no_minimum_is_the_ordinary_test(fit: ContrastFit) -> None:
    ordinary = moderated(fit)
    found = treat(fit, ordinary, 0.0)
    for name in ("t", "p_value", "se", "ci_low", "ci_high", "s2_post", "df_total"):
        np.testing.assert_array_equal(getattr(found, name), getattr(ordinary, name), err_msg=name)
    assert np.isnan(found.b).all()
    assert np.isfinite(ordinary.b).all()


def test_definition_with_degrees_of_freedom_of_each_contrast(
    fit: ContrastFit, rng: np.random.Generator
) -> None:
    df = rng.uniform(2.0, 40.0, fit.estimate.shape)
    own = replace(moderated(fit), df_total=df)
    found, tau = treat(fit, own, 0.3), 0.3
    size = np.abs(fit.estimate)
    p = stats.t.sf((size - tau) / own.se, df) + stats.t.sf((size + tau) / own.se, df)
    np.testing.assert_allclose(found.p_value, p, rtol=1e-12)
    beyond = size > tau
    assert 0 < beyond.mean() < 1
    assert (found.t[~beyond] == 0).all()
    assert not np.signbit(found.t[~beyond]).any()
    t = fit.estimate[beyond] - np.sign(fit.estimate[beyond]) * tau
    np.testing.assert_allclose(found.t[beyond], t / own.se[beyond], rtol=1e-13)


@settings(max_examples=25, deadline=None)
@given(
    effect=st.floats(-20, 20),
    se=st.floats(0.01, 5),
    df=st.floats(1, 1e4),
    minima=st.tuples(st.floats(0, 10), st.floats(0, 10)),
)
def test_a_larger_minimum_is_harder_to_pass(
    effect: float, se: float, df: float, minima: tuple[float, float]
) -> None:
    one = np.array([[effect, -effect]])
    fit = ContrastFit(one, one, *(np.ones(1),) * 3, np.ones((1, 0)), ())
    se_ = np.full((1, 2), se)
    ordinary = ModeratedFit(one / se, se_, se_, se_, se_, se_, np.ones(1), np.full((1, 2), df))
    low, high = (treat(fit, ordinary, tau) for tau in sorted(minima))
    assert (low.p_value <= high.p_value * (1 + 1e-12)).all()
    assert (np.abs(low.t) >= np.abs(high.t)).all()
    assert low.p_value[0, 0] == low.p_value[0, 1]
    assert low.t[0, 0] == -low.t[0, 1]
    assert (high.p_value <= 1.0).all()


def test_error_rate_at_the_minimum_and_within(rng: np.random.Generator) -> None:
    """At |effect| = tau the test holds its level; nearer to zero it is far below."""
    group = np.repeat([0.0, 1.0], 6)
    effect = np.tile([0.0, 1.0, -1.0, 2.5], 3000)
    y = rng.normal(size=(12000, 12)) * 0.6 + effect[:, None] * group
    fit = fit_contrasts(y, design_basis(np.column_stack([np.ones(12), group])), np.eye(2)[:, 1:])
    p = treat(fit, moderated(fit), 1.0).p_value[:, 0]
    low = p < 0.05
    for one in (1.0, -1.0):  # 3000 each: four Monte-Carlo errors are 0.016
        assert low[effect == one].mean() == pytest.approx(0.05, abs=0.016)
    assert low[effect == 0].mean() < 0.001
    assert low[effect == 2.5].mean() > 0.9


def test_many_features_in_pieces(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    y = rng.normal(size=(5000, 8)) * 2
    fit = fit_contrasts(y, design_basis(np.eye(8)[:, :1] + 0.5), np.ones((1, 1)))
    ordinary = moderated(fit)
    whole = treat(fit, ordinary, 0.5)
    half = (
        stats.t.sf((np.abs(fit.estimate) + s * 0.5) / ordinary.se, ordinary.df_total)
        for s in (-1, 1)
    )
    np.testing.assert_allclose(whole.p_value, sum(half), rtol=1e-11)
    monkeypatch.setattr(module, "_ROWS", 777)
    pieces = treat(fit, ordinary, 0.5)
    np.testing.assert_array_equal(pieces.t, whole.t)
    np.testing.assert_allclose(pieces.p_value, whole.p_value, rtol=1e-12)


def test_features_without_an_answer(small: SmallStudy) -> None:
    y = small.y.copy()
    y[3] = np.nan
    y[4] = 7.0  # no variance at all
    fit = fit_contrasts(y, small.basis, small.contrasts, small.blocks, 0.3)
    found = treat(fit, moderated(fit), 0.2)
    assert np.isnan(found.t[3]).all()
    assert np.isnan(found.p_value[3]).all()
    np.testing.assert_allclose(found.t[4], 0.0)
    assert (found.p_value[4] > 0.9).all()


@pytest.mark.parametrize("tau", [-0.1, np.nan, np.inf])
def test_a_minimum_that_is_none(fit: ContrastFit, tau: float) -> None:
    with pytest.raises(ValueError, match="minimum effect must be a number from 0 on"):
        treat(fit, moderated(fit), tau)
