"""Columns of a matrix's header: samples as the sheets name them, and annotation passed over."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted, listed
from ingest.read.matrix.annotation_columns import ColumnRoles, column_roles
from ingest.read.matrix.format import FileStart
from ingest.read.matrix.records import TextMatrixHeader
from ingest.read.matrix.sample_names import (
    first_known,
    named_by_alignments,
    named_by_file,
    spellings_of,
)
from ingest.read.text.delimited import delimiter_of, split_line
from ingest.read.text.names import strip_suffix
from ingest.read.text.raw_file import RawFile

#: Rows that are looked at, and bytes of a row up to which there are so many.
_ROWS = 60
_ROW_BYTES = 1 << 16
#: Lines above a header that are looked at.
_ABOVE = 200
_COMMENT = "#"
#: Lines among which the header is looked for below a title, and cells that it has at least.
_TITLES = 12
_WIDE = 3
_SHOWN_TITLE = 40
#: Of a row with as many semicolons as commas the commas are decimal ones.
_MARKS = ("\t", ";", ",")
_IN_QUOTES = re.compile(r'"[^"]*"')
#: The first line of Broad's GCT; the size of the matrix stands on the second.
_GCT = "#1.2"
#: Names of a lone column that say what it holds and not of whom.
_QUANTITY = frozenset(
    {"count", "counts", "reads", "read_count", "raw_count", "raw_counts", "expected_count"}
    | {"value", "numreads", "est_counts", "htseq_count", "unstranded", "n", "x", "v2", "freq"}
)
_SHOWN = 12


def lines_above(file: RawFile, first: Sequence[str]) -> int:
    """Return how many lines stand above the header: comments (`#`), or those of a GCT file.

    A line of as many fields as the rows is the header itself, be there a `#` before it.

    Parameters
    ----------
    file : RawFile
        The matrix file.
    first : sequence of str
        Its first lines, one at least.
    """
    if first[0].rstrip() == _GCT:
        return 2
    if not first[0].startswith(_COMMENT):
        return 0
    lines = file.lines(_ABOVE)
    comments = next((i for i, line in enumerate(lines) if not line.startswith(_COMMENT)), 0)
    rows = lines[comments : comments + 2]
    mark = delimiter_of(rows)
    if comments and lines[comments - 1].count(mark) == rows[0].count(mark) > 0:
        return comments - 1
    return comments


def titles_above(file: RawFile, first: Sequence[str]) -> int:
    """Return how many lines of titles, of one cell each, and blank ones stand above the header.

    Parameters
    ----------
    file : RawFile
        The matrix file.
    first : sequence of str
        Its first lines, one at least.
    """
    if max(len(_cells(first[0], mark)) for mark in _MARKS) >= _WIDE:
        return 0
    lines = file.lines(_TITLES)
    mark = max(_MARKS, key=lambda mark: max(line.count(mark) for line in lines))
    cells = [len(_cells(line, mark)) for line in lines]
    at = next((i for i, n in enumerate(cells) if n > 1), 0)
    # one line of one cell may be a header of one sample, whose corner R leaves out
    return at if at and len(cells) > at + 1 and min(cells[at : at + 2]) >= _WIDE else 0


def with_titles(header: TextMatrixHeader, file: RawFile) -> TextMatrixHeader:
    """Return a header with a note of the title above it, if there is one.

    Parameters
    ----------
    header : TextMatrixHeader
    file : RawFile
        Its file.
    """
    first = file.lines(1)
    if not titles_above(file, first):
        return header
    title = first[0].strip(' ,;\t"')[:_SHOWN_TITLE]
    note = f"{header.path.name}: the header is line {header.header_line}; `{title}` passed over"
    return replace(header, notes=(note, *header.notes))


def _cells(line: str, mark: str) -> list[str]:
    """Return the cells of a line that hold something, quoted words as one letter."""
    bare = _IN_QUOTES.sub(lambda word: "x" if word[0].strip(' "') else "", line)
    return [cell for cell in bare.split(mark) if cell.strip()]


def named(header: TextMatrixHeader, start: FileStart, assay: Assay) -> TextMatrixHeader:
    """Settle which columns are samples, and their names.

    Parameters
    ----------
    header : TextMatrixHeader
        Of which every column behind the ids counts as a sample yet.
    start : FileStart
        The file, and the names that the sheets know.
    assay : Assay
        Its reading options.

    Raises
    ------
    IngestError
        No column is a sample, a column that the sheets do not know holds text here and there, or
        a file of one sample cannot be told whose it is.
    """
    known = set(start.known_samples)
    if all(name in known for name in header.samples):
        return header
    suffix = start.strip_suffix
    front = [header.feature_column]
    front += [] if header.gene_name_column is None else [header.gene_name_column]
    raw = header.raw_samples
    named_raw = named_by_alignments(raw, known, suffix)
    is_known = {
        name: first_known((name, called), known, suffix) is not None or name != called
        for name, called in zip(raw, named_raw, strict=True)
    }
    roles = column_roles(
        [*front, *raw],
        _rows(header, start.file),
        lambda name: is_known.get(name, False),
        bool(known) or header.reader != "matrix",
    )
    _refuse_text(header, roles, [*front, *raw])
    called = dict(zip(range(len(front) + 1, len(front) + len(raw) + 1), named_raw, strict=True))
    fields = tuple(field for field in roles.sample_fields if field in called)
    chosen = _with_columns(header, roles, fields, [*front, *raw])
    names = [called[field] for field in fields]
    if all(name in known for name in names):
        chosen = replace(chosen, raw_samples=tuple(names), samples=tuple(names), notes=())
    else:
        chosen = _stripped(chosen, names, assay)
    chosen = replace(chosen, notes=(*chosen.notes, *_notes(header, roles)))
    return _of_file(chosen, assay, known)


def _stripped(header: TextMatrixHeader, names: Sequence[str], assay: Assay) -> TextMatrixHeader:
    """Return a header with other raw names of its samples, the suffix cut from them."""
    raw = tuple(names)
    samples, notes = strip_suffix(raw, assay.read.strip_suffix, header.path)
    return replace(header, raw_samples=raw, samples=samples, notes=notes)


def _with_columns(
    header: TextMatrixHeader, roles: ColumnRoles, fields: tuple[int, ...], names: Sequence[str]
) -> TextMatrixHeader:
    if not fields:
        raise IngestError(
            "no column of the matrix is a sample",
            file=header.path,
            line=header.header_line,
            expected="a column of numbers for each sample, named as in the sample sheet",
            found=f"columns about the features: {listed(names, most=_SHOWN)}",
            hint="name the file of the counts themselves",
        )
    return replace(
        header,
        feature_column=names[roles.id_field - 1],
        gene_name_column=names[roles.name_field - 1] if roles.name_field else None,
        id_field=roles.id_field,
        name_field=roles.name_field,
        fields={"value": fields},
    )


def _rows(header: TextMatrixHeader, file: RawFile) -> list[list[str]]:
    """Return the fields of the first rows; those that cannot be split are for the reader."""
    lines = [line.decode().rstrip("\r\n") for line in header.first_rows.lines]
    if max(map(len, lines), default=0) < _ROW_BYTES:
        lines = file.lines(header.header_line + _ROWS)[header.header_line :]
    rows = []
    for line in lines:
        try:
            row = split_line(line, header.format.delimiter, header.path, 0)
        except IngestError:
            continue
        if len(row) == header.n_fields:
            rows.append(row)
    return rows


def _refuse_text(header: TextMatrixHeader, roles: ColumnRoles, names: Sequence[str]) -> None:
    if not roles.text:
        return
    field, cell = roles.text[0]
    more = [f"`{names[place - 1]}`" for place, _ in roles.text[1:]]
    raise IngestError(
        f"the column `{names[field - 1]}` holds text, and the sample sheet does not know it",
        file=header.path,
        line=header.header_line,
        column=field,
        expected="numbers of a sample of the sheet, or a column about the features",
        found=f"`{cell[:40]}` among numbers" + (f"; so do {listed(more, most=5)}" if more else ""),
        hint="remove the column; or, if it is a sample, correct its name and its cells",
    )


def _notes(header: TextMatrixHeader, roles: ColumnRoles) -> tuple[str, ...]:
    if not roles.passed_over:
        return ()
    n = len(roles.passed_over)
    return (
        f"{header.path.name}: passed over {counted(n, 'column')} about the features: "
        f"{listed(roles.passed_over, most=_SHOWN)}",
    )


def _of_file(header: TextMatrixHeader, assay: Assay, known: Collection[str]) -> TextMatrixHeader:
    """Name a lone column by its file where the sheets know the file and not the column."""
    if len(header.samples) != 1 or header.samples[0] in known or not known:
        return header
    by_file = first_known(spellings_of(header.path.as_posix()), known) is not None
    if assay.file is None and not by_file and header.samples[0].lower() not in _QUANTITY:
        return header
    found = named_by_file(header, assay, known)
    assert isinstance(found, TextMatrixHeader)
    return found
