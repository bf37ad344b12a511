"""Rows of the result tables: every number from the column it is named after."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from analyses.contrasts.result_tables import contrast_result_rows, joint_test_rows
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.mixed.mixed_model import fit_mixed
from analyses.stats.moderation.ebayes import ebayes, joint_test
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.schemas.tables import CONTRAST_RESULT, JOINT_TEST

N, NAMES, SETS = 30, ("second", "third"), {"all contrasts": (0, 1), "third only": (1,)}


@pytest.fixture(params=["shared", "per_feature"])
def found(request: pytest.FixtureRequest, rng: np.random.Generator):
    """Three visits of eight women; feature 3 was never seen."""
    blocks = make_blocks([f"s{i}" for i in np.repeat(np.arange(8), 3)])
    y = rng.normal(size=(N, 8))[:, blocks.codes] + rng.normal(size=(N, 24))
    y *= np.exp(rng.normal(size=(N, 1)))
    y[3], y[5, 1] = np.nan, np.nan
    basis = design_basis(np.eye(3)[np.tile(np.arange(3), 8)])
    contrasts = np.array([[-1.0, 1.0, 0.0], [-0.5, -0.5, 1.0]]).T
    if request.param == "shared":
        fit = fit_contrasts(y, basis, contrasts, blocks, 0.4, sets=list(SETS.values()))
    else:
        fit = fit_mixed(y, basis, contrasts, blocks, sets=list(SETS.values())).fit
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    return fit, prior, ebayes(fit, prior), joint_test(fit, prior)


@pytest.fixture
def ids() -> pa.Array:
    return pa.array([f"g{i:02}" for i in range(N)])


def column(table: pa.Table, name: str) -> np.ndarray:
    return table.column(name).to_numpy()


def test_contrast_results(found, ids) -> None:
    fit, prior, moderated, _ = found
    tables = list(contrast_result_rows("a", NAMES, ids, fit, prior, moderated, None))
    assert len(tables) == 2
    adjusted = benjamini_hochberg(moderated.p_value)
    for j, table in enumerate(tables):
        assert table.schema == CONTRAST_RESULT
        assert table.column("feature_id").combine_chunks() == ids
        assert set(table.column("contrast").to_pylist()) == {NAMES[j]}
        for name, values in {
            "log_fc": fit.estimate[:, j],
            "se": moderated.se[:, j],
            "ave_expr": fit.mean,
            "df_total": moderated.df_total[:, j],
            "s2_post": moderated.s2_post,
            "df_prior": prior.df_prior,
            "s2_prior": prior.s2_prior,
            "p_value": moderated.p_value[:, j],
            "adj_p_value": adjusted[:, j],
            "b": moderated.b[:, j],
        }.items():
            np.testing.assert_array_equal(column(table, name), values, err_msg=name)
        quantile = stats.t.isf(0.025, moderated.df_total[:, j])
        np.testing.assert_allclose(column(table, "ci_quantile"), quantile, rtol=1e-10)
        assert table.column("log_fc").is_null().to_pylist() == [i == 3 for i in range(N)]
        assert table.column("delta_beta").null_count == N
    own = np.ptp(moderated.df_total, axis=1) > 1e-3
    assert own.any() == (fit.df_contrast is not None)


def test_joint_tests(found, ids) -> None:
    _, _, _, joint = found
    tables = list(joint_test_rows("a", ids, tuple(SETS), joint))
    assert [t.column("test")[0].as_py() for t in tables] == list(SETS)
    adjusted = benjamini_hochberg(joint.p_value)
    for j, table in enumerate(tables):
        assert table.schema == JOINT_TEST
        for name, values in {
            "f": joint.f[:, j],
            "df1": np.full(N, [2.0, 1.0][j]),
            "df2": joint.df2[:, j],
            "p_value": joint.p_value[:, j],
            "adj_p_value": adjusted[:, j],
        }.items():
            np.testing.assert_array_equal(column(table, name), values, err_msg=name)
        assert table.column("f").is_null().to_pylist() == [i == 3 for i in range(N)]
    with pytest.raises(ValueError, match="longer"):
        list(joint_test_rows("a", ids, ("one name too few",), joint))
