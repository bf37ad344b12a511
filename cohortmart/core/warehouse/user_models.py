"""The user's models in the warehouse: built behind ours, by dbt, from their own project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.core.errors import BuildError, InputError
from cohortmart.core.warehouse.build_log import BuildOutcome, log_failure, read_outcome
from cohortmart.core.warehouse.dbt_process import DbtProcess
from cohortmart.core.warehouse.dbt_request import dbt_request
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.quoting import literal
from cohortmart.core.warehouse.user_faults import fault_of_failure, fault_of_refused
from cohortmart.core.warehouse.user_project import PACKAGE, UserProject, link_package

#: Which version of the user's project a warehouse holds.
_BUILT = "intermediate.int_user__built"
#: Schemas of ours that have the name of their folder; all other tables are in main.
_SCHEMAS = ("staging", "intermediate")


def build_user_models(
    dbt: DbtProcess,
    home: Home,
    project: UserProject,
    new: Path,
    mark: str,
    exclude: str | None = None,
) -> BuildOutcome:
    """Build all models, seeds and tests of the user's project into a file that holds ours.

    Whatever of an earlier version is in the file goes first, so models whose SQL is gone have
    no table, and incremental models hold no rows of before.

    Parameters
    ----------
    dbt : DbtProcess
    home : Home
        The study's output folder.
    project : UserProject
    new : Path
        The DuckDB file.
    mark : str
        Hash of our project's files.
    exclude : str, optional
        dbt's selection of models that are left out.

    Raises
    ------
    InputError
        A model or a test fails, or the project holds what cannot be built.
    BuildError
        dbt ended without an answer.
    """
    link_package(project)
    _drop_foreign(new)
    ours = _tables(new)
    users_mark = project.mark()
    left_out = f"package:{PACKAGE} {exclude or ''}".split()
    # a test of theirs that also looks at a table of ours is not left out with ours
    command = ["build", "--full-refresh", "--no-write-json", "--indirect-selection", "empty"]
    command += ["--exclude", *left_out]
    answer = dbt.ask(dbt_request(home, new, project.folder, command, mark, users_mark))
    outcome = read_outcome(answer["results"])
    if answer.get("refused"):
        raise fault_of_refused(project, answer["refused"])
    if not answer["success"] or outcome.failures:
        log_failure(home, answer)
        raise _fault(home, project, new, answer)
    lost = sorted(f"{schema}.{name}" for schema, name, _ in ours - _tables(new))
    if lost:
        raise InputError(
            "this dbt project drops tables of the study, or replaces them",
            file=project.file,
            found=", ".join(lost),
            hint="look at its hooks and macros",
        )
    with duckdb.connect(str(new)) as con:
        con.execute(f"create or replace table {_BUILT} as select {literal(users_mark)} as mark")
    return outcome


def drop_user_models(new: Path) -> None:
    """Remove what a user's project that is there no longer left in the file."""
    with duckdb.connect(str(new)) as con:
        built = built_mark(con)
    if built is not None:
        _drop_foreign(new)


def built_mark(con: duckdb.DuckDBPyConnection) -> str | None:
    """Return the hash of the user's project that the warehouse holds; None if it holds none."""
    try:
        row = con.execute(f"select mark from {_BUILT}").fetchone()
    except duckdb.CatalogException:
        return None
    return None if row is None else str(row[0])


def tables_naming(home: Home, word: str) -> list[str]:
    """Return the user's tables in the warehouse of which a text is this word.

    Parameters
    ----------
    home : Home
    word : str
        A subject's id.
    """
    if not home.warehouse.exists():  # nothing was left to build
        return []
    own, found = _own_models(), list[str]()
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        if built_mark(con) is None:
            return []
        columns = con.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() "
            "where database_name = current_database() and not internal "
            "and data_type in ('VARCHAR', 'VARCHAR[]') order by all"
        ).fetchall()
        for schema, table, column, kind in columns:
            name = f"{schema}.{table}"
            if (schema, table) in own or name in (_BUILT, *found):
                continue
            value = _quoted(column)
            texts = value if kind == "VARCHAR[]" else f"[{value}]"
            query = (
                f"select 1 from {_quoted(schema)}.{_quoted(table)} "
                f"where list_contains({texts}, $1) limit 1"
            )
            if con.execute(query, [word]).fetchone() is not None:
                found.append(name)
    return found


def _fault(
    home: Home, project: UserProject, new: Path, answer: dict[str, Any]
) -> InputError | BuildError:
    if not answer["results"] and any("ended without an answer" in p for p in answer["printed"]):
        return BuildError(f"{home.root}: {answer['printed'][0]}")
    return fault_of_failure(home, project, new, answer)


def _tables(new: Path) -> set[tuple[str, str, str]]:
    """Return schema, name and kind of all tables and views of a file."""
    with duckdb.connect(str(new)) as con:
        rows = con.execute(
            "select schema_name, table_name, 'table' from duckdb_tables() "
            "where database_name = current_database() and not temporary union all "
            "select schema_name, view_name, 'view' from duckdb_views() "
            "where database_name = current_database() and not internal and not temporary"
        ).fetchall()
    return {(str(schema), str(name), str(kind)) for schema, name, kind in rows}


def _own_models() -> set[tuple[str, str]]:
    """Return schema and name of every table and view of ours."""
    models = (dbt_project_folder() / "models").glob("*/*.sql")
    return {(p.parent.name if p.parent.name in _SCHEMAS else "main", p.stem) for p in models}


def _drop_foreign(new: Path) -> None:
    """Drop every table, view and schema that is not ours."""
    own = _own_models()
    foreign = sorted(found for found in _tables(new) if found[:2] not in own)
    with duckdb.connect(str(new)) as con:
        for schema, name, kind in foreign:
            con.execute(f"drop {kind} if exists {_quoted(schema)}.{_quoted(name)} cascade")
        rows = con.execute(
            "select schema_name from duckdb_schemas() "
            "where database_name = current_database() and not internal order by schema_name"
        ).fetchall()
        for (schema,) in rows:
            if schema not in ("main", *_SCHEMAS):
                con.execute(f"drop schema if exists {_quoted(schema)} cascade")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
