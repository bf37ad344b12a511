"""What the page of a contrast asks for while it is shown: counts, pages of rows, files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from cohortmart.core.rows.plain_values import json_value
from cohortmart.core.text import counted
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.contrast.held import held
from cohortmart.explore.answers.contrast.limits import Limits, moved_limits
from cohortmart.explore.answers.contrast.names import with_names
from cohortmart.explore.answers.contrast.rows import (
    Counts,
    chosen_rows,
    counts_of,
    page_of_rows,
    rows_query,
)
from cohortmart.explore.answers.contrast.wished import ContrastMeant, contrast_meant
from cohortmart.explore.answers.downloads import Wished
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.view import Wanted

#: How a feature that is found is marked; what is not found is not.
_MARKS = {"up": "\u25b2 up", "down": "\u25bc down"}


def contrast_counts(explored: Explored, wanted: Wanted) -> Mapping[str, Any]:
    """Return how many features are found, and that in words, under the thresholds of an address."""
    with _meant(explored, wanted) as (asked, meant, limits), held(explored, asked, meant) as found:
        counts = counts_of(asked, found, limits)
        return {"up": counts.up, "down": counts.down, "n": counts.n,
                "words": found_words(meant, counts, limits)}  # fmt: skip


def contrast_rows(explored: Explored, wanted: Wanted) -> Mapping[str, Any]:
    """Return a page of rows that an address chooses, and how many there are."""
    with _meant(explored, wanted) as (asked, meant, limits), held(explored, asked, meant) as found:
        rows, n = page_of_rows(asked, meant, found, limits, chosen_rows(wanted))
        named = marked(with_names(asked, meant, found.names, rows))
        values = [{k: json_value(v) for k, v in row.items()} for row in named.to_pylist()]
        return {"n": n, "rows": values}


def contrast_download(explored: Explored, wanted: Wanted) -> Wished:
    """Return all rows that an address chooses, for a file."""
    with _meant(explored, wanted) as (asked, meant, limits):
        query, params = rows_query(asked, meant, limits, chosen_rows(wanted))
        return Wished(f"{meant.analysis}_{meant.contrast}", query, params)


def found_words(meant: ContrastMeant, counts: Counts, limits: Limits) -> str:
    """Say how many features are found, and what that means."""
    return (
        f"{counts.found:,} of {counted(counts.n, meant.manner.noun)} found ({limits.words}): "
        f"{counts.up:,} up, {counts.down:,} down."
    )


def marked(rows: pa.Table) -> pa.Table:
    """Return rows with `found`, a mark where a feature is found."""
    marks = [_MARKS.get(direction, "") for direction in rows["direction"].to_pylist()]
    return rows.append_column("found", pa.array(marks, pa.string()))


@contextmanager
def _meant(explored: Explored, wanted: Wanted) -> Iterator[tuple[Asked, ContrastMeant, Limits]]:
    with explored.asked() as asked:
        meant = contrast_meant(asked, wanted.get("analysis", ""), wanted.get("contrast", ""))
        yield asked, meant, moved_limits(meant.row, wanted, of_probes=meant.manner.of_probes)
