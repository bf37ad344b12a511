"""What an analysis computed, as the tables that are written together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from analyses.design.paper_preset import quirks
from analyses.fit.contrasts import AnalysisOutcome
from analyses.fit.response import ValuesInMemory
from analyses.rebound.tables import difference_rows, pair_rows, rebound_rows
from analyses.write.correlation_tables import correlation_rows
from analyses.write.design_tables import design_rows, note_rows, trend_rows, weight_rows
from analyses.write.tables import contrast_results, joint_tests
from cohortmart import __version__
from cohortmart.core.schemas.tables import ANALYSIS_RUN, CONTRAST
from cohortmart.core.study.records import Analysis

_QUANTILES = (0.01, 0.5, 0.99)
#: Ratios of standard errors nearer than this to each other and 1 are rounding.
_EQUAL = 1e-6


def outcome_tables(
    name: str,
    analysis: Analysis,
    outcome: AnalysisOutcome,
    run: Mapping[str, Any],
    notes: Sequence[tuple[str, str]],
) -> dict[str, Iterable[pa.Table]]:
    """Return the tables of the set `contrasts`, in pieces.

    Parameters
    ----------
    name : str
        Of the analysis.
    analysis : Analysis
    outcome : AnalysisOutcome
    run : mapping
        Columns of `analysis_run` that say how it was computed.
    notes : sequence of (str, str)
        See `analysis_notes`.
    """
    contrasts, found = outcome.prepared.contrasts.names, outcome.contrast_correlation
    return {
        "contrast": [_contrast_rows(name, analysis, outcome)],
        "contrast_result": contrast_results(
            name,
            contrasts,
            outcome.feature_ids,
            outcome.fit,
            outcome.prior,
            outcome.moderated,
            outcome.delta_beta,
        ),
        "joint_test": joint_tests(
            name, outcome.feature_ids, tuple(outcome.prepared.sets), outcome.joint
        ),
        "analysis_run": [_run_row(name, analysis, outcome, run)],
        "contrast_correlation": [
            correlation_rows(
                name, contrasts, found.observed, found.no_effect, found.test, found.biological
            )
        ],
        **_rebounds(name, analysis, outcome),
        "analysis_note": [note_rows(name, notes)],
        **_design(name, outcome),
    }


def _design(name: str, outcome: AnalysisOutcome) -> dict[str, Iterable[pa.Table]]:
    prepared = outcome.prepared
    design, contrasts, values = prepared.design, prepared.contrasts, prepared.values
    trends = []
    if isinstance(values, ValuesInMemory) and values.trend is not None:
        trends.append(trend_rows(name, values.whole.feature_ids, values.trend))
    return {
        "design_value": [design_rows(name, design.sample_ids, design.columns, design.matrix)],
        "contrast_weight": [weight_rows(name, contrasts.names, design.columns, contrasts.matrix)],
        "voom_trend": trends,
    }


def _rebounds(
    name: str, analysis: Analysis, outcome: AnalysisOutcome
) -> dict[str, Iterable[pa.Table]]:
    rebound, contrasts = outcome.rebound, outcome.prepared.contrasts.names
    if rebound is None or analysis.rebound is None:
        return {"rebound_pair": [], "rebound": [], "rebound_difference": []}
    ids, pairs = outcome.feature_ids, rebound.pairs
    preset = analysis.rebound.preset
    return {
        "rebound_pair": pair_rows(name, pairs, contrasts, rebound.cell_type, preset),
        "rebound": rebound_rows(
            name, pairs, contrasts, ids, outcome.fit, outcome.moderated, outcome.delta_beta,
            rebound.fit, rebound.moderated,
        ),
        "rebound_difference": difference_rows(
            name, rebound.differences, ids, rebound.fit, rebound.moderated,
            first_column=len(pairs),
        ),
    }  # fmt: skip


def _contrast_rows(name: str, analysis: Analysis, outcome: AnalysisOutcome) -> pa.Table:
    prepared = outcome.prepared
    contrasts = prepared.contrasts
    n = len(contrasts.names)
    per_feature = analysis.model.correlation == "per_feature"
    low, median, high = limma_se_ratios(outcome)
    columns: dict[str, list[Any]] = {
        "analysis": [name] * n,
        "contrast": list(contrasts.names),
        "contrast_order": list(range(1, n + 1)),
        "assay": [analysis.assay] * n,
        "expression": list(contrasts.expressions),
        "meaning": list(contrasts.meanings),
        "n_samples": [p.n_samples for p in prepared.pairs],
        "n_subjects": [p.n_subjects for p in prepared.pairs],
        "kind": [p.kind for p in prepared.pairs],
        "n_complete": [p.n_complete for p in prepared.pairs],
        "consensus_correlation": [None if per_feature else prepared.correlation] * n,
        "df_prior": [_if_shared(outcome.prior.df_prior)] * n,
        "s2_prior": [_if_shared(outcome.prior.s2_prior)] * n,
        "values_used": [analysis.values] * n,
        "contrast_errors": [analysis.contrast_errors] * n,
        "minimum_log_fc": [analysis.moderation.minimum_log_fc] * n,
        "limma_se_ratio_low": low,
        "limma_se_ratio_median": median,
        "limma_se_ratio_high": high,
    }
    return pa.table(columns, schema=CONTRAST)


def limma_se_ratios(outcome: AnalysisOutcome) -> list[list[float | None]]:
    """Return quantiles (1, 50, 99 %) of limma's standard error over the exact one, by contrast.

    None where limma has no approximation: a design that is not of full rank, or a mixed model.
    """
    fit, design = outcome.fit, outcome.prepared.design
    n = fit.estimate.shape[1]
    if fit.limma_ratio is None:
        none = design.rank < len(design.columns) or fit.df_contrast is not None
        return [[None if none else 1.0] * n for _ in _QUANTILES]
    seen = np.isfinite(fit.limma_ratio).any(axis=0)
    known = np.where(seen, fit.limma_ratio, 1.0)
    return [list(map(float, row)) for row in np.nanquantile(known, _QUANTILES, axis=0)]


def analysis_notes(analysis: Analysis, outcome: AnalysisOutcome) -> list[tuple[str, str]]:
    """List what the user should know of an analysis, in plain words.

    Parameters
    ----------
    analysis : Analysis
    outcome : AnalysisOutcome

    Returns
    -------
    list of (str, str)
        The kind, `note` (of samples, design and errors) or `preset` (copied from the paper), and
        the words.
    """
    said = [("note", note) for note in (*outcome.prepared.notes, *error_notes(outcome))]
    return [*said, *(("preset", note) for note in quirks(analysis))]


def error_notes(outcome: AnalysisOutcome) -> list[str]:
    """Say in one line how far limma's standard errors are from the exact ones, if they are."""
    low, high = ([r for r in ratios if r is not None] for ratios in limma_se_ratios(outcome)[::2])
    if not low or max(high) - min(low) < _EQUAL:
        return []
    return [
        f"limma's approximate standard errors are {min(low):.3f} to {max(high):.3f} times the "
        "exact ones (the middle 98 % of the features, over all contrasts)"
    ]


def _if_shared(values: Any) -> float | None:
    """Return the one value that all features share, None where they differ or it is missing."""
    first = float(values[0])
    return first if (values == first).all() else None


def _run_row(
    name: str, analysis: Analysis, outcome: AnalysisOutcome, run: Mapping[str, Any]
) -> pa.Table:
    row = {
        "analysis": name,
        "assay": analysis.assay,
        "cohortmart_version": __version__,
        "parameters": json.dumps(analysis.model_dump(mode="json"), sort_keys=True),
        "coefficients": json.dumps(outcome.prepared.design.columns),
        "n_features": len(outcome.feature_ids),
        **run,
    }
    return pa.Table.from_pylist([row], schema=ANALYSIS_RUN)
