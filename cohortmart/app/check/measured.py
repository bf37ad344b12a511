"""Samples measured by each assay, from the sheets and the headers of the matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import polars as pl
import pyarrow as pa

from cohortmart.core.study.records import Study
from ingest.check.samples import match_columns
from ingest.check.scale_of_files import check_scale
from ingest.matrix.assay_headers import AssayHeaders, header_notes, read_headers
from ingest.read.samples.sample_sheet import read_samples


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
    """

    table: pa.Table
    sample_ids: Mapping[str, tuple[str, ...]]
    headers: Mapping[str, AssayHeaders]
    notes: tuple[str, ...]

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
        name: read_headers(assay, samples.names[name]) for name, assay in study.assays.items()
    }
    columns = {name: of_assay.samples for name, of_assay in headers.items()}
    matched = match_columns(study, samples, columns)
    notes = [note for of_assay in headers.values() for note in header_notes(of_assay)]
    notes += [note for name in study.assays for note in check_scale(study, name, headers[name])]
    return Measured(
        table=samples.table,
        sample_ids=matched.sample_ids,
        headers=headers,
        notes=(*samples.notes, *notes),
    )


def open_samples(measured: Measured) -> duckdb.DuckDBPyConnection:
    """Return a database in memory with `dim_sample` and `qc_sample`, as a `where` needs them.

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
