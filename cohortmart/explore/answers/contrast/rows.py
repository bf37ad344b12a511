"""Rows of a contrast: counted, filtered, sorted and turned over in pages, by DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.contrast.held import Held
from cohortmart.explore.answers.contrast.limits import DIRECTION, IS_FOUND, LIMITS, Limits
from cohortmart.explore.answers.contrast.names import called
from cohortmart.explore.answers.contrast.wished import ContrastMeant
from cohortmart.explore.answers.view import Wanted, number, picked

#: Rows of a page of the table.
PAGE = 25
#: What rows are sorted by, and how they begin where the reader turns to it.
SORTS: Mapping[str, str] = {
    "p_value": "p_value",
    "adj_p_value": "adj_p_value",
    "log_fc": "log_fc",
    "delta_beta": "delta_beta",
    "ave_expr": "ave_expr",
    "feature_id": "feature_id",
}
_MOST_LETTERS = 200
#: Who wants to see further down takes a file, or sorts the other way.
_MOST_SKIPPED = 100_000
_COUNTS = f"""
select
    count(*) as n,
    count(*) filter (where {IS_FOUND} and r.log_fc > 0) as up,
    count(*) filter (where {IS_FOUND} and not r.log_fc > 0) as down
from {{table}} as r
cross join {LIMITS}
"""
_COLUMNS = f"""
    r.feature_id, r.log_fc, r.log_fc - r.half as ci_low, r.log_fc + r.half as ci_high, r.p_value,
    r.adj_p_value, r.delta_beta, cast(r.ave_expr as double) as ave_expr,
    {DIRECTION} as direction
"""
#: All rows of a choice, from the tables that analysts see. Takes $analysis, $contrast.
_WHOLE = f"""
select
    r.feature_id, r.feature_name, r.log_fc, r.ci_low, r.ci_high, r.p_value, r.adj_p_value,
    r.delta_beta, r.ave_expr, {DIRECTION} as direction
from fct_contrast_result as r
cross join {LIMITS}
where
    r.analysis = $analysis and r.contrast = $contrast and r.p_value is not null
    and isfinite(r.log_fc) and {{where}}
order by {{order}}
"""


@dataclass(frozen=True)
class Counts:
    """Features of a contrast: all that were tested, and those found up and down."""

    n: int
    up: int
    down: int

    @property
    def found(self) -> int:
        """How many are found."""
        return self.up + self.down


@dataclass(frozen=True)
class Choice:
    """Which rows are wanted, and in which order.

    Parameters
    ----------
    typed : str
        What ids or names have in them.
    only_found : bool
    sort : str
        A column of `SORTS`.
    falling : bool
    skipped : int
        Rows before the first.
    """

    typed: str = ""
    only_found: bool = False
    sort: str = "p_value"
    falling: bool = False
    skipped: int = 0

    @property
    def order(self) -> str:
        """The SQL of the order; equal rows stand by their id."""
        way = "desc" if self.falling else "asc"
        return f"r.{SORTS[self.sort]} {way} nulls last, r.feature_id"


def chosen_rows(wanted: Wanted) -> Choice:
    """Return which rows an address wants.

    Parameters
    ----------
    wanted : mapping of str to str
        `q`, `found`, `sort`, `falling` and `skipped`; what is not there or not known is left out.
    """
    return Choice(
        " ".join(wanted.get("q", "").split()).lower()[:_MOST_LETTERS],
        wanted.get("found") == "1",
        picked(wanted, "sort", list(SORTS), "p_value"),
        wanted.get("falling") == "1",
        int(number(wanted, "skipped", 0, 0, _MOST_SKIPPED)),
    )


def limit_params(limits: Limits) -> dict[str, Any]:
    """Return the values of `LIMITS`."""
    return asdict(limits)


def counts_of(asked: Asked, found: Held, limits: Limits) -> Counts:
    """Count the features of a contrast.

    Parameters
    ----------
    asked : Asked
    found : Held
        Its numbers.
    limits : Limits
    """
    return Counts(**asked.rows(_COUNTS.format(table=found.table), limit_params(limits))[0])


def page_of_rows(
    asked: Asked, meant: ContrastMeant, found: Held, limits: Limits, choice: Choice
) -> tuple[pa.Table, int]:
    """Return a page of rows, and how many there are of the choice.

    Parameters
    ----------
    asked, meant, found, limits, choice
        What is asked for, of which contrast, where its numbers are, and which of them.
    """
    where, params = _where(asked, meant, limits, choice)
    base = f"from {found.table} as r cross join {LIMITS} where {where}"
    n = asked.rows(f"select count(*) as n {base}", params)[0]["n"]
    if choice == Choice() and found.frame is not None and n > PAGE:
        base += " and r.p_value <= $p_top"  # the strongest are few: the others are not sorted
        params |= {"p_top": found.frame["p_top"]}
    whole, keyed = rows_query(asked, meant, limits, choice)
    asked.note(f"{whole.rstrip()}\nlimit {PAGE}", keyed)
    rows = asked.table(
        f"select {_COLUMNS} {base} order by {choice.order} limit {PAGE} "
        f"offset {min(choice.skipped, n)}",
        params,
    )
    return rows, int(n)


def rows_query(
    asked: Asked, meant: ContrastMeant, limits: Limits, choice: Choice
) -> tuple[str, dict[str, Any]]:
    """Return the query of all rows of a choice with their names, and its parameters.

    Parameters
    ----------
    asked, meant, limits, choice
        As of `page_of_rows`.
    """
    where, params = _where(asked, meant, limits, choice)
    return _WHOLE.format(where=where, order=choice.order), params | meant.key


def _where(
    asked: Asked, meant: ContrastMeant, limits: Limits, choice: Choice
) -> tuple[str, dict[str, Any]]:
    conditions = ["true"]
    params = limit_params(limits)
    if choice.only_found:
        conditions.append(IS_FOUND)
    if choice.typed:
        conditions.append(called(asked, meant))
        params["typed"] = choice.typed
    return " and ".join(conditions), params
