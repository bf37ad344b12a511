"""What dbt's process is asked: a command, its folders, and the key of the parsed project."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.core.warehouse.dbt_cache import cache_key
from cohortmart.core.warehouse.home import Home

#: Values of COHORTMART_DEBUG that the command line reads as no.
_OFF = ("", "0", "false", "f", "no", "n", "off")


def dbt_request(
    home: Home,
    new: Path,
    project: Path,
    command: Sequence[str],
    mark: str,
    users_mark: str | None = None,
) -> dict[str, Any]:
    """Return a request to `DbtProcess.ask`.

    Parameters
    ----------
    home : Home
        The study's output folder.
    new : Path
        The DuckDB file to build.
    project : Path
        The folder of dbt_project.yml.
    command : sequence of str
        dbt's command and its options.
    mark : str
        Hash of our project's files.
    users_mark : str, optional
        Hash of the files of `project` where it is the user's.
    """
    ours, logs, debug = dbt_project_folder(), home.logs / "dbt", debug_asked()
    logs.mkdir(parents=True, exist_ok=True)
    options = ["--quiet", "--no-use-colors", "--log-level-file", "debug" if debug else "none"]
    options += ["--project-dir", str(project), "--profiles-dir", str(ours)]
    if users_mark is not None:
        options += ["--profile", "cohortmart"]  # theirs might lead to another database
    options += ["--target-path", str(logs / "target"), "--log-path", str(logs)]
    # the name of the database is part of what dbt parsed
    more = (sys.version, new.stem, _child_mark())
    request: dict[str, Any] = {
        "build": list(command),
        "options": options,
        "environment": {
            "COHORTMART_HOME": str(home.root),
            "COHORTMART_WAREHOUSE": str(new),
            "COHORTMART_PROJECT_MARK": mark,
            "COHORTMART_DBT_PROJECT": str(ours),
        },
        "project": str(ours),
        "key": cache_key(project, mark, more if users_mark is None else (*more, users_mark)),
        "debug": debug,
    }
    if users_mark is not None:
        request["users"] = {"folder": str(project), "mark": users_mark}
    return request


def debug_asked() -> bool:
    """Tell whether dbt is to log all that it does."""
    return os.environ.get("COHORTMART_DEBUG", "").lower() not in _OFF


def _child_mark() -> str:
    """Return a hash of the code that makes the entries of the cache."""
    folder, seen = Path(__file__).parent, hashlib.sha256()
    for name in ("dbt_child.py", "dbt_shortcuts.py"):
        seen.update((folder / name).read_bytes())
    return seen.hexdigest()
