"""Excel file of rows: one sheet, written a batch at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.errors import InputError
from cohortmart.core.rows.plain_values import flat
from cohortmart.core.rows.sheet_cells import fill_sheets
from cohortmart.core.warehouse.query import distinct_names

#: Rows that Excel takes, less the header.
EXCEL_ROWS = 1_048_575
#: A workbook says when it was made; the same tables are to give the same bytes.
CREATED = datetime(2000, 1, 1)
_WIDTH = 14


def require_xlsxwriter(what: str) -> None:
    """Raise an InputError that says how to install what workbooks need.

    Parameters
    ----------
    what : str
        What needs it, the beginning of a sentence: "--to xlsx", "an Excel file".
    """
    if find_spec("xlsxwriter") is None:
        raise InputError(
            f"{what} needs the package xlsxwriter, which is not installed",
            hint="pip install 'cohortmart[xlsx]'",
        )


def write_workbook(reader: pa.RecordBatchReader, path: Path) -> None:
    """Write every row into the sheet of an Excel workbook, with a filter in its header.

    Texts are text cells, so that SEPT2 is no date and `=cmd` no formula. The file
    holds every digit of a number; Excel itself shows fifteen.

    Parameters
    ----------
    reader : RecordBatchReader
    path : Path

    Raises
    ------
    InputError
        There are more rows than Excel takes, or xlsxwriter is not installed.
    """
    require_xlsxwriter("an Excel file")
    import xlsxwriter

    names = distinct_names(reader.schema.names)
    skeleton = io.BytesIO()
    with xlsxwriter.Workbook(skeleton, {"in_memory": True}) as book:
        book.set_properties({"created": CREATED})
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet("rows")
        sheet.set_column(0, len(names) - 1, _WIDTH)
        for j, name in enumerate(names):
            sheet.write_string(0, j, name, bold)
        sheet.freeze_panes(1, 0)
    schema = pa.schema([(n, _kind(f.type)) for n, f in zip(names, reader.schema, strict=True)])
    rows = pa.RecordBatchReader.from_batches(schema, _cells(reader, schema))
    fill_sheets(skeleton.getvalue(), {1: lambda: rows}, path, level=1)


def _cells(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    n_rows = 0
    for batch in reader:
        n_rows += batch.num_rows
        if n_rows > EXCEL_ROWS:
            raise InputError(
                "these are more rows than an Excel sheet takes",
                expected=f"at most {EXCEL_ROWS:,}",
                hint="take them as csv or parquet, or filter them first",
            )
        columns = [
            _column(column, kind) for column, kind in zip(batch.columns, schema.types, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _kind(given: pa.DataType) -> pa.DataType:
    """Return what a column of a sheet holds: truths, numbers, or texts."""
    is_number = pa.types.is_integer(given) or pa.types.is_floating(given)
    is_kept = is_number or pa.types.is_boolean(given) or pa.types.is_decimal(given)
    return given if is_kept else pa.string()


def _column(column: pa.Array, kind: pa.DataType) -> pa.Array:
    return column if column.type == kind else pc.cast(flat(column), kind)
