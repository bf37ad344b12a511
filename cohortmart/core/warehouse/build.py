"""`cohortmart build`: dbt makes the tables in a new file, which then replaces the old one."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cohortmart import __version__
from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.core.errors import BuildError, InputError
from cohortmart.core.lake.file_manifest import read_current, read_part
from cohortmart.core.lake.layers import RAW, part_of
from cohortmart.core.warehouse.build_log import BuildOutcome, read_outcome
from cohortmart.core.warehouse.home import Home

#: What stands on the Parquet files of the results.
RESULTS_MODELS = "source:results+"

#: dbt in a process that does not outlive the one that waits for it, even if that is killed:
#: nothing is written to its standard input, so reading there returns only at the input's end.
_DBT_CHILD = """
import os, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()
from dbt.cli.main import cli
cli()
"""


@dataclass(frozen=True)
class BuildSummary:
    """What a build did.

    Parameters
    ----------
    n_models, n_tests : int
        Tables and views made, tests passed.
    warnings : tuple of str
        Tests that only warn and did.
    seconds : float
        Wall time.
    """

    n_models: int
    n_tests: int
    warnings: tuple[str, ...]
    seconds: float


def build(
    home: Home,
    say: Callable[[str], None],
    select: str | None = None,
    exclude: str | None = None,
) -> BuildSummary:
    """Build the warehouse of `home` and put it in place in one rename.

    Until the rename the warehouse from before can be queried; after a failure it stays.

    Parameters
    ----------
    home : Home
        The study's output folder, with a lake.
    say : callable
        Takes one line of progress.
    select : str, optional
        dbt's selection of models; they are then built into a copy of the warehouse that is
        there. Without it, or without a warehouse, all are built.
    exclude : str, optional
        dbt's selection of models that are left out.

    Raises
    ------
    InputError
        There is no lake in the folder.
    BuildError
        A table or a test failed; the message names it and the log.
    """
    if not (home.lake / "current.parquet").exists():
        raise InputError(
            "there is no lake here to build from",
            file=home.lake,
            hint="make it with `cohortmart ingest STUDY.yml --out DIR`",
        )
    began = time.monotonic()
    workshop = home.root / ".building"
    shutil.rmtree(workshop, ignore_errors=True)  # what a killed build left
    workshop.mkdir()
    try:
        new = workshop / home.warehouse.name
        if select is not None and home.warehouse.exists():
            shutil.copyfile(home.warehouse, new)
        else:
            select = None
        outcome = _run_dbt(home, new, select, exclude)
        _publish(new, home.warehouse)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    seconds = time.monotonic() - began
    for warning in (*outcome.warnings, *layers_missing(home)):
        say(f"warning: {warning}")
    say(f"built {outcome.n_models} tables and views, {outcome.n_tests} tests passed")
    return BuildSummary(outcome.n_models, outcome.n_tests, outcome.warnings, seconds)


def layers_missing(home: Home) -> list[str]:
    """Say where the tables show a layer before the one that the study names."""
    there = {e.part for e in read_current(home.lake) if e.table_name == "matrix"}
    table = read_part(home.lake, "assay")
    notes = []
    for row in [] if table is None else table.to_pylist():
        layers = (row.get("layers") or RAW).split("|")
        missing = [layer for layer in layers if part_of(row["assay"], layer) not in there]
        if missing and missing != layers:
            shown = layers[layers.index(missing[0]) - 1]
            notes.append(
                f"the tables show the layer `{shown}` of {row['assay']}, though study.yml names "
                f"`{layers[-1]}`: run `cohortmart normalise STUDY.yml --out {home.root}` first"
            )
    return notes


def project_mark() -> str:
    """Return a hash of the SQL and of the versions that build the warehouse."""
    project, seen = dbt_project_folder(), hashlib.sha256()
    folders = ("models", "macros", "tests/sql")
    files = [p for f in folders for p in (project / f).rglob("*") if p.suffix in {".sql", ".yml"}]
    for path in sorted([*files, project / "dbt_project.yml", project / "profiles.yml"]):
        seen.update(path.relative_to(project).as_posix().encode() + b"\0" + path.read_bytes())
    seen.update(f"{__version__} {duckdb.__version__}".encode())
    return seen.hexdigest()


def _run_dbt(home: Home, new: Path, select: str | None, exclude: str | None) -> BuildOutcome:
    """Run dbt in a child process: within this one it would keep the database open."""
    project, logs = dbt_project_folder(), home.logs / "dbt"
    target = logs / "target"
    target.mkdir(parents=True, exist_ok=True)
    (target / "run_results.json").unlink(missing_ok=True)
    # The target folder stays from build to build: dbt then parses only what changed.
    command = [sys.executable, "-c", _DBT_CHILD, "build", "--no-use-colors", "--quiet"]
    # unit tests check the SQL and not the data: they belong to development
    command += ["--exclude-resource-type", "unit_test"]
    command += ["--project-dir", str(project), "--profiles-dir", str(project)]
    command += ["--target-path", str(target), "--log-path", str(logs)]
    if select is not None:
        command += ["--select", select]
    if exclude is not None:
        command += ["--exclude", exclude]
    environment = os.environ | {
        "COHORTMART_HOME": str(home.root),
        "COHORTMART_WAREHOUSE": str(new),
        "COHORTMART_PROJECT_MARK": project_mark(),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PYTHONUTF8": "1",
    }
    for name in ("DBT_TARGET", "DBT_PROFILE", "DBT_TARGET_PATH", "DBT_LOG_PATH"):
        environment.pop(name, None)  # a dbt user's own settings are not meant for this project
    child_input, held = os.pipe()  # the input ends when this process does, however it ends
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=child_input,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    finally:
        os.close(child_input)
        os.close(held)
    outcome = read_outcome(target / "run_results.json")
    if done.returncode or outcome.failures:
        raise BuildError(_what_failed(outcome, done.stdout, home))
    return outcome


def _what_failed(outcome: BuildOutcome, printed: str, home: Home) -> str:
    lines = [f"{home.root}: the tables could not be built"]
    if outcome.failures:
        lines += [f"  {failure}" for failure in outcome.failures[:5]]
        if len(outcome.failures) > 5:
            lines.append(f"  and {len(outcome.failures) - 5} more")
    else:
        text = [line.strip() for line in printed.splitlines() if line.strip()]
        lines += [f"  {line}" for line in text[-12:]]
    if home.warehouse.exists():
        lines.append(f"  The warehouse from before is untouched: {home.warehouse}")
    lines.append(f"  log: {home.logs / 'dbt' / 'dbt.log'}")
    return "\n".join(lines)


def _publish(new: Path, target: Path) -> None:
    """Rename a finished database over the published one."""
    if not new.exists():
        raise BuildError(f"dbt ended without an error and without a database ({new})")
    if Path(f"{new}.wal").exists():  # changes that are not in the file itself yet
        with duckdb.connect(str(new)) as con:
            con.execute("checkpoint")
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(target)
    # A log that someone's writing session left belongs to the file that is gone.
    Path(f"{target}.wal").unlink(missing_ok=True)
