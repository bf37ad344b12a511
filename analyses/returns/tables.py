"""Returns of an analysis: what became of every difference from the reference, visit by visit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from analyses.design.subject_pairs import describe_contrast
from analyses.fingerprints import fitted_again
from analyses.fit.contrasts import ContrastResults, contrast_results
from analyses.fit.lm_fit import FitRequest
from analyses.fit.prepare import ModelInputs, Preparation
from analyses.returns.contrasts import ReturnContrasts, return_contrasts
from analyses.returns.correlation import ReturnCorrelation, return_correlation
from analyses.returns.states import FOUND, return_states
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.stats.returns.return_share import Returning
from analyses.stats.returns.return_test import ReturnTest, return_test
from analyses.step import Made, Step
from analyses.write.columns import table_of
from cohortmart.core.study.records import Study
from cohortmart.core.text import counted
from cohortmart.core.types import Floats

#: Raised when the same analysis would have other returns than before.
RETURNS_VERSION = "1"


@dataclass(frozen=True)
class _Visit:
    """A visit of a return, and the columns of its contrasts in the fit."""

    of: ReturnContrasts
    place: int
    baseline: int

    @property
    def change(self) -> int:
        return self.baseline + 1 + 2 * self.place

    @property
    def left(self) -> int:
        return self.change + 1


def return_tables(
    preparation: Preparation, say: Callable[[str], None]
) -> dict[str, Iterable[pa.Table]]:
    """Fit the differences from the reference, and say how much of them is gone at each visit.

    Errors are exact, also where the analysis has limma's, and the test is of any change, also
    beside `minimum_log_fc`.

    Parameters
    ----------
    preparation : Preparation
        Of an analysis with `return_to`.
    say : callable
        Takes one line of progress.

    Returns
    -------
    dict of str to iterable of pyarrow.Table
        `feature_return` and `return_visit`.

    Raises
    ------
    AnalysisError
        A name is unknown, or a difference cannot be estimated.
    """
    study, name = preparation.study, preparation.name
    changes = {"contrast_errors": "exact"}
    analysis, inputs = preparation.analysis.model_copy(update=changes), preparation.inputs()
    entries = return_contrasts(f"analysis {name}: ", inputs.design, analysis.return_to, study)
    visits = _visits(entries)
    request = FitRequest(
        contrasts=np.hstack([entry.matrix for entry in entries]),
        sets={},
        further=np.empty((len(inputs.design.columns), 0)),
        rotated=[(v.change, v.baseline) for v in visits],
        of_beta=False,
    )
    results = contrast_results(name, analysis, inputs, request)
    correlation = return_correlation(
        inputs, request.contrasts, results, [(v.change, v.baseline) for v in visits]
    )
    tests = [return_test(_given(results, v)) for v in visits]
    for visit, test in zip(visits, tests, strict=True):
        found = int((benjamini_hochberg(test.p_value) < FOUND).sum())
        n, to = int(test.found.is_bounded.sum()), visit.of.options.to[visit.place]
        say(f"{visit.of.options.name}, {to}: {found:,} of {counted(n, 'difference')} return")
    return {
        "feature_return": _rows(name, results, visits, tests),
        "return_visit": [_visit_rows(name, inputs, visits, tests, correlation)],
    }


def _visits(entries: tuple[ReturnContrasts, ...]) -> list[_Visit]:
    found, start = [], 0
    for entry in entries:
        found += [_Visit(entry, i, start) for i in range(len(entry.options.to))]
        start += entry.matrix.shape[1]
    return found


def _given(results: ContrastResults, visit: _Visit) -> Returning:
    """Take the covariance of difference and change from the variance of their sum."""
    fit, s2 = results.fit, results.moderated.s2_post
    columns = [visit.baseline, visit.change, visit.left]
    baseline, change, left = (fit.unscaled_sd[:, j] ** 2 * s2 for j in columns)
    return Returning(
        baseline=fit.estimate[:, visit.baseline],
        change=fit.estimate[:, visit.change],
        baseline_variance=baseline,
        change_variance=change,
        covariance=(left - baseline - change) / 2.0,
        df=results.moderated.df_total[:, columns].min(axis=1),
    )


def _rows(
    analysis: str, results: ContrastResults, visits: list[_Visit], tests: list[ReturnTest]
) -> Iterator[pa.Table]:
    """Yield the rows of `feature_return`, one table a visit, features in their order."""
    fit, se = results.fit, results.moderated.se
    for visit, test in zip(visits, tests, strict=True):
        options, found = visit.of.options, test.found
        adj_p, adj_p_away = benjamini_hochberg(test.p_value), benjamini_hochberg(test.p_away)
        state = return_states(
            found.ci_low, found.ci_high, found.is_bounded, adj_p, adj_p_away, options.margin
        )
        unknown = np.isnan(fit.estimate[:, visit.baseline] + fit.estimate[:, visit.change])
        columns = {
            "baseline_difference": fit.estimate[:, visit.baseline],
            "baseline_se": se[:, visit.baseline],
            "p_baseline": test.p_baseline,
            "difference": fit.estimate[:, visit.left],
            "difference_se": se[:, visit.left],
            "change": fit.estimate[:, visit.change],
            "change_se": se[:, visit.change],
            "return_share": found.share,
            "ci_low": found.ci_low,
            "ci_high": found.ci_high,
            "is_bounded": found.is_bounded,
            "p_value": test.p_value,
            "adj_p_value": adj_p,
            "p_away": test.p_away,
            "adj_p_away": adj_p_away,
            "state": pa.array(state.tolist(), pa.string(), mask=unknown),
        }
        names = {
            "analysis": analysis,
            "return_name": options.name,
            "to_mean": options.to[visit.place],
            "feature_id": results.feature_ids,
        }
        yield table_of("feature_return", {**names, **columns})


def _visit_rows(
    analysis: str,
    inputs: ModelInputs,
    visits: list[_Visit],
    tests: list[ReturnTest],
    correlation: ReturnCorrelation,
) -> pa.Table:
    """Give the rows of `return_visit`: the visits in their order."""
    columns: dict[str, list[Any]] = {}
    for i, (visit, test) in enumerate(zip(visits, tests, strict=True)):
        options, chance = visit.of.options, test.chance_towards
        baseline, left = visit.of.matrix[:, 0], visit.of.matrix[:, 2 * visit.place + 2]
        people = describe_contrast(inputs.design, left - baseline, inputs.samples)
        row = {
            "analysis": analysis,
            "return_name": options.name,
            "to_mean": options.to[visit.place],
            "visit_order": visit.place + 1,
            "reference": options.reference,
            "from_mean": options.baseline,
            "baseline_expression": visit.of.baseline,
            "to_expression": visit.of.left[visit.place],
            "margin": options.margin,
            "n_samples": people.n_samples,
            "n_subjects": people.n_subjects,
            "share_by_chance": _mean(chance[test.found.is_bounded]),
            **correlation.row(i),
        }
        for key, value in row.items():
            columns.setdefault(key, []).append(value)
    return table_of("return_visit", columns)


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else float("nan")


def _options(study: Study, name: str) -> Any:
    wanted = study.analyses[name].return_to
    if not wanted:
        return None
    return {"version": RETURNS_VERSION, "of": [one.model_dump(mode="json") for one in wanted]}


RETURNS = Step(
    name="returns",
    title="returns",
    tables=("feature_return", "return_visit"),
    options=_options,
    inputs=fitted_again,
    make=lambda run: Made(return_tables(run.preparation, run.say)),
)
