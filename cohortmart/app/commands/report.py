"""`cohortmart report`: what the tables hold, as one page and its figures."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cohortmart.app.commands.lock import sole_writer
from cohortmart.app.commands.progress import Progress
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.build_state import shows_current
from cohortmart.core.warehouse.home import Home, connect_read_only


def report_only(out: Path, *, pseudonymise: bool, quiet: bool) -> None:
    """Write the report of an output folder and say where it is.

    Parameters
    ----------
    out : Path
        The output folder.
    pseudonymise : bool
        For readers outside the house; it is written beside the other.
    quiet : bool
        No progress.

    Raises
    ------
    InputError
        There is no warehouse, or it does not show what lake and results hold.
    """
    home = Home(out)
    if not home.warehouse.exists():
        raise InputError(
            "there is no warehouse here to report on",
            file=home.root,
            hint="make it with `cohortmart run STUDY.yml --out DIR`",
        )
    with sole_writer(home, "report"):
        _refuse_outdated(home)
        index = write_reports(home, Progress(quiet), pseudonymise=pseudonymise)
    if not quiet:
        print(index)


def write_reports(
    home: Home, progress: Progress, *, pseudonymise: bool = False, if_needed: bool = False
) -> Path:
    """Write the report as a step of a command; return its page.

    Parameters
    ----------
    home : Home
    progress : Progress
    pseudonymise, if_needed : bool
        See `cohortmart.report.pipeline.write_report`.

    Raises
    ------
    InputError
        The warehouse was built by another version and lacks tables or columns.
    """
    from cohortmart.report.pipeline import write_report

    with progress.step("report", "writing the report"):
        try:
            summary = write_report(
                home, pseudonymise=pseudonymise, if_needed=if_needed, say=progress.say
            )
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            if _is_of_this_version(home):
                raise
            raise InputError(
                "the warehouse lacks what this version's report shows",
                file=home.warehouse,
                found=str(error).partition("\n")[0],
                hint=f"build it anew: cohortmart build --out {home.root}",
            ) from error
        if not summary.is_new:
            progress.say("the report shows what the tables hold already")
    return summary.index


def _refuse_outdated(home: Home) -> None:
    """Raise if lake or results hold something else than the warehouse was built from."""
    con = connect_read_only(home)
    try:
        outdated = [r for r in ("lake", "results") if not shows_current(con, home, r)]
    finally:
        con.close()
    if outdated:
        raise InputError(
            f"the warehouse does not show what is in {' and '.join(outdated)} now",
            file=home.warehouse,
            hint=f"build it first: cohortmart build --out {home.root}",
        )


def _is_of_this_version(home: Home) -> bool:
    from cohortmart.core.warehouse.build import project_mark

    con = connect_read_only(home)
    try:
        return all(shows_current(con, home, r, project_mark()) for r in ("lake", "results"))
    finally:
        con.close()
