"""The explorer's views over a few rows written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.report.source import Source


class _OverSource:
    """What a view asks of an explored study, over a source that is there already."""

    def __init__(self, source: Source) -> None:
        self.pseudonymise = source.pseudonymised
        self.name = source.study
        self._source = source
        self._kept: dict[str, Any] = {}

    @contextmanager
    def asked(self) -> Iterator[Asked]:
        cursor = self._source.con.cursor()
        try:
            yield Asked.on(self._source, cursor)
        finally:
            cursor.close()

    def kept(self, name: str, make: Callable[[Source], Any]) -> Any:
        if name not in self._kept:
            self._kept[name] = make(self._source)
        return self._kept[name]


def explored_source(source: Source) -> Explored:
    """Return a study for views over a source, as of `small_source`."""
    return cast(Explored, _OverSource(source))
