"""Faults of the user's dbt project, said as one error with file and line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import yaml

from cohortmart.core.errors import InputError
from cohortmart.core.text import counted
from cohortmart.core.warehouse.build_log import FAILED
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.user_project import UserProject

#: How DuckDB shows the line of SQL that it cannot use.
_SQL_LINE = re.compile(r"^ *LINE (\d+): ?(.*)$", re.MULTILINE)
#: How dbt names a file of a project, and a line of it.
_FILE = re.compile(r"[\w./-]+\.(?:sql|yml|yaml|md|csv|py)\b")
_LINE = re.compile(r"\bline (\d+)\b")
_NOT_FOUND = re.compile(r"node (?:named )?'([^']+)'")


def fault_of_refused(project: UserProject, refused: list[dict[str, str]]) -> InputError:
    """Return the error of what no build of ours makes.

    Parameters
    ----------
    project : UserProject
    refused : list of dict
        kind ("snapshot", "Python model" or "protected": it refers to such a model of ours), name,
        package and file of each.
    """
    first = refused[0]
    kind, file = first["kind"], _path(project, first["package"], first["file"])
    if kind == "protected":
        return InputError(
            f"{first['name']} is protected: it may change, and your models cannot build on it",
            file=file,
            line=_first_line_with(file, first["name"]),
            expected="a table of docs/tables.md",
        )
    why = (
        "each build makes a new file, so it would hold no history"
        if kind == "snapshot"
        else "of a study's folder they run SQL and no Python"
    )
    return InputError(
        f"builds make no {kind}: {why}",
        file=file,
        hint="write a model in SQL (docs/dbt.md), or take the file out of the project",
    )


def fault_of_failure(
    home: Home, project: UserProject, new: Path, answer: dict[str, Any]
) -> InputError:
    """Return the error of the first model or test that failed, or of a project dbt cannot read.

    Parameters
    ----------
    home : Home
    project : UserProject
    new : Path
        The database in which it failed.
    answer : dict
        Of dbt's process.
    """
    failed = [r for r in answer["results"] if r["status"] in FAILED]
    if not failed:
        return _unreadable(home, project, answer["printed"])
    first = failed[0]
    kind, _, rest = first["unique_id"].partition(".")
    name = rest.partition(".")[2]
    path = _path(project, first.get("package", project.name), first.get("file", ""))
    message = (first.get("message") or first["status"]).strip()
    if kind in ("test", "unit_test"):
        name = re.sub(r"\.[0-9a-f]{10}$", "", name)
        problem, line = f"the test {name} of your dbt project fails", _line_of_test(path, first)
        if first.get("failures"):
            message = f"{counted(first['failures'], 'row')} that should not be"
    else:
        problem = f"the {kind} {name} of your dbt project cannot be built"
        line = _line_of_sql(path, first.get("sql", ""), message, new)
    more = len(failed) - 1
    return InputError(
        problem,
        file=path,
        line=line,
        found=_one_line(message) + (f" (and {more} more, see the log)" if more else ""),
        hint=_hint(home),
    )


def _unreadable(home: Home, project: UserProject, printed: list[str]) -> InputError:
    """Return the error of a project that dbt cannot parse, from the words of dbt."""
    text = printed[-1] if printed else "dbt gave no reason"
    file, word, line = _named_file(project, text), None, _LINE.search(text)
    hint = _hint(home)
    if "dbt deps" in text:
        hint = f"cohortmart dbt deps --out {home.root}"
    elif missing := _NOT_FOUND.search(text):
        word = missing.group(1)
    elif "with the database representation" in text:
        hint = "give your model another name, an `alias` or a `schema`"
    if file is not None and word is not None:
        number = _first_line_with(file, word)
    else:
        number = int(line.group(1)) if line and file is not None else None
    return InputError(
        "dbt cannot read your project",
        file=file or project.file,
        line=number,
        found=_one_line(text),
        hint=hint,
    )


def _named_file(project: UserProject, text: str) -> Path | None:
    """Return the first file of the project that dbt names, by its path or by a part of it."""
    for name in _FILE.findall(text):
        path = project.folder / name
        found = path if path.is_file() else _file_of(project, name)
        if found is not None:
            return found
    return None


def _file_of(project: UserProject, name: str) -> Path | None:
    """Return the file of this name, or path, in the folders that dbt reads."""
    folders = sorted({folder for folders in project.paths.values() for folder in folders})
    found = (path for folder in folders for path in sorted(folder.rglob(name)))
    return next(found, None)


def _hint(home: Home) -> str:
    log = home.logs / "dbt" / "dbt.log"
    return f"repair it and run the same command; the study's own tables are safe (log: {log})"


def _one_line(text: str) -> str:
    """Return a message on one line, without the SQL that DuckDB shows."""
    return " ".join(re.sub(r"^[ ^]*$", "", _SQL_LINE.sub("", text), flags=re.M).split())[:600]


def _path(project: UserProject, package: str, file: str) -> Path:
    own = package == project.name
    return (project.folder if own else project.packages / package) / file


def _lines(path: Path) -> list[str]:
    """Return the lines of a file without their spaces at either end."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line.strip() for line in text.splitlines()]


def _first_line_with(path: Path, word: str) -> int | None:
    return next((i for i, line in enumerate(_lines(path), 1) if word in line), None)


def _line_of_sql(path: Path, sql: str, message: str, new: Path) -> int | None:
    """Return the line of the file that DuckDB cannot use.

    DuckDB counts in the SQL that dbt made of the file: the line is looked up by its text, and
    the nearest of several equal ones is taken.
    """
    written, made = _lines(path), sql.splitlines()
    place = _SQL_LINE.search(_explained(sql, new))
    if place is None:
        place = _SQL_LINE.search(message)  # counts in a statement around it
    if place is None:
        return None
    number, shown = int(place.group(1)), place.group(2).removeprefix("...").removesuffix("...")
    same = [i for i, line in enumerate(written, 1) if shown.strip() and shown.strip() in line]
    if same:
        return min(same, key=lambda i: abs(i - number))
    # the line has Jinja: its text is another, but it stands where it stood if none was added
    return number if len(made) == len(written) and number <= len(written) else None


def _explained(sql: str, new: Path) -> str:
    """Return what DuckDB says against a query, without running it."""
    try:
        with duckdb.connect(str(new)) as con:
            con.execute("explain " + sql)
    except duckdb.Error as error:
        return str(error)
    return ""


def _line_of_test(path: Path, result: dict[str, Any]) -> int | None:
    """Return the line of the YAML at which the model or column with the test begins."""
    if path.suffix == ".sql":
        return 1
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, yaml.YAMLError):
        return None
    model = _named(root, result.get("attached"))
    found = _named(model, result.get("column")) or model
    return None if found is None else found.start_mark.line + 1


def _named(node: Any, name: str | None) -> Any:
    """Return the first mapping in or below a node whose `name` is this."""
    if node is None or name is None:
        return None
    if isinstance(node, yaml.MappingNode):
        if any(key.value == "name" and value.value == name for key, value in node.value):
            return node
        children = [value for _, value in node.value]
    else:
        children = list(node.value) if isinstance(node, yaml.SequenceNode) else []
    return next((found for child in children if (found := _named(child, name))), None)
