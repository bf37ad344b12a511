"""`export`: the tables of a warehouse as one DuckDB file that stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import written_beside
from cohortmart.core.text import counted, did_you_mean
from cohortmart.core.warehouse.home import Home, connect_read_only
from cohortmart.core.warehouse.quoting import literal

#: Name under which the views of a warehouse know their own database.
_DATABASE = "warehouse"
_MAGIC = slice(8, 12)


def export_tables(home: Home, target: Path, only: Sequence[str] = ()) -> str:
    """Write the tables of a warehouse into one file, with their comments.

    The warehouse itself shows Parquet files of its folder; this file holds the rows. It appears
    in one rename, so a failure leaves nothing behind.

    Parameters
    ----------
    home : Home
        The study's output folder.
    target : Path
        The file; one that is there is replaced if it is a DuckDB database.
    only : sequence of str
        Names of tables; all of the schema main if empty.

    Returns
    -------
    str
        What was written, for people.

    Raises
    ------
    InputError
        There is no warehouse, the folder was moved, no such table, or the target cannot be used.
    """
    connect_read_only(home).close()  # says what is wrong with a warehouse that is
    target = target.expanduser().resolve()
    _check_target(home, target)
    with written_beside(target) as temporary:
        temporary.unlink()  # DuckDB makes its file itself
        names = _written(home, temporary, only)
    size = target.stat().st_size / 1e6
    return (
        f"{target}: {counted(len(names), 'table')}, {size:,.1f} MB\n"
        "it holds what the tables hold, people's ids too; `cohortmart forget` does not reach it"
    )


def _written(home: Home, file: Path, only: Sequence[str]) -> list[str]:
    """Write the tables into a new file and return their names."""
    try:
        with duckdb.connect(str(file)) as con:
            con.execute(f"attach {literal(str(home.warehouse))} as {_DATABASE} (read_only)")
            names = _chosen(con, home, only)
            for name in names:
                con.execute(f'create table main."{name}" as from {_DATABASE}.main."{name}"')
                _comment(con, name)
            con.execute(f"detach {_DATABASE}")
            con.execute("checkpoint")
    except duckdb.Error as error:
        raise InputError(
            "the tables cannot be exported",
            file=home.warehouse,
            found=str(error).splitlines()[0],
            hint=f"build them again: cohortmart build --out {home.root}",
        ) from error
    return names


def _check_target(home: Home, target: Path) -> None:
    if target == home.warehouse or target.is_relative_to(home.lake):
        raise InputError(
            "this would write over the study's own files",
            file=target,
            hint="name a file outside of the output folder",
        )
    if target.is_dir():
        raise InputError("this is a folder", file=target, hint="name a file, such as study.duckdb")
    if target.exists() and not _is_database(target):
        raise InputError(
            "this file is there already and is no DuckDB database",
            file=target,
            hint="name another file, such as study.duckdb",
        )


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(12)[_MAGIC] == b"DUCK"


def _chosen(con: duckdb.DuckDBPyConnection, home: Home, only: Sequence[str]) -> list[str]:
    known = [
        str(name)
        for (name,) in con.execute(
            "select table_name from information_schema.tables "
            f"where table_catalog = '{_DATABASE}' and table_schema = 'main' order by table_name"
        ).fetchall()
    ]
    for name in only:
        if name not in known:
            raise InputError(
                f"the warehouse has no table `{name}`",
                file=home.warehouse,
                expected="a table of the schema main, as docs/tables.md lists them",
                hint=did_you_mean(name, known),
            )
    return [name for name in known if not only or name in only]


def _comment(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Give a table the comments that the warehouse has of it and its columns."""
    of_table = (
        f"database_name = '{_DATABASE}' and schema_name = 'main' and comment is not null and "
    )
    for kind in ("table", "view"):
        rows = con.execute(
            f"select comment from duckdb_{kind}s() where {of_table} {kind}_name = ?", [name]
        ).fetchall()
        for (comment,) in rows:
            con.execute(f'comment on table main."{name}" is {literal(comment)}')
    columns = con.execute(
        f"select column_name, comment from duckdb_columns() where {of_table} table_name = ?",
        [name],
    ).fetchall()
    for column, comment in columns:
        con.execute(f'comment on column main."{name}"."{column}" is {literal(comment)}')
