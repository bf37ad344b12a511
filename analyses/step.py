"""A step of `analyse`, and the one loop that takes a study through all of them.

A step is wanted or not, current or not; what is wanted and not current is computed and written,
what is not wanted or cannot be computed is taken out of the results.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import duckdb
import pyarrow as pa

from analyses.fit.prepare import Preparation
from analyses.load.pending_results import show_results
from analyses.write.results import drop_set, fingerprint, is_current, write_set
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.progress import counted_off
from cohortmart.core.study.records import Study
from cohortmart.core.text import listed
from cohortmart.core.warehouse.build_state import refuse_stale
from cohortmart.core.warehouse.home import Home, connect_read_only

#: What the tables of all samples of a study are of; no analysis can be called so.
WHOLE_STUDY = "_study"

Say = Callable[[str], None]
Tables = Mapping[str, Iterable[pa.Table]]


class Run:
    """What the steps of one analysis, or of one assay, share while it goes through them.

    Parameters
    ----------
    study : Study
    home : Home
        With a built warehouse, which is only read.
    name : str
        Of the analysis or assay.
    say : callable
        Takes one line of progress.
    """

    def __init__(self, study: Study, home: Home, name: str, say: Say) -> None:
        self.study, self.home, self.name, self.say = study, home, name, say
        self._con: duckdb.DuckDBPyConnection | None = None
        self._preparation: Preparation | None = None

    @property
    def warehouse(self) -> duckdb.DuckDBPyConnection:
        """The warehouse, opened by the first step that reads it.

        Raises
        ------
        InputError
            It was built from another lake than the one that is there.
        """
        if self._con is None:
            self._con = connect_read_only(self.home)
            refuse_stale(self._con, self.home)
        return self._con

    @property
    def with_results(self) -> duckdb.DuckDBPyConnection:
        """The warehouse with views of the results that are current now, see `show_results`."""
        show_results(self.warehouse, self.home)
        return self.warehouse

    @property
    def preparation(self) -> Preparation:
        """The inputs of the analysis' model, prepared once for all steps."""
        if self._preparation is None:
            self._preparation = Preparation(self.warehouse, self.study, self.name)
        return self._preparation

    def close(self) -> None:
        """Let go of the warehouse and of what was prepared."""
        self._preparation = None
        if self._con is not None:
            self._con.close()
            self._con = None


@dataclass(frozen=True)
class Made:
    """What a step made.

    Parameters
    ----------
    tables : mapping of str to iterable of pyarrow.Table
        Every table of the step, in pieces that are written one after the other.
    words : str
        What was made, for the line of progress; empty = the title of the step.
    """

    tables: Tables
    words: str = ""


def _itself(_study: Study, name: str) -> tuple[str, ...]:
    return (name,)


@dataclass(frozen=True)
class Step:
    """Tables that are computed and written together, for an analysis, an assay or the study.

    Parameters
    ----------
    name : str
    title : str
        What it makes, as a user would say it; empty = not worth a line.
    tables : tuple of str
        The result tables it writes.
    options : callable
        What study and analysis ask of it, as JSON would have it; None = not wanted.
    inputs : callable
        Everything else that its tables depend on, options among it, see `analyses.fingerprints`.
    make : callable
        Computes the tables.
    needs : callable or None
        Analyses without whose contrasts there is nothing to compute, by default the own one;
        None = it reads no contrasts.
    of : {"analysis", "assay", "study"}
    says_current : bool
        Whether a line says that the results are there already.
    """

    name: str
    title: str
    tables: tuple[str, ...]
    options: Callable[[Study, str], Any]
    inputs: Callable[[Study, Home, str, Any], dict[str, Any]]
    make: Callable[[Run], Made]
    needs: Callable[[Study, str], tuple[str, ...]] | None = _itself
    of: Literal["analysis", "assay", "study"] = "analysis"
    says_current: bool = False

    def parts(self, study: Study) -> tuple[str, ...]:
        """Name what it is computed for."""
        if self.of == "study":
            return (WHOLE_STUDY,)
        return tuple(study.analyses if self.of == "analysis" else study.assays)


@dataclass
class Progress:
    """What the loop did: names of steps and analyses, and the errors."""

    done: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    faults: list[AnalysisError] = field(default_factory=list)


def take_steps(
    rows: Iterable[Sequence[Step]], study: Study, home: Home, say: Say, only: str | None = None
) -> Progress:
    """Compute whatever of the steps is wanted and not current.

    Parameters
    ----------
    rows : iterable of sequences of Step
        An analysis goes through the steps of a row one after the other; all are through a row
        before the next one begins.
    study : Study
    home : Home
        With a built warehouse, which is only read.
    say : callable
        Takes one line of progress.
    only : str, optional
        Name of one analysis: steps that need no contrasts are taken for it or its assay alone,
        and its contrasts are computed even if they are there; those of the study are left.

    Returns
    -------
    Progress
        An analysis that cannot be computed does not hold up the others.

    Raises
    ------
    InputError
        The warehouse was built from another lake than the one that is there.
    """
    progress = Progress()
    for name, row in counted_off(_of_all(rows, study), "analyses", name=_words):
        run = Run(study, home, name, _prefixed(say, row[0], name))
        try:
            for step in row:
                first = step.of == "analysis" and step.needs is None
                if only is None or _concerns(step, study, name, only):
                    _take(step, run, progress, forced=first and only is not None)
        finally:
            run.close()
    return progress


def _of_all(rows: Iterable[Sequence[Step]], study: Study) -> list[tuple[str, Sequence[Step]]]:
    """Return what the loop goes through: each analysis or assay, and a row of steps for it."""
    return [(name, row) for row in rows for name in row[0].parts(study)]


def _words(one: tuple[str, Sequence[Step]]) -> str:
    """Say what is computed now."""
    name, row = one
    name = "all samples" if name == WHOLE_STUDY else name
    return f"{name}, {listed([step.title for step in row if step.title], 3)}"


def _prefixed(say: Say, step: Step, name: str) -> Say:
    if step.of == "study":
        return lambda line: say(f"{step.title}: {line}")
    prefix = name if step.of == "analysis" else f"{step.title} of {name}"
    return lambda line: say(f"{prefix}: {line}")


def _concerns(step: Step, study: Study, name: str, only: str) -> bool:
    """Whether a step is taken where only one analysis is to be computed."""
    if step.of == "assay":
        return name == study.analyses[only].assay
    return name == only or (step.of == "analysis" and step.needs is not None)


def _take(step: Step, run: Run, progress: Progress, *, forced: bool) -> None:
    """Compute one step for one analysis or assay, if it is wanted and not current."""
    study, home, name = run.study, run.home, run.name
    options = step.options(study, name)
    lacking = None if options is None else _lacking(step, study, home, name)
    if lacking is not None and step.title:
        run.say(f"no {step.title}, as {lacking} has no results")
    if options is None or lacking is not None:
        drop_set(home, step.tables, name)
        return
    mark = fingerprint(step.inputs(study, home, name, options))
    if not forced and is_current(home, step.tables, name, mark):
        if step.says_current:
            run.say("results are there already")
        progress.skipped.append((step.name, name))
        return
    began = time.monotonic()
    try:
        made = step.make(run)
        write_set(home, step.tables, name, mark, made.tables)
    except AnalysisError as error:
        drop_set(home, step.tables, name)
        progress.faults.append(error.with_traceback(None))  # which holds the arrays
        return
    progress.done.append((step.name, name))
    if step.title:
        run.say(f"{made.words or step.title} in {time.monotonic() - began:.1f} s")


def _lacking(step: Step, study: Study, home: Home, name: str) -> str | None:
    """Name the analysis whose contrasts a step cannot do without and that has none."""
    there = {e.part for e in read_current(home.results) if e.table_name == "contrast_result"}
    needed = () if step.needs is None else step.needs(study, name)
    return next((n for n in needed if n not in there), None)
