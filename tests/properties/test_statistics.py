"""What must not change the results, and what must change them in a known way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import ContrastFit, fit_contrasts
from analyses.stats.mixed.block_correlation import block_correlation
from analyses.stats.moderation.ebayes import JointTest, ModeratedFit, ebayes, joint_test
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.types import Floats, Ints
from tests.support.strategies import RandomStudy, studies

few = settings(max_examples=20)
errors_modes = st.sampled_from(["exact", "limma"])


@dataclass(frozen=True)
class Results:
    """Everything that ends up in the tables."""

    fit: ContrastFit
    moderated: ModeratedFit
    joint: JointTest


def results(study: RandomStudy, errors: str = "exact") -> Results:
    fit = fit_contrasts(
        study.y,
        design_basis(study.design),
        study.contrasts,
        study.blocks,
        study.correlation,
        study.weights,
        errors,
    )
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    return Results(fit, ebayes(fit, prior), joint_test(fit, prior))


def close(found: Floats, expected: Floats, rtol: float = 1e-8, atol: float = 1e-9) -> None:
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def assert_same(found: Results, expected: Results, features: Ints | None = None) -> None:
    rows = slice(None) if features is None else features
    close(found.fit.estimate, expected.fit.estimate[rows])
    close(found.fit.sigma2, expected.fit.sigma2[rows])
    close(found.fit.mean, expected.fit.mean[rows])
    np.testing.assert_array_equal(found.fit.df_residual, expected.fit.df_residual[rows])
    close(found.moderated.t, expected.moderated.t[rows])
    close(found.moderated.p_value, expected.moderated.p_value[rows])
    close(found.moderated.b, expected.moderated.b[rows], atol=1e-8)
    close(found.moderated.ci_low, expected.moderated.ci_low[rows])
    close(found.joint.f, expected.joint.f[rows])
    close(found.joint.p_value, expected.joint.p_value[rows])
    assert found.joint.df1 == expected.joint.df1


@few
@given(studies(), errors_modes)
def test_order_of_samples(study: RandomStudy, errors: str) -> None:
    order = study.rng.permutation(study.y.shape[1])
    assert_same(results(study.samples(order), errors), results(study, errors))


@few
@given(studies(), errors_modes)
def test_order_of_features(study: RandomStudy, errors: str) -> None:
    order = study.rng.permutation(len(study.y))
    assert_same(results(study.features(order), errors), results(study, errors), order)


@few
@given(studies(), errors_modes)
def test_names_of_subjects(study: RandomStudy, errors: str) -> None:
    renamed = tuple(f"x{100 - int(s[1:])}" for s in study.subjects)
    assert_same(results(study.with_(subjects=renamed), errors), results(study, errors))


@few
@given(studies(), errors_modes)
def test_sign_of_a_contrast(study: RandomStudy, errors: str) -> None:
    here = results(study, errors)
    there = results(study.with_(contrasts=-study.contrasts), errors)
    close(there.fit.estimate, -here.fit.estimate)
    close(there.moderated.t, -here.moderated.t)
    close(there.moderated.p_value, here.moderated.p_value)
    close(there.moderated.b, here.moderated.b)
    close(there.moderated.ci_low, -here.moderated.ci_high)
    close(there.joint.f, here.joint.f)


@few
@given(studies(), st.sampled_from([1e-12, 1e-3, 1e3, 1e12]))
def test_units_of_covariates(study: RandomStudy, unit: float) -> None:
    design = study.design.copy()
    design[:, study.n_means :] *= unit
    for errors in ("exact", "limma"):
        assert_same(results(study.with_(design=design), errors), results(study, errors))


@few
@given(studies(), st.sampled_from([-40.0, 3.0, 500.0]))
def test_origin_of_covariates(study: RandomStudy, shift: float) -> None:
    """With all means in the model a shift moves the means, not their differences."""
    design = study.design.copy()
    design[:, study.n_means :] += shift
    assert_same(results(study.with_(design=design)), results(study))


@few
@given(studies())
def test_baseline_instead_of_means(study: RandomStudy) -> None:
    """Exact errors do not depend on which cell is the intercept."""
    for baseline in (0, study.n_means - 1):
        design = study.design.copy()
        design[:, baseline] = 1.0  # the others become differences from it
        contrasts = study.contrasts.copy()
        contrasts[baseline] = 0.0  # differences of means do without the intercept
        assert_same(results(study.with_(design=design, contrasts=contrasts)), results(study))


@few
@given(studies())
def test_any_other_coding_of_the_design(study: RandomStudy) -> None:
    p = study.design.shape[1]
    coding = np.linalg.qr(study.rng.normal(size=(p, p)))[0] * study.rng.uniform(0.2, 5.0, p)
    recoded = study.with_(design=study.design @ coding, contrasts=coding.T @ study.contrasts)
    assert_same(results(recoded), results(study))


@few
@given(studies())
def test_redundant_columns(study: RandomStudy) -> None:
    """A column that is a sum of others changes nothing that can be estimated."""
    design = np.column_stack([study.design, study.design[:, : study.n_means].sum(axis=1)])
    contrasts = np.vstack([study.contrasts, np.zeros((1, 2))])
    assert_same(results(study.with_(design=design, contrasts=contrasts)), results(study))


@few
@given(studies(), st.sampled_from([1e-4, 0.3, 7.0, 1e5]))
def test_unit_of_weights(study: RandomStudy, unit: float) -> None:
    weights = np.ones_like(study.y) if study.weights is None else study.weights
    for errors in ("exact", "limma"):
        here = results(study.with_(weights=weights), errors)
        there = results(study.with_(weights=weights * unit), errors)
        close(there.fit.estimate, here.fit.estimate)
        close(there.fit.sigma2 / unit, here.fit.sigma2)
        close(there.moderated.t, here.moderated.t)
        close(there.moderated.p_value, here.moderated.p_value)
        close(there.joint.f, here.joint.f)


@few
@given(studies())
def test_equal_weights_are_no_weights(study: RandomStudy) -> None:
    none = study.with_(weights=None)
    assert_same(results(study.with_(weights=np.full(study.y.shape, 1.0))), results(none))


@few
@given(studies(), st.sampled_from([1e-6, 0.5, 40.0, 1e6]))
def test_unit_of_values(study: RandomStudy, unit: float) -> None:
    here, there = results(study), results(study.with_(y=study.y * unit))
    close(there.fit.estimate / unit, here.fit.estimate)
    close(there.moderated.se / unit, here.moderated.se)
    close(there.moderated.t, here.moderated.t)
    close(there.moderated.p_value, here.moderated.p_value)
    close(there.joint.p_value, here.joint.p_value)


@few
@given(studies())
def test_what_the_model_holds_only_shifts_estimates(study: RandomStudy) -> None:
    effect = study.rng.normal(0, 3, size=(len(study.y), study.design.shape[1]))
    here, there = results(study), results(study.with_(y=study.y + effect @ study.design.T))
    close(there.fit.estimate, here.fit.estimate + effect @ study.contrasts)
    close(there.fit.sigma2, here.fit.sigma2)
    close(there.moderated.se, here.moderated.se)


@few
@given(studies(), errors_modes)
def test_repeated_contrasts(study: RandomStudy, errors: str) -> None:
    twice = study.with_(contrasts=np.column_stack([study.contrasts, study.contrasts]))
    here, there = results(study, errors), results(twice, errors)
    close(there.fit.estimate, np.tile(here.fit.estimate, 2), atol=0)
    close(there.moderated.b, np.tile(here.moderated.b, 2))
    assert there.joint.df1 == here.joint.df1
    if errors == "exact":
        close(there.joint.f, here.joint.f)


@few
@given(studies())
def test_joint_test_of_any_basis_of_the_contrasts(study: RandomStudy) -> None:
    mixed = study.contrasts @ np.array([[1.0, 2.0], [-3.0, 0.5]])
    here, there = results(study), results(study.with_(contrasts=mixed))
    close(there.joint.f, here.joint.f, rtol=1e-7)


@few
@given(studies())
def test_f_of_one_contrast_is_t_squared(study: RandomStudy) -> None:
    for errors in ("exact", "limma"):
        one = results(study.with_(contrasts=study.contrasts[:, :1]), errors)
        close(one.joint.f, one.moderated.t**2)
        close(one.joint.p_value, one.moderated.p_value)


@few
@given(studies(missing=True))
def test_missing_value_is_a_sample_less(study: RandomStudy) -> None:
    """Each feature as a study of its own, without the samples it lacks."""
    whole = results(study).fit
    for i, row in enumerate(study.y):
        seen = np.flatnonzero(np.isfinite(row))
        alone = study.features(np.array([i])).samples(seen)
        basis = design_basis(alone.design)
        can = np.isfinite(basis.contrasts(study.contrasts)).all(axis=0)
        np.testing.assert_array_equal(np.isfinite(whole.estimate[i]), can)
        if not can.any():
            continue
        own = fit_contrasts(
            alone.y,
            basis,
            study.contrasts[:, can],
            alone.blocks,
            study.correlation,
            alone.weights,
        )
        close(whole.estimate[i, can], own.estimate[0])
        close(whole.unscaled_sd[i, can], own.unscaled_sd[0])
        close(whole.sigma2[i], own.sigma2[0])
        close(whole.df_residual[i], own.df_residual[0])
        if can.all():
            close(whole.wald[i], own.wald[0])


@few
@given(studies())
def test_subjects_seen_once_have_nothing_to_correlate(study: RandomStudy) -> None:
    alone = study.with_(subjects=tuple(f"s{i:02d}" for i in range(study.y.shape[1])))
    basis = design_basis(alone.design)
    blocked = fit_contrasts(alone.y, basis, study.contrasts, alone.blocks, 0.6, alone.weights)
    free = fit_contrasts(alone.y, basis, study.contrasts, weights=alone.weights)
    close(blocked.estimate, free.estimate)
    close(blocked.sigma2, free.sigma2)
    close(blocked.unscaled_sd, free.unscaled_sd)


def atanh(study: RandomStudy) -> Floats:
    return block_correlation(study.y, design_basis(study.design), study.blocks, study.weights).atanh


@few
@given(studies())
def test_what_correlations_do_not_depend_on(study: RandomStudy) -> None:
    # otherwise the study is too small for any correlation
    n = study.y.shape[1]
    assume(n > study.design.shape[1] + 2 and study.blocks.n_blocks < n - 1)
    assume(np.isfinite(study.y).all(axis=1).any())
    expected = atanh(study)
    rng, p = study.rng, study.design.shape[1]
    coding = np.linalg.qr(rng.normal(size=(p, p)))[0]
    effect = rng.normal(size=(len(study.y), p)) @ study.design.T
    for changed in (
        study.samples(rng.permutation(study.y.shape[1])),
        study.with_(y=study.y * 37.0),
        study.with_(y=study.y + effect),
        study.with_(design=study.design @ coding),
    ):
        close(atanh(changed), expected, rtol=1e-5, atol=1e-6)
    order = rng.permutation(len(study.y))
    close(atanh(study.features(order)), expected[order], rtol=1e-7, atol=1e-8)
    if study.weights is not None:
        close(atanh(study.with_(weights=study.weights * 9.0)), expected, rtol=1e-5, atol=1e-6)


@given(st.lists(st.floats(0, 1) | st.just(float("nan")), max_size=30))
def test_benjamini_hochberg(values: list[float]) -> None:
    p = np.array(values, float)
    found = benjamini_hochberg(p)
    tested = np.isfinite(p)
    np.testing.assert_array_equal(np.isfinite(found), tested)
    assert (found[tested] >= p[tested]).all()
    assert (found[tested] <= 1).all()
    order = np.argsort(p[tested], kind="stable")
    assert (np.diff(found[tested][order]) >= 0).all()
    assert found[tested][order][-1:] == pytest.approx(p[tested][order][-1:])
