"""Cautions: what to know before believing the numbers, found in the tables by SQL."""

from __future__ import annotations

from cohortmart.core.study.derive_records import WARN_BELOW
from cohortmart.core.text import counted
from cohortmart.report.pages.quality.assays import assays
from cohortmart.report.pages.quality.flags import quality_flags
from cohortmart.report.pages.rebound.pairs import SUMMARY_SQL
from cohortmart.report.source import Source

#: Fewer people than this make a mean that one of them can move.
FEW_PEOPLE = 3

_SMALL = """
    select analysis, count(*) as n, min(n_complete) as fewest,
        min_by(contrast, (n_complete, contrast)) as contrast
    from dim_contrast
    where kind = 'within' and n_complete < $few
    group by analysis order by analysis
"""
_CHANCE = f"""
    select analysis, pair, study_group, r, r_no_effect, p_value from ({SUMMARY_SQL})
    where reading <> 'stronger than chance'
    order by analysis, pair, study_group
"""
_PERMUTED = """
    select analysis, contrast, n_found, n_high from permutation_check
    where n_found <= n_high order by analysis, contrast
"""
_NOT_FILTERED = """
    select assay, string_agg(step, ', ' order by step_order) as steps from qc_probe_funnel
    where annotation = 'missing' group by assay order by assay
"""
_WARNED = """
    select analysis, note from analysis_note where kind = 'warning' order by analysis, note_order
"""
_NOTHING = """
    select analysis, count(*) as n from contrast_summary group by analysis
    having sum(n_found) = 0 order by analysis
"""

_INCOMPLETE = """
    select assay, made_from, file, n_features, n_found from derived_assay
    where found_share < $least order by assay
"""


def cautions(source: Source) -> list[str]:
    """Return what to beware of, one sentence each; none where there is nothing."""
    return [
        *(said for assay in assays(source) for said in quality_flags(source, assay)),
        *_warned(source),
        *_small_groups(source),
        *_no_more_than_chance(source),
        *_permuted(source),
        *_filters(source),
        *_derived(source),
        *_nothing_found(source),
    ]


def _warned(source: Source) -> list[str]:
    if not source.has_rows("analysis_note"):
        return []
    return [
        f"Analysis {row['analysis']}: {row['note']}.".replace("`", "'")
        for row in source.rows(_WARNED)
    ]


def _small_groups(source: Source) -> list[str]:
    if not source.has_rows("dim_contrast"):
        return []
    return [
        f"Analysis {row['analysis']}: {counted(row['n'], 'comparison')} over time with fewer "
        f"than {FEW_PEOPLE} {source.subject.many} with a sample at every "
        f"{source.timepoint.one} compared (fewest: "
        f"{row['fewest']} in {row['contrast']})."
        for row in source.rows(_SMALL, {"few": FEW_PEOPLE})
    ]


def _derived(source: Source) -> list[str]:
    if not source.has_rows("derived_assay"):
        return []
    return [
        f"Derived assay {row['assay']}: only {row['n_found']:,} of the {row['n_features']:,} "
        f"features of {row['file']} are in {row['made_from']}."
        for row in source.rows(_INCOMPLETE, {"least": WARN_BELOW})
    ]


def _no_more_than_chance(source: Source) -> list[str]:
    if not source.has_rows("rebound_summary"):
        return []
    return [
        f"Analysis {row['analysis']}, {row['study_group'] or f'all {source.subject.many}'}: the "
        "two changes of "
        f"{row['pair']} correlate at r = {row['r']:.2f}, no more than chance makes them "
        f"({row['r_no_effect']:.2f}; P = {row['p_value']:.2g}): no rebound of the whole is shown."
        for row in source.rows(_CHANCE)
    ]


def _permuted(source: Source) -> list[str]:
    if not source.has_rows("permutation_check"):
        return []
    return [
        f"Analysis {row['analysis']}, {row['contrast']}: {row['n_found']:,} found, and "
        f"{source.timepoint.many} in a random order find up to {row['n_high']:,.0f}."
        for row in source.rows(_PERMUTED)
    ]


def _filters(source: Source) -> list[str]:
    if not source.has_rows("qc_probe_funnel"):
        return []
    return [
        f"Filters of {row['assay']} that could not be applied, as their annotation is missing: "
        f"{row['steps']}."
        for row in source.rows(_NOT_FILTERED)
    ]


def _nothing_found(source: Source) -> list[str]:
    if not source.has_rows("contrast_summary"):
        return []
    return [
        f"Analysis {row['analysis']}: nothing passes the thresholds in any of its "
        f"{counted(row['n'], 'contrast')}."
        for row in source.rows(_NOTHING)
    ]
