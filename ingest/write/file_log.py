"""The table `ingested_file`: which raw files were read, how, and what became of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from cohortmart.core.schemas.tables import INGESTED_FILE

#: Rows that agree in these are of the same reading of the same file.
_KEY = ("role", "file", "sha256", "options", "reader_version")


def options_json(options: Mapping[str, object]) -> str:
    """Return reading options as JSON with sorted keys."""
    return json.dumps(options, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def name_in_study(path: Path, study_file: Path) -> str:
    """Return a raw file's path relative to study.yml, which does not change when both move."""
    folder = study_file.resolve().parent
    return Path(os.path.relpath(path.resolve(), folder)).as_posix()


def file_log(current: Iterable[Mapping[str, Any]], before: pa.Table | None) -> pa.Table:
    """Return the new `ingested_file`: what is current, what that replaced, what was forgotten.

    Parameters
    ----------
    current : iterable of mapping
        Rows of the files that count now; the status is set here.
    before : pa.Table or None
        The table until now.
    """
    rows = [{**row, "status": "current"} for row in current]
    known = {_key(row) for row in rows}
    for row in [] if before is None else before.to_pylist():
        if row["status"] == "forgotten":
            rows.append(row)
        elif _key(row) not in known:
            rows.append({**row, "status": "replaced"})
    return sorted_log(rows)


def sorted_log(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return rows as the table, each once, in the order of role, file and content."""
    unique = {(*_key(row), row["status"]): dict(row) for row in rows}
    return pa.Table.from_pylist([unique[key] for key in sorted(unique)], schema=INGESTED_FILE)


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(row.get(name) or "" for name in _KEY)
