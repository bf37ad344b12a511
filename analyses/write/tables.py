"""Statistics of one analysis as the rows of the result tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from analyses.stats.linear.contrast_fit import ContrastFit
from analyses.stats.moderation.ebayes import JointTest, ModeratedFit
from analyses.stats.moderation.fit_f_dist import VariancePrior
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.stats.numeric.tail_table import t_quantile_of_rows
from cohortmart.core.schemas.tables import CONTRAST_RESULT, JOINT_TEST
from cohortmart.core.types import Floats

#: Probability beyond each end of the 95 % interval.
TAIL = 0.025


def contrast_results(
    analysis: str,
    contrasts: Sequence[str],
    feature_ids: pa.Array,
    fit: ContrastFit,
    prior: VariancePrior,
    moderated: ModeratedFit,
    delta_beta: Floats | None,
) -> Iterator[pa.Table]:
    """Yield the rows of `contrast_result`, one table a contrast, features by id.

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
            "delta_beta": np.full(len(feature_ids), np.nan) if delta_beta is None
            else delta_beta[:, j],
        }  # fmt: skip
        yield _rows(CONTRAST_RESULT, analysis, contrast, feature_ids, columns)


def joint_tests(
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
            "f": test.f[:, j],
            "df1": np.full(len(feature_ids), float(df1)),
            "df2": test.df2[:, j],
            "p_value": test.p_value[:, j],
            "adj_p_value": adjusted[:, j],
        }
        yield _rows(JOINT_TEST, analysis, name, feature_ids, columns)


def _rows(
    schema: pa.Schema, analysis: str, name: str, feature_ids: pa.Array, columns: dict[str, Floats]
) -> pa.Table:
    """Join names and numbers; NaN becomes null, so that SQL sees a missing value."""
    n = len(feature_ids)
    first = [pa.repeat(pa.scalar(analysis), n), pa.repeat(pa.scalar(name), n), feature_ids]
    numbers = [
        pa.array(np.ascontiguousarray(columns[c]), from_pandas=True) for c in schema.names[3:]
    ]
    return pa.Table.from_arrays([*first, *numbers], schema=schema)
