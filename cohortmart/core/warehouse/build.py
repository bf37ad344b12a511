"""`cohortmart build`: dbt makes the tables in a new file, which then replaces the old one."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
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
from cohortmart.core.warehouse.build_log import BuildOutcome, failure_log, read_outcome
from cohortmart.core.warehouse.dbt_cache import cache_key
from cohortmart.core.warehouse.dbt_process import DbtProcess
from cohortmart.core.warehouse.home import Home

#: What stands on the Parquet files of the results.
RESULTS_MODELS = "source:results+"

#: Values of COHORTMART_DEBUG that the command line reads as no.
_OFF = ("", "0", "false", "f", "no", "n", "off")


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
        there. Without it, or without a warehouse, all are built.
    exclude : str, optional
        dbt's selection of models that are left out.
    dbt : DbtProcess, optional
        dbt's process, where further builds follow; else one is started for this build.

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
        with nullcontext(dbt) if dbt is not None else DbtProcess() as process:
            outcome = _run_dbt(process, home, new, select, exclude)
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
    kinds = {".sql", ".yml", ".md"}  # .md: descriptions, which become comments of the tables
    files = [p for f in folders for p in (project / f).rglob("*") if p.suffix in kinds]
    for path in sorted([*files, project / "dbt_project.yml", project / "profiles.yml"]):
        seen.update(path.relative_to(project).as_posix().encode() + b"\0" + path.read_bytes())
    seen.update(f"{__version__} {duckdb.__version__}".encode())
    return seen.hexdigest()


def _run_dbt(
    dbt: DbtProcess, home: Home, new: Path, select: str | None, exclude: str | None
) -> BuildOutcome:
    """Have dbt build the file `new`."""
    project, logs, mark = dbt_project_folder(), home.logs / "dbt", project_mark()
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / "dbt.log"
    log.unlink(missing_ok=True)  # of the build before
    debug = os.environ.get("COHORTMART_DEBUG", "").lower() not in _OFF
    # unit tests check the SQL and not the data: they belong to development
    command = ["build", "--exclude-resource-type", "unit_test", "--no-write-json"]
    command += [] if select is None else ["--select", select]
    command += [] if exclude is None else ["--exclude", exclude]
    options = ["--quiet", "--no-use-colors", "--log-level-file", "debug" if debug else "none"]
    options += ["--project-dir", str(project), "--profiles-dir", str(project)]
    options += ["--target-path", str(logs / "target"), "--log-path", str(logs)]
    answer = dbt.ask(
        {
            "build": command,
            "options": options,
            "environment": {
                "COHORTMART_HOME": str(home.root),
                "COHORTMART_WAREHOUSE": str(new),
                "COHORTMART_PROJECT_MARK": mark,
            },
            "project": str(project),
            # the name of the database is part of what dbt parsed
            "key": cache_key(project, mark, (sys.version, new.stem, _child_mark())),
            "debug": debug,
        }
    )
    outcome = read_outcome(answer["results"])
    if not answer["success"] or outcome.failures:
        if not debug:
            log.write_text(failure_log(answer["results"], answer["printed"]), encoding="utf-8")
        raise BuildError(_what_failed(outcome, answer["printed"], home))
    return outcome


def _child_mark() -> str:
    """Return a hash of the code that makes the entries of the cache."""
    folder, seen = Path(__file__).parent, hashlib.sha256()
    for name in ("dbt_child.py", "dbt_shortcuts.py"):
        seen.update((folder / name).read_bytes())
    return seen.hexdigest()


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
