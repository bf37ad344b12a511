"""Whose samples are whose, as far as a run of the study has told."""

from __future__ import annotations

from pathlib import Path

from cohortmart.app.commands.summary_identity import identity_lines
from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import Home, connect_read_only


def identity_text(out: Path, study: Study) -> str:
    """Return what the results of a run say of whose each sample is; empty without results.

    Parameters
    ----------
    out : Path
        Output folder of the study.
    study : Study
    """
    home = Home(out)
    if not home.warehouse.exists():
        return ""
    con = connect_read_only(home)
    try:
        lines = identity_lines(con, study.nouns.subject)
    finally:
        con.close()
    return "".join(f"{line}\n" for line in ["Whose samples, by the last run", *lines] if lines)
