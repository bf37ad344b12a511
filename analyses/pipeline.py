"""From the warehouse to `results/`: every analysis of a study."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from analyses.analysis import AnalysisOutcome, run_analysis
from analyses.write.results import (
    fingerprint,
    is_current,
    keep_only,
    write_results,
    write_thresholds,
)
from analyses.write.tables import contrast_results, joint_tests
from cohortmart import __version__
from cohortmart.built import refuse_stale
from cohortmart.catalogue import read_current
from cohortmart.errors import AnalysisError
from cohortmart.nearest import did_you_mean
from cohortmart.study import Analysis, Study
from cohortmart.tables import ANALYSIS_RUN, CONTRAST
from cohortmart.warehouse import Home, connect_read_only

#: Raised when the same inputs and parameters would give other numbers than before.
ENGINE_VERSION = "2"


@dataclass(frozen=True)
class AnalysisSummary:
    """What `analyse` did.

    Parameters
    ----------
    done, skipped : tuple of str
        Names of the analyses computed now, and of those whose results were already there.
    seconds : float
    """

    done: tuple[str, ...]
    skipped: tuple[str, ...]
    seconds: float


def analyse(
    study: Study,
    home: Home,
    only: str | None = None,
    say: Callable[[str], None] = print,
) -> AnalysisSummary:
    """Compute every analysis whose inputs or parameters changed since its results were written.

    Parameters
    ----------
    study : Study
    home : Home
        With a built warehouse, which is only read.
    only : str, optional
        Name of one analysis; it is computed even if its results are there.
    say : callable
        Takes one line of progress.

    Raises
    ------
    AnalysisError
        `only` is no analysis of the study, or some cannot be computed; the others are written.
    InputError
        The warehouse was built from another lake than the one that is there.
    """
    if only is not None and only not in study.analyses:
        raise AnalysisError(
            f"the study has no analysis called {only}",
            expected=", ".join(study.analyses) or "(it has none)",
            found=only,
            hint=did_you_mean(only, study.analyses) or None,
        )
    began = time.monotonic()
    keep_only(home, study.analyses)
    for name, analysis in study.analyses.items():
        write_thresholds(home, name, analysis.thresholds)
    done: list[str] = []
    skipped: list[str] = []
    faults: list[AnalysisError] = []
    for name in [only] if only is not None else list(study.analyses):
        analysis = study.analyses[name]
        inputs = _inputs(home, analysis)
        mark = fingerprint(_dependencies(study, analysis, inputs))
        if only is None and is_current(home, name, mark):
            say(f"{name}: results are there already")
            skipped.append(name)
            continue
        try:
            _compute(study, home, name, analysis, mark, inputs, say)
        except AnalysisError as error:  # the analyses behind it may be in order
            faults.append(error)
            keep_only(home, [n for n in study.analyses if n != name])  # they would be out of date
        else:
            done.append(name)
    if faults:
        raise _joined(faults)
    return AnalysisSummary(tuple(done), tuple(skipped), time.monotonic() - began)


def _joined(faults: list[AnalysisError]) -> AnalysisError:
    """Say all faults in one error."""
    if len(faults) == 1:
        return faults[0]
    text = "\n".join(str(fault) for fault in faults)
    return AnalysisError(f"{len(faults)} analyses could not be computed\n{text}")


def _compute(
    study: Study,
    home: Home,
    name: str,
    analysis: Analysis,
    mark: str,
    inputs: dict[str, str],
    say: Callable[[str], None],
) -> None:
    began = time.monotonic()
    con = connect_read_only(home)
    try:
        refuse_stale(con, home)
        outcome = run_analysis(con, study, name, analysis)
    finally:
        con.close()
    for note in outcome.notes:
        say(f"{name}: {note}")
    seconds = time.monotonic() - began
    names = outcome.contrasts.names
    write_results(
        home,
        name,
        mark,
        {
            "contrast": [_contrast_rows(name, analysis, outcome)],
            "contrast_result": contrast_results(
                name,
                names,
                outcome.feature_ids,
                outcome.fit,
                outcome.prior,
                outcome.moderated,
                outcome.delta_beta,
            ),
            "joint_test": joint_tests(name, outcome.feature_ids, outcome.joint),
            "analysis_run": [_run_row(name, analysis, outcome, inputs, seconds)],
        },
    )
    say(
        f"{name}: {len(outcome.feature_ids):,} features x {outcome.n_samples} samples, "
        f"{len(names)} contrast{'s' if len(names) > 1 else ''} in {time.monotonic() - began:.1f} s"
    )


def _dependencies(study: Study, analysis: Analysis, inputs: dict[str, str]) -> dict[str, Any]:
    """Collect everything that the numbers of an analysis depend on."""
    return {
        "analysis": analysis.model_dump(mode="json", exclude={"thresholds"}),
        "clip": study.assays[analysis.assay].m_value_clip,
        "timepoints": study.timepoints,
        "groups": study.groups,
        "factors": study.factors,
        "covariates": study.covariates,
        "inputs": inputs,
        "engine": ENGINE_VERSION,
        "versions": _library_versions(),
    }


def _inputs(home: Home, analysis: Analysis) -> dict[str, str]:
    """Name the lake files an analysis reads; their names carry the hash of their content."""
    wanted = {"sample", "assay", "matrix_sample"}
    if analysis.values in ("m_value", "beta"):  # which probes are kept
        wanted |= {"probe", "probe_mask"}
    return {
        f"{e.table_name}:{e.part}": e.path
        for e in read_current(home.lake)
        if (e.table_name in wanted and ":" not in e.part)
        or (
            e.table_name in ("matrix", "matrix_sample")
            and e.part.rsplit(":", 1)[0] == analysis.assay
        )
    }


@cache
def _library_versions() -> dict[str, str]:
    return {name: version(name) for name in ("duckdb", "formulaic", "numpy", "polars", "scipy")}


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
    name: str, analysis: Analysis, outcome: AnalysisOutcome, inputs: dict[str, str], seconds: float
) -> pa.Table:
    row = {
        "analysis": name,
        "assay": analysis.assay,
        "cohortmart_version": __version__,
        "library_versions": json.dumps(_library_versions(), sort_keys=True),
        "parameters": json.dumps(analysis.model_dump(mode="json"), sort_keys=True),
        "inputs": json.dumps(inputs, sort_keys=True),
        "coefficients": json.dumps(outcome.coefficients),
        "n_features": len(outcome.feature_ids),
        "seconds": round(seconds, 3),
    }
    return pa.Table.from_pylist([row], schema=ANALYSIS_RUN)
