"""From the warehouse to the quality tables: every assay whose samples or values changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import duckdb
import pyarrow as pa

from analyses.fingerprints import lake_inputs, library_versions
from analyses.quality.rows import rows_of_set
from analyses.quality.sample_sets import AssaySamples, assay_samples
from analyses.quality.values import SetSums, sums_of_betas, sums_of_counts
from analyses.quality.variables import variable_names
from analyses.write.results import QUALITY, fingerprint, is_current, write_set
from cohortmart.core.schemas.quality_tables import QUALITY_TABLES
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.text import counted
from cohortmart.core.warehouse.build_state import refuse_stale
from cohortmart.core.warehouse.home import Home, connect_read_only

#: Raised when the same samples and values would give other numbers than before.
QUALITY_VERSION = "1"

Say = Callable[[str], None]


def quality(study: Study, home: Home, only: str | None, say: Say) -> None:
    """Compare the samples of every assay whose samples or values changed since it was written.

    Parameters
    ----------
    study : Study
    home : Home
        With a built warehouse, which is only read.
    only : str or None
        Name of one analysis: its assay alone is looked at.
    say : callable
        Takes one line of progress.

    Raises
    ------
    InputError
        The warehouse was built from another lake than the one that is there.
    """
    assays = list(study.assays) if only is None else [study.analyses[only].assay]
    for assay in assays:
        mark = fingerprint(_dependencies(study, home, assay))
        if is_current(home, QUALITY, assay, mark):
            continue
        began = time.monotonic()
        con = connect_read_only(home)
        try:
            refuse_stale(con, home)
            samples = assay_samples(con, study, assay)
            for note in samples.notes:
                say(f"quality of {assay}: {note}")
            tables = _tables(con, study, assay, samples, say)
        finally:
            con.close()
        write_set(home, QUALITY, assay, mark, tables)
        say(
            f"quality of {assay}: {counted(samples.frame.height, 'sample')}, "
            f"{counted(len(samples.sets), 'sample set')} in {time.monotonic() - began:.1f} s"
        )


def _dependencies(study: Study, home: Home, assay: str) -> dict[str, Any]:
    """Collect everything that the numbers of an assay depend on."""
    of_assay = study.assays[assay]
    values = "m_value" if of_assay.kind == "beta" else "log_cpm"
    return {
        "version": QUALITY_VERSION,
        "values": values,
        "clip": of_assay.m_value_clip,
        "variables": list(variable_names(study).items()),
        "samples": [
            (name, a.where, a.model.curve and a.model.curve.of)
            for name, a in study.analyses.items()
            if a.assay == assay
        ],
        # an analysis of these values reads the same files of the lake
        "inputs": lake_inputs(home, Analysis.model_construct(assay=assay, values=values)),
        "versions": library_versions(),
    }


def _tables(
    con: duckdb.DuckDBPyConnection, study: Study, assay: str, samples: AssaySamples, say: Say
) -> dict[str, list[pa.Table]]:
    """Compute the tables, their pieces in the order of the sets."""
    pieces: dict[str, list[pa.Table]] = {name: [] for name in QUALITY_TABLES}
    kinds, of_assay = variable_names(study), study.assays[assay]
    found = _sums(con, study, assay, samples) if samples.sets else ()
    for one, (sums, mds) in zip(samples.sets, found, strict=True):
        if not sums.n_features:
            why = "expressed in enough" if of_assay.kind == "counts" else "known in all"
            say(f"quality of {assay}, {one.name}: no feature is {why} of them, so no picture")
            continue
        made = rows_of_set(assay, one, samples.frame[one.columns], kinds, sums, mds)
        for name, table in made.items():
            pieces[name].append(table)
    return pieces


def _sums(
    con: duckdb.DuckDBPyConnection, study: Study, assay: str, samples: AssaySamples
) -> Iterable[SetSums]:
    ids: list[str] = samples.frame["sample_id"].to_list()
    of_assay = study.assays[assay]
    if of_assay.kind == "counts":
        return sums_of_counts(con, assay, ids, samples.sets)
    return sums_of_betas(con, assay, of_assay.m_value_clip, ids, samples.sets)
