"""`cohortmart build`: dbt makes the tables in a new file, which then replaces the old one."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cohortmart import __version__
from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.core.errors import BuildError, InputError
from cohortmart.core.lake.file_manifest import read_current, read_part
from cohortmart.core.lake.layers import RAW, part_of
from cohortmart.core.text import counted
from cohortmart.core.warehouse.build_log import BuildOutcome, log_failure, read_outcome
from cohortmart.core.warehouse.dbt_process import DbtProcess
from cohortmart.core.warehouse.dbt_request import dbt_request
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.publish import publish, workshop
from cohortmart.core.warehouse.user_models import build_user_models, drop_user_models
from cohortmart.core.warehouse.user_project import (
    UserProject,
    not_built,
    study_folder,
    user_project,
)

#: What stands on the Parquet files of the results.
RESULTS_MODELS = "source:results+"

#: In place of a selection: our tables are up to date, only the user's are built.
USER_MODELS = "user models"


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
    dbt: DbtProcess | None = None,
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
        there. Without it, or without a warehouse, all are built. USER_MODELS: none of ours is.
    exclude : str, optional
        dbt's selection of models that are left out.
    dbt : DbtProcess, optional
        dbt's process, where further builds follow; else one is started for this build.

    Raises
    ------
    InputError
        There is no lake in the folder; or the user's own models (`user_models`) have a fault.
    BuildError
        A table or a test failed; the message names it and the log.
    """
    if not (home.lake / "current.parquet").exists():
        raise InputError(
            "there is no lake here to build from",
            file=home.lake,
            hint="make it with `cohortmart ingest STUDY.yml --out DIR`",
        )
    if home.warehouse.exists():
        user_project(home)  # a fault of it is said before anything is built
    began = time.monotonic()
    (home.logs / "dbt" / "dbt.log").unlink(missing_ok=True)  # of the build before
    with workshop(home) as folder:
        new = folder / home.warehouse.name
        if select is not None and home.warehouse.exists():
            shutil.copyfile(home.warehouse, new)
        else:
            select = None
        with nullcontext(dbt) if dbt is not None else DbtProcess() as process:
            outcome = BuildOutcome()
            if select != USER_MODELS:
                outcome = _run_dbt(process, home, new, select, exclude)
            project, users = _with_user_models(process, home, new, exclude)
        publish(new, home.warehouse)
    seconds = time.monotonic() - began
    for warning in (*outcome.warnings, *users.warnings, *layers_missing(home), *not_made(home)):
        say(f"warning: {warning}")
    if select != USER_MODELS:
        say(f"built {outcome.n_models} tables and views, {outcome.n_tests} tests passed")
    if project is not None:
        tables = counted(users.n_models, "table or view", "tables and views")
        tests = f"{counted(users.n_tests, 'test')} passed"
        say(f"built {tables} of the dbt project {project.name} beside study.yml, {tests}")
    return BuildSummary(outcome.n_models, outcome.n_tests, outcome.warnings, seconds)


def _with_user_models(
    dbt: DbtProcess, home: Home, new: Path, exclude: str | None
) -> tuple[UserProject | None, BuildOutcome]:
    """Build the user's models into `new`; where they fail, see that ours are not lost.

    A warehouse that is there stays as it is. Where there is none, ours are put in place alone.
    """
    ours, project = new, None
    try:
        project = user_project(home)
        if project is None:
            drop_user_models(new)
            return None, BuildOutcome()
        if not home.warehouse.exists():
            ours = Path(shutil.copyfile(new, new.parent / "ours.duckdb"))
        return project, build_user_models(dbt, home, project, new, project_mark(), exclude)
    except InputError:
        if not home.warehouse.exists():
            publish(ours, home.warehouse)
        raise


def not_made(home: Home) -> list[str]:
    """Say what of the folder of study.yml looks like models and is not built."""
    folder = study_folder(home)
    if folder is None:
        return []
    if not folder.is_dir():
        return [f"the folder of study.yml is not there, so models in it are not built: {folder}"]
    note = not_built(folder)
    return [] if note is None else [note]


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
    kinds = {".sql", ".yml", ".md"}  # .md: descriptions, which become comments of the tables
    files = [p for f in folders for p in (project / f).rglob("*") if p.suffix in kinds]
    for path in sorted([*files, project / "dbt_project.yml", project / "profiles.yml"]):
        seen.update(path.relative_to(project).as_posix().encode() + b"\0" + path.read_bytes())
    seen.update(f"{__version__} {duckdb.__version__}".encode())
    return seen.hexdigest()


def _run_dbt(
    dbt: DbtProcess, home: Home, new: Path, select: str | None, exclude: str | None
) -> BuildOutcome:
    """Have dbt build our tables in the file `new`."""
    # unit tests check the SQL and not the data: they belong to development
    command = ["build", "--exclude-resource-type", "unit_test", "--no-write-json"]
    command += [] if select is None else ["--select", select]
    command += [] if exclude is None else ["--exclude", exclude]
    answer = dbt.ask(dbt_request(home, new, dbt_project_folder(), command, project_mark()))
    outcome = read_outcome(answer["results"])
    if not answer["success"] or outcome.failures:
        log_failure(home, answer)
        raise BuildError(_what_failed(outcome, answer["printed"], home))
    return outcome


def _what_failed(outcome: BuildOutcome, printed: list[str], home: Home) -> str:
    lines = [f"{home.root}: the tables could not be built"]
    if outcome.failures:
        lines += [f"  {failure}" for failure in outcome.failures[:5]]
        if len(outcome.failures) > 5:
            lines.append(f"  and {len(outcome.failures) - 5} more")
    else:
        text = [line.strip() for line in "\n".join(printed).splitlines() if line.strip()]
        lines += [f"  {line}" for line in text[-12:]]
    if home.warehouse.exists():
        lines.append(f"  The warehouse from before is untouched: {home.warehouse}")
    lines.append(f"  log: {home.logs / 'dbt' / 'dbt.log'}")
    return "\n".join(lines)
