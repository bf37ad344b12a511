"""Regions against a dense fit of all values of all their CpGs at once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.regions.correlation import NeighbourCorrelation, neighbour_correlation
from analyses.stats.regions.neighbours import Runs, neighbours
from analyses.stats.regions.regions import candidate_regions, regions_of_runs
from analyses.stats.regions.residuals import Residuals, residuals
from cohortmart.core.types import Floats

RHO = 0.4
GROUP = np.repeat([0.0, 1.0], 10)
VISIT = np.tile([0.0, 1.0], 10)
DESIGN = np.column_stack([np.ones(20), GROUP, VISIT, GROUP * VISIT])
BLOCKS = make_blocks([f"P{i // 2}" for i in range(20)])
C = np.array([[0.0], [0.0], [1.0], [1.0]])


def values(n: int, seed: int) -> Floats:
    """CpGs that share something with their neighbours, and persons with levels."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n + 3, 20))
    level = rng.standard_normal((n + 3, 10))[:, np.repeat(np.arange(10), 2)]
    y = noise + 0.8 * level
    scale = rng.uniform(0.5, 2.0, (n, 1))
    return 3.0 + scale * (y[:n] + y[1 : n + 1] + y[2 : n + 2])


def covariance() -> Floats:
    z = BLOCKS.indicators
    return (1.0 - RHO) * np.eye(20) + RHO * z @ z.T


def dense(y: Floats, se: Floats, correlation: Floats) -> tuple[float, float]:
    """Stack the CpGs, fit by generalised least squares, and average their contrasts.

    The covariance of all values is the CpGs' residual covariance times that of the samples;
    standard deviations are the moderated ones, correlations as given.
    """
    k, v = len(y), covariance()
    unscaled = (C.T @ np.linalg.inv(DESIGN.T @ np.linalg.inv(v) @ DESIGN) @ C).item()
    sd = se / np.sqrt(unscaled)
    among = correlation * np.outer(sd, sd)
    whole, x = np.kron(among, v), np.kron(np.eye(k), DESIGN)
    inverse = np.linalg.inv(whole)
    bread = np.linalg.inv(x.T @ inverse @ x)
    weight = se**-2 / (se**-2).sum()
    c = np.kron(weight, C[:, 0])
    return float(c @ bread @ x.T @ inverse @ y.ravel()), float(np.sqrt(c @ bread @ c))


def residual_correlation(y: Floats) -> Floats:
    """Of the whitened residuals of generalised least squares, by plain algebra."""
    v = covariance()
    inverse = np.linalg.inv(v)
    hat = DESIGN @ np.linalg.inv(DESIGN.T @ inverse @ DESIGN) @ DESIGN.T @ inverse
    e = np.linalg.solve(np.linalg.cholesky(v), (np.eye(20) - hat) @ y.T).T
    e /= np.linalg.norm(e, axis=1)[:, None]
    return e @ e.T


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_region_is_the_dense_fit(share: float) -> None:
    y = values(40, seed=1)
    basis = design_basis(DESIGN)
    fit = fit_contrasts(y, basis, C, BLOCKS, RHO)
    moderated = ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual))
    found = residuals(y, basis, BLOCKS, RHO)
    position = np.arange(40) * 100
    by_distance = NeighbourCorrelation(
        found.unit, position, np.array([0.0, 1000.0]), np.array([0.9, 0.1]), share
    )
    runs = Runs(np.zeros(2, int), np.array([3, 20]), np.array([7, 31]))
    regions = regions_of_runs(
        runs, fit.estimate[:, 0], moderated.se[:, 0], moderated.df_total[:, 0], by_distance
    )
    for i, (start, stop) in enumerate([(3, 7), (20, 31)]):
        apart = np.abs(position[start:stop, None] - position[start:stop])
        expected = np.where(apart == 0, 1.0, 0.9 - 0.8 * apart / 1000)
        mixed = share * expected + (1 - share) * residual_correlation(y[start:stop])
        estimate, se = dense(y[start:stop], moderated.se[start:stop, 0], mixed)
        assert regions.estimate[i] == pytest.approx(estimate, rel=1e-9)
        assert regions.se[i] == pytest.approx(se, rel=1e-9)
        assert regions.df[i] == pytest.approx(moderated.df_total[0, 0])
        p = 2 * stats.t.sf(abs(estimate / se), moderated.df_total[0, 0])
        assert regions.p_value[i] == pytest.approx(p, rel=1e-7)


def test_residuals_leave_out_what_is_missing() -> None:
    """Coordinates have the length and the products of a fit of the observed samples alone."""
    y = values(6, seed=2)
    y[0, [3, 8]] = np.nan
    y[1, 3] = np.nan
    found = residuals(y, design_basis(DESIGN), BLOCKS, RHO)
    fit = fit_contrasts(y, design_basis(DESIGN), C, BLOCKS, RHO)
    np.testing.assert_allclose(found.df, fit.df_residual)
    np.testing.assert_allclose(found.square, fit.sigma2 * fit.df_residual, rtol=1e-10)
    np.testing.assert_allclose(np.linalg.norm(found.unit, axis=1), 1.0)
    np.testing.assert_allclose(found.unit[2:] @ found.unit[2:].T, residual_correlation(y[2:]))


def test_cpgs_that_say_nothing_have_no_residuals() -> None:
    y = values(4, seed=3)
    y[0] = 2.0  # constant
    y[1] = DESIGN @ [1.0, 2.0, 3.0, 4.0]  # what the design fits
    y[2, :15] = np.nan
    found = residuals(y, design_basis(DESIGN), BLOCKS, RHO)
    assert np.isnan(found.square).tolist() == [True, True, True, False]
    assert np.isnan(found.unit).any(axis=1).tolist() == [True, True, True, False]


def test_weights_of_samples_scale_the_samples() -> None:
    y, row = values(5, seed=4), np.linspace(0.5, 2.0, 20)
    found = residuals(y, design_basis(DESIGN), BLOCKS, RHO, np.broadcast_to(row, y.shape))
    fit = fit_contrasts(y, design_basis(DESIGN), C, BLOCKS, RHO, np.tile(row, (5, 1)))
    np.testing.assert_allclose(found.square, fit.sigma2 * fit.df_residual, rtol=1e-9)
    with pytest.raises(ValueError, match="the same weights"):
        residuals(y, design_basis(DESIGN), BLOCKS, RHO, np.tile(row, (5, 1)))


def test_candidates_are_neighbours_of_one_sign_below_the_threshold() -> None:
    t = np.array([2.5, 3.0, 2.2, -3.0, -4.0, -2.5, np.nan, 3.0, 3.0, 1.9])
    beside = neighbours(np.zeros(10, int), np.arange(10) * 10, 500, 3)
    unit = np.tile([1.0, 0.0], (10, 1))
    one = NeighbourCorrelation(unit, beside.position, np.zeros(1), np.zeros(1), 0.0)
    found = candidate_regions(0.5 * t, np.full(10, 0.5), np.full(10, np.inf), one, beside, 0.05)
    assert (found.members.tolist(), found.ends.tolist()) == ([0, 1, 2, 3, 4, 5], [0, 3, 6])
    # CpGs with the same residuals add nothing to each other
    assert found.statistic.tolist() == pytest.approx([(2.5 + 3.0 + 2.2) / 3, -9.5 / 3])
    lower = candidate_regions(0.5 * t, np.full(10, 0.5), np.full(10, np.inf), one, beside, 0.01)
    assert len(lower.p_value) == 0


def test_correlation_is_learnt_by_distance() -> None:
    """Autocorrelated CpGs: close ones correlate more; with many samples each pair says it."""
    rng = np.random.default_rng(5)
    position = np.cumsum(rng.integers(10, 200, 4000))
    beside = neighbours(np.zeros(4000, int), position, 500, 3)
    for m, least, most in ((6, 0.5, 1.0), (400, 0.0, 0.3)):
        z = np.empty((4000, m))
        z[0] = rng.standard_normal(m)
        for i in range(1, 4000):
            r = np.exp(-(position[i] - position[i - 1]) / (100 if i % 300 < 150 else 400))
            z[i] = r * z[i - 1] + np.sqrt(1 - r**2) * rng.standard_normal(m)
        z /= np.linalg.norm(z, axis=1)[:, None]
        found = neighbour_correlation(z, beside)
        assert found.mean[0] > 0.6 > 0.3 > found.mean[-1]
        assert least <= found.share <= most


def test_residuals_are_a_record_of_equal_length() -> None:
    found = residuals(values(3, seed=6), design_basis(DESIGN))
    assert isinstance(found, Residuals)
    assert found.unit.shape == (3, 16)
