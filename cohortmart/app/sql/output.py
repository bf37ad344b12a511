"""Output of a query: exact for machines, rounded for people."""

from __future__ import annotations

import base64
import json
import math
import os
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

import pyarrow as pa

from cohortmart.app.sql.text_table import aligned, one_by_one, widest_line
from cohortmart.core.warehouse.query import distinct_names

ROWS_SHOWN = 60
#: Rows counted beyond those shown; a longer answer is only called longer.
ROWS_COUNTED = 1_000_000


def write_people(reader: pa.RecordBatchReader, out: BinaryIO, width: int | None = None) -> None:
    """Write at most `ROWS_SHOWN` rows as an aligned table, numbers rounded, and how many more.

    Parameters
    ----------
    reader : RecordBatchReader
    out : binary file
    width : int, optional
        Cells of the terminal: a table that is wider is written column by column.
    """
    shown: list[pa.RecordBatch] = []
    n_rows = 0
    for batch in reader:
        if n_rows < ROWS_SHOWN:
            shown.append(batch.slice(0, ROWS_SHOWN - n_rows))
        n_rows += batch.num_rows
        if n_rows > ROWS_COUNTED:
            break
    table = pa.Table.from_batches(shown, schema=reader.schema)
    if table.schema.names == ["explain_key", "explain_value"]:  # a drawing over several lines
        out.write("\n".join(table["explain_value"].to_pylist()).encode())
        return
    columns = [_for_people(column.to_pylist()) for column in table.columns]
    text = aligned(table.schema.names, columns)
    if width is not None and table.num_rows and widest_line(text) > width:
        text = one_by_one(table.schema.names, columns)
    if n_rows > ROWS_COUNTED:
        text += f"… more than {ROWS_COUNTED:,} rows; --format csv, json or parquet gives all\n"
    elif n_rows > ROWS_SHOWN:
        text += f"… {n_rows - ROWS_SHOWN:,} more rows; --format csv, json or parquet gives all\n"
    elif n_rows == 0:
        text += "(no rows)\n"
    out.write(text.encode())


def write_csv(reader: pa.RecordBatchReader, out: BinaryIO) -> None:
    """Write every row as CSV: numbers exact, missing empty, empty text as two quotes."""
    import polars as pl

    names = distinct_names(reader.schema.names)
    header = pl.DataFrame({name: pl.Series([], dtype=pl.String) for name in names})
    out.write(header.write_csv().encode())
    for batch in reader:
        columns = [_flat(column) for column in batch.columns]
        frame = pl.DataFrame(
            [pl.Series(name, column) for name, column in zip(names, columns, strict=True)]
        )
        if frame.height:
            out.write(frame.write_csv(include_header=False).encode())


def write_json(reader: pa.RecordBatchReader, out: BinaryIO) -> None:
    """Write every row as an object of one JSON array, an object a line; not-a-number as null."""
    names = distinct_names(reader.schema.names)
    before = "[\n"
    for batch in reader:
        columns = [[_json_value(v) for v in column.to_pylist()] for column in batch.columns]
        for row in zip(*columns, strict=True):
            line = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False)
            out.write((before + line).encode())
            before = ",\n"
    out.write(b"[]\n" if before == "[\n" else b"\n]\n")


def write_parquet(reader: pa.RecordBatchReader, out: BinaryIO) -> None:
    """Write every row as Parquet."""
    import pyarrow.parquet as pq

    schema = pa.schema(
        [
            f.with_name(n)
            for f, n in zip(reader.schema, distinct_names(reader.schema.names), strict=True)
        ]
    )
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))


def silence_broken_pipe() -> None:
    """Let the interpreter end without a second error after a reader such as `head` has left."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)


def _for_people(values: list[Any]) -> list[Any]:
    """Keep numbers and text; say everything else as JSON would."""
    kept = (bool, int, float, Decimal, str)
    return [v if v is None or isinstance(v, kept) else _text(_json_value(v)) for v in values]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _flat(column: pa.Array) -> pa.Array:
    """Return the column as CSV can hold it: lists, records and the like become JSON text."""
    kind = column.type
    numbers = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    simple = pa.types.is_string(kind) or pa.types.is_boolean(kind) or pa.types.is_date(kind)
    if numbers or simple:
        return column
    if pa.types.is_dictionary(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    texts = [None if v is None else _text(_json_value(v)) for v in column.to_pylist()]
    return pa.array(texts, pa.string())


def _json_value(value: Any) -> Any:
    """Return `value` as JSON can say it, without losing digits."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, pa.MonthDayNano):
        return f"{value.months} months {value.days} days {value.nanoseconds / 1e9} seconds"
    if isinstance(value, dict):
        return {str(k): _json_value(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(v) for v in value]
    return str(value)
