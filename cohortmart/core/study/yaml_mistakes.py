"""PyYAML's syntax complaints in words that help somebody who does not know YAML."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import yaml

from cohortmart.core.errors import StudyError

_QUOTES = "put double quotes round text that holds `: ` or begins with one of ` - * & ! % @ [ {"


class _Mistake(NamedTuple):
    """What part of PyYAML's complaint gives it away, how we say it, and what to do.

    `begun` points at where the construct was opened; its missing end is often the end of file.
    """

    sign: str
    problem: str
    hint: str
    begun: bool = False


_MISTAKES = (
    _Mistake(
        "'\\t'", "a tab is used to indent or to separate", "use spaces; YAML forbids tabs here"
    ),
    _Mistake(
        "undefined alias",
        "a `*name` that no `&name` above defines",
        "define it, or put double quotes round text that begins with `*`",
    ),
    _Mistake(
        "single document",
        "a second document begins here",
        "leave one document: delete this line `---`",
    ),
    _Mistake("scanning a quoted", "a quote is opened and not closed", "close the quote", True),
    _Mistake("flow sequence", "a list opened with `[` is not closed", "close it with `]`", True),
    _Mistake("flow mapping", "a block opened with `{` is not closed", "close it with `}`", True),
    _Mistake(
        "mapping values are not allowed",
        "a `: ` stands where no key can",
        f"indent less, or {_QUOTES}",
    ),
    _Mistake("cannot start any token", "plain text cannot begin with this character", _QUOTES),
    _Mistake(
        "block end",
        "this line does not line up with the lines above",
        "give all keys of one block the same number of spaces before them",
    ),
    _Mistake(
        "could not find expected ':'",
        "a line without `key: value`",
        "write `key: value`, or indent the line if it goes on from the one above",
        True,
    ),
)


def shortened(text: str, most: int = 80) -> str:
    """Return `text` on one line, cut to at most `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def syntax_error(file: Path, text: str, error: yaml.MarkedYAMLError) -> StudyError:
    """Return the error to raise for a text that is not YAML.

    Parameters
    ----------
    file : Path
        Where `text` comes from.
    text : str
        The whole document.
    error : yaml.MarkedYAMLError
        What PyYAML says.
    """
    said = f"{error.context or ''} {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    found = next((m for m in _MISTAKES if m.sign in said), None)
    if found is None:
        problem, hint = error.problem or "this is not YAML", f"check this line; {_QUOTES}"
    else:
        problem, hint = found.problem, found.hint
        if found.begun and error.context_mark is not None:
            mark = error.context_mark
    if mark is None:
        return StudyError(problem, file=file, hint=hint)
    lines = text.splitlines()
    written = shortened(lines[mark.line]) if mark.line < len(lines) else ""
    return StudyError(
        problem,
        file=file,
        line=mark.line + 1,
        column=mark.column + 1,
        found=written or "the end of the file",
        hint=hint,
    )
