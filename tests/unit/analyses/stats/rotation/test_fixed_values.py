from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.rotation.contrast_coordinates import ContrastCoordinates, ContrastSpace
from analyses.stats.rotation.fixed_values import FixedCorrelation, FixedSums
from analyses.stats.rotation.quadratic_tail import RotatedRatio
from cohortmart.core.types import Floats
from tests.support.dense import covariance
from tests.unit.analyses.stats.conftest import SmallStudy

RHO = 0.4


def sums_of(
    small: SmallStudy, values: Floats, weights: Floats | None = None, size: int = 17
) -> tuple[FixedSums, ContrastCoordinates]:
    space = ContrastSpace(small.basis, small.contrasts, small.blocks, RHO)
    sums = FixedSums(space.n_residual, 3, centre=float(values.mean()))
    for start in range(0, len(small.y), size):
        rows = slice(start, start + size)
        part = None if weights is None else weights[rows]
        sums.add(space.coordinates(small.y[rows], part), values[rows])
    return sums, space.coordinates(small.y, weights)


# --- the ratio of a fixed direction and a quadratic form -------------------------------------


def drawn_ratio(a: Floats, gram: Floats, n: int) -> Floats:
    x = np.random.default_rng(5).normal(size=(n, len(a)))
    return np.asarray(x @ a / np.sqrt(((x @ gram) * x).sum(axis=1)))


@given(st.integers(2, 40), st.floats(0.01, 0.99))
def test_one_feature_space(d: int, r: float) -> None:
    """With G the identity r is a coordinate of a random direction: Pearson's null, Beta."""
    a = np.zeros(d)
    a[0] = 1.0
    expected = stats.beta.sf(r**2, 0.5, (d - 1) / 2)
    assert RotatedRatio(a, np.eye(d)).two_sided(r) == pytest.approx(expected, rel=1e-9)
    assert RotatedRatio(a, np.eye(d)).two_sided(-r) == RotatedRatio(a, np.eye(d)).two_sided(r)
    assert RotatedRatio(a, np.eye(d)).mean_square() == pytest.approx(1 / d, rel=1e-6)


def test_a_tiny_tail_keeps_its_digits() -> None:
    a = np.zeros(101)
    a[3] = 2.0
    gram = 4.0 * np.eye(101)
    expected = stats.beta.sf(0.95**2, 0.5, 50)
    assert expected < 1e-50
    assert RotatedRatio(a, gram).two_sided(0.95) == pytest.approx(expected, rel=1e-9)


def test_ratio_against_draws(rng: np.random.Generator) -> None:
    """Unequal eigenvalues, a in no special direction."""
    table = rng.normal(size=(40, 9)) * np.geomspace(5, 0.2, 9)
    w = rng.normal(size=40)
    a, gram = table.T @ w / np.linalg.norm(w), table.T @ table
    drawn = np.abs(drawn_ratio(a, gram, 400_000))
    for r in (0.05, 0.2, 0.4):
        assert RotatedRatio(a, gram).two_sided(r) == pytest.approx((drawn >= r).mean(), abs=3e-3)
    assert RotatedRatio(a, gram).mean_square() == pytest.approx((drawn**2).mean(), rel=0.01)
    high = RotatedRatio(a, gram).quantile(0.05)
    assert RotatedRatio(a, gram).two_sided(high) == pytest.approx(0.05, rel=1e-6)
    assert high == pytest.approx(np.quantile(drawn, 0.95), rel=0.01)


def test_tail_is_that_of_the_eigenvalues(rng: np.random.Generator) -> None:
    """The integral over the eigenvalues of aa' - r^2 G as they are computed directly."""
    nodes, weights = np.polynomial.legendre.leggauss(256)
    sine2 = np.sin((nodes + 1.0) * (np.pi / 4)) ** 2
    for size in (1.5, 0.2):
        table = rng.normal(size=(60, 12)) * np.geomspace(4, 0.1, 12)
        w = table[:, 0] + size * rng.normal(size=60)
        a, gram = table.T @ w / np.linalg.norm(w), table.T @ table
        for r in (0.03, 0.5, 0.9):
            values = np.linalg.eigvalsh(np.outer(a, a) - r**2 * gram)
            mu = -values[:-1] / values[-1]
            expected = (weights / np.sqrt((1 + mu[:, None] / sine2).prod(axis=0))).sum() / 2
            expected = expected if values[-1] > 0 else 0.0
            assert RotatedRatio(a, gram).two_sided(r) == pytest.approx(expected, rel=1e-8)


def test_ratio_at_its_ends(rng: np.random.Generator) -> None:
    a = rng.normal(size=5)
    gram = np.outer(a, a) + np.eye(5)
    assert RotatedRatio(a, gram).two_sided(0.0) == 1.0
    assert RotatedRatio(a, gram).two_sided(1.0) == 0.0
    assert np.isnan(RotatedRatio(a, gram).two_sided(np.nan))
    assert RotatedRatio(np.array([2.0]), np.array([[8.0]])).mean_square() == pytest.approx(0.5)
    assert (
        RotatedRatio(np.array([2.0]), np.array([[4.0]])).quantile(0.05) == 1.0
    )  # every rotation has |r| = 1


# --- contrasts of a study ---------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_against_dense_matrices(
    small: SmallStudy, rng: np.random.Generator, weighted: bool
) -> None:
    """r is Pearson's of the estimates; its null that of estimates turned one by one."""
    values = rng.normal(200, 1, len(small.y))
    weights = small.weights if weighted else None
    sums, found = sums_of(small, values, weights)
    fit = fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, RHO, weights)
    turned = np.random.default_rng(8).normal(size=(20_000, found.residual.shape[1] + 1))
    w = (values - values.mean()) / np.linalg.norm(values - values.mean())
    for j in range(3):
        test = sums.correlation(j)
        assert test.r == pytest.approx(np.corrcoef(fit.estimate[:, j], values)[0, 1], abs=1e-11)
        assert test.n_features == len(small.y)
        # residual variance and standard error of each feature, from n x n matrices
        v = covariance(small.blocks, RHO, np.ones(len(small.design)))
        h = np.hstack([found.residual, found.own[:, [j]]])
        h = h * (fit.unscaled_sd[:, [j]] if weighted else 1.0)
        if not weighted:
            keep = np.linalg.inv(v) - np.linalg.inv(v) @ small.design @ np.linalg.solve(
                small.design.T @ np.linalg.inv(v) @ small.design,
                small.design.T @ np.linalg.inv(v),
            )
            rss = np.einsum("gi,ij,gj->g", small.y, keep, small.y)
            np.testing.assert_allclose(found.squares, rss, rtol=1e-9)
        b = h @ turned.T
        b -= b.mean(axis=0)
        r = np.abs(w @ b / np.linalg.norm(b, axis=0))
        assert test.no_effect_sd == pytest.approx(np.sqrt((r**2).mean()), rel=0.02)
        assert test.no_effect_high == pytest.approx(np.quantile(r, 0.95), rel=0.03)
        assert test.p_value == pytest.approx((r >= abs(test.r)).mean(), abs=0.012)


def test_null_sd_of_correlated_features() -> None:
    """With many residuals sd is sqrt(w'Sigma w / trace of the centred Sigma)."""
    rng = np.random.default_rng(2)
    n, m = 60, 1500
    factor = rng.normal(size=(n, 3))
    sigma = factor @ factor.T + np.diag(rng.uniform(0.5, 1.5, n))
    root = np.linalg.cholesky(sigma)
    values = factor[:, 0] + rng.normal(size=n)
    found = ContrastCoordinates(
        (root @ rng.normal(size=(n, m)))[:, :m], root @ rng.normal(size=(n, 1)), None
    )
    centre = np.eye(n) - 1.0 / n
    w = centre @ values / np.linalg.norm(centre @ values)
    sums = FixedSums(m, 1)
    sums.add(found, values)
    a, gram = sums._of(0)
    of_sums = a @ a / (centre @ values @ values) / np.trace(gram)
    expected = w @ sigma @ w / np.trace(centre @ sigma)
    assert of_sums == pytest.approx(expected, rel=0.12)
    assert np.sqrt(expected) > 3 / np.sqrt(n)  # far from that of independent features


def test_weights_of_samples_alone(small: SmallStudy, rng: np.random.Generator) -> None:
    """One row for all features, as it is and spelt out for each."""
    values = rng.normal(size=len(small.y))
    row = np.exp(rng.normal(0, 0.5, small.y.shape[1]))
    seen = np.broadcast_to(row, small.y.shape)
    one, found = sums_of(small, values, seen, size=60)
    each, spelt = sums_of(small, values, np.array(seen), size=60)
    fit = fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, RHO, seen)
    assert found.scale is None
    np.testing.assert_allclose(found.squares, spelt.squares, rtol=1e-9)
    for j in range(3):
        r = np.corrcoef(fit.estimate[:, j], values)[0, 1]
        assert one.correlation(j).r == pytest.approx(r, abs=1e-11)
        assert one.correlation(j).p_value == pytest.approx(each.correlation(j).p_value, rel=1e-8)


def test_blocks_and_units_do_not_matter(small: SmallStudy, rng: np.random.Generator) -> None:
    values = rng.normal(size=len(small.y))
    one = sums_of(small, values)[0].correlation(1)
    other = sums_of(small, 1e6 - 7.0 * values, size=60)[0].correlation(1)
    assert other.r == pytest.approx(-one.r, abs=1e-9)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-8)
    assert other.no_effect_high == pytest.approx(one.no_effect_high, rel=1e-8)


def test_r_of_more_features_is_tested(small: SmallStudy, rng: np.random.Generator) -> None:
    sums, _ = sums_of(small, rng.normal(size=len(small.y)))
    usual = sums.correlation(0)
    assert sums.correlation(0, r=usual.r).p_value == usual.p_value
    assert sums.correlation(0, r=0.9).p_value < usual.p_value
    assert np.isnan(sums.correlation(0, r=np.nan).p_value)


def nothing(found: FixedCorrelation) -> bool:
    return bool(np.isnan([found.r, found.no_effect_sd, found.no_effect_high, found.p_value]).all())


def test_nothing_to_correlate(small: SmallStudy) -> None:
    assert nothing(FixedSums(4, 1).correlation(0))
    constant, _ = sums_of(small, np.full(len(small.y), 3.25))
    assert nothing(constant.correlation(0))
    two = FixedSums(2, 1)
    two.add(ContrastCoordinates(np.eye(2), np.ones((2, 1)), None), np.array([1.0, 2.0]))
    assert nothing(two.correlation(0))
    assert two.correlation(0).n_features == 2


def test_refusals(small: SmallStudy, rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match="without residual degrees of freedom"):
        ContrastSpace(design_basis(np.eye(4)), np.eye(4)[:, :1], None, 0.0)
    space = ContrastSpace(small.basis, small.contrasts, small.blocks, RHO)
    sums, values = FixedSums(space.n_residual, 3), rng.normal(size=len(small.y))
    sums.add(space.coordinates(small.y), values)
    with pytest.raises(ValueError, match="either all features"):
        sums.add(space.coordinates(small.y, small.weights), values)
    usable = space.usable(np.where(np.arange(6)[:, None] == 2, np.nan, small.y[:6]))
    assert usable.tolist() == [True, True, False, True, True, True]
    none = np.ones_like(small.y[:2])
    none[1, 3] = 0.0
    assert space.usable(small.y[:2], none).tolist() == [True, False]


# --- calibration -------------------------------------------------------------------------------


def test_null_studies_with_correlated_features() -> None:
    """Of 400 studies without effect 5 % have P < 0.05; the usual test of r finds far more."""
    rng = np.random.default_rng(31)
    n_features, n_studies = 120, 400
    visit = np.tile(np.arange(3), 6)
    blocks = make_blocks([f"s{i // 3}" for i in range(18)])
    space = ContrastSpace(design_basis(np.eye(3)[visit]), np.array([[-1.0], [0], [1]]), blocks, 0.5)
    module = rng.normal(size=(n_features, 4))
    values = module[:, 0] + rng.normal(size=n_features)
    p, naive = np.empty((2, n_studies))
    for i in range(n_studies):
        y = np.zeros((n_features, 18))
        for size, of in ((0.5, blocks.indicators.T), (0.5, np.eye(18))):
            shared = module @ rng.normal(size=(4, len(of)))
            own = rng.normal(size=(n_features, len(of)))
            y += np.sqrt(size) * (shared + own) @ of
        sums = FixedSums(space.n_residual, 1)
        sums.add(space.coordinates(y), values)
        found = sums.correlation(0)
        p[i] = found.p_value
        naive[i] = stats.beta.sf(found.r**2, 0.5, (n_features - 2) / 2)
    assert 0.03 <= (p < 0.05).mean() <= 0.075
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert (naive < 0.05).mean() > 0.4


def test_planted_signature_is_found() -> None:
    rng = np.random.default_rng(7)
    visit = np.tile(np.arange(3), 8)
    blocks = make_blocks([f"s{i // 3}" for i in range(24)])
    space = ContrastSpace(design_basis(np.eye(3)[visit]), np.array([[-1.0], [0], [1]]), blocks, 0.0)
    effect = rng.normal(0, 0.7, 200)
    y = rng.normal(size=(200, 24)) + np.outer(effect, visit == 2)
    sums = FixedSums(space.n_residual, 1)
    sums.add(space.coordinates(y), effect + rng.normal(0, 0.7, 200))
    found = sums.correlation(0)
    assert found.r > 0.4 > found.no_effect_high
    assert found.p_value < 1e-4
