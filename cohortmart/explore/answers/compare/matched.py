"""Features of two contrasts, matched by their id or by the gene that they are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cohortmart.core.errors import InputError
from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS
from cohortmart.core.warehouse.quoting import literal
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.contrast.limits import IS_FOUND, limit_literals, own_limits
from cohortmart.explore.answers.contrast.wished import ContrastMeant

Way = Literal["feature", "gene"]

#: Not held in memory: two of them and what they share would take more than there is.
_RESULTS = """(
    select feature_id, log_fc, p_value, adj_p_value, delta_beta
    from staging.stg_results__contrast_results
    where analysis = {analysis} and contrast = {contrast} and p_value is not null
        and isfinite(log_fc)
)"""
#: Genes of features, by the kind of their assay.
_GENE = {
    COUNTS: "inner join dim_gene as g on g.gene_id = r.feature_id and g.gene_name is not null",
    CONTINUOUS: (
        "inner join dim_measure as g on g.feature_id = r.feature_id and g.assay = {assay} "
        "and g.gene_name is not null"
    ),
}
#: Up is 1, down -1 and not found 0: of 840,000 features a text each would take too much.
_SIGN = f"cast(case when not {IS_FOUND} then 0 when r.log_fc > 0 then 1 else -1 end as tinyint)"
_BY_ID = f"""
    select r.feature_id as name, r.feature_id, r.log_fc, r.p_value, {_SIGN} as direction
    from {{table}} as r cross join {{limits}}
"""
#: Of a gene with several features the one with the smallest P value.
_BY_GENE = f"""
    select g.gene_name as name, arg_min(r.feature_id, (r.p_value, r.feature_id)) as feature_id,
        arg_min(r.log_fc, (r.p_value, r.feature_id)) as log_fc, min(r.p_value) as p_value,
        arg_min({_SIGN}, (r.p_value, r.feature_id)) as direction
    from {{table}} as r cross join {{limits}} {{join}}
    group by g.gene_name
"""
_COMPARED = """
create or replace temp table compared as
select
    {named} a.feature_id, cast(a.log_fc as float) as x, cast(b.log_fc as float) as y,
    cast(ln(greatest(a.p_value, 1e-300)) + ln(greatest(b.p_value, 1e-300)) as float) as log_p,
    a.direction as first_direction, b.direction as second_direction
from ({first}) as a
inner join ({second}) as b on b.name = a.name
"""

#: The class of a feature of `compared`.
CLASS = """
    case
        when first_direction = 0 and second_direction = 0 then 'neither'
        when second_direction = 0 then 'first'
        when first_direction = 0 then 'second'
        when first_direction = second_direction then 'both'
        else 'opposite'
    end"""


@dataclass(frozen=True)
class Matched:
    """Features that two contrasts share.

    Parameters
    ----------
    way : {"feature", "gene"}
        What makes two features the same.
    n : int
        How many there are, in the temporary table `compared`.
    r : float or None
        Pearson correlation of the two changes.
    """

    way: Way
    n: int
    r: float | None


def matching_way(first: ContrastMeant, second: ContrastMeant) -> Way | None:
    """Return what makes features of two contrasts the same, None where nothing does.

    Parameters
    ----------
    first, second : ContrastMeant
    """
    kinds = {first.manner.kind.name, second.manner.kind.name}
    if first.assay == second.assay or (len(kinds) == 1 and CONTINUOUS not in kinds):
        return "feature"
    return None if BETA in kinds else "gene"


def match(asked: Asked, first: ContrastMeant, second: ContrastMeant) -> Matched:
    """Write the temporary table `compared` of the features that two contrasts share.

    Its columns are name (by gene only), feature_id (of the first), x and y (the changes), log_p
    (of the product of both P values), first_direction and second_direction: 1 up, -1 down, 0 not
    found.

    Parameters
    ----------
    asked : Asked
    first, second : ContrastMeant

    Raises
    ------
    InputError
        They measure things that cannot be the same.
    """
    way = matching_way(first, second)
    if way is None:
        raise InputError(
            f"a {first.manner.noun} cannot be compared with a {second.manner.noun}",
            hint="choose a contrast of the same kind of assay",
        )
    first_side, second_side = (_side(meant, way) for meant in (first, second))
    named = "" if way == "feature" else "a.name,"
    asked.con.execute(_COMPARED.format(named=named, first=first_side, second=second_side))
    n, r = asked.con.sql("select count(*), corr(x, y) from compared").fetchall()[0]
    return Matched(way, n, r if r is None or r == r else None)


def _side(meant: ContrastMeant, way: Way) -> str:
    """Return the features of a contrast by what makes them the same."""
    key = {name: literal(value) for name, value in meant.key.items()}
    limits = limit_literals(own_limits(meant.row))
    if way == "feature":
        return _BY_ID.format(table=_RESULTS.format(**key), limits=limits)
    join = _GENE[meant.manner.kind.name].format(assay=literal(meant.assay))
    return _BY_GENE.format(table=_RESULTS.format(**key), limits=limits, join=join)


def note_compared(asked: Asked, first: ContrastMeant, second: ContrastMeant, way: Way) -> None:
    """Keep the query that gives both changes from the tables that analysts see."""
    key = "feature_id" if way == "feature" else "feature_name"
    asked.note(
        f"""
        select a.{key}, a.log_fc as first_change, b.log_fc as second_change,
            a.adj_p_value as first_adj_p, b.adj_p_value as second_adj_p
        from fct_contrast_result as a
        inner join fct_contrast_result as b on b.{key} = a.{key}
        where a.analysis = ? and a.contrast = ? and b.analysis = ? and b.contrast = ?
        order by a.p_value * b.p_value, a.{key}
        """,
        [first.analysis, first.contrast, second.analysis, second.contrast],
    )
