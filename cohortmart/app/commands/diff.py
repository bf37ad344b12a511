"""`cohortmart diff`: what changed between two runs, and why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from cohortmart.app.diff.compare import compared, described, given_thresholds, survey
from cohortmart.app.diff.output import write_features_csv, write_json, write_lists_csv
from cohortmart.app.diff.report import FEATURES_SHOWN, report
from cohortmart.app.diff.runs import opened


def diff_runs(
    first: Path,
    second: Path,
    output_format: Literal["table", "csv", "json"] = "table",
    *,
    features: bool = False,
    p: float | None = None,
    adj_p: float | None = None,
    only: str | None = None,
) -> None:
    """Print what changed from one run to another.

    Parameters
    ----------
    first, second : Path
        The output folders, A and B.
    output_format : {"table", "csv", "json"}
        `table` is rounded and cut for people, the others are exact and whole.
    features : bool
        Also list the features themselves.
    p, adj_p : float, optional
        Thresholds for both runs in place of their own. Rebounds are left out then, as they have
        rules of their own.
    only : str, optional
        One analysis.

    Raises
    ------
    InputError
        The folders cannot be read, are the same or have nothing in common; or an option is wrong.
    """
    given = given_thresholds(p, adj_p)
    out = sys.stdout.buffer
    with opened(first, second) as (a, b):
        found = survey(a, b, only=only, rebounds=given is None)
        if output_format == "table":
            lists, changed = [], []
            for difference, table in compared(a, b, found, given, FEATURES_SHOWN * features):
                lists.append(difference)
                changed.append((difference.name, table))
            out.write(report((described(a), described(b)), found, lists, changed).encode())
        else:
            each = compared(a, b, found, given, None if features else 0)
            if output_format == "json":
                folders = {"a": str(a.home.root), "b": str(b.home.root)}
                write_json({"runs": folders}, found, each, out, features=features)
            elif features:
                write_features_csv(each, out)
            else:
                write_lists_csv(found, each, out)
    out.flush()
