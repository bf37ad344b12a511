"""What stands behind `cohortmart dbt`: our own `init`, or a command of dbt's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cohortmart.core.errors import InputError


def begin_or_run(arguments: Sequence[str], out: Path | None) -> int:
    """Begin a project of the user's own, or run a command of dbt.

    Parameters
    ----------
    arguments : sequence of str
        Of the command line, without `--out`.
    out : Path, optional
        The output folder.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    InputError
        See `make_project` and `run_dbt`; or no output folder is named.
    """
    if arguments[0] == "init":
        from cohortmart.app.dbt.init import make_project

        if len(arguments) > 2 or any(a.startswith("-") for a in arguments):
            raise InputError(
                "`cohortmart dbt init` takes one file",
                expected="cohortmart dbt init STUDY.yml, or --out DIR",
                found=" ".join(arguments[1:]),
            )
        print(make_project(Path(arguments[1]) if len(arguments) > 1 else None, out))
        return 0
    from cohortmart.app.dbt.command import run_dbt

    if out is None:
        raise InputError(
            "the output folder is not named", expected="--out DIR, or the variable COHORTMART_HOME"
        )
    return run_dbt(arguments, out)
