"""`run` and its parts: ingest, normalise, build, analyse, report, in this order."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from cohortmart.app.commands.lock import sole_writer
from cohortmart.app.commands.progress import Progress
from cohortmart.app.commands.report import write_reports
from cohortmart.app.study_file import load_study
from cohortmart.core.errors import CohortmartError, InputError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import Home, connect_read_only

if TYPE_CHECKING:
    from cohortmart.core.warehouse.dbt_process import DbtProcess


def run_study(study_file: Path, out: Path, *, with_report: bool = True, quiet: bool) -> None:
    """Do everything for one study and print a summary.

    Parameters
    ----------
    study_file : Path
        The study.yml.
    out : Path
        The output folder.
    with_report : bool
        Write the report at the end.
    quiet : bool
        Neither progress nor summary.

    Raises
    ------
    CohortmartError
        Whatever a step raises; what was finished before stays.
    """
    study, home = load_study(study_file), Home(out)
    with sole_writer(home, "run"):
        _run(study, study_file, home, quiet, with_report=with_report)


def run_demo(out: Path, scale: str, *, with_report: bool = True, quiet: bool) -> None:
    """Write the synthetic study into `out`/raw and run everything on it.

    Parameters
    ----------
    out : Path
        The output folder; refused if another study lies in it.
    scale : str
        Size of the study, see `cohortmart.app.demo`.
    with_report : bool
        Write the report at the end.
    quiet : bool
        Neither progress nor summary.

    Raises
    ------
    InputError
        The folder holds something else.
    """
    from cohortmart.app.demo import write_demo

    home = Home(out)
    raw = home.root / "raw"
    if home.study_copy.exists() and not (raw / "truth").is_dir():
        raise InputError(
            "this folder holds another study, which the demo would replace",
            file=home.root,
            hint="choose an empty folder: cohortmart demo --out DIR",
        )
    with sole_writer(home, "demo"):
        progress = Progress(quiet)
        with progress.step("demo", "writing the raw files of the synthetic study"):
            study_file = write_demo(raw, scale)
        study = load_study(study_file)
        _run(study, study_file, home, quiet, progress, with_report=with_report)


def ingest_only(study_file: Path, out: Path, *, quiet: bool) -> None:
    """Bring the raw files into the lake; parameters as in `run_study`."""
    study, home = load_study(study_file), Home(out)
    with sole_writer(home, "ingest"):
        _ingest(study, study_file, home, Progress(quiet))
    step = f"normalise {shlex.quote(str(study_file))}" if _has_steps(study) else "build"
    _next(quiet, f"cohortmart {step} --out {shlex.quote(str(out))}")


def normalise_only(study_file: Path, out: Path, *, quiet: bool) -> None:
    """Make the normalised layers of a lake; parameters as in `run_study`."""
    study, home = load_study(study_file), Home(out)
    with sole_writer(home, "normalise"):
        _normalise(study, home, Progress(quiet))
    _next(quiet, f"cohortmart build --out {shlex.quote(str(out))}")


def build_only(out: Path, *, quiet: bool) -> None:
    """Build the warehouse of an output folder; parameters as in `run_study`."""
    home = Home(out)
    if not home.lake.is_dir():
        raise InputError(
            "there is no lake here to build from",
            file=home.root,
            hint="make it with `cohortmart ingest STUDY.yml --out DIR`",
        )
    with sole_writer(home, "build"):
        _build(home, Progress(quiet))
    _next(quiet, f'cohortmart sql "show tables" --out {shlex.quote(str(out))}')


def analyse_only(study_file: Path, out: Path, only: str | None, *, quiet: bool) -> None:
    """Compute contrasts and show them in the warehouse; makes layers and tables that lack.

    Parameters
    ----------
    study_file, out, quiet
        As in `run_study`.
    only : str or None
        Name of one analysis; else all.
    """
    from cohortmart.core.warehouse.dbt_process import DbtProcess

    study, home = load_study(study_file), Home(out)
    with sole_writer(home, "analyse"), DbtProcess() as dbt:
        progress = Progress(quiet)
        if _has_steps(study):  # without the layers the raw betas would be analysed
            _normalise(study, home, progress)
        if not _up_to_date(home, ("lake",)):
            _build(home, progress, dbt, results_follow=True)
        _analyse(study, home, progress, dbt, only)
    _next(quiet, f'cohortmart sql "from dim_contrast" --out {shlex.quote(str(out))}')


def _run(
    study: Study,
    study_file: Path,
    home: Home,
    quiet: bool,
    progress: Progress | None = None,
    *,
    with_report: bool,
) -> None:
    from cohortmart.app.commands.summary import summarise
    from cohortmart.core.warehouse.dbt_process import DbtProcess

    progress = progress or Progress(quiet)
    _ingest(study, study_file, home, progress)
    if _has_steps(study):
        _normalise(study, home, progress)
    with DbtProcess() as dbt:
        _build(home, progress, dbt, if_needed=True, results_follow=bool(study.analyses))
        if study.analyses or read_current(home.results):  # results of analyses taken out go, too
            _analyse(study, home, progress, dbt)
    report = write_reports(home, progress, if_needed=True) if with_report else None
    if not quiet:
        print(summarise(study, home, progress.seconds, report), end="")


def _ingest(study: Study, study_file: Path, home: Home, progress: Progress) -> None:
    from ingest.pipeline import ingest

    with progress.step("ingest", "reading the raw files"):
        ingest(study, home, study_file=study_file, say=progress.say)


def _has_steps(study: Study) -> bool:
    """Tell whether the study asks for layers behind a raw one, or for derived assays."""
    return bool(study.derive) or any(len(assay.layers) > 1 for assay in study.assays.values())


def _normalise(study: Study, home: Home, progress: Progress) -> None:
    from analyses.normalise.pipeline import normalise

    further = ", making derived assays" if study.derive else ""
    with progress.step("normalise", f"normalising{further or ' betas and counts'}"):
        normalise(study, home, say=progress.say)


def _build(
    home: Home,
    progress: Progress,
    dbt: DbtProcess | None = None,
    *,
    if_needed: bool = False,
    results_follow: bool = False,
) -> None:
    from analyses.write.results import drop_outdated, shown_results, sweep_results
    from cohortmart.core.warehouse.build import RESULTS_MODELS, USER_MODELS, build

    shown, select = shown_results(home), None
    with progress.step("build", "building the tables"):
        for part in drop_outdated(home):
            progress.say(f"{part}: results of an earlier version; `analyse` makes them anew")
        if if_needed and _up_to_date(home, ("lake", "results")):
            progress.say("the tables show what the lake holds already")
            if _shows_user_models(home):
                return
            select = USER_MODELS
        # without results their models would be built and tested empty, and soon again
        empty = results_follow and not read_current(home.results)
        build(home, progress.say, select, RESULTS_MODELS if empty else None, dbt)
        sweep_results(home, shown)


def _up_to_date(home: Home, rooms: tuple[str, ...]) -> bool:
    """Tell whether this version's SQL built the warehouse from what is there now."""
    from cohortmart.core.warehouse.build import project_mark
    from cohortmart.core.warehouse.build_state import shows_current

    if not home.warehouse.exists():
        return False
    try:
        con = connect_read_only(home)
    except InputError:  # the folder was moved: its warehouse has to be built anew
        return False
    try:
        return all(shows_current(con, home, room, project_mark()) for room in rooms)
    finally:
        con.close()


def _shows_user_models(home: Home) -> bool:
    """Tell whether the warehouse holds the user's models as they are now."""
    from cohortmart.core.warehouse.user_models import built_mark
    from cohortmart.core.warehouse.user_project import user_project

    project = user_project(home)
    con = connect_read_only(home)
    try:
        return built_mark(con) == (None if project is None else project.mark())
    finally:
        con.close()


def _analyse(
    study: Study, home: Home, progress: Progress, dbt: DbtProcess, only: str | None = None
) -> None:
    from analyses.pipeline import analyse
    from analyses.write.results import shown_results, sweep_results
    from cohortmart.core.warehouse.build import RESULTS_MODELS, USER_MODELS, build

    fault: CohortmartError | None = None
    shown = shown_results(home)
    with progress.step("analyse", "computing the contrasts"):
        try:
            analyse(study, home, only=only, say=progress.say)
        except CohortmartError as error:  # what could be computed is shown all the same
            fault = error
    if not _up_to_date(home, ("results",)):
        with progress.step("build", "showing the results in the warehouse"):
            build(home, progress.say, RESULTS_MODELS, dbt=dbt)
            # only now: until here the warehouse showed the old files, and its readers still do
            sweep_results(home, shown)
    elif not _shows_user_models(home):
        with progress.step("build", "building your models"):
            build(home, progress.say, USER_MODELS, dbt=dbt)
    if fault is not None:
        raise fault


def _next(quiet: bool, command: str) -> None:
    if not quiet:
        print(f"next: {command}")
