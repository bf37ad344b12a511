"""Shell of SQL: many queries one after the other, with history and completion."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path

import duckdb

from cohortmart.app.sql.output import write_people
from cohortmart.app.sql.query import Format, open_query, write_rows
from cohortmart.app.sql.query_text import query_text
from cohortmart.core.errors import InputError
from cohortmart.core.text import did_you_mean
from cohortmart.core.warehouse.dbt_cache import cache_folder
from cohortmart.core.warehouse.home import Home, connect_read_only
from cohortmart.core.warehouse.quoting import literal

PROMPT, GOES_ON = "cohortmart> ", "        ...> "
_HISTORY_LINES = 2000

_HELP = """\
A query ends with ; and may go over several lines; @FILE.sql runs the one in a file.
.tables [WORD]    the tables, and what they hold; those with WORD in name or description
.columns TABLE    its columns, with units
.format table | csv | json
.wide on | off | auto    a row as lines: always, never, where it is wider than the window
.quit             leave; so does Ctrl-D. Ctrl-C stops a query.
"""


class Shell:
    """What one line after the other means.

    Parameters
    ----------
    home : Home
        The study's output folder; opened anew for every query, so that a rebuilt warehouse is
        seen.
    output_format : {"table", "csv", "json"}
    """

    def __init__(self, home: Home, output_format: Format = "table") -> None:
        if output_format == "parquet":
            raise InputError(
                "Parquet is not for reading on a terminal",
                hint="give the query: cohortmart sql QUERY --format parquet --output rows.parquet",
            )
        self.home = home
        self.output_format: Format = output_format
        self.wide = "auto"
        self._begun: list[str] = []

    @property
    def prompt(self) -> str:
        """What stands before the next line."""
        return GOES_ON if self._begun else PROMPT

    def drop(self) -> None:
        """Forget a query that is half written."""
        self._begun.clear()

    def take(self, line: str) -> bool:
        """Do what a line asks for.

        Returns
        -------
        bool
            False where it asks to leave.
        """
        text = line.strip()
        if not self._begun and (not text or text.startswith(".") or text in ("exit", "quit")):
            return self._command(text)
        if not self._begun and text.startswith("@"):
            self._said_plainly(lambda: self._answer(query_text(text.removesuffix(";"))))
            return True
        self._begun.append(line)
        query = "\n".join(self._begun)
        if is_whole(query):
            self._begun.clear()
            self._said_plainly(lambda: self._answer(query))
        return True

    def _command(self, text: str) -> bool:
        words = text.removesuffix(";").split()
        if not words:
            return True
        name, rest = words[0], words[1:]
        if name in (".quit", ".exit", "exit", "quit"):
            return False
        commands: dict[str, Callable[[list[str]], None]] = {
            ".help": lambda _: print(_HELP, end=""),
            ".tables": self._tables,
            ".columns": self._columns,
            ".format": self._set_format,
            ".wide": self._set_wide,
        }
        command = commands.get(name)
        if command is None:
            hint = did_you_mean(name, [*commands, ".quit"]) or ".help says what there is"
            print(f"there is no command {name}; {hint}", file=sys.stderr)
        else:
            self._said_plainly(lambda: command(rest))
        return True

    def _tables(self, words: list[str]) -> None:
        like = literal(f"%{words[0]}%" if words else "%")
        self._answer(
            'select table_name as "table", comment from ('
            "select table_name, comment, schema_name, internal from duckdb_tables() union all "
            "select view_name, comment, schema_name, internal from duckdb_views()) "
            f"where schema_name = 'main' and not internal "
            f"and (table_name ilike {like} or comment ilike {like}) order by table_name"
        )

    def _columns(self, words: list[str]) -> None:
        if not words:
            print("which table? for example: .columns dim_sample", file=sys.stderr)
            return
        names = table_names(self.home)
        if words[0] not in names:
            hint = did_you_mean(words[0], names) or ".tables lists them"
            print(f"there is no table {words[0]}; {hint}", file=sys.stderr)
            return
        self._answer(
            'select column_name as "column", data_type as type, comment from duckdb_columns() '
            f"where schema_name = 'main' and table_name = {literal(words[0])} "
            "order by column_index"
        )

    def _set_format(self, words: list[str]) -> None:
        formats: dict[str, Format] = {"table": "table", "csv": "csv", "json": "json"}
        if len(words) != 1 or words[0] not in formats:
            print("table, csv or json, for example: .format csv", file=sys.stderr)
            return
        self.output_format = formats[words[0]]

    def _set_wide(self, words: list[str]) -> None:
        if words not in (["on"], ["off"], ["auto"]):
            print("on, off or auto, for example: .wide on", file=sys.stderr)
            return
        self.wide = words[0]

    def _answer(self, query: str) -> None:
        """Answer one query; Ctrl-C stops it."""
        sys.stdout.flush()
        running: list[duckdb.DuckDBPyConnection] = []
        # in a thread, as the one that waits for DuckDB hears nothing of Ctrl-C
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(self._write, query, running.append)
            try:
                answer.result()
            except KeyboardInterrupt:
                for cursor in running:
                    cursor.interrupt()
                wait([answer])
                print("stopped", file=sys.stderr)
        sys.stdout.buffer.flush()

    def _write(self, query: str, opened: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
        width = {"on": 0, "off": None, "auto": shutil.get_terminal_size().columns}[self.wide]
        with open_query(self.home, query, opened) as reader:
            if self.output_format == "table":
                write_people(reader, sys.stdout.buffer, width)
            else:
                write_rows(reader, self.output_format, sys.stdout.buffer)

    @staticmethod
    def _said_plainly(action: Callable[[], None]) -> None:
        """Run a part of the shell; its faults are said, and the shell goes on."""
        try:
            action()
        except InputError as error:
            print(error, file=sys.stderr)


def is_whole(query: str) -> bool:
    """Tell whether a query ends with a semicolon outside of quotes and comments."""
    if not query.rstrip().endswith(";"):
        return False
    tokens = duckdb.tokenize(query)
    if not tokens:
        return False
    place, _ = tokens[-1]
    return query[place:].strip() == ";"


def table_names(home: Home) -> list[str]:
    """Return the names of the tables of a warehouse, sorted."""
    con = connect_read_only(home)
    try:
        rows = con.sql(
            "select distinct table_name from duckdb_columns() "
            "where schema_name = 'main' and not internal order by table_name"
        ).fetchall()
    finally:
        con.close()
    return [name for (name,) in rows]


def run_shell(home: Home, output_format: Format = "table") -> None:
    """Read queries from the terminal until it has no more.

    Parameters
    ----------
    home : Home
        The study's output folder.
    output_format : {"table", "csv", "json"}

    Raises
    ------
    InputError
        There is no warehouse, or Parquet was asked for.
    """
    shell = Shell(home, output_format)
    names = table_names(home)  # says what is wrong with the folder before anything is typed
    print(f"{home.root}: {len(names)} tables. A query ends with ;  .help says more.")
    history = _line_editing(home, names)
    try:
        while True:
            try:
                if not shell.take(input(shell.prompt)):
                    return
            except KeyboardInterrupt:
                shell.drop()
                print()
            except EOFError:
                print()
                return
    finally:
        if history is not None:
            _keep_history(history)


def _line_editing(home: Home, names: list[str]) -> Path | None:
    """Turn on history and completion where the terminal has them; return the history's file."""
    try:
        import readline
    except ImportError:  # Windows
        return None
    words = sorted({*names, *_column_names(home), ".tables", ".columns", ".format", ".wide"})

    def complete(text: str, state: int) -> str | None:
        fitting = [w for w in words if w.startswith(text)]
        return fitting[state] if state < len(fitting) else None

    readline.set_completer(complete)
    readline.set_completer_delims(" \t\n,;()=<>*+-/'\"")
    readline.parse_and_bind("tab: complete")
    folder = cache_folder()
    if folder is None:
        return None
    history = folder.parent / "sql_history"
    with suppress(OSError):  # none yet, or not readable: a shell without memory
        readline.read_history_file(history)
    return history


def _keep_history(history: Path) -> None:
    """Write the history for next time, readable by its owner only."""
    import readline

    readline.set_history_length(_HISTORY_LINES)
    with suppress(OSError):
        history.parent.mkdir(parents=True, exist_ok=True)
        history.touch(mode=0o600)
        readline.write_history_file(history)


def _column_names(home: Home) -> list[str]:
    con = connect_read_only(home)
    try:
        rows = con.sql(
            "select distinct column_name from duckdb_columns() "
            "where schema_name = 'main' and not internal"
        ).fetchall()
    finally:
        con.close()
    return [name for (name,) in rows]
