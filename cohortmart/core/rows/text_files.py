"""Text files of rows: CSV and JSON, whole and exact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from cohortmart.core.rows.plain_values import flat, json_value
from cohortmart.core.warehouse.query import distinct_names

#: What a spreadsheet takes for a formula and runs, or asks to: a sign and something behind it
#: that makes no number. A strand (`+`) and `-1.5` stay as they are.
_FORMULA = r"^(?:[=@\t\r\n＝＋－＠]|[+-].)"
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_BYTE_ORDER_MARK = "\ufeff".encode()


def write_csv(reader: pa.RecordBatchReader, out: BinaryIO) -> None:
    """Write every row as CSV: numbers exact, missing empty, empty text as two quotes."""
    for piece in csv_pieces(reader):
        out.write(piece)


def csv_pieces(reader: pa.RecordBatchReader, *, for_spreadsheets: bool = False) -> Iterator[bytes]:
    """Give rows as CSV, a piece a batch: numbers exact, missing empty, empty text as two quotes.

    Parameters
    ----------
    reader : RecordBatchReader
    for_spreadsheets : bool
        With the mark by which Excel knows UTF-8, and an apostrophe before texts that a
        spreadsheet would run as a formula.
    """
    import polars as pl

    def safe(texts: Any) -> Any:
        is_formula = texts.str.contains(_FORMULA) & ~texts.str.contains(_NUMBER)
        return pl.when(is_formula).then(pl.lit("'") + texts).otherwise(texts)

    names = distinct_names(reader.schema.names)
    if for_spreadsheets:
        names = distinct_names(pl.select(safe(pl.lit(pl.Series(names)))).to_series().to_list())
        yield _BYTE_ORDER_MARK
    header = pl.DataFrame({name: pl.Series([], dtype=pl.String) for name in names})
    yield header.write_csv().encode()
    for batch in reader:
        columns = [flat(column) for column in batch.columns]
        frame = pl.DataFrame(
            [pl.Series(name, column) for name, column in zip(names, columns, strict=True)]
        )
        if for_spreadsheets:
            texts = [name for name in names if frame.schema[name] == pl.String]
            frame = frame.with_columns([safe(pl.col(name)).alias(name) for name in texts])
        if frame.height:
            yield frame.write_csv(include_header=False).encode()


def write_json(reader: pa.RecordBatchReader, out: BinaryIO) -> None:
    """Write every row as an object of one JSON array, an object a line; not-a-number as null."""
    names = distinct_names(reader.schema.names)
    before = "[\n"
    for batch in reader:
        columns = [[json_value(v) for v in column.to_pylist()] for column in batch.columns]
        for row in zip(*columns, strict=True):
            line = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False)
            out.write((before + line).encode())
            before = ",\n"
    out.write(b"[]\n" if before == "[\n" else b"\n]\n")
