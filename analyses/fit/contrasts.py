"""One analysis: the fit of its contrasts, moderation, and what is read from pairs of them."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from analyses.design.contrast_pairs import ContrastPair, PairDifference, differences, resolve_pairs
from analyses.fit.lm_fit import Fitted, Wanted, fit_values
from analyses.fit.prepare import Prepared, prepare
from analyses.rebound.rebound import amplitude_contrasts, difference_contrasts
from analyses.stats.linear.contrast_fit import ContrastFit
from analyses.stats.moderation.ebayes import JointTest, ModeratedFit, ebayes, joint_test
from analyses.stats.moderation.fit_f_dist import VariancePrior, fit_f_dist
from analyses.stats.moderation.fit_f_dist_robust import fit_f_dist_robust
from analyses.stats.moderation.genas import Genas, genas
from analyses.stats.moderation.treat import treat
from analyses.stats.rotation.contrast_correlation import (
    ObservedCorrelation,
    contrast_correlations,
    no_effect_correlation,
)
from analyses.stats.rotation.rotation import CorrelationTest, rotation_test
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.types import Floats

#: Beyond this correlation of their errors two contrasts are one.
_PROPORTIONAL = 1.0 - 1e-9
#: Of the random rotations: the same study gives the same P.
ROTATION_SEED = 1


@dataclass(frozen=True, eq=False)
class ReboundFit:
    """Pairs of contrasts, and the fit of their amplitudes followed by the groups' differences."""

    pairs: tuple[ContrastPair, ...]
    differences: tuple[PairDifference, ...]
    fit: ContrastFit
    moderated: ModeratedFit
    cell_type: str | None


@dataclass(frozen=True, eq=False)
class ContrastCorrelation:
    """Correlations of the log fold changes of contrasts, observed and without any effect.

    Parameters
    ----------
    observed : ObservedCorrelation
    no_effect : ndarray of shape (n_contrasts, n_contrasts)
    test : CorrelationTest or None
        Of the pairs of `rebound`.
    biological : mapping of (int, int) to Genas
        Of the same pairs.
    """

    observed: ObservedCorrelation
    no_effect: Floats
    test: CorrelationTest | None
    biological: dict[tuple[int, int], Genas]


@dataclass(frozen=True, eq=False)
class AnalysisOutcome:
    """Everything an analysis computed."""

    prepared: Prepared
    feature_ids: pa.Array
    fit: ContrastFit
    prior: VariancePrior
    moderated: ModeratedFit
    joint: JointTest
    delta_beta: Floats | None
    rebound: ReboundFit | None
    contrast_correlation: ContrastCorrelation


@dataclass(frozen=True, eq=False)
class ModeratedContrasts:
    """The contrasts of every feature, moderated."""

    feature_ids: pa.Array
    fit: ContrastFit
    prior: VariancePrior
    moderated: ModeratedFit


def fit_prepared(name: str, analysis: Analysis, prepared: Prepared) -> ModeratedContrasts:
    """Fit and moderate the contrasts of an analysis, and nothing else of it.

    Parameters
    ----------
    name : str
        Of the analysis, for messages.
    analysis : Analysis
    prepared : Prepared

    Raises
    ------
    AnalysisError
        A contrast cannot be estimated.
    """
    matrix = prepared.contrasts.matrix
    fitted = fit_values(name, analysis, prepared, Wanted(matrix, {}, matrix[:, :0]))
    prior = _prior(analysis, fitted.fit)
    return ModeratedContrasts(
        fitted.feature_ids, fitted.fit, prior, _moderated(analysis, fitted.fit, prior)
    )


def run_analysis(
    con: duckdb.DuckDBPyConnection, study: Study, name: str, analysis: Analysis
) -> AnalysisOutcome:
    """Compute one analysis of a study from its warehouse.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse, read-only.
    study : Study
    name : str
        Of the analysis.
    analysis : Analysis

    Raises
    ------
    AnalysisError
        The samples, the model or a contrast do not allow it; the message says why.
    """
    prepared = prepare(con, study, name, analysis)
    contrasts = prepared.contrasts
    pairs = _pairs(study, name, analysis, contrasts.names)
    compared = differences(pairs, study.groups)
    further = np.column_stack(
        [
            amplitude_contrasts(contrasts.matrix, pairs),
            difference_contrasts(contrasts.matrix, pairs, compared),
        ]
    )
    rotated = [(p.first, p.second) for p in pairs]
    wanted = Wanted(contrasts.matrix, prepared.sets, further, rotated)
    fitted = fit_values(name, analysis, prepared, wanted)
    prior = _prior(analysis, fitted.fit)
    moderated = _moderated(analysis, fitted.fit, prior)
    rebound = None
    if pairs:
        of_pairs = ebayes(fitted.further, prior)
        cell_type = _cell_type(prepared.samples)
        rebound = ReboundFit(pairs, compared, fitted.further, of_pairs, cell_type)
    return AnalysisOutcome(
        prepared=prepared,
        feature_ids=fitted.feature_ids,
        fit=fitted.fit,
        prior=prior,
        moderated=moderated,
        joint=joint_test(fitted.fit, prior),
        delta_beta=fitted.delta_beta,
        rebound=rebound,
        contrast_correlation=_contrast_correlation(prepared, fitted, moderated, pairs),
    )


def _prior(analysis: Analysis, fit: ContrastFit) -> VariancePrior:
    trend = fit.mean if analysis.moderation.trend else None
    prior_of = fit_f_dist_robust if analysis.moderation.robust else fit_f_dist
    return prior_of(fit.sigma2, fit.df_residual, trend)


def _moderated(analysis: Analysis, fit: ContrastFit, prior: VariancePrior) -> ModeratedFit:
    moderated = ebayes(fit, prior)
    least = analysis.moderation.minimum_log_fc
    return treat(fit, moderated, least) if least else moderated


def _pairs(
    study: Study, name: str, analysis: Analysis, contrasts: tuple[str, ...]
) -> tuple[ContrastPair, ...]:
    """Find the contrasts that are read together; an error says in which analysis."""
    if analysis.rebound is None:
        return ()
    try:
        return resolve_pairs(contrasts, analysis.rebound.pairs, study.groups)
    except AnalysisError as error:
        raise AnalysisError(
            f"analysis {name}: {error.problem}",
            expected=error.expected,
            found=error.found,
            hint=error.hint,
        ) from error


def _cell_type(samples: pl.DataFrame) -> str | None:
    """Return the one cell type of the samples, if they have one."""
    found = samples["cell_type"].unique().to_list()
    return found[0] if len(found) == 1 else None


def _contrast_correlation(
    prepared: Prepared, fitted: Fitted, moderated: ModeratedFit, pairs: tuple[ContrastPair, ...]
) -> ContrastCorrelation:
    """Compare all pairs of contrasts over the features, those of `rebound` with rotations."""
    observed = contrast_correlations(fitted.fit.estimate)
    test = None
    if fitted.sums is not None:
        test = rotation_test(fitted.sums, observed.r, seed=ROTATION_SEED)
    no_effect = no_effect_correlation(
        prepared.basis, prepared.contrasts.matrix, prepared.blocks, prepared.correlation or 0.0
    )
    biological = {
        (pair.first, pair.second): _biological(fitted, moderated, pair, i)
        for i, pair in enumerate(pairs)
        if abs(no_effect[pair.first, pair.second]) < _PROPORTIONAL
    }
    return ContrastCorrelation(observed, no_effect, test, biological)


def _biological(
    fitted: Fitted, moderated: ModeratedFit, pair: ContrastPair, amplitude: int
) -> Genas:
    """Take the covariance of the two contrasts from the variance of their amplitude.

    amplitude = (b1 - b2) / 2, so 4 v_amplitude = v11 + v22 - 2 v12.
    """
    both = [pair.first, pair.second]
    v1, v2 = (fitted.fit.unscaled_sd[:, both] ** 2).T
    v_amplitude = fitted.further.unscaled_sd[:, amplitude] ** 2
    v12 = (v1 + v2 - 4.0 * v_amplitude) / 2.0
    return genas(
        fitted.fit.estimate[:, both],
        np.column_stack([v1, v12, v2]),
        moderated.s2_post,
        moderated.df_total[:, both].min(axis=1),
    )
