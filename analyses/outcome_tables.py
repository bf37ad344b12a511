"""What an analysis computed, as the tables that are written together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from analyses.analysis import AnalysisOutcome
from analyses.write.correlation_tables import correlation_rows
from analyses.write.rebound_tables import difference_rows, pair_rows, rebound_rows
from analyses.write.tables import contrast_results, joint_tests
from cohortmart import __version__
from cohortmart.study import Analysis
from cohortmart.tables import ANALYSIS_RUN, CONTRAST


def outcome_tables(
    name: str, analysis: Analysis, outcome: AnalysisOutcome, run: Mapping[str, Any]
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
    """
    contrasts, found = outcome.contrasts.names, outcome.contrast_correlation
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
        "joint_test": joint_tests(name, outcome.feature_ids, outcome.joint),
        "analysis_run": [_run_row(name, analysis, outcome, run)],
        "contrast_correlation": [
            correlation_rows(name, contrasts, found.observed, found.no_effect, found.test)
        ],
        **_rebounds(name, analysis, outcome),
    }


def _rebounds(
    name: str, analysis: Analysis, outcome: AnalysisOutcome
) -> dict[str, Iterable[pa.Table]]:
    rebound, contrasts = outcome.rebound, outcome.contrasts.names
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
    n = len(outcome.contrasts.names)
    columns: dict[str, list[Any]] = {
        "analysis": [name] * n,
        "contrast": list(outcome.contrasts.names),
        "assay": [analysis.assay] * n,
        "expression": list(outcome.contrasts.expressions),
        "meaning": list(outcome.contrasts.meanings),
        "n_samples": [p.n_samples for p in outcome.pairs],
        "n_subjects": [p.n_subjects for p in outcome.pairs],
        "consensus_correlation": [outcome.correlation] * n,
        "df_prior": [_if_shared(outcome.prior.df_prior)] * n,
        "s2_prior": [_if_shared(outcome.prior.s2_prior)] * n,
        "values_used": [analysis.values] * n,
        "contrast_errors": [analysis.contrast_errors] * n,
    }
    return pa.table(columns, schema=CONTRAST)


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
        "coefficients": json.dumps(outcome.coefficients),
        "n_features": len(outcome.feature_ids),
        **run,
    }
    return pa.Table.from_pylist([row], schema=ANALYSIS_RUN)
