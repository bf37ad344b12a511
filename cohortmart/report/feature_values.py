"""Values of features: those of people at every timepoint, and the means of their groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import pyarrow as pa

from cohortmart.core.study.kinds import CONTINUOUS, Kind
from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.source import Source

_STRATUM = (
    """nullif(concat_ws(', ', nullif({table}.cell_type, ''), nullif({table}.visit_key, '')), '')"""
)
_OF_PEOPLE = f"""
    select v.{{feature}} as feature_id, 'person' as kind, s.subject, s.study_group,
        {_STRATUM.format(table="s")} as stratum, s.timepoint,
        min(s.visit_order) as visit_order, avg(v.{{value}}) as value,
        cast(null as double) as low, cast(null as double) as high, cast(1 as bigint) as n
    from {{view}} as v
    inner join shown_sample as s on v.sample_id = s.sample_id
    where v.assay = $assay and v.{{feature}} {{features}} and v.{{value}} is not null
        and v.sample_id in (select sample_id from design_matrix where analysis = $analysis)
    group by all
"""
_OF_GROUPS = f"""
    select g.{{feature}} as feature_id, 'mean' as kind, '' as subject, g.study_group,
        {_STRATUM.format(table="g")} as stratum, g.timepoint,
        g.visit_order, g.mean_{{value}} as value, g.ci_low as low, g.ci_high as high,
        cast(g.n_subjects as bigint) as n
    from {{view}} as g
    where g.analysis = $analysis and g.{{feature}} {{features}}
        and g.mean_{{value}} is not null and g.n_subjects >= {{fewest}}
"""
#: So many features are asked for one by one: DuckDB takes `=` to every table of a view, where
#: `in` has it read all names of the study.
_FEW = 8


class Measured(Protocol):
    """An analysis and what it measured."""

    @property
    def analysis(self) -> str:
        """Its name."""

    @property
    def assay(self) -> str:
        """What was measured."""

    @property
    def kind(self) -> Kind:
        """Of the assay."""

    @property
    def unit(self) -> str:
        """Of the changes."""

    @property
    def is_beta(self) -> bool:
        """Whether features are CpGs."""


def axis_title(of: Measured) -> str:
    """Return the title of an axis of values: `Expression (log2 CPM)`."""
    return of.kind.axis if of.kind.name != CONTINUOUS else f"Value ({of.unit})"


def people_and_means(
    source: Source,
    of: Measured,
    features: Sequence[str],
    *,
    only: Literal["person", "mean"] | None = None,
) -> pa.Table | None:
    """Return people's own values, where they may be shown, and the groups' means.

    Parameters
    ----------
    source : Source
    of : Measured
    features : sequence of str
        Ids, in the order in which they are shown.
    only : {"person", "mean"}, optional
        One kind of rows, which takes less time than both; means where people may not be shown.

    Returns
    -------
    pyarrow.Table or None
        panel (place of the feature, from 1), feature_id, kind (person | mean), line (one of a
        line), study_group, stratum, timepoint, visit_order, value, low, high and n; None where
        the values of the analysis are not in the warehouse.
    """
    if not features or not source.is_there(of.kind.groups, "design_matrix"):
        return None
    parts = [[feature] for feature in features] if len(features) <= _FEW else [list(features)]
    rows = [_rows(source, of, part, features, only) for part in parts]
    return pa.concat_tables(rows)


def _rows(
    source: Source, of: Measured, part: Sequence[str], features: Sequence[str], only: str | None
) -> pa.Table:
    """Return the rows of a part of the features, numbered by their places among all."""
    among = f"= {literal(part[0])}" if len(part) == 1 else f"in ({', '.join(map(literal, part))})"
    names = {"feature": of.kind.feature_column, "value": of.kind.value, "features": among}
    params: dict[str, Any] = {"analysis": of.analysis, "shown": list(features)}
    # a mean of one is that person's value
    fewest = 2 if source.pseudonymised else 1
    parts = []
    if only != "person" or source.pseudonymised:
        parts.append(_OF_GROUPS.format(view=of.kind.groups, fewest=fewest, **names))
    if only != "mean" and not source.pseudonymised:
        params["assay"] = of.assay
        parts.append(_OF_PEOPLE.format(view=of.kind.visits, **names))
    rows = " union all by name ".join(f"({part})" for part in parts)
    return source.table(
        "select *, concat_ws(' | ', kind, subject, study_group, stratum) as line, "
        f"cast(list_position($shown, feature_id) as integer) as panel from ({rows}) "
        "order by panel, kind, line, visit_order, timepoint",
        params,
    )
