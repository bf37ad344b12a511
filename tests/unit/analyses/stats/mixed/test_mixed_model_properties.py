"""What must not move the mixed model, on studies of every shape."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from analyses.stats.linear.basis import design_basis
from analyses.stats.mixed.mixed_model import MixedFit, fit_mixed
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from tests.support.strategies import RandomStudy, studies

few = settings(max_examples=15)


def fitted(study: RandomStudy) -> MixedFit:
    basis, sets = design_basis(study.design), [(0, 1), (1,)]
    return fit_mixed(study.y, basis, study.contrasts, study.blocks, study.weights, sets)


def assert_same(
    found: MixedFit, expected: MixedFit, size: float = 1.0, weight: float = 1.0
) -> None:
    """`size`: of the values; `weight`: of the weights."""
    here, there = found.fit, expected.fit
    assert here.df_contrast is not None
    assert here.df_wald is not None
    for name, mine, other in (
        ("correlation", found.correlation, expected.correlation),
        ("sigma2", here.sigma2, there.sigma2 * size**2 * weight),
        ("estimate", here.estimate, there.estimate * size),
        ("unscaled_sd", here.unscaled_sd, there.unscaled_sd / np.sqrt(weight)),
        ("df_contrast", here.df_contrast, there.df_contrast),
        ("wald", here.wald, there.wald * size**2 * weight),
        ("df_wald", here.df_wald, there.df_wald),
    ):
        atol = 1e-9 * (size if name == "estimate" else size**2 * weight if name == "wald" else 1)
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=atol, err_msg=name)


@few
@given(studies())
def test_names_and_order_of_samples(study: RandomStudy) -> None:
    order = study.rng.permutation(study.y.shape[1])
    renamed = study.with_(subjects=tuple(f"x{100 - int(s[1:])}" for s in study.subjects))
    assert_same(fitted(renamed.samples(order)), fitted(study))


@few
@given(studies())
def test_order_of_features(study: RandomStudy) -> None:
    order = study.rng.permutation(len(study.y))
    found, whole = fitted(study.features(order)), fitted(study)
    np.testing.assert_allclose(found.correlation, whole.correlation[order], rtol=1e-6)
    np.testing.assert_allclose(found.fit.wald, whole.fit.wald[order], rtol=1e-6, atol=1e-9)


@few
@given(studies())
def test_units_of_values_and_weights(study: RandomStudy) -> None:
    weight = 1.0 if study.weights is None else 1e3
    weights = None if study.weights is None else study.weights * weight
    there = fitted(study.with_(y=study.y * 1e-4, weights=weights))
    assert_same(there, fitted(study), 1e-4, weight)


@few
@given(studies())
def test_other_coding_of_the_same_means(study: RandomStudy) -> None:
    """A baseline in place of one of the means."""
    turn = np.eye(study.design.shape[1])
    turn[:, 0] = np.arange(len(turn)) < study.n_means
    there = study.with_(design=study.design @ turn, contrasts=turn.T @ study.contrasts)
    assert_same(fitted(there), fitted(study))


@few
@given(studies())
def test_equal_weights_are_none(study: RandomStudy) -> None:
    weighted = study.with_(weights=np.full(study.y.shape, 2.5))
    assert_same(fitted(weighted), fitted(study.with_(weights=None)), weight=2.5)


@few
@given(studies())
def test_ranges(study: RandomStudy) -> None:
    found = fitted(study)
    fit, rho = found.fit, found.correlation
    assert fit.df_contrast is not None
    assert fit.df_wald is not None
    assert ((rho[np.isfinite(rho)] >= 0) & (rho[np.isfinite(rho)] < 1)).all()
    free = fit.df_residual[:, None] * (1 + 1e-9)
    known = np.isfinite(fit.estimate)
    assert (fit.df_contrast <= free)[known].all()
    assert (fit.df_contrast >= 0)[known].all()
    np.testing.assert_array_equal(np.isfinite(fit.wald[:, 1]), known[:, 1])
    together = np.isfinite(fit.df_wald[:, 0])
    assert (fit.df_wald[:, 0] <= np.maximum(free[:, 0], 2.0))[together].all()
    # one contrast is a t test
    np.testing.assert_allclose(fit.df_wald[:, 1], fit.df_contrast[:, 1], rtol=1e-7)
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    moderated = ebayes(fit, prior)
    assert (moderated.df_total <= fit.df_residual.sum())[np.isfinite(moderated.df_total)].all()
