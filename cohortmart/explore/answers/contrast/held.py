"""Contrasts that are held: the numbers of the last ones asked for, in DuckDB's memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa

from cohortmart.core.warehouse.quoting import literal
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.contrast.wished import ContrastMeant
from cohortmart.explore.answers.explored import Explored
from cohortmart.report.pages.contrasts.scan import POINTS
from cohortmart.report.pages.contrasts.sql import FRAMES, height
from cohortmart.report.pages.contrasts.words import Row

#: Each takes 45 MB at 840,000 features, and is made in half a second.
_MOST = 1
#: Squares along an axis of a cloud.
_BINS = 44
#: The numbers of a contrast; half of its interval and levels are only drawn or shown, and do
#: with seven digits.
_HELD = """
create or replace table {table} as
select
    feature_id, log_fc, p_value, adj_p_value, delta_beta, cast(ave_expr as float) as ave_expr,
    cast(ci_quantile * se as float) as half
from staging.stg_results__contrast_results
where
    analysis = $analysis and contrast = $contrast and p_value is not null and isfinite(log_fc)
"""
#: Under the name from which the report computes how far its clouds reach.
_RESULTS = """
create or replace temp view fct_contrast_result as
select
    {analysis} as analysis, {contrast} as contrast, feature_id, log_fc, ave_expr, p_value,
    adj_p_value
from {table}
"""
_DRAWN = """
create or replace temp table drawn_contrast as
select
    d.analysis, d.contrast, s.threshold_p, s.threshold_adj_p, s.threshold_delta_beta,
    s.threshold_log_fc, 1 as place, true as in_page, false as in_file
from dim_contrast as d
inner join contrast_summary as s on s.analysis = d.analysis and s.contrast = d.contrast
where d.analysis = $analysis and d.contrast = $contrast
"""


#: The squares of a row `r`; takes $x_width, $y_width, $m_width.
PLACES = f"""
        cast(floor(r.log_fc / $x_width) as integer) as x,
        cast(floor({height("r.p_value")} / $y_width) as integer) as y,
        cast(floor(r.ave_expr / $m_width) as integer) as m"""
_SQUARES = f"""
with placed as (select {PLACES} from {{table}} as r)
select 'volcano' as picture, x as i, y as j, count(*) as n from placed group by all
union all
select 'mean-difference', m, x, count(*) from placed where m is not null group by all
order by all
"""


@dataclass(eq=False)
class Held:
    """A contrast in memory.

    Parameters
    ----------
    table : str
        feature_id, log_fc, p_value, adj_p_value, delta_beta, ave_expr, half (of the interval):
        of each feature with a P value and a finite change.
    frame : mapping or None
        How far its clouds reach, a row of `contrast_frame`; None where it has no feature.
    squares : pyarrow.Table or None
        picture, i, j, n: features in each square of a cloud, whatever is found.
    names : dict of str to str
        What features that were shown are called.
    users : int
        Views that read it now.
    """

    table: str
    frame: Row | None
    squares: pa.Table | None
    names: dict[str, str] = field(default_factory=dict)
    users: int = 0


@dataclass(eq=False)
class _Shelf:
    lock: threading.Lock = field(default_factory=threading.Lock)
    held: dict[tuple[str, str], Held] = field(default_factory=dict)
    n_made: int = 0


@contextmanager
def held(explored: Explored, asked: Asked, meant: ContrastMeant) -> Iterator[Held]:
    """Give the numbers of a contrast; they stay at least until the context ends.

    Parameters
    ----------
    explored : Explored
    asked : Asked
        Its cursor sees the table.
    meant : ContrastMeant
    """
    shelf = explored.kept("contrasts held", lambda _: _Shelf())
    with shelf.lock:
        found = shelf.held.pop(_key(meant), None) or _made(shelf, asked, meant)
        shelf.held[_key(meant)] = found  # the last asked for stands last
        found.users += 1
    try:
        yield found
    finally:
        with shelf.lock:
            found.users -= 1
            for key in [k for k, h in shelf.held.items() if h.users == 0]:
                if len(shelf.held) > _MOST:
                    asked.con.execute(f"drop table if exists {shelf.held.pop(key).table}")


def _key(meant: ContrastMeant) -> tuple[str, str]:
    return meant.analysis, meant.contrast


def _made(shelf: _Shelf, asked: Asked, meant: ContrastMeant) -> Held:
    shelf.n_made += 1
    table = f"memory.main.held_contrast_{shelf.n_made}"
    asked.con.execute(_HELD.format(table=table), meant.key)
    key = {name: literal(value) for name, value in meant.key.items()}
    asked.con.execute(_RESULTS.format(table=table, **key))
    asked.con.execute(_DRAWN, meant.key)
    asked.con.execute(FRAMES, {"analysis": meant.analysis, "top": POINTS, "bins": _BINS})
    frames = asked.con.sql("from contrast_frame").to_arrow_table().to_pylist()
    if not frames:
        return Held(table, None, None)
    widths = {name: frames[0][name] for name in ("x_width", "y_width", "m_width")}
    squares = asked.con.sql(_SQUARES.format(table=table), params=widths).to_arrow_table()
    return Held(table, frames[0], squares)
