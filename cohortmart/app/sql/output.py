"""Output of a query for people: an aligned table, its numbers rounded."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Any, BinaryIO

import pyarrow as pa

from cohortmart.app.sql.text_table import aligned, one_by_one, widest_line
from cohortmart.core.rows.plain_values import json_text, json_value

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


def silence_broken_pipe() -> None:
    """Let the interpreter end without a second error after a reader such as `head` has left."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)


def _for_people(values: list[Any]) -> list[Any]:
    """Keep numbers and text; say everything else as JSON would."""
    kept = (bool, int, float, Decimal, str)
    return [v if v is None or isinstance(v, kept) else json_text(json_value(v)) for v in values]
