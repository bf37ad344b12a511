"""`cohortmart sql`: one read-only query, streamed to a table, CSV, JSON or Parquet."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import duckdb
import pyarrow as pa

from cohortmart.app.sql.output import write_csv, write_json, write_parquet, write_people
from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import written_beside
from cohortmart.core.warehouse.home import Home, connect_read_only
from cohortmart.core.warehouse.read_only import is_reading_select

Format = Literal["table", "csv", "json", "parquet"]

#: Rows that travel from DuckDB at a time: keeps memory flat however long the answer is.
BATCH_ROWS = 65_536

#: `explain` and its options; what follows is the statement that is explained. No comments: they
#: are DuckDB's to read.
_EXPLAIN = re.compile(r"\s*explain(\s+analyze)?(?![a-z_0-9])", re.IGNORECASE)
_EXPLAIN_OPTIONS = re.compile(r"\s*\([a-z_,\s]*\)", re.IGNORECASE)


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
    with _said_plainly(home):
        _one_reading_statement(query)
        con = connect_read_only(home)
    try:
        with _said_plainly(home):
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


def _one_reading_statement(query: str) -> None:
    """Refuse anything but one statement that reads.

    The connection is read-only, but COPY could still write into the lake's folder.
    """
    statements = duckdb.extract_statements(query)
    if not statements:
        raise InputError("the query is empty", hint='for example: cohortmart sql "from dim_sample"')
    if len(statements) > 1:
        raise InputError(
            "one query at a time",
            expected="one SQL statement",
            found=f"{len(statements)} statements",
            hint="run cohortmart sql once for each",
        )
    _refuse_parameters(statements[0])
    if any(is_reading_select(part) for part in _explained(query, statements[0])):
        return
    hint = "the warehouse is made from the raw files; change those, or study.yml, instead"
    if "pivot" in query.lower():
        hint = "a pivot has to list its columns: pivot … on timepoint in ('1st', '3rd') using …"
    raise InputError(
        "only queries that read are run here",
        expected="select …, with … select, from …, describe, show tables, summarize, or explain "
        "and one of these",
        found=" ".join(query.split())[:80],
        hint=hint,
    )


def _refuse_parameters(statement: duckdb.Statement) -> None:
    names = sorted(statement.named_parameters)
    if names:
        raise InputError(
            "the query has parameters, and there is nothing to fill them with",
            expected="a query with its values written out",
            found=", ".join(f"${name}" for name in names) + " (a `?` is numbered from $1)",
            hint="write each value in the query itself, text in single quotes: where timepoint = "
            "'1st'",
        )


def _explained(query: str, statement: duckdb.Statement) -> Iterator[str]:
    """Yield what may be the statement that is run: the query, or what its `explain` is about.

    A parenthesis behind `explain` opens options or a query; only one of the two can be parsed.
    """
    if statement.type != duckdb.StatementType.EXPLAIN:
        yield query
        return
    word = _EXPLAIN.match(query)
    if word is not None:
        rest = query[word.end() :]
        yield rest
        options = _EXPLAIN_OPTIONS.match(rest)
        if options is not None:
            yield rest[options.end() :]


@contextmanager
def _said_plainly(home: Home) -> Iterator[None]:
    """Turn DuckDB's errors into one message that says what to do."""
    try:
        yield
    except duckdb.CatalogException as error:
        raise InputError(
            _cleaned(error),
            hint='`cohortmart sql "show tables"` lists the tables, `describe TABLE` its columns',
        ) from error
    except duckdb.PermissionException as error:
        raise InputError(
            _cleaned(error),
            hint="a query reads the tables of this study's warehouse and no other file",
        ) from error
    except duckdb.IOException as error:
        raise InputError(
            _cleaned(error),
            file=home.warehouse,
            hint="close other programs that have the warehouse open for writing, or make it anew "
            "with `cohortmart build`",
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise InputError(
            _cleaned(error), hint="ask for less at once: fewer rows, no sort of a whole big table"
        ) from error
    except duckdb.Error as error:
        raise InputError(_cleaned(error)) from error
    except pa.ArrowNotImplementedError as error:
        raise InputError(
            f"a column of this query cannot be written: {error}", hint="cast it to varchar"
        ) from error


def _cleaned(error: Exception) -> str:
    lines = [line.rstrip() for line in str(error).splitlines()]
    return "\n".join(line for line in lines if line)
