"""Biological correlations of a fit: the interval allows for features that go together."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analyses.contrasts.contrast_correlation import contrast_correlation
from analyses.rebound.pairs import ContrastPair
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.genas import Genas, genas
from analyses.stats.rotation.rotation import RotationSums

CONTRASTS = np.array([[-1.0, 0.0], [1.0, -1.0], [0.0, 1.0]])
PAIR = ContrastPair("3rd-1st/PP-3rd", None, 0, 1)
N = 400


def study(rotated: bool) -> tuple[Any, Any, RotationSums]:
    """Three timepoints of six people each, features in blocks of 40."""
    rng = np.random.default_rng(1)
    y = rng.normal(size=(N, 18)) + np.repeat(rng.normal(size=(N // 40, 18)), 40, axis=0)
    y[:, 6:12] += rng.normal(size=(N, 1))
    y[:, 12:] += rng.normal(size=(N, 1))
    basis = design_basis(np.repeat(np.eye(3), 6, axis=0))
    fit = fit_contrasts(y, basis, CONTRASTS)
    sums = RotationSums(basis, CONTRASTS)
    sums.add(y)
    inputs = SimpleNamespace(
        basis=basis, contrasts=SimpleNamespace(matrix=CONTRASTS), blocks=None, correlation=None
    )
    results = SimpleNamespace(
        fit=fit,
        moderated=ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual, None)),
        further=fit_contrasts(y, basis, CONTRASTS @ np.array([[0.5], [-0.5]])),
        sums=sums if rotated else None,
    )
    return inputs, results, sums


def biological(rotated: bool) -> Genas:
    inputs, results, _ = study(rotated)
    return contrast_correlation(inputs, results, [PAIR]).biological[0, 1]


def test_interval_has_the_threshold_of_the_residuals() -> None:
    _, results, sums = study(True)
    features = sums.feature_correlation()
    assert features is not None
    assert features.design_effect(N) == pytest.approx(1 + 39 / 4, rel=0.3)
    moderated = results.moderated
    expected = genas(
        results.fit.estimate, np.array([2.0, -1.0, 2.0]) / 6, moderated.s2_post,
        moderated.df_total[:, 0], features,
    )  # fmt: skip
    found = biological(True)
    assert [found.r, found.ci_low, found.ci_high] == pytest.approx(
        [expected.r, expected.ci_low, expected.ci_high], abs=1e-5
    )


def test_without_rotations_there_is_no_interval() -> None:
    found = biological(False)
    assert found.r == pytest.approx(biological(True).r)
    assert np.isnan([found.ci_low, found.ci_high]).all()
