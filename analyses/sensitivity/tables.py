"""Sensitivity of hits: the contrasts under other models, for the features that matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyses.design.contrasts import Contrasts
from analyses.fingerprints import fitted_again
from analyses.fit.prepare import Preparation
from analyses.load.pending_results import default_adj_p
from analyses.sensitivity.listed_features import Limits, limits_of, listed_rows
from analyses.sensitivity.refit import Outcome, Reference, fit_all, refit
from analyses.sensitivity.variants import AS_ANALYSED, batch_note, variants_of
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.step import Made, Step
from analyses.write.columns import table_of
from cohortmart.core.errors import AnalysisError
from cohortmart.core.progress import counted_off
from cohortmart.core.study.records import Study
from cohortmart.core.text import counted, did_you_mean
from cohortmart.core.types import Floats

_NUMBERS = ("log_fc", "se", "t", "p_value", "adj_p_value")
_NOT_TESTED = "the feature was not tested in this variant"


@dataclass(frozen=True, eq=False)
class _Listed:
    """Features that are followed in one contrast, in byte order, and their sign as analysed."""

    contrast: str
    ids: pa.Array
    sign: Floats


def sensitivity_tables(preparation: Preparation, say: Callable[[str], None]) -> Iterator[pa.Table]:
    """Yield what becomes of an analysis' hits under other models, one table a variant.

    Every variant is fitted to all features, as moderation and adjustment of the P values need
    them; of each only the rows of the listed features are kept.

    Parameters
    ----------
    preparation : Preparation
        Of an analysis with `sensitivity`.
    say : callable
        Takes one line of progress.

    Yields
    ------
    pyarrow.Table
        Rows of `sensitivity`: variants in their order (0 = as analysed), in each the contrasts
        in theirs, in each the features by id.

    Raises
    ------
    AnalysisError
        `sensitivity` names something that is not there, or the analysis itself cannot be
        computed. A variant that cannot be computed is rows with a `fault`.
    """
    study, name, analysis = preparation.study, preparation.name, preparation.analysis
    options = analysis.sensitivity
    assert options is not None
    where, limits = f"analysis {name}", limits_of(analysis.thresholds, default_adj_p())
    inputs = preparation.inputs()
    contrasts = _chosen(inputs.contrasts, options.contrasts, where)
    expressions = dict(zip(contrasts.names, contrasts.expressions, strict=True))
    reference = Reference(analysis, inputs.samples, inputs.design, expressions)
    variants = variants_of(study, name, analysis, inputs.samples)
    note = batch_note(study, analysis)
    if note is not None:
        say(note)
    fitted = fit_all(name, analysis, replace(inputs, contrasts=contrasts))
    rows = listed_rows(fitted.feature_ids, fitted.moderated.p_value, options, where)
    listed = [
        _Listed(
            contrast, fitted.feature_ids.take(pa.array(at)), np.sign(fitted.fit.estimate[at, j])
        )
        for j, (contrast, at) in enumerate(zip(contrasts.names, rows, strict=True))
    ]
    n = reference.samples.height
    yield _rows(name, AS_ANALYSED, 0, n, Outcome(contrasts.names, fitted, {}), listed, limits)
    del fitted  # one variant's statistics are in memory at a time
    order, n_partly = 0, 0
    for variant in counted_off(variants, "other models", name=lambda variant: variant.name):
        outcome = refit(preparation, variant, reference)
        if outcome is None:
            say(f"`{variant.name}` was left out: the other terms of the model say it already")
            continue
        order, n_partly = order + 1, n_partly + bool(outcome.faults)
        yield _rows(name, variant.name, order, n, outcome, listed, limits)
        del outcome
    say(_said(listed, order, n_partly))


def _said(listed: Sequence[_Listed], n_variants: int, n_partly: int) -> str:
    hits = counted(sum(len(f.ids) for f in listed), "feature")
    faults = (
        f", {n_partly} of which not for every contrast (`fault` in fct_sensitivity says why)"
        if n_partly
        else ""
    )
    return f"{hits} under {counted(n_variants, 'other model')}{faults}"


def _chosen(contrasts: Contrasts, names: Sequence[str], where: str) -> Contrasts:
    """Keep the named contrasts, in the order of the analysis; all if none is named."""
    unknown = [name for name in names if name not in contrasts.names]
    if unknown:
        raise AnalysisError(
            f"{where}: `sensitivity.contrasts` names {unknown[0]}, which is no contrast of it",
            expected=f"one of {', '.join(contrasts.names)}",
            found=", ".join(unknown),
            hint=did_you_mean(unknown[0], contrasts.names),
        )
    if not names:
        return contrasts
    kept = [j for j, name in enumerate(contrasts.names) if name in names]
    return Contrasts(
        names=tuple(contrasts.names[j] for j in kept),
        expressions=tuple(contrasts.expressions[j] for j in kept),
        matrix=contrasts.matrix[:, kept],
        meanings=tuple(contrasts.meanings[j] for j in kept),
    )


def _rows(
    name: str,
    variant: str,
    order: int,
    n_samples: int,
    outcome: Outcome,
    listed: Sequence[_Listed],
    limits: Limits,
) -> pa.Table:
    """Give the rows of a variant, contrast by contrast."""
    pieces = []
    for features in listed:
        fault = outcome.faults.get(features.contrast)
        numbers = (
            {**_numbers(outcome, features, limits), "n_samples": n_samples}
            if fault is None
            else {"fault": fault}
        )
        labels = {
            "analysis": name,
            "contrast": features.contrast,
            "feature_id": features.ids,
            "variant": variant,
            "variant_order": order,
        }
        pieces.append(table_of("sensitivity", {**labels, **numbers}))
    return pa.concat_tables(pieces)


def _numbers(outcome: Outcome, features: _Listed, limits: Limits) -> dict[str, pa.Array]:
    """Statistics of the listed features in one contrast, and whether they hold."""
    made, j = outcome.fitted, outcome.contrasts.index(features.contrast)
    assert made is not None
    at = pc.index_in(features.ids, value_set=made.feature_ids)
    there = at.is_valid()
    rows = at.fill_null(0).to_numpy(zero_copy_only=False)
    p = made.moderated.p_value[:, j]
    log_fc, se = made.fit.estimate[rows, j], made.moderated.se[rows, j]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(se > 0, log_fc / se, np.nan)
    adj_p = benjamini_hochberg(p)[rows]
    holds = limits.found(p[rows], adj_p, log_fc) & (np.sign(log_fc) == features.sign)
    values = dict(zip(_NUMBERS, (log_fc, se, t, p[rows], adj_p), strict=True))
    lacking = ~there.to_numpy(zero_copy_only=False)
    columns = {
        column: pa.array(number, mask=lacking | np.isnan(number))
        for column, number in values.items()
    }
    columns["holds"] = pa.array(holds, mask=lacking | np.isnan(p[rows]))
    fault = pa.array([_NOT_TESTED] * len(rows), mask=~lacking)
    return {**columns, "fault": fault}


def _options(study: Study, name: str) -> Any:
    analysis = study.analyses[name]
    if analysis.sensitivity is None:
        return None
    return [
        analysis.sensitivity.model_dump(mode="json"),
        analysis.thresholds.model_dump(mode="json"),
        default_adj_p(),
    ]


SENSITIVITY = Step(
    name="sensitivity",
    title="other models",
    tables=("sensitivity",),
    options=_options,
    inputs=fitted_again,
    make=lambda run: Made({"sensitivity": sensitivity_tables(run.preparation, run.say)}),
)
