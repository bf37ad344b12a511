"""What the warehouse was built from, to see whether it still shows what lake and results hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import Entry, read_current
from cohortmart.core.warehouse.home import Home, fetch

_TABLES = {
    "lake": "intermediate.int_lake__built_files",
    "results": "staging.stg_results__built_files",
}


@dataclass(frozen=True)
class Built:
    """The state of a room when the warehouse was built.

    Parameters
    ----------
    entries : tuple of Entry
        The files that were current, sorted.
    homes, marks : frozenset of str
        Where the output folder lay, and the hash of the SQL that built it.
    """

    entries: tuple[Entry, ...]
    homes: frozenset[str]
    marks: frozenset[str]


def read_built(con: duckdb.DuckDBPyConnection, room: str) -> Built | None:
    """Return what `room` ("lake" or "results") held at the build; None if it was not noted."""
    try:
        rows = fetch(con, f"select * from {_TABLES[room]}").to_pylist()
    except duckdb.CatalogException:  # built by an earlier version, or half built by hand
        return None
    return Built(
        entries=tuple(sorted(Entry(r["table_name"], r["part"], r["path"]) for r in rows)),
        homes=frozenset(r["home"] for r in rows),
        marks=frozenset(r["project_mark"] for r in rows),
    )


def shows_current(con: duckdb.DuckDBPyConnection, home: Home, room: str, mark: str = "") -> bool:
    """Tell whether the warehouse shows what the room holds now.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    home : Home
    room : {"lake", "results"}
    mark : str
        Where given, the warehouse must have been built by the SQL with this hash.
    """
    built = read_built(con, room)
    if built is None or list(built.entries) != read_current(_folder(home, room)):
        return False
    same_place = built.homes <= {str(home.root)}
    return same_place and (not mark or built.marks <= {mark})


def refuse_stale(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Raise if the warehouse was built from another lake than the one that is there.

    Raises
    ------
    InputError
        Numbers computed now would be those of the data before.
    """
    if not shows_current(con, home, "lake"):
        raise InputError(
            "the warehouse does not show what the lake holds now",
            file=home.warehouse,
            hint=f"build it first: cohortmart build --out {home.root}",
        )


def _folder(home: Home, room: str) -> Path:
    return {"lake": home.lake, "results": home.results}[room]
