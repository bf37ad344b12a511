"""`cohortmart report`: what the tables hold, as one page and its figures."""

from __future__ import annotations

from pathlib import Path

from cohortmart.commands.lock import sole_writer
from cohortmart.commands.progress import Progress
from cohortmart.errors import InputError
from cohortmart.warehouse import Home


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
        See `analyses.report.pipeline.write_report`.
    """
    from analyses.report.pipeline import write_report

    with progress.step("report", "writing the report"):
        summary = write_report(
            home, pseudonymise=pseudonymise, if_needed=if_needed, say=progress.say
        )
        if not summary.is_new:
            progress.say("the report shows what the tables hold already")
    return summary.index
