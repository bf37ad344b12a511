"""Checks of the contrasts that fit again: permuted visits, and other models."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from analyses.fingerprints import dependencies, lake_inputs
from analyses.fit.prepare import prepare
from analyses.load.pending_results import default_adj_p
from analyses.permutations.tables import permutation_tables
from analyses.sensitivity import sensitivity_tables
from analyses.write.results import CONTRASTS, drop_set, fingerprint, is_current, write_set
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.schemas.tables import RESULT_SETS
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.warehouse.build_state import refuse_stale
from cohortmart.core.warehouse.home import Home, connect_read_only

Say = Callable[[str], None]
Tables = Mapping[str, Iterable[pa.Table]]


@dataclass(frozen=True)
class _Check:
    """One set of tables: its options in an analysis (None = not wanted), and what makes it."""

    table_set: str
    words: str
    options: Callable[[Analysis], Any]
    make: Callable[[duckdb.DuckDBPyConnection, Study, str, Analysis, Say], Tables]


def further_fits(study: Study, home: Home, say: Say) -> list[AnalysisError]:
    """Compute every check whose analysis or options changed since it was written.

    Parameters
    ----------
    study : Study
    home : Home
        With a built warehouse, which is only read, and the results of the contrasts.
    say : callable
        Takes one line of progress.

    Returns
    -------
    list of AnalysisError
        What could not be computed; the others are written, and a check that could not be
        computed is taken out of the results.
    """
    faults: list[AnalysisError] = []
    there = {e.part for e in read_current(home.results) if e.table_name in RESULT_SETS[CONTRASTS]}
    for check in _CHECKS:
        for name, analysis in study.analyses.items():
            options = check.options(analysis)
            if options is None or name not in there:
                drop_set(home, check.table_set, name)
                continue
            of_analysis = dependencies(study, analysis, lake_inputs(home, analysis))
            mark = fingerprint({"analysis": of_analysis, "options": options})
            if is_current(home, check.table_set, name, mark):
                continue
            began = time.monotonic()
            try:
                _compute(study, home, name, analysis, check, mark, say)
            except AnalysisError as error:
                drop_set(home, check.table_set, name)
                faults.append(error.with_traceback(None))  # which holds the arrays
            else:
                say(f"{name}: {check.words} in {time.monotonic() - began:.1f} s")
    return faults


def _compute(
    study: Study, home: Home, name: str, analysis: Analysis, check: _Check, mark: str, say: Say
) -> None:
    con = connect_read_only(home)
    try:
        refuse_stale(con, home)
        tables = check.make(con, study, name, analysis, lambda line: say(f"{name}: {line}"))
        write_set(home, check.table_set, name, mark, tables)
    finally:
        con.close()


def _permutations(
    con: duckdb.DuckDBPyConnection, study: Study, name: str, analysis: Analysis, say: Say
) -> Tables:
    prepared = prepare(con, study, name, analysis)
    return permutation_tables(name, analysis, prepared, say)


def _sensitivity(
    con: duckdb.DuckDBPyConnection, study: Study, name: str, analysis: Analysis, say: Say
) -> Tables:
    return {"sensitivity": sensitivity_tables(con, study, name, analysis, say)}


def _permutation_options(analysis: Analysis) -> Any:
    wanted = analysis.permutations
    return None if wanted is None else wanted.model_dump(mode="json")


def _sensitivity_options(analysis: Analysis) -> Any:
    wanted = analysis.sensitivity
    if wanted is None:
        return None
    return [
        wanted.model_dump(mode="json"),
        analysis.thresholds.model_dump(mode="json"),
        default_adj_p(),
    ]


_CHECKS = (
    _Check("permutations", "permuted visits", _permutation_options, _permutations),
    _Check("sensitivity", "other models", _sensitivity_options, _sensitivity),
)
