"""Raw files that differ between two runs: their content and how they were read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cohortmart.app.diff.flat import differences
from cohortmart.app.diff.runs import Run

_FILES = """
    select file, role, sha256, bytes, rows, columns, format, options, reader_version, status
    from ingested_file
    where status <> 'replaced'
    order by role, file, sha256, options, reader_version, status
"""
_FORGOTTEN = ("forgotten_subject", "forgotten_file")


@dataclass(frozen=True)
class Difference:
    """One thing that differs between run A and run B.

    Parameters
    ----------
    where : str
        A file, a sample, or the analyses in which it differs.
    what : str
    a, b : str or None
        Its value in each run; None = not there.
    """

    where: str
    what: str
    a: str | None
    b: str | None


def input_differences(a: Run, b: Run) -> list[Difference]:
    """Compare the files that two runs were made from.

    The same file may lie elsewhere: files of one role are matched by path, then by content, then
    by name.

    Parameters
    ----------
    a, b : Run
    """
    left, right = a.rows(_FILES), b.rows(_FILES)
    found: list[Difference] = []
    for same in (_everything, _by("file"), _by("sha256"), _by_name):
        for file_a, file_b in _matched(left, right, same):
            found += _between(file_a, file_b)
    found += [Difference(*_presence(file), a="present", b=None) for file in left]
    found += [Difference(*_presence(file), a=None, b="present") for file in right]
    return sorted(found, key=lambda d: (d.where, d.what, d.a or "", d.b or ""))


def _matched(
    left: list[dict[str, Any]],
    right: list[dict[str, Any]],
    key: Callable[[dict[str, Any]], tuple[Any, ...]],
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Take the files with equal keys out of both lists, in pairs."""
    for file in list(left):
        twin = next((other for other in right if key(other) == key(file)), None)
        if twin is not None:
            left.remove(file)
            right.remove(twin)
            yield file, twin


def _everything(file: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(file.values())


def _by(column: str) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    def key(file: dict[str, Any]) -> tuple[Any, ...]:
        return (file["role"], file["status"], file[column])

    return key


def _by_name(file: dict[str, Any]) -> tuple[Any, ...]:
    return (file["role"], file["status"], _name(file))


def _name(file: dict[str, Any]) -> str:
    return str(file["file"] or "").rsplit("/", 1)[-1]


def _between(a: dict[str, Any], b: dict[str, Any]) -> list[Difference]:
    found = differences(_comparable(a), _comparable(b))
    return [Difference(f"{a['role']}: {_name(a)}", *what) for what in found]


def _comparable(file: dict[str, Any]) -> dict[str, Any]:
    kept = ("sha256", "bytes", "rows", "columns", "format", "reader_version")
    options = json.loads(file["options"]) if file["options"] else None
    return {"file": _name(file), **{name: file[name] for name in kept}, "options": options}


def _presence(file: dict[str, Any]) -> tuple[str, str]:
    """Name a file that only one run has; a forgotten person has no name but a hash."""
    if file["role"] in _FORGOTTEN:
        name = _name(file) or f"SHA-256 {file['sha256'][:12]}"
        return name, file["role"].replace("_", " ")
    return f"{file['role']}: {_name(file)}", f"file (SHA-256 {file['sha256'][:12]})"
