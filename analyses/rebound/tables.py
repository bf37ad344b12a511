"""Pairs of contrasts as the rows of the rebound tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from analyses.rebound.pairs import ContrastPair, PairDifference
from analyses.rebound.rebound import rebound_test
from analyses.stats.linear.contrast_fit import ContrastFit
from analyses.stats.moderation.ebayes import ModeratedFit
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.write.columns import table_of
from cohortmart.core.schemas.tables import RESULT_TABLES
from cohortmart.core.types import Floats


def pair_rows(
    analysis: str,
    pairs: Sequence[ContrastPair],
    contrasts: Sequence[str],
    cell_type: str | None,
    preset: str,
) -> Iterator[pa.Table]:
    """Yield the rows of `rebound_pair`, in the order of the pairs.

    Parameters
    ----------
    analysis : str
    pairs : sequence of ContrastPair
    contrasts : sequence of str
        Names of the contrasts that the pairs count.
    cell_type : str or None
        Of the analysis' samples; None where they have several or none.
    preset : {"default", "paper"}
    """
    rows = [
        {
            "analysis": analysis,
            "pair": p.pair,
            "study_group": p.study_group,
            "cell_type": cell_type,
            "first_contrast": contrasts[p.first],
            "second_contrast": contrasts[p.second],
            "preset": preset,
        }
        for p in pairs
    ]
    yield pa.Table.from_pylist(rows, schema=RESULT_TABLES["rebound_pair"])


def rebound_rows(
    analysis: str,
    pairs: Sequence[ContrastPair],
    contrasts: Sequence[str],
    feature_ids: pa.Array,
    fit: ContrastFit,
    moderated: ModeratedFit,
    delta_beta: Floats | None,
    amplitude: ContrastFit,
    moderated_amplitude: ModeratedFit,
) -> Iterator[pa.Table]:
    """Yield the rows of `rebound`, one table a pair, features in the order given.

    Parameters
    ----------
    analysis : str
    pairs : sequence of ContrastPair
    contrasts : sequence of str, length n_contrasts
    feature_ids : pyarrow.Array of string, length n_features
    fit, moderated
        Statistics of those features and contrasts.
    delta_beta : ndarray of shape (n_features, n_contrasts), optional
        The same contrasts fitted to beta.
    amplitude, moderated_amplitude
        Statistics of `amplitude_contrasts`: the first columns are those of the pairs, more may
        follow.
    """
    used = sorted({j for p in pairs for j in (p.first, p.second)})
    adjusted = {j: benjamini_hochberg(moderated.p_value[:, j]) for j in used}
    for i, pair in enumerate(pairs):
        names = {
            "analysis": analysis,
            "pair": pair.pair,
            "study_group": pair.study_group,
            "first_contrast": contrasts[pair.first],
            "second_contrast": contrasts[pair.second],
        }
        (fc_1, p_1), (fc_2, p_2) = (
            (fit.estimate[:, j], moderated.p_value[:, j]) for j in (pair.first, pair.second)
        )
        test = rebound_test(fc_1, fc_2, p_1, p_2)
        columns = {
            "log_fc_first": fc_1,
            "log_fc_second": fc_2,
            "p_first": p_1,
            "p_second": p_2,
            "adj_p_first": adjusted[pair.first],
            "adj_p_second": adjusted[pair.second],
            "delta_beta_first": None if delta_beta is None else delta_beta[:, pair.first],
            "delta_beta_second": None if delta_beta is None else delta_beta[:, pair.second],
            "adj_p_rebound": test.adj_p_rebound,
            "adj_p_same": test.adj_p_same,
            "amplitude": amplitude.estimate[:, i],
            "amplitude_se": moderated_amplitude.se[:, i],
            "amplitude_p_value": moderated_amplitude.p_value[:, i],
        }
        yield table_of("rebound", {**names, "feature_id": feature_ids, **columns})


def difference_rows(
    analysis: str,
    differences: Sequence[PairDifference],
    feature_ids: pa.Array,
    fit: ContrastFit,
    moderated: ModeratedFit,
    first_column: int = 0,
) -> Iterator[pa.Table]:
    """Yield the rows of `rebound_difference`, one table a difference.

    Parameters
    ----------
    analysis : str
    differences : sequence of PairDifference
    feature_ids : pyarrow.Array of string, length n_features
    fit, moderated
        Statistics of `difference_contrasts`.
    first_column : int
        Column of the first difference: the number of pairs, where the amplitudes were fitted
        together with them and stand in front.
    """
    for j, difference in enumerate(differences, start=first_column):
        names = {
            "analysis": analysis,
            "pair": difference.pair,
            "study_group": difference.study_group,
            "reference_group": difference.reference_group,
        }
        p = moderated.p_value[:, j]
        columns = {
            "amplitude_difference": fit.estimate[:, j],
            "se": moderated.se[:, j],
            "p_value": p,
            "adj_p_value": benjamini_hochberg(p),
        }
        yield table_of("rebound_difference", {**names, "feature_id": feature_ids, **columns})
