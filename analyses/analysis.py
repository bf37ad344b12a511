"""One analysis: samples, values, design, correlation, fit, moderation."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from analyses.design.contrasts import Contrasts, build_contrasts
from analyses.design.model_matrix import Design, build_design
from analyses.design.pairs import ContrastPairs, describe_contrast
from analyses.fitting import Fitted, consensus_correlation, fit_values
from analyses.load.samples import chosen_samples
from analyses.patterns.pairs import ContrastPair, PairDifference, differences, resolve_pairs
from analyses.patterns.rebound import amplitude_contrasts, difference_contrasts
from analyses.stats.basis import DesignBasis, design_basis
from analyses.stats.blocks import Blocks, make_blocks
from analyses.stats.contrast_correlation import (
    ObservedCorrelation,
    contrast_correlations,
    no_effect_correlation,
)
from analyses.stats.contrast_fit import ContrastFit
from analyses.stats.moderated_t import JointTest, ModeratedFit, joint_test, moderate
from analyses.stats.robust_prior import robust_variance_prior
from analyses.stats.rotation import CorrelationTest, rotation_test
from analyses.stats.variance_prior import VariancePrior, variance_prior
from analyses.values import values_of
from cohortmart.errors import AnalysisError
from cohortmart.study import Analysis, Study

Floats = NDArray[np.float64]


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
    """Correlations of the log fold changes of contrasts, observed and without any effect."""

    observed: ObservedCorrelation
    no_effect: Floats
    test: CorrelationTest | None


@dataclass(frozen=True, eq=False)
class AnalysisOutcome:
    """Everything an analysis computed."""

    feature_ids: pa.Array
    n_samples: int
    coefficients: tuple[str, ...]
    contrasts: Contrasts
    pairs: tuple[ContrastPairs, ...]
    correlation: float | None
    fit: ContrastFit
    prior: VariancePrior
    moderated: ModeratedFit
    joint: JointTest
    delta_beta: Floats | None
    rebound: ReboundFit | None
    contrast_correlation: ContrastCorrelation
    notes: tuple[str, ...]


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
    samples = chosen_samples(con, name, analysis)
    design = build_design(samples, analysis.model, study, f"analysis {name}")
    contrasts = _contrasts(study, name, analysis, design)
    pairs = _pairs(study, name, analysis, contrasts)
    compared = differences(pairs, study.groups)
    further = np.column_stack(
        [
            amplitude_contrasts(contrasts.matrix, pairs),
            difference_contrasts(contrasts.matrix, pairs, compared),
        ]
    )
    basis = design_basis(design.matrix)
    values = values_of(con, study, name, analysis, samples, design, basis)
    blocks = None if design.blocks is None else make_blocks(design.blocks.tolist())
    correlation = consensus_correlation(name, values, basis, blocks)
    fitted = fit_values(
        name, values, basis, contrasts.matrix, further, [(p.first, p.second) for p in pairs],
        blocks, correlation, analysis.contrast_errors,
    )  # fmt: skip
    fit = fitted.fit
    trend = fit.mean if analysis.moderation.trend else None
    prior_of = robust_variance_prior if analysis.moderation.robust else variance_prior
    prior = prior_of(fit.sigma2, fit.df_residual, trend)
    moderated = moderate(fit, prior)
    return AnalysisOutcome(
        feature_ids=fitted.feature_ids,
        n_samples=samples.height,
        coefficients=design.columns,
        contrasts=contrasts,
        pairs=tuple(describe_contrast(design, c, samples) for c in contrasts.matrix.T),
        correlation=correlation,
        fit=fit,
        prior=prior,
        moderated=moderated,
        joint=joint_test(fit, moderated),
        delta_beta=fitted.delta_beta,
        rebound=None
        if fitted.further is None
        else ReboundFit(
            pairs, compared, fitted.further, moderate(fitted.further, prior), _cell_type(samples)
        ),
        contrast_correlation=_contrast_correlation(
            fitted, basis, contrasts.matrix, blocks, correlation or 0.0
        ),
        notes=design.notes,
    )


def _pairs(
    study: Study, name: str, analysis: Analysis, contrasts: Contrasts
) -> tuple[ContrastPair, ...]:
    """Find the contrasts that are read together; an error says in which analysis."""
    if analysis.rebound is None:
        return ()
    try:
        return resolve_pairs(contrasts.names, analysis.rebound.pairs, study.groups)
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
    fitted: Fitted, basis: DesignBasis, contrasts: Floats, blocks: Blocks | None, rho: float
) -> ContrastCorrelation:
    """Compare all pairs of contrasts over the features, those of `rebound` with rotations."""
    observed = contrast_correlations(fitted.fit.estimate)
    test = None
    if fitted.sums is not None:
        test = rotation_test(fitted.sums, observed.r, seed=ROTATION_SEED)
    no_effect = no_effect_correlation(basis, contrasts, blocks, rho)
    return ContrastCorrelation(observed, no_effect, test)


def _contrasts(study: Study, name: str, analysis: Analysis, design: Design) -> Contrasts:
    """Read the contrasts; an error says in which analysis, and where in the expression."""
    try:
        return build_contrasts(design, analysis.contrasts, analysis.model, study)
    except AnalysisError as error:
        at = "" if error.column is None else f" (character {error.column} of the expression)"
        raise AnalysisError(
            f"analysis {name}, {error.problem}{at}",
            expected=error.expected,
            found=error.found,
            hint=error.hint,
        ) from error
