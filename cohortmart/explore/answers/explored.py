"""A study that is explored: its warehouse as it is now, for many questions at a time."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import duckdb

from cohortmart.api.open_warehouse import OpenWarehouse
from cohortmart.core.errors import InputError
from cohortmart.core.study.study_copy import StudyCopy
from cohortmart.core.text import nouns
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.query import said_plainly
from cohortmart.explore.answers.asked import Asked
from cohortmart.report.context import opened_source
from cohortmart.report.source import Source

T = TypeVar("T")


class RunAgainError(InputError):
    """Results were replaced, and the tables that show the new ones are not built yet."""


class TooMuchError(InputError):
    """What was asked needs more memory than there is beside what is asked at the same time."""


#: What DuckDB may take; the process as a whole takes some 280 MB more at EPIC size. With 80 MB
#: single views of such a study fail where two are asked at a time.
MEMORY_LIMIT = "128MB"
_STOPPED = "the explorer is being stopped"


@dataclass(frozen=True, eq=False)
class _Prepared:
    """What is made once of a warehouse: its source, and what views keep of it."""

    state: str
    source: Source
    there: frozenset[str]
    kept: dict[str, Any]
    making: dict[str, threading.Lock]


class Explored:
    """A finished study; several threads may ask it at a time, each on a cursor of its own.

    After a rebuild of the folder the next question is answered from the new tables.

    Parameters
    ----------
    home : Home
    pseudonymise : bool
        Show numbers in place of people's and samples' ids, and no single person's course.

    Raises
    ------
    InputError
        There is no warehouse, it has no samples, or the folder was moved since it was built.
    """

    def __init__(self, home: Home, *, pseudonymise: bool = False) -> None:
        self.home = home
        self.pseudonymise = pseudonymise
        self._lock = threading.Lock()
        self._warehouse = OpenWarehouse(home, memory_limit=MEMORY_LIMIT)
        self._now: _Prepared | None = None
        self._open: set[duckdb.DuckDBPyConnection] = set()
        self._is_stopped = False
        self.prepared()

    @contextmanager
    def asked(self) -> Iterator[Asked]:
        """Give the tables of now for one view, on a cursor that is closed at its end."""
        now = self.prepared()
        with self._cursor_of(now) as cursor:
            yield Asked.on(now.source, cursor, now.there)

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor of the warehouse of now without the explorer's own views.

        Errors of what is asked on it are said as to people who wrote it.
        """
        with said_plainly(self.home), self._cursor_of(self.prepared()) as cursor:
            yield cursor

    @contextmanager
    def _cursor_of(self, now: _Prepared) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = now.source.con.cursor()
        self._open.add(cursor)
        try:
            yield cursor
        except duckdb.IOException as error:
            raise RunAgainError(
                "this study is being run again",
                hint="its tables come back as soon as the new ones are built",
            ) from error
        except duckdb.InterruptException as error:
            if self._is_stopped:
                raise RunAgainError(_STOPPED) from error
            raise
        except duckdb.OutOfMemoryException as error:
            raise TooMuchError(
                f"this needs more memory than the explorer takes, {MEMORY_LIMIT}",
                hint="ask `cohortmart sql`, which takes more",
            ) from error
        finally:
            self._open.discard(cursor)
            cursor.close()

    @property
    def name(self) -> str:
        """What study.yml calls the study."""
        now = self._now
        return StudyCopy(self.home).study if now is None else now.source.study

    @property
    def subject(self) -> str:
        """What the study calls a person."""
        return nouns().subject.one if self._now is None else self._now.source.subject.one

    def state(self) -> str:
        """Return what differs between a warehouse and the one built after it."""
        self._connection()
        return _named(self._warehouse.state())

    def kept(self, name: str, make: Callable[[Source], T]) -> T:
        """Return what was made once of the warehouse of now.

        Parameters
        ----------
        name : str
            Of a kind; what makes it belongs to the name.
        make : callable
            Takes the source, on a cursor of its own; in `memory.main` it may make tables, which
            all cursors see.
        """
        now = self.prepared()
        with self._lock:
            making = now.making.setdefault(name, threading.Lock())
        with making:
            if name not in now.kept:
                with self._cursor_of(now) as cursor:
                    now.kept[name] = make(Asked.on(now.source, cursor, now.there))
            found: T = now.kept[name]
            return found

    def prepared(self) -> _Prepared:
        """Return the warehouse of now, prepared if it is new."""
        if self._is_stopped:
            raise RunAgainError(_STOPPED)
        with self._lock:
            con, state = self._connection(), self.state()
            if self._now is None or self._now.state != state:
                source = opened_source(con, self.home, pseudonymise=self.pseudonymise)
                self._now = _Prepared(state, source, _tables(con), {}, {})
            return self._now

    def interrupt(self) -> bool:
        """End the queries that run, and begin no more; return whether there was one.

        A view asks several queries one after the other, and one may begin in this moment: who
        waits for the end calls this until it is there.
        """
        self._is_stopped = True
        running = [*self._open]
        for cursor in (*running, *([] if self._now is None else [self._now.source.con])):
            with suppress(duckdb.Error):  # closed in between
                cursor.interrupt()
        return bool(running)

    def close(self) -> None:
        """Let go of the file; closing again does nothing."""
        self._warehouse.close()

    def _connection(self) -> duckdb.DuckDBPyConnection:
        try:
            return self._warehouse.connection()
        except InputError as error:
            if self._now is None:
                raise
            raise RunAgainError(error.problem, hint=error.hint) from error


def _tables(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    rows = con.sql("select distinct table_name from duckdb_columns() where schema_name = 'main'")
    return frozenset(name for (name,) in rows.fetchall())


def _named(state: tuple[int, ...]) -> str:
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]
