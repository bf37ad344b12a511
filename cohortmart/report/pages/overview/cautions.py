"""Cautions: what can be done and was not, found in the tables by SQL."""

from __future__ import annotations

from cohortmart.core.study.derive_records import WARN_BELOW
from cohortmart.core.text import counted
from cohortmart.report.pages.identity.words import identity_flags
from cohortmart.report.pages.quality.assays import assays
from cohortmart.report.pages.quality.flags import open_flags
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
_INCOMPLETE = """
    select assay, made_from, file, n_features, n_found from derived_assay
    where found_share < $least order by assay
"""


def cautions(source: Source) -> list[str]:
    """Return what to do, one sentence each; none where there is nothing."""
    return [
        *identity_flags(source),
        *_warned(source),
        *(said for assay in assays(source) for said in open_flags(source, assay)),
        *_small_groups(source),
        *_permuted(source),
        *_filters(source),
        *_derived(source),
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
        f"than {FEW_PEOPLE} {source.subject.many} at every {source.timepoint.one} compared "
        f"(fewest: {row['fewest']} in {row['contrast']}). Take them out of 'contrasts', or do "
        "not rest on them."
        for row in source.rows(_SMALL, {"few": FEW_PEOPLE})
    ]


def _derived(source: Source) -> list[str]:
    if not source.has_rows("derived_assay"):
        return []
    return [
        f"Derived assay {row['assay']}: only {row['n_found']:,} of the {row['n_features']:,} "
        f"features of {row['file']} are in {row['made_from']}. See that both use the same ids."
        for row in source.rows(_INCOMPLETE, {"least": WARN_BELOW})
    ]


def _permuted(source: Source) -> list[str]:
    if not source.has_rows("permutation_check"):
        return []
    return [
        f"Analysis {row['analysis']}, {row['contrast']}: {row['n_found']:,} found, and "
        f"{source.timepoint.many} in a random order find up to {row['n_high']:,.0f}. Do not rest "
        "on it, or use a stricter threshold."
        for row in source.rows(_PERMUTED)
    ]


def _filters(source: Source) -> list[str]:
    if not source.has_rows("qc_probe_funnel"):
        return []
    return [
        f"{row['assay']}: nothing says what these filters need: {row['steps']}. Give the files, or "
        "switch them off under 'filter'."
        for row in source.rows(_NOT_FILTERED)
    ]
