"""Text of a query: given, in a file, or on standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from cohortmart.core.errors import InputError


def query_text(given: str | None) -> str:
    """Return the SQL that is meant.

    Parameters
    ----------
    given : str or None
        The query itself, or ``@FILE.sql``; None or ``-`` reads standard input.

    Raises
    ------
    InputError
        The file cannot be read as UTF-8 text, or there is no query at all.
    """
    if given is None or given == "-":
        if sys.stdin.isatty():
            raise InputError(
                "there is no query",
                hint='for example: cohortmart sql "from dim_sample"; without --output, '
                "`cohortmart sql` opens a shell",
            )
        return _utf8(sys.stdin.buffer.read(), None)
    if not given.startswith("@"):
        return given
    path = Path(given[1:]).expanduser()
    try:
        return _utf8(path.read_bytes(), path)
    except OSError as error:
        raise InputError(
            "the file with the query cannot be read",
            file=path,
            found=error.strerror or str(error),
            hint="behind @ stands the path of a text file with one query",
        ) from error


def _utf8(content: bytes, path: Path | None) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            "the query is not UTF-8 text",
            file=path,
            line=content[: error.start].count(b"\n") + 1,
            hint="save it as UTF-8",
        ) from error
