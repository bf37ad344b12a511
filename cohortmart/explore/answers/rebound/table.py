"""Features that swing back in a group and not in another, with what the groups' changes are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from analyses.load.pending_results import default_adj_p
from cohortmart.core.study.kinds import CONTINUOUS, COUNTS
from cohortmart.core.text import counted
from cohortmart.explore.answers.addresses import feature_address, gene_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.downloads import Wished
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.rebound.question import Question, asked_question
from cohortmart.explore.answers.view import Wanted
from cohortmart.report.blocks import Column, Table
from cohortmart.report.figures.change_scatter import CLASS_WORDS
from cohortmart.report.pages.rebound.names import gene_names
from cohortmart.report.pages.rebound.pairs import ReboundPair

#: Rows of the page; a file has all.
MOST = 1000

#: What is found in any group lies in a table of its own; the rest is read for these alone.
_ANSWER = """
with swinging as (
    select feature_id, coalesce(study_group, '') as study_group from {found}
    where analysis = $analysis and pair = $pair and is_found
        and class in ('up-down', 'down-up')
),
wanted as (
    select feature_id from swinging
    where $of_group::varchar is null or study_group = $of_group
    group by feature_id
    except
    select feature_id from swinging where study_group = $of_other
),
changes as (
    select r.feature_id, coalesce(r.study_group, '') as study_group, r.log_fc_first,
        r.log_fc_second, r.p_first, r.p_second, r.adj_p_rebound
    from {rebounds} as r
    inner join wanted as w on r.feature_id = w.feature_id
    where r.analysis = $analysis and r.pair = $pair
),
tested as (
    select d.feature_id, d.adj_p_value,
        case when d.study_group = $of_group then d.amplitude_difference
            else -d.amplitude_difference end as difference
    from {differences} as d
    inner join wanted as w on d.feature_id = w.feature_id
    where d.analysis = $analysis and d.pair = $pair
        and ((d.study_group = $of_group and d.reference_group = $of_other)
            or (d.study_group = $of_other and d.reference_group = $of_group))
),
rule as (
    select coalesce(max(adj_p), $default_adj_p) as adj_p from staging.stg_results__thresholds
    where analysis = $analysis
)
select
    c.feature_id, case when c.log_fc_first > 0 then 'up-down' else 'down-up' end as class,
    c.log_fc_first, c.log_fc_second, c.p_first, c.p_second, c.adj_p_rebound,
    o.log_fc_first as other_first, o.log_fc_second as other_second,
    o.adj_p_rebound as other_adj_p, t.difference, t.adj_p_value as difference_adj_p,
    coalesce(t.adj_p_value < r.adj_p, false) as differs
from changes as c
cross join rule as r
left join changes as o on c.feature_id = o.feature_id and o.study_group = $of_other
left join tested as t on c.feature_id = t.feature_id
where ($of_group::varchar is null or c.study_group = $of_group)
    and (not $only_tested or coalesce(t.adj_p_value < r.adj_p, false))
order by differs desc, c.adj_p_rebound, greatest(c.p_first, c.p_second), c.feature_id
"""
_COUNTED = "select count(*) as n, count(*) filter (where differs) as n_differs from ({answer})"
_BEHIND = {
    "found": "intermediate.int_rebound__found",
    "rebounds": "staging.stg_results__rebounds",
    "differences": "staging.stg_results__rebound_differences",
}
#: The same, on the tables that analysts see.
_SHOWN = {"found": "rebound", "rebounds": "rebound", "differences": "rebound_group"}


def swinging(
    asked: Asked, question: Question, *, only_tested: bool = False, most: int = MOST
) -> pa.Table:
    """Return the features of an answer, the surest first.

    Parameters
    ----------
    asked : Asked
    question : Question
    only_tested : bool
        Only those whose swing was tested to differ between the two groups.
    most : int
        Rows.

    Returns
    -------
    pyarrow.Table
        feature_id, class, the two changes with their P values and the adjusted P of the rebound,
        changes and adjusted P in the other group, the difference of the swings (amplitude, in
        the unit of the changes) with its adjusted P, differs.
    """
    limit = f"limit {int(most)}"
    return asked.table(
        f"{_ANSWER.format(**_BEHIND)}{limit}",
        _given(question, only_tested),
        shown=f"{_ANSWER.format(**_SHOWN)}{limit}",
    )


def counts(asked: Asked, question: Question) -> tuple[int, int]:
    """Return how many features answer a question, and how many of them are tested to differ."""
    row = asked.table(
        _COUNTED.format(answer=_ANSWER.format(**_BEHIND)),
        _given(question, False),
        shown=_COUNTED.format(answer=_ANSWER.format(**_SHOWN)),
    ).to_pylist()[0]
    return row["n"], row["n_differs"]


def rebound_rows(explored: Explored, wanted: Wanted) -> Wished:
    """Return all rows of an answer, for a file.

    Parameters
    ----------
    explored : Explored
    wanted : mapping
        As of the view.

    Raises
    ------
    InputError
        The study has no rebound, or not of what is asked for.
    """
    with explored.asked() as asked:
        question = asked_question(asked, wanted)
    name = f"rebound {question.pair.analysis} {question.group}"
    if question.compared is not None:
        name += f" not {question.compared}"
    return Wished(name, _ANSWER.format(**_BEHIND), _given(question, question.only_tested))


def _given(question: Question, only_tested: bool) -> dict[str, Any]:
    return question.given | {"only_tested": only_tested, "default_adj_p": default_adj_p()}


def linked_names(asked: Asked, pair: ReboundPair, rows: pa.Table) -> pa.Table:
    """Return rows with the names of genes (`gene_name`) and where they lead to (`address`)."""
    ids = rows["feature_id"].to_pylist()
    names = gene_names(asked, pair, ids)
    named = rows.append_column("gene_name", pa.array([names.get(i) for i in ids], pa.string()))
    if pair.kind.name == COUNTS:
        named = linked(named, "address", lambda i: gene_address(names.get(i, i)), "feature_id")
    else:
        named = linked(named, "address", lambda i: feature_address(pair.assay, i), "feature_id")
    words = [CLASS_WORDS[name] for name in named["class"].to_pylist()]
    place = named.column_names.index("class")
    return named.set_column(place, "class", pa.array(words, pa.string()))


def answer_table(question: Question, rows: pa.Table, n: int) -> Table:
    """Return the features as a table.

    Parameters
    ----------
    question : Question
    rows : pyarrow.Table
        Of `linked_names`.
    n : int
        How many there are, shown or not.
    """
    pair = question.pair
    said = f" and not in {question.compared}" if question.compared else ""
    first = f"The first {rows.num_rows:,} of {n:,}. " if rows.num_rows < n else ""
    order = (
        "First those whose swing is tested to differ between the groups, then by adjusted P."
        if question.compared
        else "By adjusted P."
    )
    many = counted(n, pair.noun)
    return Table(
        "rebound-answer",
        f"{many} that {'swings' if n == 1 else 'swing'} back in {question.group}{said}",
        f"{first}{order} Changes and swings in {pair.unit}.",
        tuple(_columns(question)),
        rows,
    )


def _columns(question: Question) -> Sequence[Column]:
    pair, group, other = question.pair, question.group, question.compared
    first, second = (change.removeprefix("Change ") for change in pair.changes)
    name = "Measure" if pair.kind.name == CONTINUOUS else "Gene"
    own = [
        Column("gene_name", name, link="address" if not pair.is_beta else ""),
        Column("feature_id", "CpG" if pair.is_beta else "Id", link="address"),
        Column("class", f"In {group}"),
        Column("log_fc_first", f"{group}: {first}", "number"),
        Column("log_fc_second", f"{group}: {second}", "number"),
        Column("p_first", "P of the first", "p"),
        Column("p_second", "P of the second", "p"),
        Column("adj_p_rebound", f"{group}: adjusted P", "p"),
    ]
    if other is None:
        return own
    return [
        *own,
        Column("other_first", f"{other}: {first}", "number"),
        Column("other_second", f"{other}: {second}", "number"),
        Column("other_adj_p", f"{other}: adjusted P", "p"),
        Column("difference", f"Swing, {group} less {other}", "number"),
        Column("difference_adj_p", "Its adjusted P", "p"),
    ]


def rebound_address(question: Question) -> dict[str, str | None]:
    """Return what an address of the question says, for links."""
    return {
        "analysis": question.pair.analysis,
        "pair": question.pair.pair,
        "in": question.group,
        "not_in": question.not_in,
        "tested": "1" if question.only_tested else None,
    }
