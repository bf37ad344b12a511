"""Two runs to compare, each opened so that it can only be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home, connect_read_only, fetch

#: For each of the two warehouses and for what is compared between them.
MEMORY_LIMIT = "1GB"


@dataclass(frozen=True)
class Run:
    """One output folder and its open warehouse.

    Parameters
    ----------
    home : Home
    con : DuckDBPyConnection
        Read-only.
    """

    home: Home
    con: duckdb.DuckDBPyConnection

    def rows(self, query: str, params: list[Any] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a small query; none if an earlier version made no such table.

        Raises
        ------
        InputError
            The Parquet files that the warehouse shows are not there.
        """
        table = self.table(query, params)
        return [] if table is None else table.to_pylist()

    def table(self, query: str, params: list[Any] | None = None) -> pa.Table | None:
        """Return the rows of a query as Arrow, see `rows`."""
        try:
            return fetch(self.con, query, params)
        except (duckdb.CatalogException, duckdb.BinderException):
            return None
        except duckdb.IOException as error:
            raise InputError(
                "the warehouse shows files that are not there",
                file=self.home.warehouse,
                found=str(error).splitlines()[0],
                hint=f"build it again: cohortmart build --out {self.home.root}",
            ) from error


@contextmanager
def opened(first: Path, second: Path) -> Iterator[tuple[Run, Run]]:
    """Open two output folders for reading.

    Parameters
    ----------
    first, second : Path
        The output folders.

    Raises
    ------
    InputError
        It is the same folder twice, one has no warehouse, was moved since it was built, or has
        its warehouse open elsewhere for writing.
    """
    homes = Home(first), Home(second)
    if homes[0].root == homes[1].root:
        raise InputError(
            "this is the same folder twice",
            file=homes[0].root,
            expected="the output folders of two runs",
            hint="run the changed study into a folder of its own: cohortmart run STUDY.yml "
            "--out OTHER_DIR",
        )
    connections: list[duckdb.DuckDBPyConnection] = []
    try:
        for home in homes:
            connections.append(_connect(home))
        yield Run(homes[0], connections[0]), Run(homes[1], connections[1])
    finally:
        for con in connections:
            con.close()


def _connect(home: Home) -> duckdb.DuckDBPyConnection:
    try:
        return connect_read_only(home, MEMORY_LIMIT)
    except duckdb.IOException as error:
        raise InputError(
            "the warehouse cannot be opened",
            file=home.warehouse,
            found=str(error).splitlines()[0],
            hint="close other programs that have it open for writing, or make it anew with "
            "`cohortmart build`",
        ) from error
