"""Samples measured by each assay, from the sheets and the headers of the matrices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import duckdb
import polars as pl
import pyarrow as pa

from cohortmart.core.study.records import Study
from ingest.check.samples import match_columns
from ingest.check.scale_of_files import check_scale
from ingest.matrix.assay_headers import AssayHeaders, header_notes, read_headers
from ingest.read.continuous.header import MeasurementHeader
from ingest.read.samples.sample_sheet import read_samples
from ingest.read.weights.weights import WEIGHT_READERS, Weights


@dataclass(frozen=True, eq=False)
class Measured:
    """The samples of a study and what was measured on them.

    Parameters
    ----------
    table : pa.Table
        The rows of `dim_sample`.
    sample_ids : mapping of str to tuple of str
        Assay to its samples, in the order of the matrix columns.
    headers : mapping of str to AssayHeaders
        Assay to the headers of its files.
    notes : tuple of str
        What the readers noticed.
    weights : mapping of str to Weights
        Derived assay to what its file says; it has the samples of the assay it is made from.
    """

    table: pa.Table
    sample_ids: Mapping[str, tuple[str, ...]]
    headers: Mapping[str, AssayHeaders]
    notes: tuple[str, ...]
    weights: Mapping[str, Weights] = field(default_factory=dict)

    def frame(self, assay: str) -> pl.DataFrame:
        """Rows of `dim_sample` that an assay measured."""
        samples = pl.DataFrame(self.table)
        return samples.filter(pl.col("sample_id").is_in(list(self.sample_ids[assay])))


def read_measured(study: Study) -> Measured:
    """Read the sheets and the headers of a study; no value is read.

    Parameters
    ----------
    study : Study

    Raises
    ------
    InputError
        As `cohortmart ingest` would say it.
    """
    samples = read_samples(study)
    headers = {
        name: read_headers(assay, samples.names[name])
        for name, assay in study.measured_assays.items()
    }
    columns = {name: of_assay.samples for name, of_assay in headers.items()}
    matched = match_columns(study, samples, columns)
    notes = [note for of_assay in headers.values() for note in header_notes(of_assay)]
    notes += [note for name in headers for note in check_scale(study, name, headers[name])]
    sample_ids, weights = dict(matched.sample_ids), {}
    for name, derived in study.derived_assays.items():
        sample_ids[name] = sample_ids[derived.made.source]
        weights[name] = WEIGHT_READERS[derived.made.method](derived.made.file, name)
    return Measured(
        table=samples.table,
        sample_ids=sample_ids,
        headers=headers,
        notes=(
            *samples.notes,
            *matched.merged,
            *notes,
            *(n for of in weights.values() for n in of.notes),
        ),
        weights=weights,
    )


def open_samples(measured: Measured) -> duckdb.DuckDBPyConnection:
    """Return a database in memory with `dim_sample` and `qc_sample`, as a `where` needs them.

    `dim_measure` has the measures that headers and files of derived assays name.

    It reads no file and no setting of it can be changed: a study.yml may come from anyone.

    Parameters
    ----------
    measured : Measured
    """
    pairs = [(assay, s) for assay, ids in measured.sample_ids.items() for s in ids]
    measurements = pa.table(
        {"assay": [a for a, _ in pairs], "sample_id": [s for _, s in pairs]},
        schema=pa.schema([("assay", pa.string()), ("sample_id", pa.string())]),
    )
    con = duckdb.connect()
    con.register("samples_given", measured.table)
    con.register("measurements_given", measurements)
    con.execute("create table dim_measure (assay varchar, feature_id varchar)")
    for assay, feature in _measures(measured):
        con.execute("insert into dim_measure values ($1, $2)", [assay, feature])
    con.execute("create table dim_sample as select * from samples_given")
    con.execute(
        "create table qc_sample as "
        "select *, cast(null as varchar) as filter_reason from measurements_given"
    )
    con.unregister("samples_given")
    con.unregister("measurements_given")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def _measures(measured: Measured) -> Iterator[tuple[str, str]]:
    """Yield assay and feature of every measure that is known before values are read."""
    for assay, weights in measured.weights.items():
        for component in weights.rows["component"].unique().sort().to_list():
            yield assay, component
    for assay, headers in measured.headers.items():
        known: set[str] = set()
        for header in headers.values:
            if isinstance(header, MeasurementHeader):
                known |= {name for name, _ in header.features}
                known |= set(header.measures["feature_id"].to_pylist())
        for feature in sorted(known):
            yield assay, feature
