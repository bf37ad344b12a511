"""From contrasts to findings: overlaps, CpG-gene pairs, enrichment, modules."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from analyses.enrichment.enrichment import enrichment_tables
from analyses.load.pending_results import default_adj_p, show_modules, show_results
from analyses.methylation_expression.dmp_deg import dmp_deg_tables
from analyses.modules.modules import module_overlap_tables, module_tables
from analyses.overlap.overlap import overlap_tables
from analyses.write.results import CONTRASTS, drop_set, fingerprint, is_current, write_set
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import Entry, read_current
from cohortmart.core.schemas.tables import RESULT_SETS
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.warehouse.build_state import refuse_stale
from cohortmart.core.warehouse.home import Home, connect_read_only

#: Raised when the same contrasts would give other findings than before.
FINDINGS_VERSION = "2"

Say = Callable[[str], None]
Tables = Mapping[str, Any]


@dataclass(frozen=True)
class _Step:
    """One set of tables: when it is wanted, which analyses it reads, and what makes it."""

    table_set: str
    options: Callable[[Study, str], Any]  # None = not wanted
    reads: Callable[[Study, str], tuple[str, ...]]  # analyses, those without results left out
    annotation: tuple[str, ...]  # tables of the lake that it reads itself
    make: Callable[[duckdb.DuckDBPyConnection, Study, str, Say], Tables]

    def needs(self, study: Study, name: str) -> tuple[str, ...]:
        """Return the analyses without which there is nothing to compute."""
        return self.reads(study, name) if self.table_set == "links" else (name,)

    @property
    def words(self) -> str:
        """What the step makes, as a user would say it."""
        return {"links": "CpG-gene pairs", "overlap": "overlap of contrasts"}.get(
            self.table_set, self.table_set.replace("_", " ")
        )


def follow_up(study: Study, home: Home, say: Say) -> list[AnalysisError]:
    """Compute every finding whose contrasts, thresholds or options changed since it was written.

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
        What could not be computed; the others are written, and a finding that could not be
        computed is taken out of the results.
    """
    faults: list[AnalysisError] = []
    con: duckdb.DuckDBPyConnection | None = None
    try:
        for step in _STEPS:
            for name in study.analyses:
                lacking = _lacking(study, home, step, name)
                if lacking is not None:
                    say(f"{name}: no {step.words}, as {lacking} has no results")
                mark = None if lacking is not None else _mark(study, home, step, name)
                if mark is None:
                    drop_set(home, step.table_set, name)
                    continue
                if is_current(home, step.table_set, name, mark):
                    continue
                if con is None:
                    con = connect_read_only(home)
                    refuse_stale(con, home)
                    show_results(con, home)
                if step.table_set == "module_overlap":
                    show_modules(con, home)
                began = time.monotonic()
                try:
                    tables = step.make(con, study, name, _named(say, name))
                    write_set(home, step.table_set, name, mark, tables)
                except AnalysisError as error:
                    drop_set(home, step.table_set, name)
                    faults.append(error.with_traceback(None))  # which holds the arrays
                else:
                    say(f"{name}: {step.words} in {time.monotonic() - began:.1f} s")
    finally:
        if con is not None:
            con.close()
    return faults


def _named(say: Say, name: str) -> Say:
    return lambda line: say(f"{name}: {line}")


def _lacking(study: Study, home: Home, step: _Step, name: str) -> str | None:
    """Name the analysis whose contrasts a wanted finding cannot do without and that has none."""
    if step.options(study, name) is None:
        return None
    there = {e.part for e in read_current(home.results) if e.table_name == "contrast_result"}
    return next((n for n in step.needs(study, name) if n not in there), None)


def _mark(study: Study, home: Home, step: _Step, name: str) -> str | None:
    """Fingerprint of what a finding depends on; None = not wanted."""
    options = step.options(study, name)
    if options is None:
        return None
    current = read_current(home.results)
    read: list[Entry] = []
    for analysis in step.reads(study, name):
        entries = [
            e
            for e in current
            if e.part == analysis
            and e.table_name in (*RESULT_SETS[CONTRASTS], "threshold", *_before(step))
        ]
        read += entries
    annotation = [e for e in read_current(home.lake) if e.table_name in step.annotation]
    return fingerprint(
        {
            "step": step.table_set,
            "version": FINDINGS_VERSION,
            "default_adj_p": default_adj_p(),
            "options": options,
            "results": [e.path for e in read],
            "annotation": [e.path for e in annotation],
        }
    )


def _before(step: _Step) -> tuple[str, ...]:
    """Tables of the findings that a step reads itself."""
    return ("module_gene",) if step.table_set == "module_overlap" else ()


def _earlier(study: Study, name: str, wanted: Callable[[Analysis], bool]) -> tuple[str, ...]:
    """Name the analyses before `name` in study.yml that are wanted."""
    names = list(study.analyses)
    return tuple(n for n in names[: names.index(name)] if wanted(study.analyses[n]))


def _dump(options: Any) -> Any:
    return None if options is None else options.model_dump(mode="json")


def _same_assay(study: Study, name: str) -> tuple[str, ...]:
    assay = study.analyses[name].assay
    return (*_earlier(study, name, lambda a: a.assay == assay), name)


def _linked(study: Study, name: str) -> tuple[str, ...]:
    link = study.analyses[name].dmp_deg
    assert link is not None
    return (link.expression, name)


def _enriched(study: Study, name: str) -> tuple[str, ...]:
    options = study.analyses[name].enrichment
    assert options is not None
    others = {genes.analysis for genes in options.from_contrasts.values()} - {name}
    return (*sorted(others), name)


def _with_modules(study: Study, name: str) -> tuple[str, ...]:
    return (*_earlier(study, name, lambda a: a.modules is not None), name)


def _overlap(con: duckdb.DuckDBPyConnection, study: Study, name: str, _say: Say) -> Tables:
    return {"contrast_overlap": overlap_tables(con, study, name)}


def _links(con: duckdb.DuckDBPyConnection, study: Study, name: str, _say: Say) -> Tables:
    return {"dmp_deg": dmp_deg_tables(con, study, name)}


def _enrichment(con: duckdb.DuckDBPyConnection, study: Study, name: str, say: Say) -> Tables:
    return {"enrichment": enrichment_tables(con, study, name, say)}


def _module_overlap(con: duckdb.DuckDBPyConnection, study: Study, name: str, _say: Say) -> Tables:
    return {"module_overlap": module_overlap_tables(con, study, name)}


_STEPS = (
    _Step("overlap", lambda s, n: s.analyses[n].thresholds.model_dump(), _same_assay, (), _overlap),
    _Step(
        "links",
        lambda s, n: _dump(s.analyses[n].dmp_deg),
        _linked,
        ("probe_gene", "feature"),
        _links,
    ),
    _Step(
        "enrichment",
        lambda s, n: _dump(s.analyses[n].enrichment),
        _enriched,
        ("probe_gene", "feature", "gene_set"),
        _enrichment,
    ),
    _Step(
        "modules",
        lambda s, n: _dump(s.analyses[n].modules),
        lambda _, n: (n,),
        ("probe_gene", "feature", "network_edge"),
        module_tables,
    ),
    _Step(
        "module_overlap",
        lambda s, n: _dump(s.analyses[n].modules),
        _with_modules,
        ("network_edge",),
        _module_overlap,
    ),
)
