"""Files of rows, sent while they are read: memory stays flat however long they are."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path

import pyarrow as pa
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse

from cohortmart.core.errors import InputError
from cohortmart.core.rows.parquet_file import write_parquet
from cohortmart.core.rows.text_files import csv_pieces
from cohortmart.core.rows.workbook_file import write_workbook
from cohortmart.core.text import did_you_mean, listed
from cohortmart.core.warehouse.query import said_plainly
from cohortmart.explore.answers.downloads import Wished
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.view import Wanted

_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
_PIECE = 1 << 20
#: Rows that are written at a time.
_ROWS = 16_384


def rows_file(reader: pa.RecordBatchReader, to: str) -> Iterator[bytes]:
    """Give the pieces of a file with all rows of a query.

    Parameters
    ----------
    reader : RecordBatchReader
        Asked for a batch at a time.
    to : {"csv", "xlsx", "parquet"}
        Text that a spreadsheet opens as it is; the others are written beside and then given.

    Raises
    ------
    InputError
        An Excel sheet takes fewer rows, or what writes it is not installed.
    """
    if to == "csv":
        return csv_pieces(reader, for_spreadsheets=True)
    return _written(reader, to)


def file_answer(explored: Explored, wished: Wished, to: str) -> StreamingResponse:
    """Return the answer that is a file.

    The first piece is made before it begins, so that a fault is still a page.

    Parameters
    ----------
    explored : Explored
    wished : Wished
    to : str
        Kind of file.

    Raises
    ------
    InputError
        There is no such kind; and see `rows_file`.
    """
    if to not in _KINDS:
        raise InputError(
            f"there is no file of kind {to!r} here",
            expected=listed(list(_KINDS)),
            hint=did_you_mean(to, list(_KINDS)),
        )
    name = explored.prepared().source.names.words(wished.name)
    file_name = Wished(name, "").file_name(to)
    pieces = _asked(explored, wished, to)
    first = next(pieces, b"")
    headers = {"content-disposition": f'attachment; filename="{file_name}"'}
    return StreamingResponse(_sent(first, pieces), media_type=_KINDS[to], headers=headers)


def wanted_file(
    explored: Explored, wanted: Wanted, make: Callable[[Explored, Wanted], Wished]
) -> StreamingResponse:
    """Return the file that an address wants; its `to` is the kind, csv if it says none.

    Parameters
    ----------
    explored : Explored
    wanted : mapping of str to str
    make : callable
        As the registry has it.
    """
    return file_answer(explored, make(explored, wanted), wanted.get("to", "csv"))


def _asked(explored: Explored, wished: Wished, to: str) -> Generator[bytes, None, None]:
    """Give the pieces of a file, on a cursor that is open until the last of them."""
    if wished.rows is not None:
        with wished.rows() as reader:
            yield from rows_file(reader, to)
        return
    with said_plainly(explored.home), explored.asked() as asked:
        relation = asked.con.sql(wished.query, params=wished.params or None)
        yield from rows_file(relation.to_arrow_reader(_ROWS), to)


def _written(reader: pa.RecordBatchReader, to: str) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(prefix="cohortmart-") as folder:
        path = Path(folder) / f"rows.{to}"
        if to == "xlsx":
            write_workbook(reader, path)
        else:
            with path.open("wb") as file:
                write_parquet(reader, file)
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece


async def _sent(first: bytes, pieces: Generator[bytes, None, None]) -> AsyncIterator[bytes]:
    """Give the pieces from a thread; who leaves early leaves no cursor and no file behind."""
    with closing(pieces):
        async for piece in iterate_in_threadpool(chain([first], pieces)):
            yield piece
