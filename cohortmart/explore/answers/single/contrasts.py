"""Contrasts of a feature: its estimate in each of every analysis, drawn and listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cohortmart.core.text import counted
from cohortmart.explore.answers.addresses import contrast_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.results import results_of
from cohortmart.explore.answers.single.analyses import analyses
from cohortmart.explore.answers.single.dots import CELL_WIDTH, dots_with_intervals
from cohortmart.explore.answers.single.rebounds import rebounds_of
from cohortmart.report.blocks import Block, Column, Figure, Table

_VALUES = ("log_fc", "ci_low", "ci_high", "p_value", "adj_p_value", "delta_beta", "found")
_SENSITIVITY = """
    select analysis, contrast, feature_id, count(*) as n,
        count(case when holds then 1 end) as held
    from fct_sensitivity
    where feature_id in (select unnest($features::varchar[]))
        and variant_order > 0 and fault is null
    group by all
    order by analysis, contrast, feature_id
"""
_SCHEMA = pa.schema(
    [("analysis", pa.string()), ("contrast", pa.string()), ("feature", pa.string()),
     ("meaning", pa.string()), ("unit", pa.string()), ("place", pa.int64()),
     ("panel", pa.int64()), ("log_fc", pa.float64()), ("ci_low", pa.float64()),
     ("ci_high", pa.float64()), ("delta_beta", pa.float64()), ("p_value", pa.float64()),
     ("adj_p_value", pa.float64()), ("found", pa.string()), ("rebound", pa.string()),
     ("sensitivity", pa.string())]
)  # fmt: skip


def contrast_rows(
    explored: Explored, asked: Asked, features: Mapping[str, Mapping[str, str]]
) -> pa.Table:
    """Return the results of features in every contrast of every analysis.

    Parameters
    ----------
    explored : Explored
    asked : Asked
    features : mapping of str to mapping
        As of `course_figures`.

    Returns
    -------
    pyarrow.Table
        A row an analysis, contrast and feature, smallest P first: what `contrast_blocks` shows.
    """
    known = analyses(explored)
    of = [one for assay in features for one in known.of_assay(assay)]
    ids = sorted({i for those in features.values() for i in those})
    rebounds = rebounds_of(explored, asked, [one.analysis for one in of], ids)
    held = {(r["analysis"], r["contrast"], r["feature_id"]): r
            for r in asked.rows(_SENSITIVITY, {"features": ids})}  # fmt: skip
    rows: list[dict[str, Any]] = []
    for panel, one in enumerate(of):
        about = {c["contrast"]: c for c in known.contrasts.get(one.analysis, ())}
        for row in results_of(
            explored, asked, one.analysis, list(features[one.assay]), _VALUES
        ).to_pylist():
            key = (one.analysis, row["contrast"], row["feature_id"])
            contrast = about.get(row["contrast"], {})
            rows.append(
                row
                | {"analysis": one.analysis, "unit": one.unit, "panel": panel,
                   "feature": features[one.assay][row["feature_id"]],
                   "meaning": contrast.get("meaning"),
                   "place": contrast.get("contrast_order"),
                   "found": "yes" if row["found"] else "",
                   "rebound": "; ".join(rebounds.get(key, ())),
                   "sensitivity": _held(held.get(key))}
            )  # fmt: skip
    rows.sort(key=lambda r: (r["p_value"] is None, r["p_value"] or 0, r["panel"], r["place"] or 0))
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def contrast_blocks(rows: pa.Table, title: str) -> list[Block]:
    """Return the figure of contrasts and their table.

    Parameters
    ----------
    rows : pyarrow.Table
        As of `contrast_rows`.
    title : str
        What they are of.
    """
    if rows.num_rows == 0:
        return []
    rows = linked(rows, "address", contrast_address, "analysis", "contrast")
    several = len(set(rows["feature"].to_pylist())) > 1
    has_beta = rows["delta_beta"].null_count < rows.num_rows
    optional = [
        *([Column("feature", "Feature")] if several else []),
        Column("contrast", "Contrast", link="address"),
        Column("meaning", "Meaning"),
        Column("log_fc", "Change", "number"), Column("ci_low", "95 % from", "number"),
        Column("ci_high", "to", "number"),
        *([Column("delta_beta", "Delta beta", "number")] if has_beta else []),
        Column("p_value", "P", "p"), Column("adj_p_value", "Adjusted P", "p"),
        Column("found", "Found"),
        *(Column(name, label) for name, label in (("rebound", "Rebound"),
          ("sensitivity", "Sensitivity")) if any(rows[name].to_pylist())),
    ]  # fmt: skip
    table = Table(
        "contrasts",
        f"{title} in every contrast",
        "One row per analysis and contrast, smallest P first; changes in the unit of the "
        "analysis, as in the figure.",
        (Column("analysis", "Analysis"), *optional),
        rows,
    )
    return [contrast_figure(rows, title), table]


def contrast_figure(rows: pa.Table, title: str) -> Figure:
    """Return the contrasts of a feature as dots with intervals, a panel for each analysis."""
    data = rows.select(["analysis", "contrast", "meaning", "place", "panel", "log_fc", "ci_low",
                        "ci_high", "p_value", "adj_p_value", "found", "address"])  # fmt: skip
    panels = [
        " ".join(filter(None, (r["analysis"], r["feature"], f"({r['unit']})")))
        for r in rows.select(["analysis", "feature", "unit"]).to_pylist()
    ]
    data = data.append_column("panel_title", pa.array(panels, pa.string()))
    n_found = sum(value == "yes" for value in rows["found"].to_pylist())
    best = rows.slice(0, 1).to_pylist()[0]
    said = (
        f"{title}: found in {n_found} of {counted(rows.num_rows, 'contrast')}. Smallest P: "
        f"{best['contrast']} of {best['analysis']}"
        + (f", {best['log_fc']:+.2f} {best['unit']}" if best["log_fc"] is not None else "")
    )
    return Figure(
        "contrast-dots",
        f"{title}: found in {n_found} of {counted(rows.num_rows, 'contrast')}",
        "Estimates with 95 % intervals; filled: found. A point leads to its contrast.",
        f"{said}.",
        dots_with_intervals(max(Counter(panels).values())),
        {"contrasts": data.sort_by([("panel", "ascending"), ("place", "ascending")])},
        where="page",
        fit="columns",
        cell_width=CELL_WIDTH,
    )


def _held(row: Mapping[str, Any] | None) -> str:
    return "" if row is None else f"holds in {row['held']} of {row['n']}"
