"""Contrasts and joint tests of an analysis as the rows of their tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from analyses.stats.linear.contrast_fit import ContrastFit
from analyses.stats.moderation.ebayes import JointTest, ModeratedFit
from analyses.stats.moderation.fit_f_dist import VariancePrior
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.stats.numeric.tail_table import t_quantile_of_rows
from analyses.write.columns import table_of
from cohortmart.core.types import Floats

#: Probability beyond each end of the 95 % interval.
TAIL = 0.025


def contrast_result_rows(
    analysis: str,
    contrasts: Sequence[str],
    feature_ids: pa.Array,
    fit: ContrastFit,
    prior: VariancePrior,
    moderated: ModeratedFit,
    delta_beta: Floats | None,
) -> Iterator[pa.Table]:
    """Yield the rows of `contrast_result`, one table a contrast, features by id.

    Every contrast has the same features in the same order: a feature's row in one is as far from
    its first as in any other.

    Parameters
    ----------
    analysis : str
    contrasts : sequence of str, length n_contrasts
    feature_ids : pyarrow.Array of string, length n_features
    fit, prior, moderated
        Statistics of those features and contrasts.
    delta_beta : ndarray of shape (n_features, n_contrasts), optional
        The same contrasts fitted to beta.
    """
    adjusted = benjamini_hochberg(moderated.p_value)
    quantile = t_quantile_of_rows(TAIL, moderated.df_total)
    for j, contrast in enumerate(contrasts):
        columns = {
            "analysis": analysis,
            "contrast": contrast,
            "feature_id": feature_ids,
            "log_fc": fit.estimate[:, j],
            "se": moderated.se[:, j],
            "ci_quantile": quantile[:, j],
            "ave_expr": fit.mean,
            "df_total": moderated.df_total[:, j],
            "s2_post": moderated.s2_post,
            "df_prior": prior.df_prior,
            "s2_prior": prior.s2_prior,
            "p_value": moderated.p_value[:, j],
            "adj_p_value": adjusted[:, j],
            "b": moderated.b[:, j],
            "delta_beta": None if delta_beta is None else delta_beta[:, j],
        }
        yield table_of("contrast_result", columns)


def joint_test_rows(
    analysis: str, feature_ids: pa.Array, names: Sequence[str], test: JointTest
) -> Iterator[pa.Table]:
    """Yield the rows of `joint_test`, one table a set of contrasts, features by id.

    Parameters
    ----------
    analysis : str
    feature_ids : pyarrow.Array of string, length n_features
    names : sequence of str, length n_sets
    test : JointTest
        Of those features and sets.
    """
    adjusted = benjamini_hochberg(test.p_value)
    for j, (name, df1) in enumerate(zip(names, test.df1, strict=True)):
        columns = {
            "analysis": analysis,
            "test": name,
            "feature_id": feature_ids,
            "f": test.f[:, j],
            "df1": float(df1),
            "df2": test.df2[:, j],
            "p_value": test.p_value[:, j],
            "adj_p_value": adjusted[:, j],
        }
        yield table_of("joint_test", columns)
