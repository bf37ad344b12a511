"""Quality of an assay: its samples compared, over all of them and those of each analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import duckdb
import pyarrow as pa

from analyses.fingerprints import lake_inputs, library_versions
from analyses.quality.rows import rows_of_set
from analyses.quality.sample_sets import AssaySamples, assay_samples
from analyses.quality.values import (
    SetSums,
    sums_of_betas,
    sums_of_counts,
    sums_of_measurements,
)
from analyses.step import Made, Run, Step
from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.study.variables import variable_kinds
from cohortmart.core.text import counted
from cohortmart.core.warehouse.home import Home

#: Raised when the same samples and values would give other numbers than before.
QUALITY_VERSION = "1"

#: What is written of an assay.
TABLES = (
    "sample_set", "pca_component", "pca_score", "pca_covariate", "mds_coordinate",
    "sample_correlation", "variable_association",
)  # fmt: skip
Say = Callable[[str], None]


def _options(study: Study, assay: str) -> dict[str, Any]:
    """Collect what the study says of an assay and its samples."""
    of_assay = study.assays[assay]
    return {
        "version": QUALITY_VERSION,
        "values": _values(study, assay),
        "clip": of_assay.m_value_clip,
        "variables": list(variable_kinds(study).items()),
        "samples": [
            (name, a.where, a.model.curve and (a.model.curve.of, a.model.curve.positive))
            for name, a in study.analyses.items()
            if a.assay == assay
        ],
    }


def _inputs(study: Study, home: Home, assay: str, options: Any) -> dict[str, Any]:
    # an analysis of these values reads the same files of the lake
    analysis = Analysis.model_construct(assay=assay, values=_values(study, assay))
    inputs = lake_inputs(home, analysis)
    return {**options, "inputs": inputs, "versions": library_versions()}


def _values(study: Study, assay: str) -> str:
    """Name the values that samples are compared by."""
    return {COUNTS: "log_cpm", BETA: "m_value"}.get(study.assays[assay].kind, "measured")


def _make(run: Run) -> Made:
    con, study, assay = run.warehouse, run.study, run.name
    samples = assay_samples(con, study, assay)
    for note in samples.notes:
        run.say(note)
    n_samples = counted(samples.frame.height, "sample")
    return Made(
        _tables(con, study, assay, samples, run.say),
        f"{n_samples}, {counted(len(samples.sets), 'sample set')}",
    )


def _tables(
    con: duckdb.DuckDBPyConnection, study: Study, assay: str, samples: AssaySamples, say: Say
) -> dict[str, list[pa.Table]]:
    """Compute the tables, their pieces in the order of the sets."""
    pieces: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
    kinds, of_assay = variable_kinds(study), study.assays[assay]
    found = _sums(con, study, assay, samples) if samples.sets else ()
    for one, (sums, mds) in zip(samples.sets, found, strict=True):
        if not sums.n_features:
            why = "expressed in enough" if of_assay.kind == COUNTS else "known in all"
            say(f"no picture of {one.name}, as no feature is {why} of them")
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
    if of_assay.kind == COUNTS:
        return sums_of_counts(con, assay, ids, samples.sets)
    if of_assay.kind == CONTINUOUS:
        return sums_of_measurements(con, assay, ids, samples.sets)
    return sums_of_betas(con, assay, of_assay.m_value_clip, ids, samples.sets)


QUALITY = Step(
    name="quality",
    title="quality",
    tables=TABLES,
    options=_options,
    inputs=_inputs,
    make=_make,
    needs=None,
    of="assay",
)
