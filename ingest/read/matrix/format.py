"""A format of matrix files: what it is called, how it is recognised and who reads it.

Each reader exports one `Format`; `ingest.read.formats.FORMATS` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import pyarrow as pa

from cohortmart.core.study.records import Assay
from ingest.read.matrix.records import Block, MatrixHeader
from ingest.read.text.delimited import delimiter_of
from ingest.read.text.raw_file import RawFile

#: What is looked at: lines, and bytes of each (a transposed matrix has lines of 8 MB).
HEAD_LINES = 30
HEAD_BYTES = 1 << 18


@dataclass(frozen=True)
class FileStart:
    """The beginning of a matrix file, and what helps to understand it.

    Parameters
    ----------
    file : RawFile
        Open.
    known_samples : collection of str
        Names that the sample sheets give to the assay's samples.
    strip_suffix : str or None
        What study.yml strips from sample names.
    kind : str
        Of the assay.
    """

    file: RawFile
    known_samples: Collection[str] = ()
    strip_suffix: str | None = None
    kind: str = ""

    @cached_property
    def content(self) -> bytes:
        """The first bytes, decompressed, as they are."""
        with closing(self.file.pieces()) as pieces:
            return next(pieces, b"")

    @cached_property
    def lines(self) -> list[str]:
        """The first lines of a text file, long ones cut.

        Raises
        ------
        IngestError
            The file is empty or no text.
        """
        lines = []
        with self.file.text() as stream:
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

    @cached_property
    def delimiter(self) -> str:
        """The delimiter between the fields, as guessed from the first two lines."""
        return delimiter_of(self.lines[:2])


class FirstFeatures(NamedTuple):
    """The first features of a file: their ids, (n,), and whether there are no more."""

    ids: Any
    whole: bool


def _no_features(_header: Any, _assay: Assay) -> FirstFeatures:
    return FirstFeatures(pa.array([], pa.string()), False)


@dataclass(frozen=True)
class Format:
    """One format of matrix files.

    Parameters
    ----------
    name : str
        As study.yml's `format` and `MatrixHeader.reader` have it.
    words : str
        What such a file is, for messages.
    recognises : callable
        Whether a file is of this format, from its beginning.
    read_header : callable
        Reads what the first lines of a file say, which is where it is looked at already; no value
        is read. Raises IngestError.
    read_blocks : callable
        Streams the values of a header's file in blocks of features. Raises IngestError.
    estimated_rows : callable
        About how many features a header's file has; nothing is read.
    first_cells : callable
        Some cells of a header's file that hold one quantity (`value`, `detection_p`, ...), as
        written; none where they are not text.
    first_features : callable
        Ids of a header's first features, and whether these are all; none where that would need
        the whole file.
    looks_like : collection of str
        Formats that a file may seem to have although study.yml rightly says that it has this one.
    version : str
        Raise it when the rows of this format alone would differ; see `formats.reader_version`.
    together : callable, optional
        Settles what only all files of this format in one assay tell together. Raises IngestError.
    """

    name: str
    words: str
    recognises: Callable[[FileStart], bool]
    read_header: Callable[[FileStart, Assay], MatrixHeader]
    read_blocks: Callable[[Any, Assay], Iterator[Block]]
    estimated_rows: Callable[[Any], float]
    first_cells: Callable[[Any, str], Iterable[str]]
    first_features: Callable[[Any, Assay], FirstFeatures] = _no_features
    looks_like: Collection[str] = ()
    version: str = ""
    together: Callable[[Sequence[Any], Assay], Sequence[MatrixHeader]] | None = None
