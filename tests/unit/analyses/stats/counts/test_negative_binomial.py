from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import nbinom

from analyses.stats.counts.negative_binomial import (
    column_products,
    contrast_errors,
    fit_negative_binomial,
)
from cohortmart.core.types import Floats

N = 12
OFFSET = np.log(np.linspace(0.5, 2.0, N))


@pytest.fixture
def design(rng: np.random.Generator) -> Floats:
    batch = np.eye(2)[np.arange(N) % 2]
    return np.column_stack([batch, np.arange(N) >= 6, rng.normal(size=N)])


@pytest.fixture
def dispersion(rng: np.random.Generator) -> Floats:
    return np.exp(rng.uniform(-7, 1, size=(30, 2)))[:, np.arange(N) % 2]


@pytest.fixture
def counts(rng: np.random.Generator, dispersion: Floats) -> Floats:
    mean = np.exp(rng.uniform(1, 10, size=(30, 1)) + OFFSET)
    return np.asarray(rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * mean))) * 1.0


def minus_log_likelihood(
    beta: Floats, y: Floats, design: Floats, offset: Floats, phi: Floats
) -> float:
    mean = np.exp(design @ beta + offset)
    return -float(nbinom.logpmf(y, 1 / phi, 1 / (1 + phi * mean)).sum())


def test_as_an_optimiser_finds_it(counts: Floats, design: Floats, dispersion: Floats) -> None:
    found = fit_negative_binomial(counts, design, OFFSET, dispersion)
    assert found.converged.all()
    for i in (0, 11, 29):
        told = (counts[i], design, OFFSET, dispersion[i])
        start = found.coefficients[i] + [0.3, -0.3, 0.2, 0.1]
        best = minimize(minus_log_likelihood, start, told, method="Nelder-Mead",
                        options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 6000})  # fmt: skip
        np.testing.assert_allclose(found.coefficients[i], best.x, atol=1e-5)
        assert minus_log_likelihood(found.coefficients[i], *told) <= best.fun + 1e-9


def test_scores_are_zero(counts: Floats, design: Floats, dispersion: Floats) -> None:
    found = fit_negative_binomial(counts + 0.25, design, OFFSET, dispersion)
    np.testing.assert_allclose(
        found.fitted, np.exp(found.coefficients @ design.T + OFFSET), rtol=1e-12
    )
    spread = 1 + dispersion * found.fitted
    score = ((counts + 0.25 - found.fitted) / spread) @ design
    size = np.sqrt((found.fitted / spread).sum(axis=1, keepdims=True))
    assert np.abs(score / size).max() < 1e-6


@pytest.mark.parametrize("away", [-8.0, 8.0])
def test_any_start_leads_there(
    counts: Floats, design: Floats, dispersion: Floats, away: float
) -> None:
    usual = fit_negative_binomial(counts, design, OFFSET, dispersion)
    far = fit_negative_binomial(
        counts, design, OFFSET, dispersion, usual.coefficients + away * np.array([1, 1, -1, 0.2])
    )
    assert far.converged.all()
    np.testing.assert_allclose(far.coefficients, usual.coefficients, atol=1e-5)


def test_without_dispersion_it_is_poisson(counts: Floats) -> None:
    """Then a group's fitted counts add up to its counts."""
    group = np.eye(3)[np.arange(N) % 3]
    found = fit_negative_binomial(counts, group, OFFSET, np.zeros(1))
    np.testing.assert_allclose(found.fitted @ group, counts @ group, rtol=1e-3, atol=1e-6)


def test_a_group_of_zeros_has_no_part_in_the_others(
    counts: Floats, design: Floats, dispersion: Floats
) -> None:
    counts[:, 6:] = 0.0
    whole = fit_negative_binomial(counts, design, OFFSET, dispersion)
    part = fit_negative_binomial(
        counts[:, :6], design[:6][:, [0, 1, 3]], OFFSET[:6], dispersion[:, :6]
    )
    assert whole.converged.all()
    assert whole.fitted[:, 6:].max() < 1e-6
    np.testing.assert_allclose(whole.fitted[:, :6], part.fitted, rtol=1e-5, atol=1e-8)


def test_standard_errors(counts: Floats, design: Floats, dispersion: Floats) -> None:
    found = fit_negative_binomial(counts, design, OFFSET, dispersion)
    weight = found.fitted / (1 + dispersion * found.fitted)
    contrasts = np.array([[0.5, 0.0], [-0.5, 0.0], [0.0, 1.0], [0.0, 0.0]])
    errors = contrast_errors(weight @ column_products(design), contrasts)
    for i in range(len(counts)):
        covariance = np.linalg.inv(design.T @ (weight[i][:, None] * design))
        expected = np.sqrt(np.diag(contrasts.T @ covariance @ contrasts))
        np.testing.assert_allclose(errors[i], expected, rtol=1e-7)


def test_a_contrast_without_weight_has_a_large_error(counts: Floats, design: Floats) -> None:
    counts[:, 6:] = 0.0
    found = fit_negative_binomial(counts, design, OFFSET, np.array([0.1]))
    weight = found.fitted / (1 + 0.1 * found.fitted)
    errors = contrast_errors(weight @ column_products(design), np.eye(4)[:, [0, 2]])
    assert errors[:, 0].max() < 5.0
    assert errors[:, 1].min() > 1e3
