"""Kenward and Roger's covariance, degrees of freedom and scaled F."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.mixed.kenward_roger import ExpectedInformation, kenward_roger_f
from analyses.stats.mixed.mixed_model import fit_mixed
from analyses.stats.moderation.ebayes import ebayes, joint_test
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from cohortmart.core.types import Floats
from tests.support.dense import simulated
from tests.support.dense_kenward_roger import dense_kenward_roger
from tests.support.lmer_cases import CASES, SETS, fitted
from tests.support.paths import DATA
from tests.unit.analyses.stats.conftest import SmallStudy

#: Tests with two people a group for which pbkrtest's moments leave those of any F distribution.
IMPROPER = {"few": 12}


@pytest.fixture(scope="module")
def pbkr() -> list[dict[str, str]]:
    with (DATA / "kenward_roger.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("case", CASES)
def test_pbkrtest_agrees(case: str, pbkr: list[dict[str, str]]) -> None:
    """Also at t2 = 0, which counts as estimated there; moderation with no prior leaves t and F.

    At exactly 2 degrees of freedom pbkrtest divides rounding by rounding (1.99 to 2.04, once a
    scale of 6e-13); ours is the limit.
    """
    fit = fitted(case, "kenward_roger").fit
    rows, n_improper, n_bound, n_limit = [r for r in pbkr if r["case"] == case], 0, 0, 0
    assert len(rows) == 8 * 9
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    prior = replace(prior, df_prior=np.zeros_like(prior.df_prior))
    single, joint = ebayes(fit, prior), joint_test(fit, prior)
    for row in rows:
        i, name = int(row["feature"]) - 1, row["what"]
        n_bound += float(row["t2"]) == 0
        if name in SETS:
            j, df2 = list(SETS).index(name), float(row["df2"])
            if df2 <= 0 or float(row["scale"]) <= 0:
                n_improper += 1
                assert np.isnan(joint.f[i, j])
                assert np.isnan(joint.p_value[i, j])
                continue
            if joint.df2[i, j] == pytest.approx(2.0, rel=1e-9):  # 0 / 0 in the formulas
                n_limit += 1
                assert df2 == pytest.approx(2.0, abs=0.05)
                if float(row["scale"]) == 1:
                    assert joint.f[i, j] == pytest.approx(float(row["f"]), rel=1e-4)
                continue
            assert joint.df2[i, j] == pytest.approx(df2, rel=1e-4)
            assert joint.f[i, j] == pytest.approx(float(row["f"]), rel=1e-4)
            expected = stats.f.sf(float(row["f"]), int(row["df1"]), df2)
            assert joint.p_value[i, j] == pytest.approx(expected, rel=1e-3)
            continue
        j, se, df = int(name) - 1, float(row["se"]), float(row["df"])
        assert single.se[i, j] == pytest.approx(se, rel=1e-4)
        exactly_two = single.df_total[i, j] == pytest.approx(2.0, rel=1e-9)
        assert single.df_total[i, j] == pytest.approx(df, rel=1e-2 if exactly_two else 1e-4)
        assert single.t[i, j] == pytest.approx(float(row["estimate"]) / se, rel=1e-4, abs=1e-6)
    assert n_limit == {"few": 8}.get(case, 0)
    assert n_improper == IMPROPER.get(case, 0)
    assert n_bound == {"unbalanced": 9, "few": 27}.get(case, 0)


@pytest.mark.parametrize("kind", ["complete", "missing", "weighted"])
def test_dense_algebra_agrees(small: SmallStudy, holes: Floats, kind: str) -> None:
    """The formulas of the paper, given the variances; also of a covariate."""
    y = small.y if kind == "complete" else holes
    weights = small.weights if kind == "weighted" else None
    contrasts = np.column_stack([small.contrasts, np.eye(7)[6]])
    sets = [(0, 1, 2), (1,), (0, 3)]
    found = fit_mixed(y, small.basis, contrasts, small.blocks, weights, sets, "kenward_roger")
    fit = found.fit
    assert fit.df_contrast is not None
    assert fit.df_wald is not None
    for i in range(12):
        w = np.ones(y.shape[1]) if weights is None else weights[i]
        rho = 0.0 if np.isnan(found.correlation[i]) else found.correlation[i]
        unit = w[np.isfinite(y[i])].mean()
        s2, t2 = (1 - rho) * fit.sigma2[i], rho * fit.sigma2[i] / unit
        dense = dense_kenward_roger(y[i], small.design, small.blocks.codes, w, s2, t2)
        se = fit.unscaled_sd[i] * np.sqrt(fit.sigma2[i])
        np.testing.assert_allclose(se**2, np.diag(contrasts.T @ dense.adjusted @ contrasts), 1e-8)
        assert (se**2 >= np.diag(contrasts.T @ dense.plain @ contrasts) * (1 - 1e-12)).all()
        for j in range(4):
            f, df, scale = dense.f_test(contrasts[:, [j]])
            assert fit.df_contrast[i, j] == pytest.approx(df, rel=1e-8)
            assert scale == pytest.approx(1.0, rel=1e-9)
            assert (fit.estimate[i, j] / se[j]) ** 2 == pytest.approx(f, rel=1e-6)
        for j, one in enumerate(sets):
            f, df, _ = dense.f_test(contrasts[:, list(one)])
            assert fit.wald[i, j] / fit.sigma2[i] == pytest.approx(f, rel=1e-6)
            assert fit.df_wald[i, j] == pytest.approx(df, rel=1e-7)


def test_balanced_visits_have_exact_degrees_of_freedom(rng: np.random.Generator) -> None:
    """Within people those of the paired test, between people those of the people's means.

    At t2 = 0 as well, where Satterthwaite's are the residual ones.
    """
    blocks = make_blocks([f"s{i}" for i in range(9)] * 3)
    design = np.eye(3)[np.repeat([0, 1, 2], 9)]
    y = simulated(rng, 300, blocks, 0.1, design)
    contrasts = np.array([[-1.0, 0.0, 1.0], [0.0, -1.0, 1.0], [1.0, 1.0, 1.0]]).T
    sets = [(0, 1), (0, 1, 2)]
    found = fit_mixed(y, design_basis(design), contrasts, blocks, None, sets, "kenward_roger")
    plain = fit_mixed(y, design_basis(design), contrasts, blocks, None, sets)
    bound = found.correlation == 0
    assert 20 < bound.sum() < 250
    df = found.fit.df_contrast
    assert df is not None
    assert plain.fit.df_contrast is not None
    np.testing.assert_allclose(df, np.broadcast_to([16.0, 16.0, 8.0], df.shape), rtol=1e-9)
    assert (plain.fit.df_contrast[bound] == 24.0).all()
    # nothing to adjust: the two components are all that a variance within or between consists of
    np.testing.assert_allclose(found.fit.unscaled_sd, plain.fit.unscaled_sd, rtol=1e-12)
    assert found.fit.df_wald is not None
    np.testing.assert_allclose(found.fit.df_wald[:, 0], 16.0, rtol=1e-9)
    np.testing.assert_allclose(found.fit.wald[:, 0], plain.fit.wald[:, 0], rtol=1e-9)


def test_components_that_cannot_be_told_apart(small: SmallStudy) -> None:
    """Ordinary least squares with the residual degrees of freedom, without an adjustment."""
    alone = make_blocks([f"s{i:02}" for i in range(small.y.shape[1])])
    found = fit_mixed(
        small.y, small.basis, small.contrasts, alone, sets=[(0, 1)], df="kenward_roger"
    )
    plain = fit_contrasts(small.y, small.basis, small.contrasts, sets=[(0, 1)])
    assert np.isnan(found.correlation).all()
    np.testing.assert_allclose(found.fit.unscaled_sd, plain.unscaled_sd, rtol=1e-10)
    free = plain.df_residual[:, None]
    assert found.fit.df_contrast is not None
    assert found.fit.df_wald is not None
    np.testing.assert_allclose(found.fit.df_contrast, np.repeat(free, 3, axis=1), rtol=1e-12)
    np.testing.assert_allclose(found.fit.df_wald, free, rtol=1e-9)
    np.testing.assert_allclose(found.fit.wald, plain.wald, rtol=1e-9)


def test_bad_features_have_no_statistics_and_warn_of_nothing(small: SmallStudy) -> None:
    y = small.y[:5].copy()
    y[0] = 3.0
    y[1] = np.nan
    y[2, small.design[:, 4] == 1] = np.nan
    contrasts = np.eye(7)[:, [0, 4, 6]]
    sets = [(0,), (0, 1)]
    fit = fit_mixed(y, small.basis, contrasts, small.blocks, None, sets, "kenward_roger").fit
    assert fit.df_wald is not None
    np.testing.assert_array_equal(fit.sigma2[0], 0.0)
    assert np.isnan(fit.unscaled_sd[1]).all()
    np.testing.assert_array_equal(np.isnan(fit.unscaled_sd[2]), [False, True, False])
    np.testing.assert_array_equal(np.isnan(fit.wald[2]), [False, True])
    assert np.isfinite(fit.df_wald[3:]).all()


def test_an_f_of_one_direction_is_a_squared_t() -> None:
    information = ExpectedInformation(np.array([20.0]), np.array([0.3]), np.array([0.4]))
    df, scale = kenward_roger_f(np.array([[1.1]]), information)
    assert df[0] == pytest.approx(1 / (1 / 20 + 0.2 * 0.64))
    assert scale[0] == 1.0
