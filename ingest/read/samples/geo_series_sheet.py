"""Sample sheets from the header of a GEO series matrix, in which samples are columns.

`!Sample_characteristics_ch1` stands on several lines with cells `key: value`; samples that lack a
key have their next one in its place, so the cells are regrouped by key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted
from ingest.read.samples.sheet import Row, Sheet
from ingest.read.samples.sheet_columns import Column, loose, name_columns
from ingest.read.samples.used_columns import UsedColumns
from ingest.read.text.raw_file import RawFile

_SAMPLE = "!Sample_"
_TABLE = "!series_matrix_table_begin"
_CHARACTERISTICS = re.compile(r"characteristics_(ch\d+)")
#: About the people who sent the samples in; never kept.
_PRIVATE = ("contact_", "biomaterial_provider")
_FETCH_AGAIN = "fetch the file again"


@dataclass(frozen=True)
class _Line:
    """One `!Sample_` line: its number, the field and one cell a sample."""

    number: int
    field: str
    cells: tuple[str, ...]


def is_series_matrix(first_line: str) -> bool:
    """Whether a file that begins with this line is a GEO series matrix."""
    return first_line.startswith(("!Series_", _SAMPLE))


def read_series_sheet(raw: RawFile, form: str, used: UsedColumns) -> Sheet:
    """Read the samples of a GEO series matrix; nothing after its header is read.

    Parameters
    ----------
    raw : RawFile
        Compressed or not.
    form : str
        Name of the format for tables.
    used : UsedColumns
        Columns are named as the study spells them; case and spaces do not count.

    Returns
    -------
    Sheet
        One row a sample. Columns are the fields without `!Sample_` (`title`, `geo_accession`,
        `source_name_ch1`) and each key of the characteristics under its own name, which is also
        `KEY_ch1`; those of a second channel are `KEY_ch2`. Fields on several lines are numbered:
        `description`, `description 2`. Contact fields are left out.

    Raises
    ------
    IngestError
        The header ends early, lines have different numbers of cells, or there are no samples.
    """
    file = raw.path
    lines, series = _sample_lines(raw)
    accession = _accession(file, lines)
    for line in lines:
        if len(line.cells) != len(accession.cells):
            raise IngestError(
                f"the line does not have one cell a sample: `{_SAMPLE}{line.field}`",
                file=file,
                line=line.number,
                expected=f"{counted(len(accession.cells), 'cell')}, as in line {accession.number}",
                found=counted(len(line.cells), "cell"),
                hint=_FETCH_AGAIN,
            )
    where = [accession.number] * len(accession.cells)
    named = name_columns(file, _columns(lines), where, used.columns)
    cells = zip(*(column.cells for column in named.columns), strict=True)
    rows = tuple(Row(accession.number, own) for own in cells)
    said = f"{file.name}: {counted(len(rows), 'sample')} of {series}".removesuffix(" of ")
    return Sheet(file, named.names, accession.number, rows, form, (said, *named.notes))


def _sample_lines(raw: RawFile) -> tuple[list[_Line], str]:
    """Return the `!Sample_` lines without private fields, and what the series is."""
    lines: list[_Line] = []
    series = {"!Series_geo_accession": "", "!Series_title": ""}
    same: dict[str, str] = {}  # most lines repeat one long text for every sample: hold it once
    for number, text in _header_lines(raw):
        field, *cells = text.split("\t")
        if field.startswith(_SAMPLE) and not field.startswith(_PRIVATE, len(_SAMPLE)):
            own = (_unquoted(cell) for cell in cells)
            field = field.removeprefix(_SAMPLE).strip()
            lines.append(_Line(number, field, tuple(same.setdefault(c, c) for c in own)))
        elif field in series and cells:
            series[field] = _unquoted(cells[0])
    return lines, ": ".join(filter(None, series.values()))


def _header_lines(raw: RawFile) -> Iterator[tuple[int, str]]:
    """Yield the lines before the table with their numbers, line breaks within cells mended."""
    file, number, start, text = raw.path, 0, 0, ""
    with raw.text() as stream:
        for content in stream:
            number += 1
            line = content.decode("utf-8").rstrip("\r\n").replace("\r", " ")
            if line.startswith("!"):
                if text:
                    yield start, text
                if line.lower().startswith(_TABLE):
                    return
                start, text = number, line
            elif line.strip():
                if not _is_open(text):
                    raise IngestError(
                        "this line does not belong into the header of a GEO series matrix",
                        file=file,
                        line=number,
                        expected=f"lines that begin with `!`, then `{_TABLE}`",
                        found=line[:80],
                        hint=_FETCH_AGAIN,
                    )
                text += f" {line}"
    raise IngestError(
        "the header of this GEO series matrix ends early",
        file=file,
        line=number,
        expected=f"a line `{_TABLE}` after the last `{_SAMPLE}` line",
        found=f"the file ends after {counted(number, 'line')}",
        hint=_FETCH_AGAIN,
    )


def _is_open(text: str) -> bool:
    """Whether the quotes of the last cell of a line are still open."""
    last = text.rpartition("\t")[2]
    inner = last[1:]
    return last.startswith('"') and (len(inner) - len(inner.rstrip('"'))) % 2 == 0


def _unquoted(cell: str) -> str:
    cell = cell.strip()
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        cell = cell[1:-1].replace('""', '"').strip()
    return cell


def _accession(file: Path, lines: Sequence[_Line]) -> _Line:
    found = next((line for line in lines if line.field == "geo_accession"), None)
    if found is not None and any(found.cells):
        return found
    raise IngestError(
        "this GEO series matrix has no samples",
        file=file,
        line=None if found is None else found.number,
        expected=f"a line `{_SAMPLE}geo_accession` with one cell a sample",
        found=", ".join(dict.fromkeys(f"{_SAMPLE}{line.field}" for line in lines)) or "none",
        hint=_FETCH_AGAIN,
    )


def _columns(lines: Sequence[_Line]) -> list[Column]:
    columns: list[Column] = []
    done = set()
    for line in lines:
        channel = _CHARACTERISTICS.fullmatch(line.field)
        if channel is None:
            columns.append(Column(line.field, line.field, line.cells))
        elif line.field not in done:
            done.add(line.field)
            same = [other.cells for other in lines if other.field == line.field]
            columns += regrouped(same, channel[1])
    return columns


def regrouped(lines: Sequence[Sequence[str]], channel: str = "ch1") -> list[Column]:
    """Regroup the cells of characteristics lines by their keys.

    Parameters
    ----------
    lines : sequence of sequence of str
        Cells `key: value`, one a sample; on one line samples may have different keys.
    channel : str
        `ch1`, `ch2`: part of the full names, and of all names of a further channel.

    Returns
    -------
    list of Column
        One a key, whatever the order of the lines says; missing is the empty cell. A key that a
        sample has twice with different values gives two columns of the same name. Cells without
        a key stay under the name of the field, one column a line.
    """
    n = len(lines[0])
    values: dict[tuple[str, int], list[str]] = {}
    spelt: dict[str, set[str]] = {}
    bare = []
    for cells in lines:
        keyless = [""] * n
        for i, cell in enumerate(cells):
            key, colon, value = (part.strip() for part in cell.partition(":"))
            if not colon or not key:
                keyless[i] = cell
                continue
            spelt.setdefault(loose(key), set()).add(" ".join(key.split()))
            _put(values, loose(key), i, n, value)
        if any(keyless):
            bare.append(
                Column(f"characteristics_{channel}", f"characteristics_{channel}", tuple(keyless))
            )
    columns = []
    for (key, _), own in values.items():
        name = _one_spelling(spelt[key])
        full = f"{name}_{channel}"
        columns.append(Column(full, name if channel == "ch1" else full, tuple(own)))
    return columns + bare


def _put(
    values: dict[tuple[str, int], list[str]], key: str, sample: int, n: int, value: str
) -> None:
    """Put a sample's value in the first column of its key that has room."""
    nth = 1
    while True:
        cells = values.setdefault((key, nth), [""] * n)
        if cells[sample] in ("", value):
            cells[sample] = value or cells[sample]
            return
        nth += 1


def _one_spelling(spellings: set[str]) -> str:
    """Return the spelling of all, or one that does not depend on which came first."""
    if len(spellings) == 1:
        return next(iter(spellings))
    return max(sorted({s.lower() for s in spellings}), key=len)
