from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.fit_f_dist_robust import fit_f_dist_robust
from analyses.stats.moderation.genas import Genas, genas
from cohortmart.core.types import Floats, Ints
from tests.support.paths import DATA

SHARED = np.array([0.5, -0.25, 0.5])  # two changes that share a group of four


# --- limma -----------------------------------------------------------------------------------


def hashed(i: Ints, j: object, k: int) -> Floats:
    """As in limma_genas.R."""
    return np.asarray(special.ndtri(((i * 7919 + j * 104729 + i * i * j * k) % 1009 + 0.5) / 1009))


def genas_rows() -> list[dict[str, str]]:
    with (DATA / "limma_genas.csv").open() as file:
        return list(csv.DictReader(file))


def changed(case: str) -> tuple[Floats, Floats]:
    gene = np.arange(1, 401)[:, None]
    first, second = hashed(gene, 3, 17), hashed(gene, 8, 43)
    return {
        "rebound": (2 * first, -1.5 * first + 0.8 * second),
        "together": (first, 0.7 * first + 0.7 * second),
        "apart": (1.5 * first, 1.5 * second),
        "robust": (1.5 * first, -first + second),
        "trend": (1.5 * first, -first + second),
    }[case]


@pytest.mark.parametrize("row", genas_rows(), ids=lambda row: row["case"])
def test_genas(row: dict[str, str]) -> None:
    gene, sample = np.arange(1, 401)[:, None], np.arange(1, 13)
    first, second = changed(row["case"])
    y = 5 + hashed(gene, sample, 31) * np.exp(((gene * 17) % 23 - 11) / 12)
    y[:, 4:8] += first
    y[:, 8:] += first + second
    basis = design_basis(np.kron(np.eye(3), np.ones((4, 1))))
    fit = fit_contrasts(y, basis, np.array([[-1.0, 0.0], [1.0, -1.0], [0.0, 1.0]]))
    prior_of = fit_f_dist_robust if row["case"] == "robust" else fit_f_dist
    trend = fit.mean if row["case"] == "trend" else None
    moderated = ebayes(fit, prior_of(fit.sigma2, fit.df_residual, trend))
    data = fit.estimate, SHARED, moderated.s2_post, moderated.df_total[:, 0]
    found = genas(*data)
    limma = {name: float(value) for name, value in row.items() if name != "case"}
    assert found.n_features == limma["n"]
    assert found.technical_r == pytest.approx(limma["technical_r"], abs=1e-12)
    # limma's search stops a little early, see below
    assert found.r == pytest.approx(limma["r"], abs=2e-4)
    assert found.deviance == pytest.approx(limma["deviance"], abs=2e-5)
    assert found.p_value == pytest.approx(limma["p_value"], rel=2e-5)
    theirs = np.array([[limma["v11"], limma["v12"]], [limma["v12"], limma["v22"]]])
    np.testing.assert_allclose(found.covariance, theirs, rtol=0, atol=2e-3)
    gain = log_likelihood(found.covariance, *data) - log_likelihood(theirs, *data)
    assert 0 <= gain < 1e-4


# --- the likelihood once more, feature by feature ---------------------------------------------


def log_likelihood(v0: Floats, b: Floats, v: Floats, s2: Floats, df: Floats) -> float:
    shape = s2[:, None, None] * (np.atleast_2d(v)[:, [0, 1, 1, 2]].reshape(-1, 2, 2) + v0)
    q = (b * np.linalg.solve(shape, b[:, :, None])[:, :, 0]).sum(axis=1)
    half = np.linalg.slogdet(shape)[1] / 2
    normal = -np.log(2 * np.pi) - half - q / 2
    nu = np.where(np.isinf(df), 1.0, df)
    # the constant of a bivariate t is that of a normal
    t = -np.log(2 * np.pi) - half - (nu + 2) / 2 * np.log(1 + q / nu)
    return float(np.where(np.isinf(df), normal, t).sum())


def test_that_likelihood_is_scipys() -> None:
    b, v, s2, df = simulated(3, V0, seed=1)
    expected = sum(
        stats.multivariate_t(np.zeros(2), s2[i] * (v[i, [[0, 1], [1, 2]]] + V0), df[i]).logpdf(b[i])
        for i in range(3)
    )
    assert log_likelihood(V0, b, v, s2, df) == pytest.approx(expected)


def simulated(
    n: int, v0: Floats, seed: int, df_prior: float = 6.0, own: bool = True
) -> tuple[Floats, Floats, Floats, Floats]:
    """Estimates, their errors' covariances, moderated variances and their df."""
    rng = np.random.default_rng(seed)
    factor = np.exp(rng.normal(0, 0.5, (n, 2))) if own else np.ones((n, 2))
    v = SHARED * factor[:, [0, 0, 1]] * factor[:, [0, 1, 1]]
    df_residual = 9.0
    sigma2 = df_prior / rng.chisquare(df_prior, n)
    s2 = sigma2 * rng.chisquare(df_residual, n) / df_residual
    root = np.linalg.cholesky(v[:, [0, 1, 1, 2]].reshape(-1, 2, 2) + v0)
    b = np.sqrt(sigma2)[:, None] * (root @ rng.normal(size=(n, 2, 1)))[:, :, 0]
    post = (df_prior + df_residual * s2) / (df_prior + df_residual)
    return b, v, post, np.full(n, df_prior + df_residual)


V0 = np.array([[1.2, -0.7], [-0.7, 0.9]])


def test_maximum_of_the_likelihood() -> None:
    data = simulated(60, V0, seed=3)
    data[3][:7] = np.inf  # some variances are known
    found = genas(*data)

    def cost(theta: Floats, correlated: bool) -> float:
        root = np.array([[np.exp(theta[0]), 0.0], [theta[2] * correlated, np.exp(theta[1])]])
        return -log_likelihood(root @ root.T, *data)

    best, null = (
        optimize.minimize(
            cost, np.zeros(3), args=(c,), method="Nelder-Mead",
            options={"xatol": 1e-5, "fatol": 1e-7, "maxfev": 250},
        ).fun
        for c in (True, False)
    )  # fmt: skip
    assert log_likelihood(found.covariance, *data) >= -best - 1e-6
    assert found.deviance == pytest.approx(2 * (null - best), abs=1e-4)
    assert found.p_value == pytest.approx(stats.chi2.sf(found.deviance, 1))


def test_planted_correlation_is_found() -> None:
    data = simulated(20000, V0, seed=5)
    found = genas(*data)
    np.testing.assert_allclose(found.covariance, V0, rtol=0, atol=0.06)
    assert found.r == pytest.approx(-0.7 / np.sqrt(1.2 * 0.9), abs=0.02)
    assert found.technical_r == pytest.approx(-0.5)
    assert found.p_value < 1e-100


def test_errors_alone_are_not_biology() -> None:
    """Uncorrelated true changes: the estimates correlate, what is left does not."""
    p = []
    for seed in range(40):
        data = simulated(300, np.diag([1.0, 0.7]), seed=seed)
        p.append(genas(*data).p_value)
    assert np.corrcoef(data[0].T)[0, 1] < -0.1
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_without_true_changes_there_is_no_correlation() -> None:
    b, v, s2, df = simulated(500, np.zeros((2, 2)), seed=1)
    b[:, 0] *= 0.3  # less than the errors alone would give
    found = genas(b, v, s2, df)
    assert np.isnan(found.r)
    assert np.isnan(found.p_value)
    assert found.covariance[0, 0] == pytest.approx(0.0, abs=1e-3)
    assert np.linalg.eigvalsh(found.covariance)[0] >= -1e-12


def test_changes_that_are_one() -> None:
    """The covariance ends where it is positive semi-definite: r is 1, not more."""
    b, v, s2, df = simulated(2000, np.zeros((2, 2)), seed=2)
    shared = np.random.default_rng(3).normal(size=len(b)) * 3 * np.sqrt(s2)
    b = 0.5 * b + shared[:, None]
    found = genas(b, v, s2, df)
    assert found.r == pytest.approx(1.0, abs=1e-6)
    assert np.linalg.eigvalsh(found.covariance)[0] >= -1e-9
    assert found.p_value < 1e-10


def test_more_than_errors_along_one_line_only() -> None:
    """Each contrast alone varies less than its errors: a search that begins there stays there.

    limma's does, as in the rebound of the CD8+ cells of healthy people in `grams_cd8_rna`.
    """
    b, v, s2, df = simulated(4000, np.zeros((2, 2)), seed=6)
    line = np.random.default_rng(7).normal(size=len(b)) * np.sqrt(s2)
    b = 0.6 * b + 0.45 * line[:, None] * [1, -1]
    found = genas(b, v, s2, df)
    assert found.r == pytest.approx(-1.0, abs=1e-6)
    data = b, v, s2, df
    gain = log_likelihood(found.covariance, *data) - log_likelihood(np.zeros((2, 2)), *data)
    assert 20 < found.deviance <= 2 * gain


# --- properties --------------------------------------------------------------------------------


def numbers(found: Genas) -> list[float]:
    return [found.r, found.technical_r, found.deviance, found.n_features]


@settings(max_examples=10)
@given(a=st.floats(0.01, 100), b=st.floats(0.01, 100), units=st.floats(0.01, 100))
def test_units_play_no_part(a: float, b: float, units: float) -> None:
    data = simulated(150, V0, seed=7)
    est, v, s2, df = data
    scale = np.array([a, b])
    other = genas(est * scale * units, v * scale[[0, 0, 1]] * scale[[0, 1, 1]], s2 * units**2, df)
    expected = genas(*data)
    np.testing.assert_allclose(numbers(other), numbers(expected), rtol=1e-5, atol=1e-6)
    scaled = expected.covariance * scale[:, None] * scale
    np.testing.assert_allclose(other.covariance, scaled, rtol=1e-4)


def test_order_and_sign_of_the_contrasts() -> None:
    est, v, s2, df = simulated(150, V0, seed=8)
    expected = genas(est, v, s2, df)
    swapped = genas(est[:, ::-1], v[:, ::-1], s2, df)
    np.testing.assert_allclose(numbers(swapped), numbers(expected), rtol=1e-5, atol=1e-6)
    turned = genas(est * [1, -1], v * [1, -1, 1], s2, df)
    assert turned.r == pytest.approx(-expected.r, abs=1e-5)
    assert turned.technical_r == pytest.approx(-expected.technical_r)


def test_what_is_missing_is_left_out() -> None:
    est, v, s2, df = simulated(200, V0, seed=9)
    keep = np.ones(200, bool)
    est[3, 1], s2[10], df[20], v[30, 0], s2[40] = np.nan, np.nan, np.nan, np.nan, 0.0
    keep[[3, 10, 20, 30, 40]] = False
    found = genas(est, v, s2, df)
    expected = genas(est[keep], v[keep], s2[keep], df[keep])
    assert numbers(found) == numbers(expected)
    assert found.n_features == 195
    none = genas(est[3:4], v[3:4], s2[3:4], df[3:4])
    assert none.n_features == 0
    assert np.isnan([none.r, none.p_value, none.deviance]).all()


def test_one_covariance_for_all() -> None:
    est, v, s2, df = simulated(5000, V0, seed=10, own=False)
    same = genas(est, v, s2, df)
    np.testing.assert_allclose(numbers(genas(est, SHARED, s2, df)), numbers(same), rtol=1e-12)


def test_bad_input_is_refused() -> None:
    est, v, s2, df = simulated(20, V0, seed=11)
    with pytest.raises(ValueError, match="expected"):
        genas(est, v[:, :2], s2, df)
    with pytest.raises(ValueError, match="expected"):
        genas(est, v, s2, df[:, None])
    with pytest.raises(ValueError, match="proportional"):
        genas(est, np.array([1.0, -2.0, 4.0]), s2, df)


def test_a_few_features_say_nothing_of_a_correlation() -> None:
    """With few the likelihood is highest at one of the ends."""
    rng = np.random.default_rng(3)
    for n, known in ((19, False), (20, True)):
        found = genas(
            3.0 * rng.normal(size=(n, 2)), np.array([1.0, 0.0, 1.0]), np.ones(n), np.full(n, 20.0)
        )
        assert np.isfinite(found.r) == known
        assert found.n_features == n
