"""Samples that differ between two runs: there or not, described otherwise, filtered or not."""

from __future__ import annotations

from typing import Any

from cohortmart.app.diff.flat import differences
from cohortmart.app.diff.inputs import Difference
from cohortmart.app.diff.runs import Run

_SAMPLES = "select * from dim_sample order by sample_id"
_DROPPED = """
    select sample_id, assay, filter_reason from qc_sample
    where filter_reason is not null order by sample_id, assay
"""


def sample_differences(a: Run, b: Run) -> list[Difference]:
    """Compare the samples of two runs, those that only one has first.

    Parameters
    ----------
    a, b : Run
    """
    left, right = _samples(a), _samples(b)
    found = [
        Difference(
            sample, "sample", *("present" if sample in side else None for side in (left, right))
        )
        for sample in sorted(left.keys() ^ right.keys())
    ]
    columns = _columns(left) & _columns(right)
    for side, other, labels in ((left, right, ("present", None)), (right, left, (None, "present"))):
        found += [
            Difference("all samples", f"column {name}", *labels)
            for name in sorted(_columns(side) - columns)
            if other
        ]
    for sample in sorted(left.keys() & right.keys()):
        rows = _only(left[sample], columns), _only(right[sample], columns)
        found += [Difference(sample, *what) for what in differences(*rows)]
    return found


def _samples(run: Run) -> dict[str, dict[str, Any]]:
    rows = {row["sample_id"]: row for row in run.rows(_SAMPLES)}
    for dropped in run.rows(_DROPPED):
        if dropped["sample_id"] in rows:
            reason = f"{dropped['assay']} dropped"
            rows[dropped["sample_id"]][reason] = dropped["filter_reason"]
    return rows


def _columns(samples: dict[str, dict[str, Any]]) -> set[str]:
    """Names of the columns of `dim_sample`; the reasons of filters are no columns."""
    return {c for row in samples.values() for c in row if not c.endswith(" dropped")}


def _only(row: dict[str, Any], columns: set[str]) -> dict[str, Any]:
    return {c: v for c, v in row.items() if c in columns or c.endswith(" dropped")}
