"""The warehouse of an open study: one instance for all threads, a new one where it was rebuilt."""

from __future__ import annotations

import threading
from contextlib import suppress

import duckdb

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home, connect_read_only


class OpenWarehouse:
    """A connection that shows the warehouse as it is now.

    A build puts a new file in the place of the old. Whoever asks next is given the new one; what
    was asked before goes on with the old to its end.

    Parameters
    ----------
    home : Home
    memory_limit : str
        What DuckDB may take, in its own notation.

    Raises
    ------
    InputError
        There is no warehouse, or the folder was moved since it was built.
    """

    def __init__(self, home: Home, memory_limit: str = "4GB") -> None:
        self.home = home
        self._memory_limit = memory_limit
        self._lock = threading.Lock()
        self._con: duckdb.DuckDBPyConnection | None = None
        self._seen: tuple[int, ...] = ()
        self._is_closed = False
        self.connection()

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the warehouse of now; ask it by a cursor each, as several threads may have it.

        Raises
        ------
        InputError
            The study was closed, or its warehouse is gone.
        """
        with self._lock:
            if self._is_closed:
                raise InputError(
                    "this study was closed",
                    file=self.home.root,
                    hint="open it again with cohortmart.open",
                )
            seen = self._state()
            if self._con is None or seen != self._seen:
                # the state comes first: a file that is replaced in between is seen next time
                new, old = connect_read_only(self.home, self._memory_limit), self._con
                self._con, self._seen = new, seen
                if old is not None:
                    with suppress(duckdb.Error):  # busy: it ends with what it does
                        old.close()  # its cursors live on
            return self._con

    def state(self) -> tuple[int, ...]:
        """Return what differs between a warehouse and the one built after it."""
        self.connection()
        return self._seen

    def close(self) -> None:
        """Let go of the file; closing again does nothing."""
        with self._lock:
            self._is_closed = True
            if self._con is not None:
                self._con.close()
                self._con = None

    def _state(self) -> tuple[int, ...]:
        try:
            stat = self.home.warehouse.stat()
        except OSError:
            return ()
        return (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
