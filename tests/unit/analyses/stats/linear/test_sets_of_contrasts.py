"""Joint statistics of any sets of contrasts, whichever way a feature is fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.moderation.ebayes import joint_test
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from cohortmart.core.types import Floats
from tests.support.dense import dense_fit
from tests.support.limma_cases import CASES, limma_case
from tests.support.limma_cases import RHO as LIMMA_RHO
from tests.unit.analyses.stats.conftest import SmallStudy

RHO = 0.37
SETS = ((0, 1, 2), (2, 0), (1,), (0, 3, 1), (2, 2))
SIZES = (3, 2, 1, 2, 1)  # the fourth contrast is the first less the second


@pytest.fixture
def four(small: SmallStudy) -> Floats:
    return np.column_stack([small.contrasts, small.contrasts[:, 0] - small.contrasts[:, 1]])


@pytest.mark.parametrize("name", CASES)
def test_limma_agrees(name: str) -> None:
    """F over all contrasts and over two of them, with limma's own errors."""
    case = limma_case(name)
    fit = fit_contrasts(
        case.y, case.basis, case.contrasts, case.blocks, LIMMA_RHO, case.weights, "limma",
        sets=((0, 1, 2, 3), (0, 2)),
    )  # fmt: skip
    found = joint_test(fit, fit_f_dist(fit.sigma2, fit.df_residual))
    assert found.df1 == (4, 2)
    for s, column in enumerate(("f_all", "f_two")):
        rows, f = case.of_r(column, 6.0)
        np.testing.assert_allclose(found.f[rows, s], f[:, 0], rtol=1e-9)


@pytest.mark.parametrize("errors", ["exact", "limma"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("gaps", [False, True])
def test_each_set_is_what_it_is_alone(
    small: SmallStudy, holes: Floats, four: Floats, errors: str, weighted: bool, gaps: bool
) -> None:
    y, w = holes if gaps else small.y, small.weights if weighted else None
    found = fit_contrasts(y, small.basis, four, small.blocks, RHO, w, errors, SETS)
    assert found.wald.shape == (60, 5)
    assert found.wald_df == SIZES
    for s, one in enumerate(SETS):
        alone = fit_contrasts(y, small.basis, four[:, list(one)], small.blocks, RHO, w, errors)
        assert alone.wald_df == (SIZES[s],)
        np.testing.assert_allclose(found.wald[:, s], alone.wald[:, 0], rtol=1e-9, atol=1e-12)
    plain = fit_contrasts(y, small.basis, four, small.blocks, RHO, w, errors)
    for name in ("estimate", "unscaled_sd", "sigma2", "df_residual", "mean"):
        np.testing.assert_allclose(getattr(found, name), getattr(plain, name), rtol=1e-11)


@pytest.mark.parametrize("weighted", [False, True])
def test_dense_algebra_agrees(
    small: SmallStudy, holes: Floats, four: Floats, weighted: bool
) -> None:
    w = small.weights if weighted else np.ones_like(small.y)
    found = fit_contrasts(
        holes, small.basis, four, small.blocks, RHO, w if weighted else None, sets=SETS[:4]
    )
    for i in range(0, 60, 3):
        for s, one in enumerate(SETS[:4]):
            dense = dense_fit(holes[i], small.design, four[:, list(one)], small.blocks, RHO, w[i])
            assert found.wald[i, s] == pytest.approx(dense.wald, rel=1e-8)


def test_a_set_of_one_is_the_square_of_its_t(small: SmallStudy, holes: Floats) -> None:
    for w in (None, small.weights):
        fit = fit_contrasts(
            holes, small.basis, small.contrasts, small.blocks, RHO, w, sets=((0,), (1,), (2,))
        )
        np.testing.assert_allclose(fit.wald, (fit.estimate / fit.unscaled_sd) ** 2, rtol=1e-8)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(entries=st.lists(st.floats(-3, 3), min_size=9, max_size=9))
def test_only_the_space_of_a_set_counts(
    small: SmallStudy, holes: Floats, entries: list[float]
) -> None:
    """Other contrasts that say the same, in whatever units, have the same statistic."""
    mixed = small.contrasts @ (np.reshape(entries, (3, 3)) + 4 * np.eye(3)) * 1e3
    if np.linalg.cond(mixed) > 1e4:
        return
    there = fit_contrasts(holes[:12], small.basis, mixed, small.blocks, RHO)
    here = fit_contrasts(holes[:12], small.basis, small.contrasts, small.blocks, RHO)
    np.testing.assert_allclose(there.wald, here.wald, rtol=1e-6)


@pytest.mark.parametrize("errors", ["exact", "limma"])
@pytest.mark.parametrize("weighted", [False, True])
def test_only_sets_with_an_inestimable_contrast_have_no_answer(
    small: SmallStudy, errors: str, weighted: bool
) -> None:
    y = small.y.copy()
    y[1, small.design[:, 5] > 0] = np.nan  # the second and third contrast use this mean
    w = small.weights if weighted else None
    sets = ((0,), (0, 1), (2,), (0, 1, 2))
    found = fit_contrasts(y, small.basis, small.contrasts, small.blocks, RHO, w, errors, sets)
    assert np.isnan(found.wald[1]).tolist() == [False, True, True, True]
    assert np.isfinite(np.delete(found.wald, 1, axis=0)).all()


def test_no_sets_at_all(small: SmallStudy, holes: Floats) -> None:
    for w in (None, small.weights):
        found = fit_contrasts(holes, small.basis, small.contrasts, small.blocks, RHO, w, sets=())
        assert found.wald.shape == (60, 0)
        assert found.wald_df == ()
        assert np.isfinite(found.estimate).all()


@pytest.mark.parametrize("sets", [((),), ((0, 3),), ((-1,),)])
def test_sets_that_are_none(small: SmallStudy, sets: Any) -> None:
    with pytest.raises(ValueError, match="columns 0 to 2 exist"):
        fit_contrasts(small.y, small.basis, small.contrasts, sets=sets)


def test_a_level_has_its_digits_in_every_set() -> None:
    """Contrasts a thousand times smaller than their neighbours are not taken for rounding."""
    design = np.repeat(np.eye(3), 4, axis=0)
    contrasts = np.array([[1.0, 0], [-1.0, 1e-3], [0, -1e-3]])
    y = np.arange(12.0)[None, :] ** 1.3
    found = fit_contrasts(y, design_basis(design), contrasts, sets=((0, 1), (1,)))
    assert found.wald_df == (2, 1)
    means = y.reshape(3, 4).mean(axis=1)
    assert found.wald[0, 1] == pytest.approx((means[1] - means[2]) ** 2 / 0.5, rel=1e-12)
