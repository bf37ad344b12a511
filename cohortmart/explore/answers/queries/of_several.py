"""Tables without single people, for a query of someone who may not see them.

A condition alone does not hide a row: DuckDB may look at it with the query's own conditions
first, and an error (`where error(estimate)`) would tell. So what must not be seen is taken out of
the row before the query's expressions reach it, and then the row is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from cohortmart.core.warehouse.home import DATABASE
from cohortmart.core.warehouse.of_several import (
    FEWEST,
    NAMED_BY_AUTHORS,
    conditions_of_several,
)
from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.source import Source


@dataclass(frozen=True)
class OfSeveral:
    """How tables are shown without single people.

    Parameters
    ----------
    columns : dict of str to list of (str, str)
        Names and types of a table's columns.
    hidden : tuple of (str, str)
        Analysis and contrast of those of fewer than two people.
    renamed : tuple of (str, str)
        Names of analyses and contrasts, and sentences on them, that hold a person's name: as
        they are and as they are shown.
    """

    columns: dict[str, list[tuple[str, str]]]
    hidden: tuple[tuple[str, str], ...]
    renamed: tuple[tuple[str, str], ...]

    def see(self, cursor: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
        """Let a cursor see tables by their names, without single people.

        Parameters
        ----------
        cursor : DuckDBPyConnection
            Of the query alone.
        tables : iterable of str
            Of TABLES_OF_SEVERAL.
        """
        for table in sorted(tables):
            cursor.execute(f"create or replace temp view {table} as {self.query(table)}")

    def query(self, table: str) -> str:
        """Return the SQL of a table without single people."""
        columns = dict(self.columns[table])
        is_of_contrasts = {"analysis", "contrast"} <= set(columns)
        shown = [
            self._column(name, kind, columns, is_of_contrasts=is_of_contrasts)
            for name, kind in columns.items()
        ]
        # of the whole table: the query's own `dim_contrast` is a view of this kind
        conditions = conditions_of_several(columns, f"{DATABASE}.main.dim_contrast")
        if is_of_contrasts and not self.hidden:
            conditions = []  # a look at every row for nothing
        where = f" where {' and '.join(conditions)}" if conditions else ""
        source = f"{DATABASE}.main.{table}"
        return f"select {', '.join(shown)} from (from {source}{where}) as shown"

    def _column(
        self, name: str, kind: str, columns: dict[str, str], *, is_of_contrasts: bool
    ) -> str:
        """Return the SQL of one column: renamed, or nothing where it tells of one person."""
        quoted = '"' + name.replace('"', '""') + '"'
        value = quoted
        if name in NAMED_BY_AUTHORS and self.renamed:
            cases = " ".join(f"when {literal(a)} then {literal(b)}" for a, b in self.renamed)
            value = f"case {quoted} {cases} else {quoted} end"
        tells = []
        if is_of_contrasts and self.hidden and name not in ("analysis", "contrast"):
            pairs = ", ".join(f"({literal(a)}, {literal(c)})" for a, c in self.hidden)
            tells.append(f"(analysis, contrast) not in ({pairs})")
        if "n_subjects" in columns and (is_of_contrasts or kind != "VARCHAR"):
            tells.append(f"n_subjects >= {FEWEST}")
        if name in ("analysis", "contrast"):
            tells = []
        shown = f"case when {' and '.join(tells)} then {value} end" if tells else value
        return shown if shown == quoted else f"{shown} as {quoted}"


def of_several(source: Source) -> OfSeveral:
    """Return how the tables of a warehouse are shown without single people.

    Parameters
    ----------
    source : Source
        With numbers in place of people's names.
    """
    cursor = source.con.cursor()
    columns: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in cursor.sql(
        "select table_name, column_name, data_type from duckdb_columns() "
        f"where database_name = '{DATABASE}' and schema_name = 'main' and not internal "
        "order by table_name, column_index"
    ).fetchall():
        columns.setdefault(str(table), []).append((str(column), str(kind)))
    hidden: list[tuple[str, str]] = []
    names: set[str] = set()
    for table in ("dim_contrast", "analysis_run"):
        known = [n for n, _ in columns.get(table, ()) if n in NAMED_BY_AUTHORS]
        for name in known:
            rows = source.con.cursor().sql(
                f"select distinct {name} from {DATABASE}.main.{table} where {name} is not null"
            )
            names.update(str(value) for (value,) in rows.fetchall())
    if "dim_contrast" in columns:
        rows = source.con.cursor().sql(
            f"select analysis, contrast from {DATABASE}.main.dim_contrast "
            f"where n_subjects is null or n_subjects < {FEWEST} order by all"
        )
        hidden = [(str(a), str(c)) for a, c in rows.fetchall()]
    renamed = [(n, source.names.words(n)) for n in sorted(names) if source.names.words(n) != n]
    return OfSeveral(columns, tuple(hidden), tuple(renamed))
