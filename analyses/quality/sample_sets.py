"""Sample sets of an assay: which samples are looked at together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl

from analyses.design.curve import samples_on_curve
from analyses.load.samples import chosen_samples
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.types import Ints
from cohortmart.core.warehouse.home import fetch

#: Name of the set of all samples; no analysis can be called so, as names have no spaces.
ALL_SAMPLES = "all samples"
#: Two samples have one axis and no picture.
FEWEST = 3


@dataclass(frozen=True, eq=False)
class SampleSet:
    """Samples that are looked at together.

    Parameters
    ----------
    name : str
        `all samples`, or the first analysis of study.yml that takes exactly these.
    columns : ndarray of int
        Their rows in `AssaySamples.frame`, ascending.
    analyses : tuple of str
        Every analysis that takes exactly these, in the order of study.yml.
    """

    name: str
    columns: Ints
    analyses: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class AssaySamples:
    """The samples of an assay, and the sets of them.

    Parameters
    ----------
    frame : polars.DataFrame
        Rows of `dim_sample` of the samples that are kept and have values, by sample_id.
    sets : tuple of SampleSet
        All samples first; those with too few samples left out.
    notes : tuple of str
        What the user should know of them, in plain words.
    """

    frame: pl.DataFrame
    sets: tuple[SampleSet, ...]
    notes: tuple[str, ...]


def assay_samples(con: duckdb.DuckDBPyConnection, study: Study, assay: str) -> AssaySamples:
    """Find the sets of samples of an assay.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse, read-only.
    study : Study
    assay : str
    """
    notes: list[str] = []
    frame = _measured(con, assay, notes.append)
    ids: list[str] = frame["sample_id"].to_list()
    row = {sample: i for i, sample in enumerate(ids)}
    names = {tuple(range(len(ids))): ALL_SAMPLES}
    analyses: dict[tuple[int, ...], list[str]] = {tuple(range(len(ids))): []}
    for name, analysis in study.analyses.items():
        if analysis.assay != assay:
            continue
        try:
            taken = _taken(con, study, name, analysis)
        except AnalysisError:  # the analysis says it itself
            notes.append(f"without the samples of {name}, which cannot be chosen")
            continue
        key = tuple(row[s] for s in taken if s in row)
        names.setdefault(key, name)
        analyses.setdefault(key, []).append(name)
    sets = []
    for key, name in names.items():
        if len(key) < FEWEST:
            notes.append(f"too few samples in {name} to compare them: {len(key)}")
            continue
        sets.append(SampleSet(name, np.array(key, dtype=np.int64), tuple(analyses[key])))
    return AssaySamples(frame, tuple(sets), tuple(notes))


def _measured(
    con: duckdb.DuckDBPyConnection, assay: str, note: Callable[[str], None]
) -> pl.DataFrame:
    """Read the samples that passed the filters; one without any count has no log-CPM."""
    table = fetch(
        con,
        """
        select dim_sample.*, qc_sample.lib_size as _library
        from qc_sample
        inner join dim_sample on qc_sample.sample_id = dim_sample.sample_id
        where qc_sample.assay = $1 and qc_sample.filter_reason is null
        order by dim_sample.sample_id
        """,
        [assay],
    )
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a table of samples became something else than a frame")
    empty = frame.filter(pl.col("_library") == 0.0)["sample_id"].to_list()
    if empty:
        note(f"without {', '.join(empty)}: no counts at all")
    return frame.filter(~pl.col("sample_id").is_in(empty)).drop("_library")


def _taken(
    con: duckdb.DuckDBPyConnection, study: Study, name: str, analysis: Analysis
) -> list[str]:
    """List the samples of an analysis as its design has them."""
    samples = chosen_samples(con, name, analysis)
    if analysis.model.curve is not None:
        where = f"analysis {name}"
        samples = samples_on_curve(samples, analysis.model.curve, study, where).samples
    taken: list[str] = samples["sample_id"].to_list()
    return taken
