"""Delimited text: how a file is written, its delimiter, and the fields of one line.

What a file is follows from its first bytes and its header line, never from its name.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cohortmart.core.errors import IngestError
from ingest.read.text.compressed import Compression

_QUOTED = re.compile(r'"[^"]*"')
_NAMES = {",": "csv", "\t": "tsv", ";": "csv2"}


@dataclass(frozen=True)
class TextFormat:
    r"""How a text file is written.

    Parameters
    ----------
    compression : {'none', 'gzip', 'zstd', 'bz2', 'xz'}
        From the magic bytes.
    encoding : {'utf-8', 'utf-8-sig'}
        The latter has a byte-order mark.
    delimiter : str
        Comma, tab or semicolon, as the character itself.
    line_end : str
        `\n` or `\r\n`, from the header line.
    """

    compression: Compression
    encoding: Literal["utf-8", "utf-8-sig"]
    delimiter: str
    line_end: Literal["\n", "\r\n"]

    @property
    def name(self) -> str:
        """Short name for tables and messages, such as `csv+gzip`; csv2 is R's word for `;`."""
        kind = _NAMES[self.delimiter]
        return kind if self.compression == "none" else f"{kind}+{self.compression}"


def split_line(line: str, delimiter: str, path: Path, number: int) -> list[str]:
    """Split one line into its fields, quotes removed.

    Parameters
    ----------
    line : str
        Without its line end.
    delimiter : str
        One character.
    path, number
        File and line number, for the message.

    Raises
    ------
    IngestError
        A quote is not closed on the line.
    """
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        raise IngestError(
            "a quote that is opened on this line is not closed on it",
            file=path,
            line=number,
            found=line[:80],
            hint="fields may not hold line breaks; remove the stray quote",
        ) from None


def delimiter_of(lines: Sequence[str]) -> str:
    """Return comma, tab or semicolon, whichever separates the fields of a header and a row.

    Parameters
    ----------
    lines : sequence of str
        The first two lines of a table.
    """
    # The header decides; the second line only where the header has one field (one sample below
    # R's missing corner cell).
    for line in lines:
        bare = _QUOTED.sub("", line)
        if "\t" in bare:
            return "\t"
        commas, semicolons = bare.count(","), bare.count(";")
        if commas or semicolons:
            return "," if commas >= semicolons else ";"
    return ","
