"""Parquet files of rows."""

from __future__ import annotations

from typing import BinaryIO

import pyarrow as pa

from cohortmart.core.warehouse.query import distinct_names


def write_parquet(reader: pa.RecordBatchReader, out: BinaryIO) -> None:
    """Write every row as Parquet."""
    import pyarrow.parquet as pq

    names = distinct_names(reader.schema.names)
    fields = [f.with_name(n) for f, n in zip(reader.schema, names, strict=True)]
    schema = pa.schema(fields)
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
