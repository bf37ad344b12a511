"""The contrasts of an analysis: computed, and written as tables that belong together."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from analyses.contrasts.analysis_warnings import analysis_warnings
from analyses.contrasts.contrast_correlation import ContrastCorrelation, contrast_correlation
from analyses.contrasts.correlation_tables import correlation_rows
from analyses.contrasts.design_tables import design_rows, note_rows, trend_rows, weight_rows
from analyses.contrasts.paper_preset import quirks
from analyses.contrasts.result_tables import contrast_result_rows, joint_test_rows
from analyses.fingerprints import CONTRAST_TABLES, dependencies, lake_inputs, library_versions
from analyses.fit.contrasts import ContrastResults, contrast_results
from analyses.fit.lm_fit import FitRequest
from analyses.fit.prepare import ModelInputs, Preparation
from analyses.fit.response import ValuesInMemory
from analyses.rebound.rebound_fit import ReboundPlan, rebound_plan, rebound_tables
from analyses.stats.moderation.ebayes import JointTest, joint_test
from analyses.step import Made, Run, Step
from cohortmart import __version__
from cohortmart.core.schemas.tables import RESULT_TABLES
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.text import counted
from cohortmart.core.warehouse.home import Home

#: Raised when the same analysis would have other notes and warnings than before.
NOTES_VERSION = "1"
_QUANTILES = (0.01, 0.5, 0.99)
#: Ratios of standard errors nearer than this to each other and 1 are rounding.
_EQUAL = 1e-6


@dataclass(frozen=True, eq=False)
class ContrastSet:
    """The contrasts of an analysis and what is read from pairs of them.

    Parameters
    ----------
    inputs : ModelInputs
    results : ContrastResults
    joint : JointTest
    plan : ReboundPlan
        Its contrasts are the further ones of the results.
    correlation : ContrastCorrelation
    """

    inputs: ModelInputs
    results: ContrastResults
    joint: JointTest
    plan: ReboundPlan
    correlation: ContrastCorrelation


def contrast_set(preparation: Preparation) -> ContrastSet:
    """Compute the contrasts of an analysis.

    Parameters
    ----------
    preparation : Preparation
        Of the analysis.

    Raises
    ------
    AnalysisError
        The samples, the model or a contrast do not allow it; the message says why.
    """
    study, name, analysis = preparation.study, preparation.name, preparation.analysis
    inputs = preparation.inputs()
    matrix = inputs.contrasts.matrix
    plan = rebound_plan(study, name, analysis, inputs.contrasts.names)
    request = FitRequest(matrix, inputs.sets, plan.contrasts(matrix), plan.rotated)
    results = contrast_results(name, analysis, inputs, request)
    return ContrastSet(
        inputs=inputs,
        results=results,
        joint=joint_test(results.fit, results.prior),
        plan=plan,
        correlation=contrast_correlation(inputs, results, plan.pairs),
    )


def contrast_tables(
    name: str,
    analysis: Analysis,
    made: ContrastSet,
    run: Mapping[str, Any],
    notes: Sequence[tuple[str, str]],
) -> dict[str, Iterable[pa.Table]]:
    """Return the tables of the contrasts, in pieces.

    Parameters
    ----------
    name : str
        Of the analysis.
    analysis : Analysis
    made : ContrastSet
    run : mapping
        Columns of `analysis_run` that say how it was computed.
    notes : sequence of (str, str)
        See `analysis_warnings` and `analysis_notes`.
    """
    inputs, results, found = made.inputs, made.results, made.correlation
    contrasts, ids = inputs.contrasts.names, results.feature_ids
    return {
        "contrast": [_contrast_rows(name, analysis, made)],
        "contrast_result": contrast_result_rows(
            name, contrasts, ids, results.fit, results.prior, results.moderated, results.delta_beta
        ),
        "joint_test": joint_test_rows(name, ids, tuple(inputs.sets), made.joint),
        "analysis_run": [_run_row(name, analysis, made, run)],
        "contrast_correlation": [
            correlation_rows(
                name, contrasts, found.observed, found.no_effect, found.test, found.biological
            )
        ],
        **rebound_tables(name, analysis, inputs, results, made.plan),
        "analysis_note": [note_rows(name, notes)],
        **_design_tables(name, inputs),
    }


def _design_tables(name: str, inputs: ModelInputs) -> dict[str, Iterable[pa.Table]]:
    design, contrasts, values = inputs.design, inputs.contrasts, inputs.values
    trends = []
    if isinstance(values, ValuesInMemory) and values.trend is not None:
        trends.append(trend_rows(name, values.whole.feature_ids, values.trend))
    return {
        "design_value": [design_rows(name, design.sample_ids, design.columns, design.matrix)],
        "contrast_weight": [weight_rows(name, contrasts.names, design.columns, contrasts.matrix)],
        "voom_trend": trends,
    }


def _contrast_rows(name: str, analysis: Analysis, made: ContrastSet) -> pa.Table:
    inputs = made.inputs
    contrasts = inputs.contrasts
    n = len(contrasts.names)
    per_feature = analysis.model.correlation == "per_feature"
    low, median, high = limma_se_ratios(made)
    columns: dict[str, list[Any]] = {
        "analysis": [name] * n,
        "contrast": list(contrasts.names),
        "contrast_order": list(range(1, n + 1)),
        "assay": [analysis.assay] * n,
        "expression": list(contrasts.expressions),
        "meaning": list(contrasts.meanings),
        "n_samples": [p.n_samples for p in inputs.pairs],
        "n_subjects": [p.n_subjects for p in inputs.pairs],
        "kind": [p.kind for p in inputs.pairs],
        "n_complete": [p.n_complete for p in inputs.pairs],
        "consensus_correlation": [None if per_feature else inputs.correlation] * n,
        "variance_prior": [made.results.prior.method] * n,
        "df_prior": [_if_shared(made.results.prior.df_prior)] * n,
        "s2_prior": [_if_shared(made.results.prior.s2_prior)] * n,
        "values_used": [analysis.values] * n,
        "contrast_errors": [analysis.contrast_errors] * n,
        "minimum_log_fc": [analysis.moderation.minimum_log_fc] * n,
        "limma_se_ratio_low": low,
        "limma_se_ratio_median": median,
        "limma_se_ratio_high": high,
    }
    return pa.table(columns, schema=RESULT_TABLES["contrast"])


def _parameters(analysis: Analysis) -> dict[str, Any]:
    """Return what study.yml says of an analysis, files by their names alone."""
    said: dict[str, Any] = analysis.model_dump(mode="json")
    for name, signature in analysis.signatures.items():
        said["signatures"][name]["file"] = signature.file.name
    return said


def limma_se_ratios(made: ContrastSet) -> list[list[float | None]]:
    """Return quantiles (1, 50, 99 %) of limma's standard error over the exact one, by contrast.

    None where limma has no approximation: a design that is not of full rank, or a mixed model.
    """
    fit, design = made.results.fit, made.inputs.design
    n = fit.estimate.shape[1]
    if fit.limma_ratio is None:
        none = design.rank < len(design.columns) or fit.df_contrast is not None
        return [[None if none else 1.0] * n for _ in _QUANTILES]
    seen = np.isfinite(fit.limma_ratio).any(axis=0)
    known = np.where(seen, fit.limma_ratio, 1.0)
    return [list(map(float, row)) for row in np.nanquantile(known, _QUANTILES, axis=0)]


def analysis_notes(analysis: Analysis, made: ContrastSet) -> list[tuple[str, str]]:
    """List what the user should know of an analysis, in plain words.

    Parameters
    ----------
    analysis : Analysis
    made : ContrastSet

    Returns
    -------
    list of (str, str)
        The kind, `note` (of samples, design and errors) or `preset` (copied from the paper), and
        the words.
    """
    said = [("note", note) for note in (*made.inputs.notes, *error_notes(made))]
    return [*said, *(("preset", note) for note in quirks(analysis))]


def error_notes(made: ContrastSet) -> list[str]:
    """Say in one line how far limma's standard errors are from the exact ones, if they are."""
    low, high = ([r for r in ratios if r is not None] for ratios in limma_se_ratios(made)[::2])
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


def _run_row(name: str, analysis: Analysis, made: ContrastSet, run: Mapping[str, Any]) -> pa.Table:
    parameters = _parameters(analysis)
    parameters["moderation"]["prior"] = made.results.prior.method  # the one that was used
    row = {
        "analysis": name,
        "assay": analysis.assay,
        "cohortmart_version": __version__,
        "parameters": json.dumps(parameters, sort_keys=True),
        "coefficients": json.dumps(made.inputs.design.columns),
        "n_features": len(made.results.feature_ids),
        **run,
    }
    return pa.Table.from_pylist([row], schema=RESULT_TABLES["analysis_run"])


def _make(run: Run) -> Made:
    began = time.monotonic()
    name, analysis = run.name, run.study.analyses[run.name]
    made = contrast_set(run.preparation)
    warnings = analysis_warnings(run.study, analysis, made.inputs, made.results)
    notes = [*warnings, *analysis_notes(analysis, made)]
    for kind, note in notes:
        run.say(f"WARNING: {note}" if kind == "warning" else note)
    how = {
        "library_versions": json.dumps(library_versions(), sort_keys=True),
        "inputs": json.dumps(lake_inputs(run.home, analysis, analysis.model.names), sort_keys=True),
        "seconds": round(time.monotonic() - began, 3),
    }
    n_features, n_samples = len(made.results.feature_ids), made.inputs.samples.height
    contrasts = counted(len(made.inputs.contrasts.names), "contrast")
    return Made(
        contrast_tables(name, analysis, made, how, notes),
        f"{n_features:,} features x {n_samples} samples, {contrasts}",
    )


def _inputs(study: Study, home: Home, name: str, options: Any) -> dict[str, Any]:
    analysis = study.analyses[name]
    return {
        **dependencies(study, analysis, lake_inputs(home, analysis, analysis.model.names)),
        **options,
    }


CONTRASTS = Step(
    name="contrasts",
    title="contrasts",
    tables=CONTRAST_TABLES,
    # the notes are in the tables: one says how the modules are made
    options=lambda study, name: {"preset": quirks(study.analyses[name]), "notes": NOTES_VERSION},
    inputs=_inputs,
    make=_make,
    needs=None,
    says_current=True,
)
