"""From the warehouse to `results/`: every analysis of a study."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from analyses.design.paper_preset import quirks
from analyses.fingerprints import dependencies, lake_inputs, library_versions
from analyses.fit.contrasts import run_analysis
from analyses.follow_up import follow_up
from analyses.further_fits import further_fits
from analyses.quality import quality
from analyses.write.contrast_set import analysis_notes, outcome_tables
from analyses.write.results import (
    CONTRASTS,
    fingerprint,
    is_current,
    keep_only,
    write_set,
    write_thresholds,
)
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.text import did_you_mean
from cohortmart.core.warehouse.build_state import refuse_stale
from cohortmart.core.warehouse.home import Home, connect_read_only


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
    keep_only(home, study.analyses, study.assays)
    for name, analysis in study.analyses.items():
        write_thresholds(home, name, analysis.thresholds)
    quality(study, home, only, say)
    done: list[str] = []
    skipped: list[str] = []
    faults: list[AnalysisError] = []
    for name in [only] if only is not None else list(study.analyses):
        analysis = study.analyses[name]
        inputs = lake_inputs(home, analysis)
        # the notes are in the tables: one says how the modules are made
        mark = fingerprint(dependencies(study, analysis, inputs) | {"preset": quirks(analysis)})
        if only is None and is_current(home, CONTRASTS, name, mark):
            say(f"{name}: results are there already")
            skipped.append(name)
            continue
        try:
            _compute(study, home, name, analysis, mark, inputs, say)
        except AnalysisError as error:  # the analyses behind it may be in order
            faults.append(error)
            others = [n for n in study.analyses if n != name]
            keep_only(home, others, study.assays)  # its results would be out of date
        else:
            done.append(name)
    faults += further_fits(study, home, say)
    faults += follow_up(study, home, say)
    if faults:
        raise _joined(faults)
    return AnalysisSummary(tuple(done), tuple(skipped), time.monotonic() - began)


def _joined(faults: list[AnalysisError]) -> AnalysisError:
    """Say all faults in one error."""
    if len(faults) == 1:
        return faults[0]
    text = "\n".join(str(fault) for fault in faults)
    return AnalysisError(f"{len(faults)} parts of the analyses could not be computed\n{text}")


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
    notes = analysis_notes(analysis, outcome)
    for _, note in notes:
        say(f"{name}: {note}")
    run = {
        "library_versions": json.dumps(library_versions(), sort_keys=True),
        "inputs": json.dumps(inputs, sort_keys=True),
        "seconds": round(time.monotonic() - began, 3),
    }
    write_set(home, CONTRASTS, name, mark, outcome_tables(name, analysis, outcome, run, notes))
    prepared = outcome.prepared
    n = len(prepared.contrasts.names)
    say(
        f"{name}: {len(outcome.feature_ids):,} features x {prepared.samples.height} samples, "
        f"{n} contrast{'s' if n > 1 else ''} in {time.monotonic() - began:.1f} s"
    )
