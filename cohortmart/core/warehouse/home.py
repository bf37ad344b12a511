"""Where things lie in an output folder, and how the warehouse is opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow as pa

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.quoting import literal

#: Where a report may lie in an output folder, finished or half written.
REPORT_FOLDERS = tuple(
    name
    for report in ("report", "report_pseudonymised")
    for name in (report, f".{report}.new", f".{report}.old")
)


@dataclass(frozen=True)
class Home:
    """The output folder `DIR` of one study.

    Parameters
    ----------
    root : Path
        The folder; made absolute, because the warehouse's views name files in it.
    """

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root).expanduser().resolve())

    @property
    def lake(self) -> Path:
        """Parquet made from the raw files."""
        return self.root / "lake"

    @property
    def results(self) -> Path:
        """Parquet made by the analyses."""
        return self.root / "results"

    @property
    def logs(self) -> Path:
        """What dbt and the commands wrote down."""
        return self.root / "logs"

    def report(self, *, pseudonymised: bool = False) -> Path:
        """Return the folder of the page and figures for people."""
        return self.root / REPORT_FOLDERS[3 if pseudonymised else 0]

    @property
    def exports(self) -> Path:
        """Files for other programs, a folder a format."""
        return self.root / "export"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that analysts query."""
        return self.root / "warehouse.duckdb"

    @property
    def study_copy(self) -> Path:
        """The study.yml that made what is here."""
        return self.root / "study.yml"


#: What a warehouse is called inside of a connection: its views name it so.
DATABASE = "warehouse"


class _OfWarehouse:
    """A connection whose unqualified names are the warehouse's, and those of its cursors, too."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        con.execute(f"use {DATABASE}")
        self._con = con

    def cursor(self) -> _OfWarehouse:
        return _OfWarehouse(self._con.cursor())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def connect_read_only(home: Home, memory_limit: str = "4GB") -> duckdb.DuckDBPyConnection:
    """Open the warehouse so that a query can read its tables and nothing else on the machine.

    `read_only` alone still lets SQL read any local file; hence the locked settings. Every
    connection has an instance of its own: `duckdb.connect(file)` would give the one that this
    process has open already, which goes on showing a file that was replaced since.

    Parameters
    ----------
    home : Home
        The study's output folder.
    memory_limit : str
        DuckDB's own notation.

    Raises
    ------
    InputError
        There is no warehouse yet, or the folder was moved since it was built.
    """
    if not home.warehouse.exists():
        raise InputError(
            "there is no warehouse here yet",
            file=home.warehouse,
            hint="make it with `cohortmart run STUDY.yml --out DIR`",
        )
    con = duckdb.connect()
    try:
        con.execute(f"attach {literal(str(home.warehouse))} as {DATABASE} (read_only)")
        opened = cast(duckdb.DuckDBPyConnection, _OfWarehouse(con))
        _refuse_moved(opened, home)
        folders = ", ".join(literal(str(p)) for p in (home.lake, home.results))
        con.execute(f"set memory_limit = '{memory_limit}'")
        con.execute(f"set temp_directory = {literal(f'{home.warehouse}.tmp')}")
        # the footers of the lake's files are read once; a join brings up to so many probes of a
        # gene down to the scan of the lake, which then skips the rest
        con.execute("set global parquet_metadata_cache = true")
        con.execute("set global dynamic_or_filter_threshold = 1000")
        con.execute(f"set allowed_directories = [{folders}]")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
    except BaseException:
        con.close()
        raise
    return opened


def _refuse_moved(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Raise if the views name files of another place: the folder was moved or copied."""
    try:
        row = con.execute("select home from intermediate.int_lake__built_files limit 1").fetchone()
    except duckdb.CatalogException:
        return
    if row is not None and row[0] != str(home.root):
        raise InputError(
            "this folder was moved or copied since its warehouse was built",
            file=home.root,
            expected=row[0],
            hint=f"build it where it is now: cohortmart build --out {home.root}",
        )


def fetch(con: duckdb.DuckDBPyConnection, query: str, params: list[Any] | None = None) -> pa.Table:
    """Run one query and return its rows as an Arrow table.

    The only spelling that DuckDB 1.5 and 2.0 share without a warning.
    """
    cursor = con.cursor()
    relation = cursor.sql(query, params=params) if params else cursor.sql(query)
    return relation.to_arrow_table()
