"""Tables that may be asked: what a row is, and each column with its type, unit and meaning."""

from __future__ import annotations

from dataclasses import dataclass

from cohortmart.core.errors import InputError
from cohortmart.core.text import did_you_mean
from cohortmart.core.warehouse.home import DATABASE
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.queries.permission import Reach, reach_of
from cohortmart.explore.answers.queries.syntax import lowered
from cohortmart.report.source import Source

_COLUMNS = f"""
    select table_name, column_name, data_type, coalesce(comment, '') as about
    from duckdb_columns()
    where database_name = '{DATABASE}' and schema_name = 'main' and not internal
    order by table_name, column_index
"""
_TABLES = f"""
    select table_name, coalesce(comment, '') as about from duckdb_tables()
    where database_name = '{DATABASE}' and schema_name = 'main' and not internal
    union all
    select view_name, coalesce(comment, '') from duckdb_views()
    where database_name = '{DATABASE}' and schema_name = 'main' and not internal
    order by all
"""


@dataclass(frozen=True)
class TableColumn:
    """A column: its name, DuckDB's type, and what it holds, in which unit."""

    name: str
    kind: str
    about: str


@dataclass(frozen=True)
class AskedTable:
    """A table that may be asked: its name, what a row is, its columns."""

    name: str
    about: str
    columns: tuple[TableColumn, ...]


def reach(explored: Explored) -> Reach:
    """Return what queries on a study may speak of."""
    return explored.kept("reach of queries", reach_of)


def asked_tables(explored: Explored) -> tuple[AskedTable, ...]:
    """Return the tables of a study that may be asked, by name.

    Parameters
    ----------
    explored : Explored
    """
    tables = explored.kept("tables of queries", _tables)
    shown = set(reach(explored).shown)
    return tuple(table for table in tables if lowered(table.name) in shown)


def asked_table(explored: Explored, name: str) -> AskedTable:
    """Return a table that may be asked.

    Raises
    ------
    InputError
        There is none of this name, or it is about single people and they are not shown.
    """
    tables = asked_tables(explored)
    for table in tables:
        if lowered(table.name) == lowered(name.strip()):
            return table
    raise InputError(
        f"there is no table `{name}` to ask",
        expected=", ".join(table.name for table in tables),
        hint=did_you_mean(name, [table.name for table in tables]),
    )


def _tables(source: Source) -> tuple[AskedTable, ...]:
    columns: dict[str, list[TableColumn]] = {}
    for table, *column in source.con.cursor().sql(_COLUMNS).fetchall():
        columns.setdefault(str(table), []).append(TableColumn(*map(str, column)))
    rows = source.con.cursor().sql(_TABLES).fetchall()
    return tuple(
        AskedTable(str(name), str(about), tuple(columns.get(str(name), ()))) for name, about in rows
    )
