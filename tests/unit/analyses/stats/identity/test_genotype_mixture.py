"""Genotypes are called as planted, outliers are told, and the mixture is that of its maker."""

from __future__ import annotations

import numpy as np
from scipy import stats

from analyses.stats.identity.genotype_mixture import (
    FEWEST_TO_LEARN,
    GenotypeMixture,
    call_genotypes,
    contamination_score,
    fit_genotypes,
)
from tests.support.genotyped import SHAPES, betas_of, planted_genotypes

PUBLISHED = GenotypeMixture()


def test_the_published_mixture_by_hand() -> None:
    """Each density is SciPy's beta distribution; the outliers are uniform."""
    x = np.array([[0.02], [0.5], [0.97], [0.27], [np.nan]])
    calls = call_genotypes(x, PUBLISHED)
    parts = np.array([
        share * stats.beta.pdf(x[:4, 0], a, b)
        for share, a, b in zip(PUBLISHED.shares, PUBLISHED.first, PUBLISHED.second, strict=True)
    ])  # fmt: skip
    regular = (1 - PUBLISHED.outliers) * parts.sum(axis=0)
    outlier = PUBLISHED.outliers / (PUBLISHED.outliers + regular)
    np.testing.assert_allclose(calls.outlier[:4, 0], outlier, rtol=1e-10)
    np.testing.assert_allclose(calls.genotype[:, :4, 0], parts / parts.sum(axis=0), rtol=1e-10)
    assert np.isnan(calls.outlier[4, 0])
    assert calls.genotype[:, :3, 0].argmax(axis=0).tolist() == [0, 1, 2]
    score = np.log2(outlier / (1 - outlier)).mean()
    np.testing.assert_allclose(contamination_score(calls), [score], rtol=1e-10)


def test_shapes_are_learnt_from_many_arrays() -> None:
    rng = np.random.default_rng(3)
    betas = betas_of(rng, planted_genotypes(rng, 200))
    betas.ravel()[::50] = rng.uniform(0, 1, betas.ravel()[::50].size)
    learnt = fit_genotypes(betas)
    assert 0.01 < learnt.outliers < 0.03
    for first, second, (a, b) in zip(learnt.first, learnt.second, SHAPES, strict=True):
        np.testing.assert_allclose(first / (first + second), a / (a + b), atol=0.005)
        assert 0.75 < (first + second) / (a + b) < 1.3


def test_few_betas_or_an_empty_group_leave_the_published_shapes() -> None:
    rng = np.random.default_rng(4)
    few = betas_of(rng, planted_genotypes(rng, FEWEST_TO_LEARN // 59))
    assert fit_genotypes(few) == PUBLISHED
    assert fit_genotypes(np.full((59, 20), np.nan)) == PUBLISHED
    no_bb = betas_of(rng, rng.integers(0, 2, (59, 40)))
    assert fit_genotypes(no_bb) == PUBLISHED


def test_genotypes_are_as_planted() -> None:
    rng = np.random.default_rng(5)
    genotypes = planted_genotypes(rng, 60)
    betas = betas_of(rng, genotypes)
    calls = call_genotypes(betas, fit_genotypes(betas))
    assert (calls.genotype.argmax(axis=0) == genotypes).mean() > 0.999


def test_a_mixed_array_scores_above_the_published_bound() -> None:
    rng = np.random.default_rng(6)
    betas = betas_of(rng, planted_genotypes(rng, 40))
    betas[:, 7] = 0.7 * betas[:, 7] + 0.3 * betas[:, 8]
    score = contamination_score(call_genotypes(betas, fit_genotypes(betas)))
    assert np.flatnonzero(score > -4).tolist() == [7]
