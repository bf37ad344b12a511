"""Files of a study, each with what it is by its content."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cohortmart.app.init.columns import SheetTable, as_table
from cohortmart.app.init.references import Reference, reference_kind
from cohortmart.core.errors import IngestError, InputError
from cohortmart.core.study.records import Assay
from ingest.read.continuous.table import PARQUET_MAGIC, ZIP_MAGIC
from ingest.read.formats import FORMATS, header_of
from ingest.read.matrix.format import FileStart
from ingest.read.matrix.records import MatrixHeader
from ingest.read.samples.sheet_cells import read_cells
from ingest.read.samples.used_columns import UsedColumns
from ingest.read.samples.worksheets import worksheet_names
from ingest.read.text.raw_file import RawFile

What = Literal["table", "matrix"] | Reference
#: A sheet has no more rows and columns than this; what has more is data.
_MOST_ROWS, _MOST_COLUMNS = 20_000, 400
#: Formats that nothing else looks like.
_CERTAIN = frozenset(FORMATS) - {"measurements", "transposed", "matrix"}
_PASSED_OVER = (".yml", ".yaml", ".md", ".html", ".pdf", ".docx", ".duckdb", ".log", ".py", ".r")


@dataclass(frozen=True, eq=False)
class Looked:
    """One file and what it is.

    Parameters
    ----------
    path : Path
    what : str
        `table` where it may be a sample sheet, a matrix, or a table of measurements: the others
        decide.
    why : str
        In words.
    tables : tuple of SheetTable
        What could be a sample sheet: one a worksheet.
    header : MatrixHeader or None
        What its first lines say if it is a matrix.
    """

    path: Path
    what: What
    why: str
    tables: tuple[SheetTable, ...] = ()
    header: MatrixHeader | None = None


def gather(given: Sequence[Path]) -> list[Path]:
    """Return the files that were named and those of the folders that were, without hidden ones.

    Parameters
    ----------
    given : sequence of Path

    Returns
    -------
    list of Path
        Each once, sorted.

    Raises
    ------
    InputError
        One of them is not there, or there is none.
    """
    found: dict[Path, None] = {}
    for path in given:
        if not path.exists():
            raise InputError("there is no such file or folder", file=path, hint="check its name")
        for file in _below(path) if path.is_dir() else (path,):
            found[Path(os.path.abspath(file))] = None
    if not found:
        raise InputError(
            "there is no file to look at",
            file=given[0] if given else None,
            hint="name the sample sheet and the matrices, or the folder that holds them",
        )
    return sorted(found, key=str)


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and of those in it, but not of an output folder."""
    for name in sorted(os.listdir(folder)):
        path = folder / name
        if name.startswith(".") or name.lower().endswith(_PASSED_OVER):
            continue
        if path.is_dir():
            if not (path / "warehouse.duckdb").exists() and not (path / "lake").exists():
                yield from _below(path)
        else:
            yield path


def look_at(paths: Iterable[Path]) -> list[Looked]:
    """Find out what each file is; one that cannot be read is unknown, with the reason."""
    found = []
    for path in paths:
        try:
            found.append(_look(path))
        except IngestError as error:
            found.append(Looked(path, "unknown", error.problem))
    return found


def _look(path: Path) -> Looked:
    with RawFile(path) as file:
        if file.magic.startswith(ZIP_MAGIC):
            return Looked(path, "table", "a workbook", _worksheets(path))
        if file.magic.startswith(PARQUET_MAGIC):
            return Looked(path, "table", "a table (Parquet)")
        start = FileStart(file)
        name = next((n for n in FORMATS if n in _CERTAIN and FORMATS[n].recognises(start)), None)
        if name is not None:
            header = header_of(file, Assay(kind=_kind_of(name), files=(path,)))
            tables = _sheet(path) if name == "geo_series_matrix" else ()
            return Looked(path, "matrix", FORMATS[name].words, tables, header)
        reference = reference_kind(path, start)
        if reference is not None:
            return Looked(path, reference[0], reference[1])
        tables = _sheet(path) if _may_be_sheet(file, start) else ()
        return Looked(path, "table", "a table", tables, _header(file))


def _kind_of(name: str) -> Literal["counts", "beta"]:
    return "beta" if name in ("genomestudio", "signals", "geo_series_matrix") else "counts"


def _header(file: RawFile) -> MatrixHeader | None:
    """Return what the first lines say if the file is a matrix of numbers."""
    try:
        return header_of(file, Assay(kind="counts", files=(file.path,)))
    except IngestError:
        return None


def _may_be_sheet(file: RawFile, start: FileStart) -> bool:
    if max(line.count(start.delimiter) for line in start.lines) >= _MOST_COLUMNS:
        return False
    return len(file.lines(_MOST_ROWS + 1)) <= _MOST_ROWS


def _sheet(path: Path) -> tuple[SheetTable, ...]:
    try:
        return (as_table(read_cells(path)),)
    except IngestError:
        return ()


def _worksheets(path: Path) -> tuple[SheetTable, ...]:
    names = worksheet_names(path)
    tables = []
    for name in names:
        try:
            sheet = read_cells(path, UsedColumns(worksheet=name))
        except IngestError:
            continue  # an empty one, or a page of notes
        tables.append(as_table(sheet, name if len(names) > 1 else None))
    return tuple(tables)
