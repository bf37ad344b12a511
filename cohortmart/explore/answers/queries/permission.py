"""Permission of a query: the study's tables and no file, and of single people nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cohortmart.core.errors import InputError
from cohortmart.core.text import did_you_mean
from cohortmart.core.warehouse.home import DATABASE
from cohortmart.core.warehouse.of_several import TABLES_OF_SEVERAL
from cohortmart.core.warehouse.query import reading_parts
from cohortmart.explore.answers.queries.syntax import Named, named_in
from cohortmart.report.source import Source

#: Functions that give rows from their arguments alone.
_OF_ARGUMENTS = {
    "range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree",
}  # fmt: skip
#: What says which tables there are; it names people's tables, and so it is not shown to others.
_CATALOGUE = {"duckdb_tables", "duckdb_columns"}
_CATALOGUE_VIEWS = {("information_schema", "tables"), ("information_schema", "columns")}
_SHOWN = {"tables", "__show_tables_expanded"}
#: Functions that tell of the machine, of statistics that lie beside the rows, or write.
_REFUSED = {
    "current_setting", "currval", "disable_profile", "enable_profile", "format_type", "getenv",
    "get_block_size", "json_execute_serialized_sql", "nextval", "pg_get_constraintdef",
    "pg_get_expr", "pg_get_viewdef", "setval", "stats", "write_log",
}  # fmt: skip
_NO_FILES = "a query reads the tables of this study and no file; `show tables` lists them"


@dataclass(frozen=True)
class Reach:
    """What queries may speak of.

    Parameters
    ----------
    tables : frozenset of (str, str)
        Schema and name of every table and view of the warehouse, in small letters.
    macros : frozenset of str
        Functions that the warehouse brings along: what they read is not seen in a query.
    pseudonymised : bool
    """

    tables: frozenset[tuple[str, str]]
    macros: frozenset[str]
    pseudonymised: bool

    @property
    def shown(self) -> list[str]:
        """Tables of the main schema that may be asked."""
        main = sorted(name for schema, name in self.tables if schema == "main")
        return [n for n in main if n in TABLES_OF_SEVERAL] if self.pseudonymised else main

    def checked(self, query: str) -> Named:
        """Return what a query names, if it may.

        Parameters
        ----------
        query : str
            As `check_query` lets it through.

        Raises
        ------
        InputError
            It reads a file, or what is not of the study; with pseudonyms, a table of people.
        """
        parts = reading_parts(query)
        if self.pseudonymised and parts != [query]:
            raise InputError("no plan of a query is shown here", hint="leave `explain` out")
        found = Named()
        for part in parts:
            found = named_in(part)
            self._check(found)
        return found

    def _check(self, found: Named) -> None:
        for path in sorted(found.tables):
            self._check_table(path)
        catalogue = set() if self.pseudonymised else _CATALOGUE
        for name in sorted(found.table_functions - _OF_ARGUMENTS - catalogue):
            raise InputError(f"`{name}(…)` is not for queries here", hint=self._hint)
        refused = _REFUSED | (self.macros if self.pseudonymised else set())
        for name in sorted(found.functions & refused):
            raise InputError(f"`{name}(…)` is not for queries here", hint=self._hint)
        for name in sorted(found.shows - (set() if self.pseudonymised else _SHOWN)):
            raise InputError(f"`show {name}` is not for queries here", hint=self._hint)

    @property
    def _hint(self) -> str:
        return f"tables to ask: {', '.join(self.shown)}" if self.pseudonymised else _NO_FILES

    def _check_table(self, path: Sequence[str]) -> None:
        said = ".".join(path)
        place = self._place(path)
        if self.pseudonymised:
            if len(path) > 1 and place in self.tables and path[-1] in self.shown:
                raise InputError(
                    f"`{said}` is asked by its name alone here", expected=path[-1], found=said
                )
            if tuple(path) in {(name,) for name in self.shown}:
                return
            if place in self.tables:
                raise InputError(
                    f"`{said}` holds more of people than --pseudonymise lets out",
                    expected=", ".join(self.shown),
                )
        elif place in self.tables or place in _CATALOGUE_VIEWS:
            return
        raise InputError(
            f"the warehouse has no table `{said}`",
            hint=did_you_mean(path[-1], self.shown) or self._hint,
        )

    @staticmethod
    def _place(path: Sequence[str]) -> tuple[str, str] | None:
        """Return schema and name of what is written; None if it lies in another database."""
        *before, name = path
        if before and before[0] == DATABASE:
            before = before[1:]
        return None if len(before) > 1 else (before[0] if before else "main", name)


def reach_of(source: Source) -> Reach:
    """Return what queries of a warehouse may speak of.

    Parameters
    ----------
    source : Source
    """
    tables = source.con.cursor().sql(
        "select lower(schema_name), lower(table_name) from duckdb_tables() "
        f"where database_name = '{DATABASE}' and not internal union all "
        "select lower(schema_name), lower(view_name) from duckdb_views() "
        f"where database_name = '{DATABASE}' and not internal"
    )
    names = frozenset((str(schema), str(name)) for schema, name in tables.fetchall())
    macros = source.con.cursor().sql(
        "select distinct lower(function_name) from duckdb_functions() where not internal"
    )
    found = frozenset(str(name) for (name,) in macros.fetchall())
    return Reach(names, found, source.pseudonymised)
