"""`cohortmart dbt …`: any command of dbt, with the folders of a study set."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cohortmart.app.commands.lock import sole_writer
from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home, connect_read_only
from cohortmart.core.warehouse.publish import publish, workshop
from cohortmart.core.warehouse.user_project import (
    PACKAGE,
    PACKAGE_VARIABLE,
    link_package,
    user_project,
)

#: Commands that write tables: into a copy of the warehouse, which then takes its place.
WRITING = frozenset({"build", "clone", "retry", "run", "run-operation", "seed"})
#: Commands that need no warehouse.
WITHOUT_WAREHOUSE = frozenset({"deps", "list", "ls", "parse"})
#: Commands that are not passed on, and why.
REFUSED = {
    "clean": "the raw files of the study may lie in the folders that it deletes",
    "snapshot": "each build makes a new file, so a snapshot would hold no history",
}
#: Settings of a dbt user's own that are not meant for this project.
_NOT_MEANT = ("DBT_TARGET", "DBT_ENGINE_TARGET")
#: dbt, found where Python finds it and never in the folder where someone stands.
_START = "import sys; sys.argv[0] = 'dbt'; from dbt.cli.main import cli; cli()"


def run_dbt(arguments: Sequence[str], out: Path) -> int:
    """Run dbt on the user's project, or on ours where there is none.

    Parameters
    ----------
    arguments : sequence of str
        dbt's command first, then its options; they are not looked into.
    out : Path
        The output folder.

    Returns
    -------
    int
        dbt's exit code.

    Raises
    ------
    InputError
        The first argument is no command, there is no warehouse that it needs, another command
        works in the folder, or the command would delete what it should not.
    """
    command = arguments[0] if arguments else ""
    if command.startswith("-") or not command:
        raise InputError(
            "dbt's command comes first",
            found=command or None,
            expected="cohortmart dbt COMMAND [dbt's options] --out DIR",
            hint="for example: cohortmart dbt test --select my_model --out DIR",
        )
    if command in REFUSED:
        raise InputError(
            f"cohortmart does not run `dbt {command}`: {REFUSED[command]}", hint="see docs/dbt.md"
        )
    home = Home(out)
    asks_for_help = bool(set(arguments) & {"-h", "--help"})
    if asks_for_help or command in WITHOUT_WAREHOUSE or list(arguments[:2]) == ["docs", "serve"]:
        return _run(arguments, home, home.warehouse, "read_only")
    connect_read_only(home).close()  # says what is wrong with a warehouse that is
    if command in WRITING or "--store-failures" in arguments:
        with sole_writer(home, f"dbt {command}"), workshop(home) as folder:
            new = Path(shutil.copyfile(home.warehouse, folder / home.warehouse.name))
            code = _run(arguments, home, new, "automatic")
            if code == 0:
                publish(new, home.warehouse)
            else:
                print(f"the warehouse is as it was before: {home.warehouse}", file=sys.stderr)
        return code
    code = _run(arguments, home, home.warehouse, "read_only")
    if code == 0 and command == "docs":
        print(
            f"pages: {_target(home, 'read_only')} (cohortmart dbt docs serve shows them)",
            file=sys.stderr,
        )
    return code


def _target(home: Home, access: str) -> Path:
    """Return where dbt keeps what it parsed: a folder for each kind of profile, as it asks for."""
    return home.logs / "dbt" / ("target" if access == "read_only" else "target_of_writers")


def _run(arguments: Sequence[str], home: Home, warehouse: Path, access: str) -> int:
    from cohortmart.core.warehouse.build import project_mark

    ours, project = dbt_project_folder(), user_project(home)
    if project is not None and arguments[0] != "deps":
        link_package(project)
    environment = {name: v for name, v in os.environ.items() if name not in _NOT_MEANT}
    environment |= {
        "COHORTMART_HOME": str(home.root),
        "COHORTMART_WAREHOUSE": str(warehouse),
        "COHORTMART_ACCESS": access,
        "COHORTMART_PROJECT_MARK": project_mark(),
        PACKAGE_VARIABLE: str(ours),
        "DBT_PROJECT_DIR": str(ours if project is None else project.folder),
        "DBT_PROFILES_DIR": str(ours),
        "DBT_PROFILE": PACKAGE,
        "DBT_TARGET_PATH": str(_target(home, access)),
        "DBT_LOG_PATH": str(home.logs / "dbt"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PYTHONUTF8": "1",
    }
    command = [sys.executable, "-P", "-c", _START, *arguments]
    return subprocess.run(command, env=environment, check=False).returncode
