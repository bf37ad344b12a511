"""Features gained and lost between the lists of two runs, with why each came or went."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from cohortmart.app.diff.lists import NUMBERS, REBOUND_NUMBERS, ListName, Rule, found_condition
from cohortmart.app.diff.runs import MEMORY_LIMIT

#: Why a feature is in one list and not in the other, see `ListDifference`.
REASONS = ("threshold", "numbers", "adjustment", "not_tested")

_RULE = pa.schema(
    [(n, pa.float64()) for n in ("p", "adj_p", "delta_beta", "log_fc")] + [("preset", pa.string())]
)
#: One row a feature of either run; found in b and not in a is gained. Nothing is kept between
#: the queries, as hundreds of thousands of names cost more to copy than to read again.
_JOINED = """
    with
    paired as (
        select
            coalesce(a.feature_id, b.feature_id) as feature_id,
            a.log_fc as log_fc_a, b.log_fc as log_fc_b, a.t as t_a, b.t as t_b,
            a.p_value as p_value_a, b.p_value as p_value_b,
            a.adj_p_value as adj_p_value_a, b.adj_p_value as adj_p_value_b,
            a.delta_beta as delta_beta_a, b.delta_beta as delta_beta_b,
            a.p_value is not null as tested_a, b.p_value is not null as tested_b,
            a.feature_id is not null and {a_by_a} as found_a,
            b.feature_id is not null and {b_by_b} as found_b,
            a.feature_id is not null and {a_by_b} as a_by_b,
            b.feature_id is not null and {b_by_a} as b_by_a,
            {same_numbers} as same_numbers
        from {a_and_b}
        cross join rule_a
        cross join rule_b
    ),
    joined as (
        select
            *,
            case
                when found_b and not found_a then 'gained'
                when found_a and not found_b then 'lost'
                when found_a and found_b and log_fc_a * log_fc_b < 0e0 then 'turned'
            end as change,
            case
                when found_a = found_b then null
                when not (tested_a and tested_b) then 'not_tested'
                when (found_b and a_by_b) or (found_a and b_by_a) then 'threshold'
                when same_numbers then 'adjustment'
                else 'numbers'
            end as reason
        from paired
    )
"""
_SUMMARY = """
    select
        count(*) filter (where tested_a) as n_tested_a,
        count(*) filter (where tested_b) as n_tested_b,
        count(*) filter (where tested_a and tested_b) as n_tested_both,
        count(*) filter (where found_a) as n_found_a, count(*) filter (where found_b) as n_found_b,
        count(*) filter (where change = 'gained') as n_gained,
        count(*) filter (where change = 'lost') as n_lost,
        count(*) filter (where change = 'turned') as n_turned,
        {reasons},
        count(*) filter (
            where tested_a and tested_b
            and not (same_numbers and adj_p_value_a is not distinct from adj_p_value_b)
        ) as n_numbers_differ,
        corr(log_fc_a, log_fc_b) filter (isfinite(log_fc_a) and isfinite(log_fc_b)) as r_log_fc,
        max(abs(log_fc_a - log_fc_b)) as largest_log_fc_difference,
        max(abs(t_a - t_b)) as largest_t_difference
    from joined
"""
_FEATURES = """
    select * exclude (place)
    from (
        select
            $1::varchar as analysis, $2::varchar as kind, $3::varchar as name,
            nullif($4::varchar, '') as study_group, change, reason, feature_id,
            null::varchar as feature_name, log_fc_a, log_fc_b, t_a, t_b, p_value_a, p_value_b,
            adj_p_value_a, adj_p_value_b,
            delta_beta_a, delta_beta_b,
            row_number() over (
                partition by change
                order by
                    case change when 'lost' then p_value_a else p_value_b end nulls last,
                    feature_id
            ) as place
        from joined
        where change is not null
    )
    where $5::bigint is null or place <= $5::bigint
    order by change, place
"""
FEATURES = pa.schema(
    [
        (n, pa.string())
        for n in (
            "analysis",
            "kind",
            "name",
            "study_group",
            "change",
            "reason",
            "feature_id",
            "feature_name",
        )
    ]
    + [
        (f"{n}_{run}", pa.float64())
        for n in ("log_fc", "t", "p_value", "adj_p_value", "delta_beta")
        for run in "ab"
    ]
)


@dataclass(frozen=True)
class ListDifference:
    """How one list of features differs between run A and run B.

    A reason is given to each feature that came or went, the first that holds: `not_tested` (the
    other run has no P value for it), `threshold` (by the thresholds of the run that lists it, the
    other run's numbers would list it, too), `adjustment` (only the adjusted P value moved),
    `numbers` (effect or P value moved). The effect of a rebound is its amplitude.

    Parameters
    ----------
    name : ListName
    rule_a, rule_b : Rule
        What counts as found.
    n_samples_a, n_samples_b : int or None
        Samples the contrast stands on.
    n_tested_a, n_tested_b, n_tested_both : int
        Features with a P value.
    n_found_a, n_found_b, n_gained, n_lost : int
        Gained: found in B and not in A.
    n_turned : int
        Found in both, in opposite directions.
    reasons : dict of str to int
        `gained_threshold`, `lost_numbers` and so on: gained and lost for each of `REASONS`.
    n_numbers_differ : int
        Features tested in both of which any number differs in any bit.
    r_log_fc : float or None
        Correlation of the effects of the features in both.
    largest_log_fc_difference, largest_t_difference : float or None
        Largest absolute difference over the features in both.
    """

    name: ListName
    rule_a: Rule
    rule_b: Rule
    n_samples_a: int | None
    n_samples_b: int | None
    n_tested_a: int
    n_tested_b: int
    n_tested_both: int
    n_found_a: int
    n_found_b: int
    n_gained: int
    n_lost: int
    n_turned: int
    reasons: dict[str, int]
    n_numbers_differ: int
    r_log_fc: float | None
    largest_log_fc_difference: float | None
    largest_t_difference: float | None

    @property
    def same_list(self) -> bool:
        """Whether both runs found the same features, in the same directions."""
        return self.n_gained == self.n_lost == self.n_turned == 0

    @property
    def same(self) -> bool:
        """Whether nothing differs at all, tested features and every bit of a number included."""
        same_tested = self.n_tested_a == self.n_tested_b == self.n_tested_both
        return self.same_list and same_tested and self.n_numbers_differ == 0


class Comparison:
    """Compares one list at a time in a DuckDB of its own, so that memory does not grow."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._joined = ""

    def compare(
        self,
        name: ListName,
        numbers: tuple[pa.Table, pa.Table],
        rules: tuple[Rule, Rule],
        n_samples: tuple[int | None, int | None] = (None, None),
    ) -> ListDifference:
        """Compare a list of two runs, A first.

        Parameters
        ----------
        name : ListName
        numbers : pair of Table
            See `cohortmart.app.diff.lists.numbers_of`.
        rules : pair of Rule
            What counts as found.
        n_samples : pair of int or None
        """
        given = dict(zip(("numbers_a", "numbers_b"), numbers, strict=True))
        for label, rule in zip("ab", rules, strict=True):
            row = {**rule.thresholds, "preset": rule.preset}
            given[f"rule_{label}"] = pa.Table.from_pylist([row], schema=_RULE)
        for relation, table in given.items():
            self._con.register(relation, table)
        self._joined = _joined(name, numbers)
        query = self._joined + _SUMMARY.format(reasons=_counted_reasons())
        counted = self._con.sql(query).to_arrow_table().to_pylist()[0]
        reasons = {
            n: counted.pop(n) for n in list(counted) if n.split("_")[0] in ("gained", "lost")
        }
        counted["r_log_fc"] = _correlation(counted["r_log_fc"])
        return ListDifference(name, *rules, *n_samples, reasons=reasons, **counted)

    def features(self, name: ListName, most: int | None = None) -> pa.Table:
        """Return the features of the list compared last that changed, the surest first.

        Parameters
        ----------
        name : ListName
            Of that list.
        most : int, optional
            Not more than so many of each change.

        Returns
        -------
        Table
            With the columns of `FEATURES`; `change` is gained, lost or turned, `feature_name`
            null: see `cohortmart.app.diff.names.with_names`.
        """
        key = [name.analysis, name.kind, name.name, name.study_group]
        rows = self._con.sql(self._joined + _FEATURES, params=[*key, most])
        return rows.to_arrow_table().cast(FEATURES)


@contextmanager
def comparison() -> Iterator[Comparison]:
    """Open a DuckDB in memory to compare lists in."""
    con = duckdb.connect(":memory:", config={"memory_limit": MEMORY_LIMIT})
    try:
        con.execute("set enable_progress_bar = false")
        yield Comparison(con)
    finally:
        con.close()


def _correlation(r: float | None) -> float | None:
    """Return a correlation without its rounding errors; None where nothing varies."""
    return None if r is None or math.isnan(r) else max(-1.0, min(1.0, r))


def _joined(name: ListName, numbers: tuple[pa.Table, pa.Table]) -> str:
    """Return the SQL of `joined`."""
    conditions = {f"{a}_by_{b}": found_condition(name, a, f"rule_{b}") for a in "ab" for b in "ab"}
    columns = NUMBERS + (REBOUND_NUMBERS if name.kind == "rebound" else ())
    # two runs of one version have their features in the same order, which saves the join
    in_order = numbers[0]["feature_id"].equals(numbers[1]["feature_id"])
    return _JOINED.format(
        **conditions,
        same_numbers=" and ".join(f"a.{c} is not distinct from b.{c}" for c in columns),
        a_and_b="numbers_a as a positional join numbers_b as b"
        if in_order
        else "numbers_a as a full join numbers_b as b on a.feature_id = b.feature_id",
    )


def _counted_reasons() -> str:
    return ", ".join(
        f"count(*) filter (where change = '{change}' and reason = '{reason}') as {change}_{reason}"
        for change in ("gained", "lost")
        for reason in REASONS
    )
