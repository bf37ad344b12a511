"""Results by feature: estimates and P values of given features in the contrasts of an analysis."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from cohortmart.core.warehouse.macros import rendered
from cohortmart.core.warehouse.quoting import literal, literals
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.results.positions import POSITIONS, Layout, layouts
from cohortmart.report.source import Source

#: What is read of a result, and how it is made from the columns of the file.
VALUES = {
    "log_fc": "r.log_fc",
    "se": "r.se",
    "ci_low": "r.log_fc - r.ci_quantile * r.se",
    "ci_high": "r.log_fc + r.ci_quantile * r.se",
    "ave_expr": "r.ave_expr",
    "t": "r.log_fc / nullif(r.se, 0e0)",
    "df_total": "r.df_total",
    "p_value": "r.p_value",
    "adj_p_value": "r.adj_p_value",
    "b": "r.b",
    "delta_beta": "r.delta_beta",
    "found": "",  # by the thresholds of its analysis, see `_found`
}
#: Thresholds by the name that `is_found` gives them.
_LIMITS = ("p", "adj_p", "delta_beta", "log_fc")


def results_of(
    explored: Explored,
    asked: Asked,
    analysis: str,
    features: Sequence[str],
    values: Sequence[str],
    contrasts: Sequence[str] | None = None,
) -> pa.Table:
    """Return results of features, a row a contrast and feature, in the order of both.

    Parameters
    ----------
    explored : Explored
    asked : Asked
        The view's own; it shows the plain question on `fct_contrast_result`.
    analysis : str
    features : sequence of str
        Ids; those that were not tested have no row.
    values : sequence of str
        Of `VALUES`, few where time counts: each is read apart.
    contrasts : sequence of str, optional
        All of the analysis if not given.

    Returns
    -------
    pyarrow.Table
        contrast, feature_id and the values. Pseudonymised, contrasts of one person are left out.
    """
    plain = _plain(analysis, features, values, contrasts)
    layout = explored.kept("feature positions", layouts).get(analysis)
    if not features:  # the columns of no rows: nothing is read
        return asked.table(f"select * from ({plain}) limit 0", shown=plain)
    if layout is None:
        return asked.table(plain)
    wanted = _wanted_contrasts(asked, analysis, layout, contrasts)
    positions = asked.con.execute(
        f"select feature_id, position from {POSITIONS} "
        "where layout = $layout and feature_id in (select unnest($features::varchar[])) "
        "order by feature_id",
        {"layout": layout.number, "features": list(features)},
    ).fetchall()
    # a table of the cursor's own: numbers of rows are known before the file is read
    asked.con.execute(
        "create or replace temp table wanted_row as "
        "select c.contrast, f.feature_id, c.place * $n + f.position as number "
        "from (select unnest($contrasts::varchar[]) as contrast, "
        "unnest($places::bigint[]) as place) as c cross join "
        "(select unnest($ids::varchar[]) as feature_id, "
        "unnest($positions::bigint[]) as position) as f",
        {
            "n": layout.n,
            "contrasts": [layout.contrasts[k] for k in wanted],
            "places": wanted,
            "ids": [feature for feature, _ in positions],
            "positions": [position for _, position in positions],
        },
    )
    limits = limits_of(asked, analysis) if "found" in values else ""
    made = "".join(
        f", {_found(limits) if name == 'found' else VALUES[name]} as {name}" for name in values
    )
    return asked.table(
        f"select w.contrast, w.feature_id{made} "
        f"from read_parquet({literal(layout.file)}, file_row_number = true) as r "
        "inner join wanted_row as w on r.file_row_number = w.number "
        "order by w.contrast, w.feature_id",
        shown=plain,
    )


def _wanted_contrasts(
    asked: Asked, analysis: str, layout: Layout, contrasts: Sequence[str] | None
) -> list[int]:
    """Return the places of contrasts in the file."""
    hidden = hidden_contrasts(asked, analysis)
    return [
        place
        for place, contrast in enumerate(layout.contrasts)
        if contrast not in hidden and (contrasts is None or contrast in contrasts)
    ]


def hidden_contrasts(asked: Asked, analysis: str) -> set[str]:
    """Return the contrasts that are not shown: pseudonymised, the changes of a single person."""
    if not asked.pseudonymised:
        return set()
    rows = asked.con.execute(
        "select contrast from dim_contrast where analysis = ? and n_subjects < 2", [analysis]
    ).fetchall()
    return {contrast for (contrast,) in rows}


def limits_of(source: Source, analysis: str) -> str:
    """Return the thresholds of an analysis as a struct of SQL; of none no column is read."""
    named = ", ".join(f"threshold_{name}" for name in _LIMITS)
    rows = source.con.execute(
        f"select {named} from contrast_summary where analysis = ? limit 1", [analysis]
    ).fetchall()
    values = rows[0] if rows else (None,) * len(_LIMITS)
    parts = (
        f"'{name}': {'null' if value is None else repr(float(value))}::double"
        for name, value in zip(_LIMITS, values, strict=True)
    )
    return f"({{{', '.join(parts)}}})"


def _found(limits: str) -> str:
    return f"coalesce({rendered('is_found', 'r', limits)}, false)"


def _among(features: Sequence[str]) -> str:
    """Return the condition on features; of none no file is read."""
    return f"list_contains({literals(features)}, r.feature_id)" if features else "false"


def _plain(
    analysis: str,
    features: Sequence[str],
    values: Sequence[str],
    contrasts: Sequence[str] | None,
) -> str:
    """Return the question as an analyst asks it."""
    which = ""
    if contrasts is not None:
        which = f"\n    and list_contains({literals(contrasts)}, r.contrast)"
    named = ", ".join(
        f"{_found('s')} as found" if name == "found" else f"r.{name}" for name in values
    )
    limits = ", ".join(f"threshold_{name} as {name}" for name in _LIMITS)
    joined = (
        f"left join (select analysis, contrast, {limits} from contrast_summary) as s\n"
        "    on s.analysis = r.analysis and s.contrast = r.contrast\n"
        if "found" in values
        else ""
    )
    return (
        f"select r.contrast, r.feature_id, {named}\nfrom fct_contrast_result as r\n{joined}"
        f"where r.analysis = {literal(analysis)}\n"
        f"    and {_among(features)}{which}\n"
        "order by r.contrast, r.feature_id"
    )
