"""The formats of matrix files, and which of them a file has: its content decides.

study.yml's `format` overrides what the content says where both are possible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.signals import SIGNALS
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted, joined, listed
from ingest.read.continuous import measurements
from ingest.read.counts import featurecounts, htseq, quantification, star
from ingest.read.illumina import genomestudio, signals
from ingest.read.matrix import geo_series_matrix, rds, text_matrix, transposed
from ingest.read.matrix.format import FileStart, FirstFeatures, Format
from ingest.read.matrix.records import Block, MatrixHeader
from ingest.read.text.raw_file import RawFile

#: All formats, in the order in which they are tried; the last takes what is left.
FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        rds.RDS,
        measurements.MEASUREMENTS,
        geo_series_matrix.GEO_SERIES_MATRIX,
        featurecounts.FEATURECOUNTS,
        quantification.SALMON,
        quantification.KALLISTO,
        quantification.RSEM,
        star.STAR,
        htseq.HTSEQ,
        genomestudio.GENOMESTUDIO,
        signals.SIGNAL_TABLE,
        transposed.TRANSPOSED,
        text_matrix.MATRIX,
    )
}
#: Reading options that only files of some formats can follow.
_OPTIONS = {
    "transcripts": ("salmon", "kallisto", "rsem"),
    "counts_from_abundance": ("salmon", "kallisto", "rsem"),
    "strandedness": ("star",),
}
#: Part of what decides whether a file must be read again; raise it when the rows would differ.
READER_VERSION = f"formats-1+{text_matrix.READER_VERSION}"


def reader_version(headers: Iterable[MatrixHeader]) -> str:
    """Return the version of what reads these files: of all readers, and of those with their own."""
    own = {FORMATS[header.reader].version for header in headers} - {""}
    return "+".join([READER_VERSION, *sorted(own)])


def read_header(path: Path, assay: Assay, known_samples: Collection[str] = ()) -> MatrixHeader:
    """Read what the first lines of a matrix file say; see `header_of`."""
    with RawFile(path) as file:
        return header_of(file, assay, known_samples)


def header_of(file: RawFile, assay: Assay, known_samples: Collection[str] = ()) -> MatrixHeader:
    """Read what the first lines of a matrix file say; no value is read.

    Parameters
    ----------
    file : RawFile
        The matrix file.
    assay : Assay
        Its reading options; `format` names the reader, or is `auto`.
    known_samples : collection of str
        Names that the sample sheets give to this assay's samples; they tell samples from
        features where a file does not say which way round it is.

    Raises
    ------
    IngestError
        The file cannot be read, or it is not what `format` says.
    """
    start = FileStart(file, known_samples, assay.read.strip_suffix, assay.kind)
    found = next(one for one in FORMATS.values() if one.recognises(start))
    wanted = found if assay.format == "auto" else FORMATS[assay.format]
    if wanted is not found and found.name not in wanted.looks_like:
        _raise_other_format(file.path, wanted, found)
    header = wanted.read_header(start, assay)
    _refuse_several(header, assay)
    if assay.read.keep_signals and not set(SIGNALS) <= set(header.further):
        _raise_no_signals(header)
    return header


def settled_together(headers: Sequence[MatrixHeader], assay: Assay) -> tuple[MatrixHeader, ...]:
    """Settle what only all files of an assay tell together, such as STAR's strandedness.

    Parameters
    ----------
    headers : sequence of MatrixHeader
        Of all its files.
    assay : Assay
        Its reading options.

    Returns
    -------
    tuple of MatrixHeader
        The same, in order.

    Raises
    ------
    IngestError
        The files leave open, or contradict each other in, what must be known; or an option is of
        formats that none of them has.
    """
    _refuse_idle_options(headers, assay)
    found = list(headers)
    for name in dict.fromkeys(header.reader for header in headers):
        settle = FORMATS[name].together
        if settle is not None:
            places = [i for i, header in enumerate(headers) if header.reader == name]
            settled = settle([headers[i] for i in places], assay)
            for i, header in zip(places, settled, strict=True):
                found[i] = header
    return tuple(found)


def read_blocks(header: MatrixHeader, assay: Assay) -> Iterator[Block]:
    """Stream the matrix that a header describes, in blocks of features.

    Parameters
    ----------
    header : MatrixHeader
        From `read_header` on the same file.
    assay : Assay
        Its reading options.

    Yields
    ------
    Block
        Features in the order of the file.

    Raises
    ------
    IngestError
        A value cannot be read; with line and column.
    """
    return FORMATS[header.reader].read_blocks(header, assay)


def estimated_rows(header: MatrixHeader) -> float:
    """Return about how many features a matrix has; nothing is read."""
    return FORMATS[header.reader].estimated_rows(header)


def first_cells(header: MatrixHeader, quantity: str) -> list[str]:
    """Return some cells of a quantity (`value`, `detection_p`, ...) as the file writes them."""
    return list(FORMATS[header.reader].first_cells(header, quantity))


def first_features(header: MatrixHeader, assay: Assay) -> FirstFeatures:
    """Return the ids of a matrix's first features, without reading more than a part of it.

    Raises
    ------
    IngestError
        A value of that part cannot be read.
    """
    return FORMATS[header.reader].first_features(header, assay)


def _refuse_idle_options(headers: Sequence[MatrixHeader], assay: Assay) -> None:
    """Raise if study.yml asks for what no file of the assay can give."""
    there = {header.reader for header in headers}
    for option, names in _OPTIONS.items():
        value = getattr(assay.read, option)
        if value == type(assay.read).model_fields[option].default or there & set(names):
            continue
        raise IngestError(
            f"study.yml says `read: {{{option}: ...}}`, which is for other files",
            file=headers[0].path,
            expected=joined([FORMATS[name].words for name in names], "or"),
            found=FORMATS[headers[0].reader].words,
            hint=f"leave `{option}` out, or name the files that it is for",
        )


def _refuse_several(header: MatrixHeader, assay: Assay) -> None:
    """Raise if the sheet names files of one sample each and the file holds several."""
    if assay.file is not None and len(header.samples) > 1:
        raise IngestError(
            f"study.yml says `file: {assay.file}`, but the file holds "
            f"{counted(len(header.samples), 'sample')}",
            file=header.path,
            line=header.header_line or None,
            expected="files of one sample each",
            found=listed(header.samples, most=3),
            hint="name the column with the names of the matrix's columns: `sample: COLUMN`",
        )


def _raise_other_format(path: Path, wanted: Format, found: Format) -> NoReturn:
    raise IngestError(
        f"study.yml says `format: {wanted.name}`, but the file is something else",
        file=path,
        expected=wanted.words,
        found=found.words,
        hint=f"write `format: {found.name}`, or leave `format` out",
    )


def _raise_no_signals(header: MatrixHeader) -> NoReturn:
    raise IngestError(
        "study.yml says `keep_signals: true`, but the file gives no signals",
        file=header.path,
        line=header.header_line,
        expected="a methylated and an unmethylated signal of each sample",
        found=f"{FORMATS[header.reader].words}, of {', '.join(header.samples[:3])}",
        hint="name the table of signals, or take `keep_signals` out",
    )
