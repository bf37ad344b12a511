"""Results of a list in the contrasts of an analysis, and the order in which it is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from cohortmart.core.warehouse.macros import rendered
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.results import results_of
from cohortmart.report.pages.overview.features import Analysed

Row = dict[str, Any]

#: Rows of a picture at most.
MOST_DRAWN = 60
_VALUES = ("log_fc", "t", "p_value", "adj_p_value")
#: As deg and dmp count what is found.
_FOUND = f"""
    select r.*, case
        when t.analysis is null or not coalesce({rendered("is_found", "r", "t")}, false) then 0
        when r.log_fc > 0 then 1 else -1 end as found
    from list_result as r
    left join staging.stg_results__thresholds as t on t.analysis = $analysis
    where r.p_value is not null
    order by r.contrast, r.feature_id
"""


def list_results(
    explored: Explored,
    asked: Asked,
    of: Analysed,
    features: Sequence[str],
    contrasts: Iterable[str],
) -> list[Row]:
    """Return the tests of features: contrast, feature_id, log_fc, t, P values and found.

    Parameters
    ----------
    explored : Explored
    asked : Asked
    of : Analysed
    features : sequence of str
    contrasts : iterable of str
        Those that are shown; others have no row.
    """
    if not features:
        return []
    values = (*_VALUES, "delta_beta") if of.is_beta else _VALUES
    rows = results_of(explored, asked, of.analysis, list(features), values)
    if not of.is_beta:
        rows = rows.append_column("delta_beta", pa.nulls(rows.num_rows, pa.float64()))
    asked.con.register("list_result", rows)
    tested = asked.con.sql(_FOUND, params={"analysis": of.analysis}).to_arrow_table()
    asked.con.unregister("list_result")
    shown = set(contrasts)
    return [row for row in tested.to_pylist() if row["contrast"] in shown]


def signs(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Return by contrast and feature whether it is found: 1 up, -1 down, 0 not."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["contrast"], {})[row["feature_id"]] = row["found"]
    return found


def drawn(rows: Sequence[Row], contrasts: Sequence[str]) -> list[str]:
    """Return the features that are drawn: those with the smallest P, alike ones side by side.

    Parameters
    ----------
    rows : sequence of mapping
        As `list_results` gives them.
    contrasts : sequence of str

    Notes
    -----
    Ordered by average linkage of their moderated t, the leaves so that neighbours are near
    (Bar-Joseph, Gifford & Jaakkola 2001, doi 10.1093/bioinformatics/17.suppl_1.S22).
    """
    best: dict[str, float] = {}
    for row in rows:
        best[row["feature_id"]] = min(row["p_value"], best.get(row["feature_id"], 1.0))
    chosen = sorted(sorted(best, key=lambda feature: (best[feature], feature))[:MOST_DRAWN])
    return _alike(chosen, rows, contrasts)


def _alike(features: list[str], rows: Sequence[Row], contrasts: Sequence[str]) -> list[str]:
    if len(features) < 3 or not contrasts:
        return features
    from scipy.cluster.hierarchy import leaves_list, linkage

    down, across = ({name: i for i, name in enumerate(names)} for names in (features, contrasts))
    t = np.zeros((len(features), len(contrasts)))
    for row in rows:
        if row["feature_id"] in down and row["t"] is not None and np.isfinite(row["t"]):
            t[down[row["feature_id"]], across[row["contrast"]]] = np.clip(row["t"], -50, 50)
    order = leaves_list(linkage(t, "average", optimal_ordering=True))
    if t[order[0]].sum() < t[order[-1]].sum():
        order = order[::-1]  # what rises stands above
    return [features[i] for i in order]


def of_features(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    """Return the tests of each feature."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["feature_id"], []).append(row)
    return found
