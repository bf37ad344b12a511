"""Explained changes of an analysis: the parts of every change, and the changes of the variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from analyses.explained.contrasts import NamedContrasts, PartedContrasts, parted_contrasts
from analyses.explained.variables import ExplainingVariables, explaining_variables
from analyses.fingerprints import dependencies, lake_inputs
from analyses.fit.prepare import ModelInputs, Preparation
from analyses.fit.variance_prior import prior_of
from analyses.stats.explained.change_fit import ChangeFit, fit_changes, join_changes
from analyses.stats.explained.change_parts import ChangeParts, ChangeTests, variances_of
from analyses.stats.linear.common_weights import common_row
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.stats.numeric.tails import t_quantile, t_two_sided
from analyses.step import Made, Step
from analyses.write.columns import table_of
from cohortmart.core.errors import AnalysisError
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.schemas.tables import RESULT_TABLES
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.text import counted
from cohortmart.core.types import Floats
from cohortmart.core.warehouse.home import Home

#: Parts that every change has, before the variables.
TOTAL, REMAINING, EXPLAINED = "total", "remaining", "explained"


def explained_tables(
    preparation: Preparation, say: Callable[[str], None]
) -> dict[str, Iterable[pa.Table]]:
    """Part every change within people into what the variables explain and what remains.

    Every person has a level of their own, whatever the analysis does with people, and the test is
    of no change at all, also where the analysis asks for `minimum_log_fc`.

    Parameters
    ----------
    preparation : Preparation
        Of an analysis with `explained_by`.
    say : callable
        Takes one line of progress.

    Returns
    -------
    dict of str to iterable of pyarrow.Table
        `explained` and `explained_variable`.

    Raises
    ------
    AnalysisError
        A variable cannot be used, a contrast is unknown or one between people, or none is within.
    """
    study, name, analysis = preparation.study, preparation.name, preparation.analysis
    inputs, where = preparation.inputs(), f"analysis {name}: "
    options = analysis.explained_by
    assert options is not None
    variables = explaining_variables(
        preparation.con, inputs.samples, options.variables, study, where
    )
    contrasts = NamedContrasts(
        inputs.contrasts.names,
        inputs.contrasts.expressions,
        inputs.contrasts.matrix,
        tuple(pairs.kind for pairs in inputs.pairs),
    )
    parted = parted_contrasts(where, inputs.design, contrasts, variables, options.contrasts)
    for note in (*variables.notes, parted.note):
        if note:
            say(note)
    ids, tests = _fitted(analysis, where, inputs, variables, parted)
    say(
        f"{counted(len(ids), 'feature')}, {counted(len(parted.names), 'contrast')} within "
        f"{inputs.design.nouns.subject.many}, {counted(len(variables.names), 'variable')}"
    )
    return {
        "explained": _rows(name, ids, variables.names, parted, tests),
        "explained_variable": [_variable_rows(name, variables, parted)],
    }


def _fitted(
    analysis: Analysis,
    where: str,
    inputs: ModelInputs,
    variables: ExplainingVariables,
    parted: PartedContrasts,
) -> tuple[pa.Array, ChangeTests]:
    ids: list[pa.Array] = []
    fits: list[ChangeFit] = []
    try:
        for block in one_ahead(inputs.values.blocks()):
            ids.append(block.feature_ids)
            y = np.ascontiguousarray(block.y[:, variables.kept])
            weights = _chosen_weights(block.weights, variables)
            fits.append(fit_changes(y, parted.within, weights))
    except ValueError as error:
        raise AnalysisError(f"{where}explained_by: {error}") from error
    fit = join_changes(fits)
    priors = [prior_of(analysis, variances_of(fit, remaining=r)) for r in (False, True)]
    return pa.concat_arrays(ids), ChangeTests(fit, parted.within, *priors)


def _chosen_weights(weights: Floats | None, variables: ExplainingVariables) -> Floats | None:
    """Weights of the kept samples; one row for all features stays one."""
    if weights is None:
        return None
    row = common_row(weights)
    if row is None:
        return np.ascontiguousarray(weights[:, variables.kept])
    return np.broadcast_to(row[variables.kept], (len(weights), len(variables.kept)))


def _rows(
    analysis: str,
    feature_ids: pa.Array,
    variables: tuple[str, ...],
    parted: PartedContrasts,
    tests: ChangeTests,
) -> Iterator[pa.Table]:
    """Yield the rows of `explained`: contrasts in their order, in each its parts."""
    slopes, slope_p = tests.slopes, tests.slope_p_values
    for contrast, k in zip(parted.names, parted.matrix.T, strict=True):
        found = tests.of_contrast(k)
        # with one variable its part is the whole of what is explained
        columns = {TOTAL: 0, REMAINING: 1, EXPLAINED: found.estimate.shape[1] - 1}
        names = {"analysis": analysis, "contrast": contrast, "feature_id": feature_ids}
        for part, j in columns.items():
            yield table_of("explained", {**names, "part": part, **_numbers(found, j)})
        for v, variable in enumerate(variables):
            of_variable = {
                "variable_change": found.change[:, v],
                "slope": slopes[:, v],
                "slope_p_value": slope_p[:, v],
            }
            numbers = {**_numbers(found, 2 + v), **of_variable}
            yield table_of("explained", {**names, "part": variable, **numbers})


def _numbers(found: ChangeParts, j: int) -> dict[str, Floats]:
    p = found.p_value[:, j]
    return {
        "estimate": found.estimate[:, j],
        "se": found.se[:, j],
        "ci_low": found.ci_low[:, j],
        "ci_high": found.ci_high[:, j],
        "p_value": p,
        "adj_p_value": benjamini_hochberg(p),
    }


def _variable_rows(
    analysis: str, variables: ExplainingVariables, parted: PartedContrasts
) -> pa.Table:
    """Give the rows of `explained_variable`: contrasts in their order, in each the variables."""
    within, rows = parted.within, []
    df = float(within.noise_df)
    quantile = float(t_quantile(0.025, df))
    n_visits = within.blocks.indicators.sum(axis=0)
    for contrast, k in zip(parted.names, parted.matrix.T, strict=True):
        for name, change, se in zip(variables.names, *within.changes(k), strict=True):
            rows.append(
                {
                    "analysis": analysis,
                    "contrast": contrast,
                    "variable": name,
                    "change": change,
                    "se": se,
                    "ci_low": change - quantile * se,
                    "ci_high": change + quantile * se,
                    "p_value": float(t_two_sided(change / se, df)),
                    "df": df,
                    "n_samples": len(variables.kept),
                    "n_subjects": int((n_visits > 1).sum()),
                }
            )
    return pa.Table.from_pylist(rows, schema=RESULT_TABLES["explained_variable"])


def _options(study: Study, name: str) -> Any:
    wanted = study.analyses[name].explained_by
    return None if wanted is None else wanted.model_dump(mode="json")


def _inputs(study: Study, home: Home, name: str, options: Any) -> dict[str, Any]:
    """Collect what the tables depend on: the analysis, and the assays of the variables."""
    analysis = study.analyses[name]
    named = (*analysis.model.covariates, *(options or {}).get("variables", ()))
    model = analysis.model.model_copy(update={"covariates": named})
    read = lake_inputs(home, analysis.model_copy(update={"model": model}))
    return {"analysis": dependencies(study, analysis, read), "options": options}


EXPLAINED_CHANGES = Step(
    name="explained",
    title="explained changes",
    tables=("explained", "explained_variable"),
    options=_options,
    inputs=_inputs,
    make=lambda run: Made(explained_tables(run.preparation, run.say)),
)
