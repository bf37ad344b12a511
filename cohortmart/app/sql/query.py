"""`cohortmart sql`: one read-only query, streamed to a table, CSV, JSON or Parquet."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import duckdb
import pyarrow as pa

from cohortmart.app.sql.output import write_people
from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import written_beside
from cohortmart.core.rows.parquet_file import write_parquet
from cohortmart.core.rows.text_files import write_csv, write_json
from cohortmart.core.warehouse.home import Home, connect_read_only
from cohortmart.core.warehouse.query import BATCH_ROWS, check_query, said_plainly

Format = Literal["table", "csv", "json", "parquet"]


@contextmanager
def open_query(
    home: Home, query: str, opened: Callable[[duckdb.DuckDBPyConnection], None] | None = None
) -> Iterator[pa.RecordBatchReader]:
    """Run one query that only reads, and give its rows as a stream of Arrow batches.

    Parameters
    ----------
    home : Home
        The study's output folder.
    query : str
        One SQL statement; a semicolon at its end is fine.
    opened : callable, optional
        Takes the connection that runs it, whose `interrupt` stops it from another thread.

    Raises
    ------
    InputError
        It is no single reading statement, DuckDB refuses it, or there is no warehouse.
    """
    with said_plainly(home):
        check_query(query)
        con = connect_read_only(home)
    try:
        with said_plainly(home):
            cursor = con.cursor()
            if opened is not None:
                opened(cursor)
            yield cursor.sql(query).to_arrow_reader(BATCH_ROWS)
    finally:
        con.close()


def run_sql(
    home: Home, query: str, output_format: Format = "table", output: Path | None = None
) -> None:
    """Answer `query` on standard output or in a file.

    Parameters
    ----------
    home : Home
        The study's output folder.
    query : str
        One SQL statement that reads.
    output_format : {"table", "csv", "json", "parquet"}
        `table` is rounded and cut for people, the others are exact and whole.
    output : Path, optional
        File to write, in one rename; else standard output.

    Raises
    ------
    InputError
        See `open_query`; or Parquet was asked for on a terminal.
    """
    if output is None and output_format == "parquet" and sys.stdout.isatty():
        raise InputError(
            "Parquet is not for reading on a terminal",
            hint="name a file: --format parquet --output rows.parquet",
        )
    with open_query(home, query) as reader:
        if output is None:
            write_rows(reader, output_format, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            with written_beside(output.expanduser()) as path, path.open("wb") as file:
                write_rows(reader, output_format, file)


def write_rows(reader: pa.RecordBatchReader, output_format: Format, out: BinaryIO) -> None:
    """Write the rows of a query in one of the formats."""
    writers: dict[Format, Callable[[pa.RecordBatchReader, BinaryIO], None]] = {
        "table": write_people,
        "csv": write_csv,
        "json": write_json,
        "parquet": write_parquet,
    }
    writers[output_format](reader, out)
