"""Which reader a matrix file needs, decided from its content; study.yml's `format` overrides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.read.illumina import genomestudio, signals
from ingest.read.matrix import geo_series_matrix, rds, transposed
from ingest.read.matrix import text_matrix as matrix
from ingest.read.matrix.records import Block, MatrixHeader, TextMatrixHeader
from ingest.read.text.text import delimiter_of, open_text

#: Part of what decides whether a file must be read again; raise it when the rows would differ.
READER_VERSION = f"formats-1+{matrix.READER_VERSION}"
#: What is looked at: lines, and bytes of each (a transposed matrix has lines of 8 MB).
HEAD_LINES = 30
HEAD_BYTES = 1 << 18

#: Formats that show in their first lines, in the order in which they are tried.
_MARKED: dict[str, Callable[[Sequence[str], str], bool]] = {
    geo_series_matrix.FORMAT: geo_series_matrix.recognises,
    genomestudio.FORMAT: genomestudio.recognises,
    signals.FORMAT: signals.recognises,
}
_READERS: dict[str, Callable[[Path, Assay], MatrixHeader]] = {
    geo_series_matrix.FORMAT: geo_series_matrix.read_header,
    genomestudio.FORMAT: genomestudio.read_header,
    signals.FORMAT: signals.read_header,
    transposed.FORMAT: transposed.read_header,
    rds.FORMAT: rds.read_header,
    "matrix": matrix.read_header,
}
_WORDS = {
    "matrix": "a matrix with features in rows and samples in columns",
    geo_series_matrix.FORMAT: "a GEO series matrix (lines that begin with !Series_ and !Sample_)",
    genomestudio.FORMAT: "betas with detection p or beads, as GenomeStudio and GEO write them",
    signals.FORMAT: "methylated and unmethylated signals of each sample",
    transposed.FORMAT: "a matrix with samples in rows and features in columns",
    rds.FORMAT: "an R object saved with saveRDS",
}


def read_header(path: Path, assay: Assay, known_samples: Collection[str] = ()) -> MatrixHeader:
    """Read what the first lines of a matrix file say; no value is read.

    Parameters
    ----------
    path : Path
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
    found = _recognised(path, assay, known_samples)
    wanted = found if assay.format == "auto" else assay.format
    if wanted != found and not _may_be_read_as(wanted, found):
        _raise_other_format(path, wanted, found)
    return _READERS[wanted](path, assay)


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
    if isinstance(header, TextMatrixHeader):
        return matrix.read_blocks(header, assay)
    if isinstance(header, transposed.TransposedHeader):
        return transposed.read_blocks(header, assay)
    if isinstance(header, rds.RdsHeader):
        return rds.read_blocks(header, assay)
    raise TypeError(f"no reader for {type(header).__name__}")


def _recognised(path: Path, assay: Assay, known_samples: Collection[str]) -> str:
    if rds.is_rds(path):
        return rds.FORMAT
    lines = _head(path)
    delimiter = delimiter_of(lines[:2])
    for name, recognises in _MARKED.items():
        if recognises(lines, delimiter):
            return name
    suffix = assay.read.strip_suffix
    if transposed.recognises(lines, delimiter, known_samples, suffix):
        return transposed.FORMAT
    return "matrix"


def _head(path: Path) -> list[str]:
    """Return the first lines of a text file, long ones cut."""
    lines = []
    with open_text(path) as stream:
        for _ in range(HEAD_LINES):
            line = stream.readline(HEAD_BYTES)
            if not line:
                break
            lines.append(line.decode("utf-8", "ignore").rstrip("\r\n"))
            while len(line) == HEAD_BYTES and not line.endswith(b"\n"):
                line = stream.readline(HEAD_BYTES)
            if len(lines) == 2 and len(lines[1]) >= HEAD_BYTES:
                break  # so wide that two lines say enough
    return lines


def _may_be_read_as(wanted: str, found: str) -> bool:
    """Whether `format` may overrule what the file looks like."""
    plain = ("matrix", transposed.FORMAT)
    # A matrix of gene names looks the same either way round; betas beside detection p are a
    # matrix, too, if one wants the detection p as samples of their own.
    if found in plain:
        return wanted in plain
    return wanted == "matrix" and found in (genomestudio.FORMAT, signals.FORMAT)


def _raise_other_format(path: Path, wanted: str, found: str) -> NoReturn:
    raise IngestError(
        f"study.yml says `format: {wanted}`, but the file is something else",
        file=path,
        expected=_WORDS[wanted],
        found=_WORDS[found],
        hint=f"write `format: {found}`, or leave `format` out",
    )
