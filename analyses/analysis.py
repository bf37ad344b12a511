"""One analysis: samples, values, design, correlation, fit, moderation."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analyses.design.contrasts import Contrasts, build_contrasts
from analyses.design.model_matrix import Design, build_design
from analyses.design.pairs import ContrastPairs, describe_contrast
from analyses.load.samples import chosen_samples
from analyses.stats.basis import DesignBasis, design_basis
from analyses.stats.block_correlation import consensus, correlation_of_rows
from analyses.stats.blocks import Blocks, make_blocks
from analyses.stats.contrast_fit import ContrastFit, fit_contrasts, join_fits
from analyses.stats.moderated_t import JointTest, ModeratedFit, joint_test, moderate
from analyses.stats.robust_prior import robust_variance_prior
from analyses.stats.variance_prior import VariancePrior, variance_prior
from analyses.values import Values, values_of
from cohortmart.ahead import one_ahead
from cohortmart.errors import AnalysisError
from cohortmart.study import Analysis, Study

Floats = NDArray[np.float64]


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
    basis = design_basis(design.matrix)
    values = values_of(con, study, name, analysis, samples, design, basis)
    blocks = None if design.blocks is None else make_blocks(design.blocks.tolist())
    correlation = _correlation(name, values, basis, blocks)
    fitted = _fit(name, analysis, values, basis, contrasts, blocks, correlation)
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
        notes=design.notes,
    )


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


def _correlation(
    name: str, values: Values, basis: DesignBasis, blocks: Blocks | None
) -> float | None:
    if blocks is None:
        return None
    try:
        return consensus(
            np.concatenate(
                [
                    correlation_of_rows(block.y, basis, blocks, block.weights)
                    for block in one_ahead(values.blocks())
                ]
            )
        )
    except ValueError as error:
        raise AnalysisError(
            f"analysis {name}: the correlation within blocks cannot be estimated: {error}",
            expected="several blocks, some with more than one sample",
            found=f"{blocks.n_blocks} blocks over {len(blocks.codes)} samples",
            hint="leave `block` out of the model",
        ) from error


@dataclass(frozen=True, eq=False)
class _Fitted:
    """The fit of all features, and of their betas."""

    feature_ids: pa.Array
    fit: ContrastFit
    delta_beta: Floats | None


def _fit(
    name: str,
    analysis: Analysis,
    values: Values,
    basis: DesignBasis,
    contrasts: Contrasts,
    blocks: Blocks | None,
    correlation: float | None,
) -> _Fitted:
    """Fit block after block: no more of the values is in memory than two blocks."""
    rho, errors = correlation or 0.0, analysis.contrast_errors
    ids, fits, changes = [], [], []
    try:
        for block in one_ahead(values.blocks()):
            ids.append(block.feature_ids)
            fits.append(
                fit_contrasts(block.y, basis, contrasts.matrix, blocks, rho, block.weights, errors)
            )
            if block.beta is not None:
                of_beta = fit_contrasts(block.beta, basis, contrasts.matrix, blocks, rho)
                changes.append(of_beta.estimate)
    except ValueError as error:
        raise AnalysisError(f"analysis {name}: {error}") from error
    return _Fitted(
        feature_ids=pa.concat_arrays(ids),
        fit=join_fits(fits),
        delta_beta=np.concatenate(changes) if changes else None,
    )
