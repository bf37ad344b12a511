"""STAR's ReadsPerGene.out.tab: three counts of every gene, one for each strandedness.

Dobin et al. 2013, doi 10.1093/bioinformatics/bts635. Column 2 counts the reads of both strands,
column 3 those on the gene's strand (forward), column 4 those on the other (reverse, as dUTP
libraries are). Four rows `N_unmapped`, ... stand above the genes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted
from ingest.read.counts.one_sample import (
    comments_above,
    fields_of,
    is_number,
    named,
    one_sample_header,
)
from ingest.read.matrix import text_matrix
from ingest.read.matrix.annotation_columns import is_about_features
from ingest.read.matrix.counter_rows import is_counter
from ingest.read.matrix.format import HEAD_LINES, FileStart, Format
from ingest.read.matrix.records import TextMatrixHeader
from ingest.read.text.raw_file import RawFile

Strandedness = Literal["unstranded", "forward", "reverse"]
#: The field of each, from 1.
FIELDS: dict[Strandedness, int] = {"unstranded": 2, "forward": 3, "reverse": 4}
#: Share of one strand among the reads of both from which a library is stranded, and how far it
#: may be from one half in one that is not.
_STRANDED = 0.8
_HALF = 0.1
#: Reads from which a file by itself says what it is.
_ENOUGH = 200
_CLUE = "write `read: {strandedness: unstranded}`, `forward` or `reverse` under the assay"


@dataclass(frozen=True, kw_only=True)
class StarHeader(TextMatrixHeader):
    """A file of STAR.

    Parameters
    ----------
    sums : tuple of float
        Reads of genes in columns 2, 3 and 4; empty where they could not be added.
    """

    sums: tuple[float, ...] = ()

    @property
    def forward_share(self) -> float:
        """Share of column 3 among columns 3 and 4; one half where there is nothing."""
        return _share([self])


def recognises(start: FileStart) -> bool:
    """Whether a file begins with rows of an id and three whole numbers, and has no header."""
    rows, known = fields_of(start, "\t"), set(start.known_samples)
    if not rows or is_about_features(rows[0][0]) or not known.isdisjoint(rows[0]):
        return False
    return all(
        len(row) == len(FIELDS) + 1
        and not is_number(row[0])
        and all(cell.isdecimal() for cell in row[1:])
        for row in rows
    )


def read_header(file: RawFile) -> StarHeader:
    """Read the sums of the three columns, which tell the strandedness.

    Parameters
    ----------
    file : RawFile
        The table: a line a gene, read whole.

    Raises
    ------
    IngestError
        The file cannot be read as text.
    """
    above = comments_above(file.lines(HEAD_LINES))
    common = one_sample_header(
        file, STAR.name, columns=("id", *FIELDS), value_field=2, header_line=above
    )
    return StarHeader(**common, sums=_sums(file, above))


def _sums(file: RawFile, above: int) -> tuple[float, ...]:
    names = ["id", *FIELDS]
    try:
        with file.text() as stream:
            table = pcsv.read_csv(
                pa.py_buffer(stream.read()),
                read_options=pcsv.ReadOptions(column_names=names, skip_rows=above),
                parse_options=pcsv.ParseOptions(delimiter="\t"),
                convert_options=pcsv.ConvertOptions(
                    column_types={"id": pa.string()} | dict.fromkeys(FIELDS, pa.float64())
                ),
            )
    except pa.ArrowInvalid:
        return ()  # read_blocks says in which cell
    genes = ~is_counter(table["id"].combine_chunks())
    return tuple(float(np.nansum(table[name].to_numpy()[genes])) for name in FIELDS)


def together(headers: Sequence[StarHeader], assay: Assay) -> list[StarHeader]:
    """Choose the column of an assay's files: as study.yml says, or as their sums do.

    Parameters
    ----------
    headers : sequence of StarHeader
        Of all files of STAR in the assay.
    assay : Assay
        `read.strandedness` decides where it is given.

    Raises
    ------
    IngestError
        The sums leave it open, or files contradict each other.
    """
    chosen = assay.read.strandedness
    if chosen is None:
        share = _share(headers)
        _refuse_others(headers)
        chosen = _strandedness(share)
        if chosen is None:
            _raise_unclear(headers, share)
        note = (
            f"STAR: {counted(len(headers), 'file')} taken as {chosen} (column {FIELDS[chosen]}): "
            f"{share:.1%} of the reads that columns 3 and 4 count are in column 3; "
            f"`read: {{strandedness: {chosen}}}` says so once and for all"
        )
        headers = [replace(headers[0], notes=(*headers[0].notes, note)), *headers[1:]]
    return [replace(header, fields={"value": (FIELDS[chosen],)}) for header in headers]


def _share(headers: Sequence[StarHeader]) -> float:
    forward = sum(header.sums[1] for header in headers if header.sums)
    reverse = sum(header.sums[2] for header in headers if header.sums)
    return forward / (forward + reverse) if forward + reverse else 0.5


def _strandedness(share: float) -> Strandedness | None:
    if share >= _STRANDED:
        return "forward"
    if share <= 1 - _STRANDED:
        return "reverse"
    return "unstranded" if abs(share - 0.5) <= _HALF else None


def _raise_unclear(headers: Sequence[StarHeader], share: float) -> NoReturn:
    sums = np.array([header.sums for header in headers if header.sums]).sum(axis=0)
    shown = ", ".join(f"{name} {total:,.0f}" for name, total in zip(FIELDS, sums, strict=True))
    raise IngestError(
        "it is not clear which column of STAR's files holds the counts",
        file=headers[0].path,
        expected="nearly all reads in column 3 (forward) or 4 (reverse), or half in each "
        "(unstranded)",
        found=f"sums over {counted(len(headers), 'file')}: {shown} ({share:.1%} forward)",
        hint=_CLUE,
    )


def _refuse_others(headers: Sequence[StarHeader]) -> None:
    """Raise if files by themselves say different things."""
    said = {
        i: strandedness
        for i, header in enumerate(headers)
        if sum(header.sums[1:]) >= _ENOUGH
        and (strandedness := _strandedness(header.forward_share)) is not None
    }
    votes = Counter(said.values())
    if len(votes) < 2:
        return
    usual = votes.most_common(1)[0][0]
    header = headers[next(i for i, one in said.items() if one != usual)]
    forward, reverse = header.sums[1:]
    raise IngestError(
        f"the file is of another strandedness than most of the assay, which are {usual}",
        file=header.path,
        expected=f"sums as in the other files, {usual}",
        found=f"forward {forward:,.0f}, reverse {reverse:,.0f}",
        hint=f"give libraries of another kind as an assay of their own; or {_CLUE}",
    )


STAR = Format(
    name="star",
    words="the counts of one sample by STAR (ReadsPerGene.out.tab)",
    recognises=recognises,
    read_header=lambda start, assay: named(read_header(start.file), start, assay),
    read_blocks=text_matrix.read_blocks,
    estimated_rows=text_matrix.estimated_rows,
    first_cells=text_matrix.first_cells,
    together=together,
)
