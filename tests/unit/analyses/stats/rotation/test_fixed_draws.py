from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.rotation.contrast_coordinates import ContrastCoordinates, ContrastSpace
from analyses.stats.rotation.drawn_numbers import beside, nth_largest
from analyses.stats.rotation.fixed_draws import FixedDraws, FixedValues, Posterior
from cohortmart.core.types import Floats
from tests.unit.analyses.stats.conftest import SmallStudy

RHO = 0.4


def values_of(rng: np.random.Generator, n: int) -> FixedValues:
    estimate, found = rng.normal(size=n), rng.random(n) < 0.3
    estimate[:4] = estimate[4], estimate[4], 0.0, 0.0
    t = estimate / rng.uniform(0.5, 2, n)
    t[9] = np.nan
    return FixedValues(estimate, t, found)


def flat(n: int, df_prior: float = 4.0) -> Posterior:
    return Posterior(np.full(n, 0.8), np.full(n, df_prior))


@pytest.mark.parametrize("weighted", [False, True])
def test_observed_numbers_are_those_of_the_fit(
    small: SmallStudy, rng: np.random.Generator, weighted: bool
) -> None:
    weights = small.weights if weighted else None
    space = ContrastSpace(small.basis, small.contrasts, small.blocks, RHO)
    found = space.coordinates(small.y, weights)
    fit = fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, RHO, weights)
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    t = fit.estimate / fit.unscaled_sd / np.sqrt(ebayes(fit, prior).s2_post)[:, None]
    values = values_of(rng, len(small.y))
    draws = FixedDraws(found, values, Posterior(prior.s2_prior, prior.df_prior), [5, 0, 60])
    seen = draws.observed()
    assert values.t is not None
    assert values.found is not None
    known = np.isfinite(values.t)
    signed = values.estimate != 0
    for j in range(3):
        expected = stats.spearmanr(fit.estimate[:, j], values.estimate).statistic
        assert seen.r_spearman[j] == pytest.approx(expected, abs=1e-9)
        same = np.sign(fit.estimate[signed, j]) == np.sign(values.estimate[signed])
        assert seen.sign_agreement[j] == pytest.approx(same.mean())
        r_t = np.corrcoef(t[known, j], values.t[known])[0, 1]
        assert seen.r_t[j] == pytest.approx(r_t, abs=1e-9)
    top = np.argsort(-np.abs(t[:, 0]))[:5]
    assert seen.n_both[0] == values.found[top].sum()
    assert np.isnan(seen.n_both[1])
    assert seen.n_both[2] == values.found.sum()


def test_rotated_numbers_one_by_one(small: SmallStudy, rng: np.random.Generator) -> None:
    """Each drawn direction once more with plain vectors."""
    space = ContrastSpace(small.basis, small.contrasts, small.blocks, RHO)
    found = space.coordinates(small.y, small.weights)
    values, posterior = values_of(rng, len(small.y)), flat(len(small.y))
    draws = FixedDraws(found, values, posterior, [8, 8, 8])
    got = draws.rotated(5, 5, seed=3)
    turns = np.random.default_rng(3).standard_normal((5, space.n_residual + 1))
    assert found.scale is not None
    assert values.t is not None
    assert values.found is not None
    known, signed = np.isfinite(values.t), values.estimate != 0
    for i, turn in enumerate(turns / np.linalg.norm(turns, axis=1, keepdims=True)):
        for j in range(3):
            h = np.hstack([found.residual, found.own[:, [j]]])
            x = h @ turn
            rest = ((h**2).sum(axis=1) - x**2) / space.n_residual
            t = x / np.sqrt((4.0 * 0.8 + space.n_residual * rest) / (4.0 + space.n_residual))
            r = stats.spearmanr(found.scale[:, j] * x, values.estimate).statistic
            assert got.r_spearman[i, j] == pytest.approx(r, abs=1e-9)
            r_t = np.corrcoef(t[known], values.t[known])[0, 1]
            assert got.r_t[i, j] == pytest.approx(r_t, abs=1e-9)
            same = np.sign(x[signed]) == np.sign(values.estimate[signed])
            assert got.sign_agreement[i, j] == pytest.approx(same.mean())
            top = np.argsort(-np.abs(t))[:8]
            assert got.n_both[i, j] == values.found[top].sum()


def test_infinite_prior_and_no_lists(small: SmallStudy, rng: np.random.Generator) -> None:
    space = ContrastSpace(small.basis, small.contrasts, small.blocks, RHO)
    found = space.coordinates(small.y)
    n = len(small.y)
    values = values_of(rng, n)
    seen = FixedDraws(found, values, flat(n, np.inf), [3, 3, 3]).observed()
    assert values.t is not None
    known = np.isfinite(values.t)
    for j in range(3):
        r = np.corrcoef(found.own[known, j], values.t[known])[0, 1]  # all variances are one
        assert seen.r_t[j] == pytest.approx(r, abs=1e-9)
    plain = FixedDraws(found, FixedValues(values.estimate), flat(n), [3, 3, 3])
    assert np.isnan(plain.observed().r_t).all()
    assert np.isnan(plain.rotated(4, 4, seed=1).n_both).all()
    np.testing.assert_array_equal(plain.observed().sign_agreement, seen.sign_agreement)


def test_of_many_features_some_are_compared(
    small: SmallStudy, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ContrastSpace(small.basis, small.contrasts, small.blocks, RHO).coordinates(small.y)
    values = FixedValues(rng.normal(size=len(small.y)))
    monkeypatch.setattr("analyses.stats.rotation.fixed_draws.DRAWN", 20)
    seen = FixedDraws(found, values, flat(len(small.y)), [0, 0, 0]).observed()
    r = stats.spearmanr(found.own[::3, 1], values.estimate[::3]).statistic
    assert seen.r_spearman[1] == pytest.approx(r, abs=1e-12)
    same = (found.own[::3, 1] > 0) == (values.estimate[::3] > 0)
    assert seen.sign_agreement[1] == pytest.approx(same.mean())


def test_same_seed_same_numbers(small: SmallStudy, rng: np.random.Generator,
                                monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    found = ContrastSpace(small.basis, small.contrasts, small.blocks, RHO).coordinates(small.y)
    draws = FixedDraws(found, values_of(rng, len(small.y)), flat(len(small.y)), [4, 4, 4])
    one = draws.rotated(70, 9, seed=2)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    two = draws.rotated(70, 9, seed=2)
    np.testing.assert_array_equal(one.r_t, two.r_t)
    np.testing.assert_array_equal(one.r_spearman, two.r_spearman)
    assert (one.r_t.shape, one.n_both.shape) == ((70, 3), (9, 3))
    assert (one.r_t != draws.rotated(70, 9, seed=4).r_t).all()


def test_beside() -> None:
    rotated = np.arange(99.0)
    found = beside(98.0, rotated)
    assert (found.p_value, found.mean) == (2 * 2 / 100, 49.0)
    assert found.low == pytest.approx(2.45)
    assert found.high == pytest.approx(95.55)
    assert beside(97.5, rotated, two_sided=False).p_value == 2 / 100
    assert beside(-5.0, rotated).p_value == 2 / 100
    assert beside(-5.0, rotated, two_sided=False).p_value == 1.0
    assert beside(49.0, rotated).p_value == 1.0
    assert np.isnan(beside(np.nan, rotated).p_value)
    assert np.isnan(beside(1.0, rotated[:0]).low)
    assert np.isnan(beside(1.0, np.append(rotated, np.nan)).mean)


def null_p_values(n_studies: int) -> Floats:
    """Of studies without effect, features in modules, people at three visits; (4, n_studies)."""
    rng = np.random.default_rng(12)
    visit = np.tile(np.arange(3), 6)
    blocks = make_blocks([f"s{i // 3}" for i in range(18)])
    space = ContrastSpace(design_basis(np.eye(3)[visit]), np.array([[-1.0], [0], [1]]), blocks, 0.5)
    module = rng.normal(size=(80, 3))
    estimate = module[:, 0] + rng.normal(size=80)
    values = FixedValues(estimate, estimate, np.abs(estimate) > 1.5)
    p = np.empty((4, n_studies))
    for i in range(n_studies):
        y = np.zeros((80, 18))
        for of in (blocks.indicators.T, np.eye(18)):
            y += (module @ rng.normal(size=(3, len(of))) + rng.normal(size=(80, len(of)))) @ of
        found = space.coordinates(y)
        draws = FixedDraws(found, values, replace(flat(80), s2_prior=np.full(80, 8.0)), [15])
        seen, rotated = draws.observed(), draws.rotated(99, 99, seed=i)
        for row, name in enumerate(("r_spearman", "r_t", "sign_agreement", "n_both")):
            observed, drawn = getattr(seen, name)[0], getattr(rotated, name)[:, 0]
            p[row, i] = beside(observed, drawn, two_sided=name != "n_both").p_value
    return p


def test_null_studies_hold_the_level() -> None:
    """P at most 5 % of 300 studies within what chance allows; counts are coarse, so fewer."""
    share = (null_p_values(300) <= 0.05).mean(axis=1)
    assert (share <= 0.085).all()
    assert (share[:3] >= 0.02).all()


def test_coordinates_without_a_value() -> None:
    """A feature that does not vary has t = 0 and breaks nothing."""
    found = ContrastCoordinates(np.zeros((4, 3)), np.zeros((4, 1)), None)
    values = FixedValues(np.array([1.0, -1, 2, 0]), np.array([1.0, -1, 2, 0]))
    seen = FixedDraws(found, values, Posterior(np.zeros(4), np.zeros(4)), [1]).observed()
    assert np.isnan(seen.r_t[0])
    assert 0.0 <= seen.sign_agreement[0] <= 1.0


@pytest.mark.parametrize("n", [1, 7, 3_000, 69_999, 70_000, 80_000])
def test_the_nth_largest_of_many(rng: np.random.Generator, n: int) -> None:
    """Also where every 64th value misleads: all of these are small, or large, or all are equal."""
    for values in (rng.normal(size=70_000) ** 2, np.floor(rng.normal(size=70_000) ** 2)):
        expected = np.sort(values)[::-1][min(n, 70_000) - 1]
        assert nth_largest(values, n) == expected
        for of_some in (0.0, 50.0):
            values[::64] = of_some
            assert nth_largest(values, n) == np.sort(values)[::-1][min(n, 70_000) - 1]


def test_single_precision_gives_the_same(
    small: SmallStudy, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many features are held; also where few rotations fit at a time."""
    found = ContrastSpace(small.basis, small.contrasts, small.blocks, RHO).coordinates(small.y)
    values, prior = values_of(rng, len(small.y)), flat(len(small.y))
    double = FixedDraws(found, values, prior, [8, 0, 20]).rotated(20, 20, seed=1)
    monkeypatch.setattr("analyses.stats.rotation.fixed_draws._BYTES", 3 * 4 * len(small.y))
    half = ContrastCoordinates(found.residual.astype("f4"), found.own.astype("f4"), None)
    single = FixedDraws(half, values, prior, [8, 0, 20]).rotated(20, 20, seed=1)
    np.testing.assert_array_equal(single.n_both, double.n_both)
    np.testing.assert_allclose(single.r_t, double.r_t, atol=1e-5)
    np.testing.assert_allclose(single.r_spearman, double.r_spearman, atol=1e-3)
