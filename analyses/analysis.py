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
from analyses.load.matrices import feature_matrix
from analyses.load.normalised_counts import normalised_counts
from analyses.load.samples import chosen_samples
from analyses.normalise.m_value import m_value
from analyses.normalise.voom import voom
from analyses.stats.basis import DesignBasis, design_basis
from analyses.stats.block_correlation import block_correlation
from analyses.stats.blocks import Blocks, make_blocks
from analyses.stats.contrast_fit import ContrastFit, fit_contrasts
from analyses.stats.moderated_t import JointTest, ModeratedFit, joint_test, moderate
from analyses.stats.robust_prior import robust_variance_prior
from analyses.stats.variance_prior import VariancePrior, variance_prior
from cohortmart.errors import AnalysisError
from cohortmart.study import Analysis, Study

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Values:
    """What the model is fitted to.

    Parameters
    ----------
    feature_ids : pyarrow.Array of string
    y : ndarray of shape (n_features, n_samples)
    weights : ndarray of the same shape, or None
    beta : ndarray of the same shape, or None
        For delta_beta.
    """

    feature_ids: pa.Array
    y: Floats
    weights: Floats | None = None
    beta: Floats | None = None


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
    values = _values(con, study, name, analysis, samples, design, basis)
    blocks = None if design.blocks is None else make_blocks(design.blocks.tolist())
    correlation = _correlation(name, values, basis, blocks)
    fit = _fit(name, analysis, values, basis, contrasts, blocks, correlation)
    trend = fit.mean if analysis.moderation.trend else None
    prior_of = robust_variance_prior if analysis.moderation.robust else variance_prior
    prior = prior_of(fit.sigma2, fit.df_residual, trend)
    moderated = moderate(fit, prior)
    delta_beta = None
    if values.beta is not None:
        rho = correlation or 0.0
        delta_beta = fit_contrasts(values.beta, basis, contrasts.matrix, blocks, rho).estimate
    return AnalysisOutcome(
        feature_ids=values.feature_ids,
        n_samples=samples.height,
        coefficients=design.columns,
        contrasts=contrasts,
        pairs=tuple(describe_contrast(design, c, samples) for c in contrasts.matrix.T),
        correlation=correlation,
        fit=fit,
        prior=prior,
        moderated=moderated,
        joint=joint_test(fit, moderated),
        delta_beta=delta_beta,
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


def _values(
    con: duckdb.DuckDBPyConnection,
    study: Study,
    name: str,
    analysis: Analysis,
    samples: pl.DataFrame,
    design: Design,
    basis: DesignBasis,
) -> Values:
    ids = samples["sample_id"].to_list()
    if analysis.values in ("m_value", "beta"):
        matrix = feature_matrix(con, "beta", analysis.assay, ids)
        clip = study.assays[analysis.assay].m_value_clip
        y = m_value(matrix.values, clip) if analysis.values == "m_value" else matrix.values
        return Values(matrix.feature_ids, y, beta=matrix.values)
    counts = normalised_counts(con, name, analysis, ids, design.mean_labels)
    if analysis.values == "log_cpm":
        return Values(counts.feature_ids, counts.log2_cpm)
    try:
        made = voom(counts.counts, counts.effective_library, basis)
    except ValueError as error:
        raise AnalysisError(f"analysis {name}: {error}") from error
    return Values(counts.feature_ids, made.log2_cpm, weights=made.weights)


def _correlation(
    name: str, values: Values, basis: DesignBasis, blocks: Blocks | None
) -> float | None:
    if blocks is None:
        return None
    try:
        return block_correlation(values.y, basis, blocks, values.weights).consensus
    except ValueError as error:
        raise AnalysisError(
            f"analysis {name}: the correlation within blocks cannot be estimated: {error}",
            expected="several blocks, some with more than one sample",
            found=f"{blocks.n_blocks} blocks over {len(blocks.codes)} samples",
            hint="leave `block` out of the model",
        ) from error


def _fit(
    name: str,
    analysis: Analysis,
    values: Values,
    basis: DesignBasis,
    contrasts: Contrasts,
    blocks: Blocks | None,
    correlation: float | None,
) -> ContrastFit:
    try:
        return fit_contrasts(
            values.y,
            basis,
            contrasts.matrix,
            blocks,
            correlation or 0.0,
            values.weights,
            analysis.contrast_errors,
        )
    except ValueError as error:
        raise AnalysisError(f"analysis {name}: {error}") from error
