"""Limited queries: one that reads, for so many rows and seconds, stopped when someone says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.query import check_query, distinct_names, said_plainly
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.queries.of_several import of_several
from cohortmart.explore.answers.queries.tables import reach

#: Rows that travel from DuckDB at a time, and what an answer may weigh, in bytes of Arrow.
_BATCH, _MOST_BYTES = 1_000, 16_000_000
#: Letters of a query that are read.
_MOST_LETTERS = 100_000
#: Seconds between two looks of the watch.
_TICK = 0.05


@dataclass(frozen=True)
class Limits:
    """What a query may take.

    Parameters
    ----------
    rows : int
        Of the answer; None: all of them.
    seconds : float
        Wall time.
    """

    rows: int | None = 1_000
    seconds: float = 30.0


#: Of a file that is downloaded: whole.
WHOLE = Limits(rows=None, seconds=600.0)


@dataclass(frozen=True, eq=False)
class Answered:
    """The answer to a query.

    Parameters
    ----------
    rows : pyarrow.Table
        At most so many as the limit says; no two columns have the same name.
    kinds : tuple of str
        DuckDB's type of each column.
    is_all : bool
        Whether there are no more rows.
    seconds : float
        Wall time.
    """

    rows: pa.Table
    kinds: tuple[str, ...]
    is_all: bool
    seconds: float


class Watch:
    """Stops a query at its time, or when it is told to.

    Parameters
    ----------
    seconds : float
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_told = False
        self.is_late = False
        self._done = threading.Event()

    def stop(self) -> None:
        """Stop the query."""
        self.is_told = True

    @contextmanager
    def over(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Watch over what a cursor does."""
        watching = threading.Thread(target=self._look, args=(cursor,), daemon=True)
        watching.start()
        try:
            yield
        except duckdb.InterruptException as error:
            raise self._stopped() from error
        finally:
            self._done.set()
            watching.join()
        if self.is_told or self.is_late:
            raise self._stopped()

    def _stopped(self) -> InputError:
        if self.is_told:
            return InputError("the query was stopped")
        return InputError(
            f"the query was stopped after {self.seconds:g} seconds",
            hint="ask for less: one contrast, few features, no sort of a whole big table",
        )

    def _look(self, cursor: duckdb.DuckDBPyConnection) -> None:
        end = time.monotonic() + self.seconds
        while not self._done.wait(_TICK):
            self.is_late = time.monotonic() > end
            if self.is_told or self.is_late:
                cursor.interrupt()  # again and again: what has not begun cannot be interrupted


class Queries:
    """Queries of people and agents on a study.

    Parameters
    ----------
    explored : Explored
    limits : Limits, optional
    """

    def __init__(self, explored: Explored, limits: Limits | None = None) -> None:
        self.explored = explored
        self.limits = limits or Limits()
        self._running: dict[str, Watch] = {}
        self._lock = threading.Lock()

    @property
    def running(self) -> tuple[str, ...]:
        """Whose queries are running."""
        with self._lock:
            return tuple(self._running)

    def answer(self, query: str, asker: str | None = None) -> Answered:
        """Return the first rows that a query gives.

        Parameters
        ----------
        query : str
            One statement that reads.
        asker : str, optional
            Whose query it is: one at a time, so that one that still runs is stopped.

        Raises
        ------
        InputError
            It is not to be run, DuckDB refuses it, or it was stopped.
        """
        watch, began = Watch(self.limits.seconds), time.monotonic()
        with self._as_running(asker, watch), self._rows(query, watch, self.limits) as reader:
            rows, is_all = _first(reader, self.limits.rows)
        kinds = tuple(str(f.metadata[b"kind"], "utf-8") for f in rows.schema)
        return Answered(rows, kinds, is_all, time.monotonic() - began)

    @contextmanager
    def whole(self, query: str) -> Iterator[pa.RecordBatchReader]:
        """Give all rows of a query as a stream, for a file.

        Parameters
        ----------
        query : str

        Raises
        ------
        InputError
            As of `answer`.
        """
        with self._rows(query, Watch(WHOLE.seconds), WHOLE) as reader:
            yield reader

    def stop(self, asker: str) -> bool:
        """Stop the query of someone; tell whether there was one."""
        with self._lock:
            watch = self._running.get(asker)
        if watch is not None:
            watch.stop()
        return watch is not None

    @contextmanager
    def _rows(self, query: str, watch: Watch, limits: Limits) -> Iterator[pa.RecordBatchReader]:
        """Check a query and run it on a cursor that sees what it may."""
        if len(query) > _MOST_LETTERS:
            raise InputError(f"this query is longer than {_MOST_LETTERS:,} letters")
        with said_plainly(self.explored.home):
            check_query(query)
            named = reach(self.explored).checked(query)
        with self.explored.cursor() as cursor:
            if self.explored.pseudonymise:
                views = self.explored.kept("tables of several", of_several)
                views.see(cursor, {path[-1] for path in named.tables})
            with watch.over(cursor):
                relation = cursor.sql(query)
                kinds = [str(kind) for kind in relation.types]
                if limits.rows is not None and relation.columns != ["explain_key", "explain_value"]:
                    relation = relation.limit(limits.rows + 1)
                yield _described(relation.to_arrow_reader(_BATCH), kinds)

    @contextmanager
    def _as_running(self, asker: str | None, watch: Watch) -> Iterator[None]:
        if asker is None:
            yield
            return
        with self._lock:
            before, self._running[asker] = self._running.get(asker), watch
        if before is not None:
            before.stop()
        try:
            yield
        finally:
            with self._lock:
                if self._running.get(asker) is watch:
                    del self._running[asker]


def _described(reader: pa.RecordBatchReader, kinds: list[str]) -> pa.RecordBatchReader:
    """Return the same rows with names that differ, and DuckDB's type beside each."""
    fields = [
        f.with_name(name).with_metadata({**(f.metadata or {}), "kind": kind})
        for f, name, kind in zip(
            reader.schema, distinct_names(reader.schema.names), kinds, strict=True
        )
    ]
    schema = pa.schema(fields)
    batches = (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in reader)
    return pa.RecordBatchReader.from_batches(schema, batches)


def _first(reader: pa.RecordBatchReader, most: int | None) -> tuple[pa.Table, bool]:
    """Return the first rows, and whether they are all."""
    batches: list[pa.RecordBatch] = []
    n_rows = size = 0
    for batch in reader:
        batches.append(batch)
        n_rows += batch.num_rows
        size += batch.nbytes
        if (most is not None and n_rows > most) or size > _MOST_BYTES:
            break
    table = pa.Table.from_batches(batches, schema=reader.schema)
    is_all = size <= _MOST_BYTES and (most is None or n_rows <= most)
    return table.slice(0, most if most is not None else n_rows), is_all
