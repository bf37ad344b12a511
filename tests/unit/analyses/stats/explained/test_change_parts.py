"""Parts of a change against least squares feature by feature, and what must hold of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from analyses.stats.explained.change_fit import ChangeFit, fit_changes, join_changes
from analyses.stats.explained.change_parts import ChangeParts, ChangeTests, variances_of
from analyses.stats.explained.within_people import within_people
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import VariancePrior, fit_f_dist
from cohortmart.core.types import Floats
from tests.support.explained_studies import MediatedStudy, Mediation, mediated_study

SCENE = Mediation((1.5, 1.0), (0.6, 0.3), remaining=0.4)


@pytest.fixture
def study(rng: np.random.Generator) -> MediatedStudy:
    return mediated_study(SCENE, 40, rng)


@dataclass(frozen=True)
class Values:
    """The values of one way to observe a study."""

    y: Floats
    weights: Floats | None


@pytest.fixture(params=["complete", "gaps", "weights", "weights and gaps", "sample weights"])
def values(
    request: pytest.FixtureRequest, study: MediatedStudy, rng: np.random.Generator
) -> Values:
    y, weights = study.y.copy(), None
    if "gaps" in request.param:
        y[rng.random(y.shape) < 0.1] = np.nan
        y[:5] = study.y[:5]
    if request.param == "sample weights":
        weights = np.broadcast_to(np.exp(rng.normal(0, 0.5, y.shape[1])), y.shape)
    elif "weights" in request.param:
        weights = np.exp(rng.normal(0, 0.5, y.shape))
    return Values(y, weights)


def no_prior(n: int) -> VariancePrior:
    return VariancePrior(df_prior=np.zeros(n), s2_prior=np.ones(n))


def fitted(
    study: MediatedStudy, y: Floats, weights: Floats | None = None, *, moderated: bool = False
) -> tuple[ChangeTests, Floats]:
    within = within_people(study.design, study.blocks, study.variables)
    fit = fit_changes(y, within, weights)
    priors = [no_prior(len(y))] * 2
    if moderated:
        variances = [variances_of(fit, remaining=r) for r in (False, True)]
        priors = [fit_f_dist(v.sigma2, v.df_residual) for v in variances]
    return ChangeTests(fit, within, *priors), within.contrasts(study.contrasts)


@dataclass(frozen=True)
class Oracle:
    """One feature by statsmodels: people as columns, without and with the variables."""

    without: sm.regression.linear_model.RegressionResultsWrapper
    whole: sm.regression.linear_model.RegressionResultsWrapper
    changes: Floats
    size: float

    @classmethod
    def of(cls, study: MediatedStudy, y: Floats, w: Floats, contrast: Floats) -> Oracle:
        seen = np.isfinite(y)
        x, z = study.design[seen], study.variables[seen]
        people = study.blocks.indicators[seen]
        people = people[:, people.any(axis=0)]
        base = np.hstack([x, people])
        pad = np.concatenate([contrast, np.zeros(people.shape[1])])
        influence = np.linalg.pinv(base.T @ (w[seen, None] * base)) @ (w[seen] * base.T)
        return cls(
            sm.WLS(y[seen], base, w[seen]).fit(),
            sm.WLS(y[seen], np.hstack([base, z]), w[seen]).fit(),
            pad @ influence @ z,
            float(np.linalg.norm(pad @ influence)),
        )


@pytest.mark.filterwarnings("ignore:The design matrix is rank-deficient")
@pytest.mark.parametrize("contrast", [0, 1])
def test_every_feature_by_itself(study: MediatedStudy, values: Values, contrast: int) -> None:
    tests, k = fitted(study, values.y, values.weights)
    parts = tests.of_contrast(k[:, contrast])
    w = np.ones_like(values.y) if values.weights is None else values.weights
    base = np.hstack([study.design, study.blocks.indicators])
    left = study.variables - base @ (np.linalg.pinv(base) @ study.variables)
    noise_df = len(base) - np.linalg.matrix_rank(base)
    noise = left.T @ left / noise_df
    c = study.contrasts[:, contrast]
    for g in range(0, len(values.y), 3):
        o = Oracle.of(study, values.y[g], w[g], c)
        n_people = len(o.without.params) - len(c)
        pad = np.concatenate([c, np.zeros(n_people)])
        slopes = o.whole.params[-2:]
        of_slopes = np.asarray(o.whole.cov_params())[-2:, -2:]
        for j, (result, contrast_of) in enumerate(
            [(o.without, pad), (o.whole, np.concatenate([pad, [0, 0]]))]
        ):
            estimate = float(contrast_of @ result.params)
            se = float(np.sqrt(contrast_of @ result.cov_params() @ contrast_of))
            assert parts.estimate[g, j] == pytest.approx(estimate, abs=1e-9)
            assert parts.se[g, j] == pytest.approx(se, rel=1e-8)
            p = 2 * stats.t.sf(abs(estimate / se), result.df_resid)
            assert parts.p_value[g, j] == pytest.approx(p, rel=1e-6)
            half = stats.t.isf(0.025, result.df_resid) * se
            assert parts.ci_low[g, j] == pytest.approx(estimate - half, abs=1e-8)
            assert parts.ci_high[g, j] == pytest.approx(estimate + half, abs=1e-8)
        assert parts.change[g] == pytest.approx(o.changes, abs=1e-9)
        assert parts.estimate[g, 2:4] == pytest.approx(o.changes * slopes, abs=1e-9)
        assert parts.estimate[g, 4] == pytest.approx(float(o.changes @ slopes), abs=1e-9)
        of_changes = o.size**2 * noise
        t_change = o.changes / np.sqrt(np.diag(of_changes))
        p_change = 2 * stats.t.sf(np.abs(t_change), noise_df)
        p_slope = o.whole.pvalues[-2:]
        assert parts.change_p_value[g] == pytest.approx(p_change, rel=1e-6)
        assert tests.slope_p_values[g] == pytest.approx(p_slope, rel=1e-6)
        assert tests.slopes[g] == pytest.approx(slopes, abs=1e-9)
        assert parts.p_value[g, 2:4] == pytest.approx(np.maximum(p_change, p_slope), rel=1e-6)
        variance = o.changes**2 * np.diag(of_slopes) + slopes**2 * np.diag(of_changes)
        assert parts.se[g, 2:4] == pytest.approx(np.sqrt(variance), rel=1e-7)
        both = o.changes @ of_slopes @ o.changes + slopes @ of_changes @ slopes
        assert parts.se[g, 4] == pytest.approx(np.sqrt(both), rel=1e-7)


def test_parts_add_up(study: MediatedStudy, values: Values) -> None:
    tests, k = fitted(study, values.y, values.weights, moderated=True)
    for contrast in k.T:
        e = tests.of_contrast(contrast).estimate
        assert np.isfinite(e).all()
        assert np.abs(e[:, 0] - e[:, 1] - e[:, 2:4].sum(axis=1)).max() < 1e-12
        assert np.abs(e[:, 4] - e[:, 2:4].sum(axis=1)).max() < 1e-12


def test_total_is_that_of_a_model_with_a_level_for_every_person(
    study: MediatedStudy, values: Values
) -> None:
    tests, k = fitted(study, values.y, values.weights, moderated=True)
    base = np.hstack([study.design, study.blocks.indicators])
    contrasts = np.zeros((base.shape[1], k.shape[1]))
    contrasts[: len(study.contrasts)] = study.contrasts
    fit = fit_contrasts(values.y, design_basis(base), contrasts, weights=values.weights)
    expected = ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual))
    for j, contrast in enumerate(k.T):
        parts = tests.of_contrast(contrast)
        for found, wanted in (
            (parts.estimate, fit.estimate),
            (parts.se, expected.se),
            (parts.p_value, expected.p_value),
            (parts.ci_low, expected.ci_low),
            (parts.ci_high, expected.ci_high),
        ):
            assert found[:, 0] == pytest.approx(wanted[:, j], rel=1e-8, abs=1e-10)


def test_interval_of_a_part_holds_zero_where_its_test_does_not_reject(
    study: MediatedStudy, values: Values
) -> None:
    tests, k = fitted(study, values.y, values.weights, moderated=True)
    for contrast in k.T:
        parts = tests.of_contrast(contrast)
        holds = (parts.ci_low <= 0) & (parts.ci_high >= 0)
        assert (holds[:, :4] == (parts.p_value[:, :4] >= 0.05)).all()
        assert (parts.ci_low <= parts.estimate).all()
        assert (parts.estimate <= parts.ci_high).all()
        clear = np.abs(parts.p_value[:, 4] - 0.05) > 0.005
        assert (holds[clear, 4] == (parts.p_value[clear, 4] >= 0.05)).all()


def same(a: ChangeParts, b: ChangeParts, rel: float = 1e-7) -> None:
    for name in ("estimate", "se", "ci_low", "ci_high", "p_value", "change_p_value"):
        assert getattr(a, name) == pytest.approx(getattr(b, name), rel=rel, abs=1e-9), name


def test_levels_of_people_and_units_of_variables_do_not_matter(
    study: MediatedStudy, values: Values, rng: np.random.Generator
) -> None:
    tests, k = fitted(study, values.y, values.weights, moderated=True)
    levels = 100 * rng.normal(size=(study.blocks.n_blocks, 3))[study.blocks.codes]
    other = replace(study, variables=(study.variables + levels[:, :2]) * (1e3, 1e-4) + (37.0, 0.0))
    again, k2 = fitted(other, values.y + levels[:, 2], values.weights, moderated=True)
    a, b = tests.of_contrast(k[:, 0]), again.of_contrast(k2[:, 0])
    same(a, b)
    assert b.change == pytest.approx(a.change * (1e3, 1e-4))
    assert again.slopes == pytest.approx(tests.slopes / (1e3, 1e-4))


def test_order_of_samples_and_variables_does_not_matter(
    study: MediatedStudy, values: Values, rng: np.random.Generator
) -> None:
    tests, k = fitted(study, values.y, values.weights, moderated=True)
    order = rng.permutation(len(study.design))
    codes = [f"p{c}" for c in study.blocks.codes[order]]
    other = replace(
        study,
        design=study.design[order],
        variables=study.variables[order][:, ::-1],
        blocks=make_blocks(codes),
    )
    w = values.weights
    w = (
        None
        if w is None
        else w[:, order]
        if w.strides[0]
        else np.broadcast_to(w[0][order], w.shape)
    )
    again, k2 = fitted(other, values.y[:, order], w, moderated=True)
    a, b = tests.of_contrast(k[:, 0]), again.of_contrast(k2[:, 0])
    turned = [0, 1, 3, 2, 4]
    assert b.estimate[:, turned] == pytest.approx(a.estimate, abs=1e-9)
    assert b.p_value[:, turned] == pytest.approx(a.p_value, rel=1e-6)
    assert b.ci_low[:, turned] == pytest.approx(a.ci_low, abs=1e-8)
    assert b.ci_high[:, turned] == pytest.approx(a.ci_high, abs=1e-8)


def test_fits_of_blocks_are_the_fit_of_all(study: MediatedStudy, values: Values) -> None:
    within = within_people(study.design, study.blocks, study.variables)
    w = values.weights
    whole = fit_changes(values.y, within, w)
    pieces = [slice(0, 7), slice(7, 8), slice(8, None)]
    joined = join_changes(
        [fit_changes(values.y[s], within, None if w is None else w[s]) for s in pieces]
    )

    def parts(fit: ChangeFit) -> ChangeParts:
        prior = no_prior(len(values.y))
        k = within.contrasts(study.contrasts)[:, 0]
        return ChangeTests(fit, within, prior, prior).of_contrast(k)

    same(parts(whole), parts(joined), rel=1e-12)


def test_change_that_is_a_variable_leaves_nothing(study: MediatedStudy) -> None:
    """A feature that is a sum of the variables and of levels of people."""
    y = study.y.copy()
    level = study.blocks.indicators @ np.arange(study.blocks.n_blocks)
    y[0] = 3 * study.variables[:, 0] - study.variables[:, 1] + level
    tests, k = fitted(study, y, moderated=True)
    parts = tests.of_contrast(k[:, 0])
    assert parts.estimate[0, 1] == pytest.approx(0, abs=1e-9)
    assert parts.estimate[0, 0] == pytest.approx(parts.estimate[0, 4])
    assert tests.slopes[0] == pytest.approx([3, -1])
    assert parts.p_value[0, 4] < 0.05
    prior = fit_f_dist(*_remaining(study, y))
    others = fit_f_dist(*_remaining(study, y[1:]))
    assert prior.df_prior[0] == pytest.approx(others.df_prior[0])
    assert parts.ci_low[0, 1] < 0 < parts.ci_high[0, 1]


def _remaining(study: MediatedStudy, y: Floats) -> tuple[Floats, Floats]:
    within = within_people(study.design, study.blocks, study.variables)
    found = variances_of(fit_changes(y, within), remaining=True)
    return found.sigma2, found.df_residual


def test_one_variable_has_no_sum(study: MediatedStudy) -> None:
    one = replace(study, variables=study.variables[:, :1])
    tests, k = fitted(one, study.y)
    assert tests.of_contrast(k[:, 0]).estimate.shape == (len(study.y), 3)


def test_sum_with_an_idle_variable_is_close_to_the_other(
    study: MediatedStudy, rng: np.random.Generator
) -> None:
    """A second variable that neither changes nor matters, as exactly as can be."""
    base = np.hstack([study.design, study.blocks.indicators, study.variables[:, :1]])
    idle = rng.normal(size=len(base))
    idle -= base @ (np.linalg.pinv(base) @ idle)
    y = study.y - np.outer(study.y @ idle / (idle @ idle), idle)
    two = replace(study, variables=np.column_stack([study.variables[:, 0], idle]))
    tests, k = fitted(two, y)
    parts = tests.of_contrast(k[:, 0])
    assert parts.estimate[:, 3] == pytest.approx(0, abs=1e-12)
    assert parts.estimate[:, 4] == pytest.approx(parts.estimate[:, 2])
    assert (parts.ci_low[:, 4] <= parts.ci_low[:, 2] + 1e-9).all()
    assert (parts.ci_high[:, 4] >= parts.ci_high[:, 2] - 1e-9).all()


def test_features_without_enough_values(study: MediatedStudy) -> None:
    y = study.y[:5].copy()
    y[0] = np.nan
    y[1, study.contrasts[:, 0] @ study.design.T > 0] = np.nan  # nobody of the first side
    y[2, 30:] = np.nan
    flat = np.full(y.shape[1], 7.3)
    y[3] = flat
    tests, k = fitted(study, y)
    parts = tests.of_contrast(k[:, 0])
    assert np.isnan(parts.estimate[:2]).all()
    assert np.isnan(parts.p_value[:2]).all()
    assert parts.estimate[3] == pytest.approx(0, abs=1e-12)
    assert np.isfinite(parts.p_value[4]).all()
    assert np.isfinite(parts.estimate[4]).all()


def test_contrast_between_people_is_refused(study: MediatedStudy) -> None:
    within = within_people(study.design, study.blocks, study.variables)
    between = np.zeros((len(study.contrasts), 1))
    between[[0, 4], 0] = 1, -1
    assert np.isnan(within.contrasts(between)).all()
    tests, _ = fitted(study, study.y)
    with pytest.raises(ValueError, match="within people"):
        tests.of_contrast(within.contrasts(between)[:, 0])
