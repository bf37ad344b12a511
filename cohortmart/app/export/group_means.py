"""Group means: what stands in place of the values of samples in a pseudonymised export."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.app.export.selection import Selection

#: Tables with a mean for each feature, group and visit.
MEANS = ("group_expression", "group_methylation", "group_measurement")


def group_means(chosen: Selection, table: str) -> pa.Table:
    """Return the means over two people or more, ordered; no rows where there is no such table.

    Parameters
    ----------
    chosen : Selection
    table : str
        One of `MEANS`.
    """
    if not chosen.source.is_there(table):
        return pa.table({})
    found = chosen.source.table(
        f"select * from {table} where n_subjects >= 2 and list_contains($1, analysis) order by all",
        [list(chosen.analyses)],
    )
    shown = pa.array([chosen.words(name) for name in found["analysis"].to_pylist()], pa.string())
    return found.set_column(0, "analysis", shown)
