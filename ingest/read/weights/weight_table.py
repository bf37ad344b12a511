"""Small tables of features and numbers: the cells as text, each row with its line."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted, listed
from ingest.read.text.cell_errors import MISSING_WORDS
from ingest.read.text.raw_file import RawFile

_ZIP_MAGIC = b"PK\x03\x04"
#: Line and cells of a row.
Row = tuple[int, tuple[str, ...]]
#: Rows of one filled cell above the header are titles.
_FEWEST = 2


@dataclass(frozen=True)
class WeightTable:
    """A table as text.

    Parameters
    ----------
    path : Path
    format : str
        For example `csv+gzip`, `xlsx`.
    columns : tuple of str
        Names in the header, empty where one has none.
    header_line : int
        From 1.
    rows : tuple of Row
        Line and cells, without white space around them.
    """

    path: Path
    format: str
    columns: tuple[str, ...]
    header_line: int
    rows: tuple[Row, ...]

    def column(self, index: int) -> list[str]:
        """Return the cells of a column."""
        return [cells[index] for _, cells in self.rows]

    def find(self, names: Iterable[str]) -> int | None:
        """Return the first column that is called like one of some names, the likeliest first.

        Parameters
        ----------
        names : iterable of str
            In lower case, letters and digits alone.
        """
        plain = [plain_name(column) for column in self.columns]
        return next((plain.index(name) for name in names if name in plain), None)

    def number(self, row: int, column: int, what: str) -> float:
        """Return a cell as a number.

        Parameters
        ----------
        row, column : int
            From 0.
        what : str
            What is expected, such as "a weight".

        Raises
        ------
        IngestError
            It is none, or not finite.
        """
        line, cells = self.rows[row]
        value = as_number(cells[column])
        if value is None or not math.isfinite(value):
            hint = "write a decimal point" if "," in cells[column] else "complete or remove the row"
            self.fail(f"{what} is no number", line, column, "a finite number", cells[column], hint)
        return value

    def refuse_repeated(self, names: Sequence[object], what: str) -> None:
        """Raise if a row names what a row before it named.

        Parameters
        ----------
        names : sequence
            What each row names.
        what : str
            How it is called, such as "the feature".

        Raises
        ------
        IngestError
            With both lines, and how many more there are.
        """
        first: dict[object, int] = {}
        again = []
        for name, (line, _) in zip(names, self.rows, strict=True):
            if first.setdefault(name, line) != line:
                again.append((name, line))
        if again:
            name, line = again[0]
            said = " -> ".join(name) if isinstance(name, tuple) else str(name)
            more = f"; {counted(len(again), 'row')} repeated in all" if len(again) > 1 else ""
            raise IngestError(
                f"{what} {said} stands twice",
                file=self.path,
                line=line,
                expected="each once",
                found=f"lines {first[name]} and {line}{more}",
                hint="remove the rows that repeat others",
            )

    def fail(
        self, problem: str, line: int, column: int, expected: str, found: str, hint: str
    ) -> NoReturn:
        """Raise for a cell; the column counts from 0 here."""
        raise IngestError(
            problem,
            file=self.path,
            line=line,
            column=column + 1,
            expected=expected,
            found=f"`{found}`",
            hint=hint,
        )


def plain_name(name: str) -> str:
    """Return a name in lower case, letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_missing(cell: str) -> bool:
    """Whether a cell says that a value is missing."""
    return cell in MISSING_WORDS


def as_number(cell: str) -> float | None:
    """Return a cell as a number, None where it is none."""
    try:
        return float(cell)
    except ValueError:
        return None


def read_weight_table(path: Path) -> WeightTable:
    """Read a small table; titles and comments (`#`) above it are passed over.

    Parameters
    ----------
    path : Path
        csv, tsv or semicolons, compressed or not, or the first worksheet of an xlsx.

    Raises
    ------
    IngestError
        The file cannot be read, has no rows, or a row has too few or too many fields.
    """
    rows: list[Row]
    with RawFile(path) as raw:
        if raw.magic.startswith(_ZIP_MAGIC):
            form, rows = "xlsx", list(_worksheet_rows(path))
        else:
            form, rows = _text_rows(raw)
    rows = [(line, cells) for line, cells in rows if any(cells)]
    rows = _below_titles(rows)
    if len(rows) < 2:
        raise IngestError(
            "the file has no table",
            file=path,
            expected="a header line and at least one row",
            found="nothing" if not rows else f"one line: {', '.join(rows[0][1])[:60]}",
            hint="check that it is the right file and that it was written to its end",
        )
    (header_line, columns), body = rows[0], rows[1:]
    if all(len(cells) == len(columns) + 1 for _, cells in body):
        columns = ("", *columns)  # R's write.table leaves the corner over the row names out
    for line, cells in body:
        if len(cells) != len(columns):
            raise IngestError(
                "the row does not have as many fields as the header",
                file=path,
                line=line,
                expected=counted(len(columns), "field"),
                found=counted(len(cells), "field"),
                hint="quote cells that hold the separator; a short last row means a truncated file",
            )
    return WeightTable(path, form, columns, header_line, tuple(body))


def _below_titles(rows: list[Row]) -> list[Row]:
    """Return the rows from the header on: comments, and titles of fewer fields, go."""
    if not rows:
        return rows
    usual = Counter(len(cells) for _, cells in rows).most_common(1)[0][0]

    def is_title(cells: tuple[str, ...]) -> bool:
        few = sum(map(bool, cells)) < _FEWEST
        # without R's corner cell a header has one field less than its rows
        return few or cells[0].startswith("#") or len(cells) not in (usual, usual - 1)

    start = next((i for i, (_, cells) in enumerate(rows) if not is_title(cells)), len(rows))
    return rows[start:]


def _text_rows(raw: RawFile) -> tuple[str, list[Row]]:
    with raw.text() as stream:
        content = stream.read().decode("utf-8")
    form = raw.text_format()
    delimiter = max("\t,;", key=lambda sign: _separated(content, sign))
    name = {",": "csv", "\t": "tsv", ";": "csv2"}[delimiter]
    rows = []
    line = 1
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            rows.append((line, tuple(cell.strip() for cell in cells)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise IngestError(
            "the quotes in this row do not close properly",
            file=raw.path,
            line=line,
            found=str(error),
            hint='write a quote inside a quoted cell twice: ""',
        ) from error
    return name if form.compression == "none" else f"{name}+{form.compression}", rows


def _separated(content: str, sign: str) -> int:
    """Count the lines that a sign separates into at least two fields."""
    return sum(sign in line for line in content.splitlines()[:200])


def _worksheet_rows(path: Path) -> Iterator[Row]:
    import fastexcel

    try:
        book = fastexcel.read_excel(path)
        sheet = book.load_sheet(0, header_row=None, skip_rows=0, dtypes="string")
    except fastexcel.FastExcelError as error:
        raise IngestError(
            "this workbook cannot be read",
            file=path,
            expected="a complete .xlsx file",
            found=str(error).splitlines()[0],
            hint="save it again as .xlsx or as .csv",
        ) from error
    columns = [column.to_pylist() for column in sheet.to_arrow().columns]
    for line, cells in enumerate(zip(*columns, strict=True), start=1):
        yield line, tuple("" if cell is None else str(cell).strip() for cell in cells)


def columns_text(table: WeightTable) -> str:
    """Return the names of the columns, for messages."""
    return listed([f"`{name}`" for name in table.columns if name]) or "no names"
