"""`cohortmart.run`: the command from Python, which gives the finished study."""

from __future__ import annotations

from pathlib import Path

from cohortmart.api.study import Study
from cohortmart.app.commands.run import run_study
from cohortmart.app.environment import environment_of_children


def run(
    study: str | Path, out: str | Path, *, report: bool = True, progress: bool = False
) -> Study:
    """Do everything for one study, as `cohortmart run STUDY.yml --out DIR` does, and open it.

    Run again, it does only what changed.

    Parameters
    ----------
    study : path
        The study.yml.
    out : path
        The output folder.
    report : bool
        Write the report at the end.
    progress : bool
        Say on standard error what is done, and at the end print the summary.

    Returns
    -------
    Study
        Opened, read only.

    Raises
    ------
    InputError
        Something in study.yml or in the raw files cannot be used; what was finished stays.
    CohortmartError
        Whatever else a step raises.

    Examples
    --------
    >>> study = cohortmart.run("demo/raw/study.yml", out="demo")
    """
    with environment_of_children():
        run_study(Path(study), Path(out), with_report=report, quiet=not progress)
    return Study(out)
