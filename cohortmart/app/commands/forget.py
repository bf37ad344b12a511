"""`forget`: removes a subject or a file from every layer, then builds what is left anew."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from cohortmart.app.commands.lock import sole_writer
from cohortmart.app.commands.progress import Progress
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home


def forget_and_rebuild(out: Path, *, subject: str | None, file: str | None, quiet: bool) -> None:
    """Remove what is named from the lake, the results and the warehouse.

    Parameters
    ----------
    out : Path
        The output folder.
    subject : str or None
        A subject's id.
    file : str or None
        A raw file as `ingested_file` lists it; given if `subject` is not.
    quiet : bool
        No progress.

    Raises
    ------
    InputError
        There is no lake, or it knows no such subject or file.
    """
    from cohortmart.core.warehouse.build import build
    from cohortmart.core.warehouse.user_models import tables_naming
    from ingest.forget.pipeline import forget_file, forget_subject

    home, progress = Home(out), Progress(quiet)
    if not home.lake.is_dir():
        raise InputError(
            "there is nothing here to forget from",
            file=home.root,
            hint="--out names the output folder of a study",
        )
    with sole_writer(home, "forget"):
        with progress.step("forget", "removing it from every layer"):
            if subject is not None:
                summary = forget_subject(home, subject, progress.say)
            else:
                assert file is not None
                summary = forget_file(home, file, progress.say)
        if summary.rebuild:
            with progress.step("build", "building the tables anew"):
                build(home, progress.say)
            for table in tables_naming(home, subject) if subject is not None else ():
                print(
                    f"WARNING: {table} of your dbt project still names {subject}: its seeds or SQL "
                    "do; take it out there and build again",
                    file=sys.stderr,
                )
    if not quiet:
        print(f"forgotten: {subject or file}")
        if not summary.rebuild:
            print("no sample is left, so there is no warehouse until further ones are read")
        # A file's assay has to be read again, from a study.yml that does without the file.
        verb = "analyse" if subject is not None and summary.rebuild else "run"
        print(f"next: cohortmart {verb} STUDY.yml --out {shlex.quote(str(out))}")
