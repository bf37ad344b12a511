"""Errors a user can act on, and how they are said."""

from __future__ import annotations

from pathlib import Path


class CohortmartError(Exception):
    """Base of every error that cohortmart raises on purpose."""

    exit_code = 1


class InputError(CohortmartError, ValueError):
    """Something the user gave cannot be used; the message says what to do.

    Parameters
    ----------
    problem : str
        One sentence that says what is wrong.
    file : path, optional
        The file it is in.
    line : int, optional
        Line number in that file, from 1.
    column : int or str, optional
        Column number from 1, or the name of the column.
    expected, found : str, optional
        What should stand there and what does.
    hint : str, optional
        What to do about it.
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        file: Path | str | None = None,
        line: int | None = None,
        column: int | str | None = None,
        expected: str | None = None,
        found: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = None if file is None else Path(file)
        self.line = line
        self.column = column
        self.expected = expected
        self.found = found
        self.hint = hint
        super().__init__(self._message())

    def _message(self) -> str:
        place = "" if self.file is None else str(self.file)
        if self.line is not None:
            place += f"{', ' if place else ''}line {self.line}"
        if self.column is not None:
            place += f"{', ' if place else ''}column {self.column}"
        parts = [f"{place}: {self.problem}" if place else self.problem]
        if self.expected is not None:
            parts.append(f"  expected: {self.expected}")
        if self.found is not None:
            parts.append(f"  found:    {self.found}")
        if self.hint is not None:
            parts.append(f"  to do:    {self.hint}")
        return "\n".join(parts)


class StudyError(InputError):
    """A fault in study.yml."""


class IngestError(InputError):
    """A fault in a raw file, or between the raw files."""


class AnalysisError(InputError):
    """An analysis that cannot be computed on the data that are there."""


class BuildError(CohortmartError):
    """The tables could not be built."""
