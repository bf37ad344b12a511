"""log2 CPM of the counts of an assay, by the SQL that the warehouse uses."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from analyses.normalise.source import LayerSource, MatrixRows
from cohortmart.core.warehouse.macros import rendered
from cohortmart.core.warehouse.quoting import literal

_MEMORY = "1GB"
#: Values handed over at once.
_BLOCK_VALUES = 1 << 20


def log_cpm_rows(source: LayerSource, folder: Path) -> Iterator[MatrixRows]:
    """Stream log2 CPM with TMM over all samples, features sorted by id; NaN without any count.

    Parameters
    ----------
    source : LayerSource
        Counts.
    folder : Path
        For scratch files.
    """
    n_samples = len(source.sample_ids)
    step = max(1, _BLOCK_VALUES // n_samples)
    with _counts(source, folder) as con:
        con.execute(f"create temp table factors as {rendered('tmm_factors', 'counts')}")
        con.execute(f"create temp table expression as {rendered('log_cpm', 'counts', 'factors')}")
        reader = con.sql(
            """
            select e.log2_cpm from expression as e
            inner join places as p on e.sample_id = p.sample_id
            order by e.feature_id, p.place
            """
        ).to_arrow_reader(step * n_samples)
        yield from _as_rows(reader, source.feature_ids, n_samples)


@contextlib.contextmanager
def _counts(source: LayerSource, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database with `counts`, one row a feature and sample, and `places` of the samples."""
    samples = pa.array(source.sample_ids, pa.string())
    n_samples = len(samples)
    con = duckdb.connect()
    try:
        con.execute(f"set memory_limit = '{_MEMORY}'")
        with tempfile.TemporaryDirectory(prefix=".log_cpm.", suffix=".tmp", dir=folder) as scratch:
            con.execute(f"set temp_directory = {literal(scratch)}")
            con.register(
                "places_given", pa.table({"sample_id": samples, "place": range(n_samples)})
            )
            con.execute("create temp table places as select * from places_given")
            con.execute(
                "create temp table counts "
                "(assay varchar, feature_id varchar, sample_id varchar, count double)"
            )
            for ids, values in source.rows():
                n = len(ids)
                block = pa.table(
                    {
                        "feature_id": ids.take(pa.array(np.repeat(np.arange(n), n_samples))),
                        "sample_id": samples.take(pa.array(np.tile(np.arange(n_samples), n))),
                        "count": values.reshape(-1),
                    }
                )
                con.register("block", block)
                con.execute(
                    "insert into counts select 'source', feature_id, sample_id, count from block"
                )
                con.unregister("block")
            yield con
    finally:
        con.close()


def _as_rows(reader: pa.RecordBatchReader, ids: pa.Array, n_samples: int) -> Iterator[MatrixRows]:
    """Cut a stream of values into whole features."""
    rest = np.empty(0)
    start = 0
    for batch in reader:
        rest = np.concatenate([rest, batch.column(0).to_numpy(zero_copy_only=False)])
        n = len(rest) // n_samples
        if n:
            yield ids.slice(start, n), rest[: n * n_samples].reshape(n, n_samples)
            rest, start = rest[n * n_samples :], start + n
