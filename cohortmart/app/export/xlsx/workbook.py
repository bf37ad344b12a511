"""Excel workbooks: one for each analysis, one sheet for each of its contrasts, and a README."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from cohortmart.app.export.contrasts import Contrast, contrast_table, contrasts_of
from cohortmart.app.export.format import Format
from cohortmart.app.export.selection import Selection
from cohortmart.app.export.xlsx.readme import README, readme_rows, shown_columns
from cohortmart.app.export.xlsx.sheet_names import sheet_names
from cohortmart.core.rows.sheet_cells import fill_sheets
from cohortmart.core.rows.workbook_file import CREATED, EXCEL_ROWS

#: Features of an analysis up to which a sheet has all of them. Excel takes 1,048,576 rows, but
#: opens and filters a dozen such sheets no more.
MOST_FEATURES = 50_000
#: Of a larger analysis: the smallest P values that a sheet shows beside what was found.
TOP = 10_000
_WIDTHS = {"feature_id": 22, "gene_name": 16}
_WIDTH = 12


def write_workbooks(chosen: Selection, folder: Path) -> None:
    """Write `ANALYSIS.xlsx` for each analysis with contrasts.

    Names of features and genes are text cells, so that SEPT2 is no date, 1E5 no number and
    `=cmd` no formula. Rows are sorted by P value.

    Parameters
    ----------
    chosen : Selection
    folder : Path
    """
    for analysis in chosen.analyses:
        contrasts = contrasts_of(chosen, analysis)
        if contrasts:
            path = folder / f"{contrasts[0].shown_analysis}.xlsx"
            _write_workbook(chosen, contrasts, path)


def _write_workbook(chosen: Selection, contrasts: Sequence[Contrast], path: Path) -> None:
    import xlsxwriter

    names = sheet_names([c.name for c in contrasts], taken=[README])
    shown = sheet_names([c.shown for c in contrasts], taken=[README])
    of_contrast = dict(zip(names, shown.values(), strict=True))
    n_features = chosen.source.value(
        "select count(distinct feature_id) from fct_contrast_result where analysis = $1",
        [contrasts[0].analysis],
    )
    top = TOP if n_features > MOST_FEATURES else None
    skeleton = io.BytesIO()
    tables = {}
    with xlsxwriter.Workbook(skeleton, {"in_memory": True}) as book:
        book.set_properties({"created": CREATED, "title": chosen.source.study})
        rows = readme_rows(chosen, contrasts, of_contrast, n_features, top)
        _write_readme(book, list(rows))
        columns = shown_columns(contrasts[0])
        sizes = _sizes(chosen, contrasts[0].analysis, top)
        for i, contrast in enumerate(contrasts, start=2):  # the first sheet is README
            make = partial(_rows_of, chosen, contrast, columns, top)
            _write_header(book, of_contrast[contrast.name], columns, sizes.get(contrast.name, 0))
            tables[i] = make
    fill_sheets(skeleton.getvalue(), tables, path)


def _sizes(chosen: Selection, analysis: str, top: int | None) -> dict[str, int]:
    """Return how many rows the sheet of each contrast has."""
    rows = chosen.source.rows(
        """
        with placed as (
            select contrast, feature_id,
                row_number() over (
                    partition by contrast order by p_value asc nulls last, feature_id
                ) as place
            from fct_contrast_result where analysis = $1
        )
        select p.contrast, count(*) as n from placed as p
        left join (select * from found_feature where analysis = $1) as f
            on p.contrast = f.contrast and p.feature_id = f.feature_id
        where $2 is null or p.place <= $2 or f.feature_id is not null
        group by p.contrast
        """,
        [analysis, top],
    )
    return {row["contrast"]: min(row["n"], EXCEL_ROWS) for row in rows}


def _rows_of(
    chosen: Selection, contrast: Contrast, columns: Sequence[str], top: int | None
) -> pa.Table:
    table = contrast_table(chosen, contrast, order="p_value", top=top)
    return table.select(list(columns)).slice(0, EXCEL_ROWS)


def _write_readme(book: Any, rows: Sequence[tuple[tuple[Any, ...], bool]]) -> None:
    bold = book.add_format({"bold": True})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(README)
    sheet.set_column(0, 1, 28, wrapped)
    sheet.set_column(2, 2, 60, wrapped)
    sheet.set_column(3, 5, 12, wrapped)
    for i, (row, is_header) in enumerate(rows):
        for j, value in enumerate(row):
            form = bold if is_header else wrapped
            if isinstance(value, str):
                sheet.write_string(i, j, value, form)
            else:
                sheet.write_number(i, j, value, form)


def _write_header(book: Any, name: str, columns: Sequence[str], n_rows: int) -> None:
    """Write the header of a sheet, with filters, widths and formats for the rows below."""
    sheet = book.add_worksheet(name)
    text = book.add_format({"num_format": "@"})
    scientific = book.add_format({"num_format": "0.00E+00"})
    decimal = book.add_format({"num_format": "0.000"})
    bold = book.add_format({"bold": True})
    for j, column in enumerate(columns):
        small = scientific if column.endswith("p_value") else decimal
        form = text if column in _WIDTHS else small
        sheet.set_column(j, j, _WIDTHS.get(column, _WIDTH), form)
        sheet.write_string(0, j, column, bold)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, n_rows, len(columns) - 1)


XLSX = Format(
    "xlsx", "Excel: a workbook per analysis, a sheet per contrast", write_workbooks, "xlsxwriter"
)
