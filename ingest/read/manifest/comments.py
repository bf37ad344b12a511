"""Lines above the table of a manifest: comments, and the head of a GEO platform file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.read.text.raw_file import RawFile

_ID_NAMES = frozenset({"ilmnid", "name", "probe_id", "probeid", "probe", "targetid", "cpg", "id"})
_BEGIN = "!platform_table_begin"
_MARKS = ("#", "!", "^", '"#', '"!')
#: A platform's file may list a hundred thousand samples above its table.
_MOST_LINES = 1_000_000


@dataclass(frozen=True)
class Comments:
    """What stands above a table.

    Parameters
    ----------
    lines : int
        How many lines.
    end : str or None
        Start of the line that ends the table, where the file says where it begins.
    """

    lines: int = 0
    end: str | None = None


def comments_above(file: RawFile) -> Comments:
    """Count the lines above the header: blank ones, comments, and what GEO writes there.

    A line of names that begins with `#` is no comment: some programs put it before the header.

    Parameters
    ----------
    file : RawFile
        A manifest that is not in Illumina's layout.

    Raises
    ------
    IngestError
        The file is empty, truncated or no text.
    """
    with file.text() as stream:
        for number in range(_MOST_LINES):
            line = stream.readline().decode("utf-8", "replace")
            if not line:
                break
            word = line.strip()
            if word.strip('"').lower() == _BEGIN:
                return Comments(number + 1, "!platform_table_end")
            if word and (not word.startswith(_MARKS) or _has_names(word)):
                return Comments(number)
    return Comments()


def _has_names(line: str) -> bool:
    fields = [field.strip(' #"').lower() for field in re.split("[\t,;]", line)]
    return line.startswith("#") and len(fields) > 1 and not _ID_NAMES.isdisjoint(fields)
