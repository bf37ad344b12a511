"""Tables of the contrasts of an analysis: all of them, joint tests, other models."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from cohortmart.core.text import counted
from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Column, Table
from cohortmart.report.pages.contrasts.words import Manner, own_words_only
from cohortmart.report.source import Source
from cohortmart.report.thresholds import threshold_words

_CHECKED = """
    c.n_found as n_observed, c.n_expected, c.p_value as p_permutation
"""
_UNCHECKED = """
    null::bigint as n_observed, null::double as n_expected, null::double as p_permutation
"""
_ALL = """
select
    d.contrast, d.meaning, s.n_up, s.n_down, s.n_tested, d.n_samples, d.n_subjects,
    case when d.kind <> 'between' then d.n_complete end as n_complete, s.min_adj_p_value,
    {checks}
from dim_contrast as d
inner join contrast_summary as s on s.analysis = d.analysis and s.contrast = d.contrast
{join}
where d.analysis = $analysis
order by d.contrast_order nulls last, d.contrast
"""
_JOIN_CHECKS = """left join permutation_check as c
    on c.analysis = d.analysis and c.contrast = d.contrast"""
_JOINT = """
with tests as (
    select
        test, max(df1) as df1, count(p_value) as n_tested,
        count(case when p_value < 5e-2 then 1 end) as n_p_05,
        count(case when adj_p_value < 5e-2 then 1 end) as n_adj_p_05,
        min(adj_p_value) as min_adj_p_value, min(p_value, 5) as p_best
    from fct_joint_test
    where analysis = $analysis
    group by test
),

best as (
    select
        j.test, j.feature_id, j.p_value,
        row_number() over (
            partition by j.test order by j.p_value, j.f desc, j.feature_id
        ) as rank
    from fct_joint_test as j
    inner join tests as t on t.test = j.test and j.p_value <= t.p_best[len(t.p_best)]
    where j.analysis = $analysis
),

named as (
    select
        b.test,
        string_agg(coalesce(g.gene_name, b.feature_id), ', ' order by b.rank) as strongest
    from best as b
    left join dim_gene as g on g.gene_id = b.feature_id
    where b.rank <= 5
    group by b.test
)

select t.* exclude (p_best), n.strongest
from tests as t
left join named as n on n.test = t.test
order by t.min_adj_p_value nulls last, t.test
"""
_OTHER_MODELS = """
select
    s.contrast, d.meaning, count(*) as n_features,
    count(case when s.is_found then 1 end) as n_found,
    max(s.n_variants) as n_variants,
    count(case when s.n_variants > 0 and s.n_holds = s.n_variants then 1 end) as n_all_hold,
    avg(s.share_holds) as share_holds, avg(s.share_same_sign) as share_same_sign
from sensitivity_summary as s
inner join dim_contrast as d on d.analysis = s.analysis and d.contrast = s.contrast
where s.analysis = $analysis
group by s.contrast, d.meaning, d.contrast_order
order by d.contrast_order nulls last, s.contrast
"""


def all_contrasts_table(source: Source, manner: Manner) -> Table:
    """Return every contrast of an analysis with what was found in it."""
    checked = source.has_rows("permutation_check") and bool(
        source.value("select count(*) from permutation_check where analysis = ?", [manner.analysis])
    )
    query = _ALL.format(
        checks=_CHECKED if checked else _UNCHECKED, join=_JOIN_CHECKS if checked else ""
    )
    rows = _in_shown_names(source, source.table(query, {"analysis": manner.analysis}))
    thresholds = threshold_words(
        source.rows("select * from contrast_summary where analysis = ? limit 1", [manner.analysis])[
            0
        ]
    )
    columns = [
        Column("meaning", "What is compared"),
        Column("contrast", "Contrast"),
        Column("n_up", "Up", "integer"),
        Column("n_down", "Down", "integer"),
        Column("min_adj_p_value", "Smallest adjusted P", "p"),
        Column("n_samples", "Samples", "integer"),
        Column("n_subjects", source.subject.title, "integer"),
        Column("n_complete", "Complete pairs", "integer"),
        Column("n_tested", f"{manner.nouns} tested", "integer"),
    ]
    caption = f"Up and down count what is found: {thresholds}."
    if checked:
        columns[5:5] = [
            Column("n_observed", "P < 0.05, observed", "integer"),
            Column("n_expected", f"P < 0.05, {source.timepoint.many} shuffled", "integer"),
            Column("p_permutation", "P of the shuffling", "p"),
        ]
        caption += (
            f" {source.timepoint.many.capitalize()} were shuffled within {source.subject.many}: "
            f"the mean number of {manner.noun}s that reach P < 0.05 stands beside the observed."
        )
    query = (
        "select s.* from contrast_summary as s\n"
        "inner join dim_contrast as d on d.analysis = s.analysis and d.contrast = s.contrast\n"
        f"where s.analysis = {literal(manner.analysis)}\n"
        "order by d.contrast_order nulls last, s.contrast"
    )
    return Table(
        f"contrasts-all-{manner.slug}",
        f"All contrasts of {manner.analysis}",
        caption,
        tuple(columns),
        rows,
        own_words_only(source, query),
    )


def joint_tests_table(source: Source, manner: Manner) -> Table | None:
    """Return the tests that several contrasts are zero together, None without any."""
    if not source.has_rows("fct_joint_test"):
        return None
    rows = source.table(_JOINT, {"analysis": manner.analysis})
    if rows.num_rows == 0:
        return None
    query = (
        "select test, feature_id, f, df1, df2, p_value, adj_p_value from fct_joint_test\n"
        f"where analysis = {literal(manner.analysis)} order by test, p_value, feature_id"
    )
    return Table(
        f"contrasts-joint-{manner.slug}",
        f"Joint tests of {manner.analysis}",
        f"{counted(rows.num_rows, 'test')} (moderated F) of several contrasts together.",
        (
            Column("test", "Test"),
            Column("df1", "Degrees of freedom", "integer"),
            Column("n_tested", f"{manner.nouns} tested", "integer"),
            Column("n_p_05", "P < 0.05", "integer"),
            Column("n_adj_p_05", "Adjusted P < 0.05", "integer"),
            Column("min_adj_p_value", "Smallest adjusted P", "p"),
            Column("strongest", "Strongest five"),
        ),
        rows,
        own_words_only(source, query),
    )


def other_models_table(source: Source, manner: Manner) -> Table | None:
    """Return how the strongest features fare under other models, None where not asked for."""
    if not source.has_rows("sensitivity_summary"):
        return None
    rows = source.table(_OTHER_MODELS, {"analysis": manner.analysis})
    if rows.num_rows == 0:
        return None
    query = (
        f"select * from sensitivity_summary where analysis = {literal(manner.analysis)}\n"
        "order by contrast, p_value, feature_id"
    )
    return Table(
        f"contrasts-other-models-{manner.slug}",
        f"{manner.analysis} under other models",
        f"The strongest {manner.noun}s fitted again in other ways; those that hold are found with "
        "the same sign. fct_sensitivity has every model.",
        (
            Column("meaning", "What is compared"),
            Column("contrast", "Contrast"),
            Column("n_features", f"{manner.nouns} looked at", "integer"),
            Column("n_found", "Found as analysed", "integer"),
            Column("n_variants", "Other models", "integer"),
            Column("n_all_hold", "Hold in all", "integer"),
            Column("share_holds", "Models that agree, mean", "percent"),
            Column("share_same_sign", "Same sign, mean", "percent"),
        ),
        _in_shown_names(source, rows),
        own_words_only(source, query),
    )


def _in_shown_names(source: Source, rows: pa.Table) -> pa.Table:
    """Return the rows with people's shown names in the words of contrasts."""
    for name in ("contrast", "meaning"):
        words: list[Any] = [source.names.words(v or "") for v in rows[name].to_pylist()]
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(words, pa.string()))
    return rows
