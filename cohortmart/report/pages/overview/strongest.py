"""Strongest findings of a study as sentences, each made from a row of a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cohortmart.core.study.kinds import kind_of_values
from cohortmart.core.text import capital, counted
from cohortmart.report.pages.rebound.pairs import SUMMARY_SQL
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source
from cohortmart.report.thresholds import threshold_words

N_SENTENCES = 3

#: Neither the largest number nor the largest share: few of a million say little, and half of a
#: handful no more.
_REBOUND = f"""
    select * from ({SUMMARY_SQL})
    where n_up_down + n_down_up > 0 and reading = 'stronger than chance'
        and r is not null and r_no_effect is not null and p_value is not null
    order by (n_up_down + n_down_up) / sqrt(n_tested) desc, p_value, analysis, pair, study_group
    limit 1
"""
_CONTRAST = """
    select s.*, d.meaning, d.n_samples, d.n_subjects, d.values_used
    from contrast_summary as s
    inner join dim_contrast as d using (analysis, contrast)
    where s.n_found > 0 and d.n_subjects >= $fewest
        and ($within is null or (d.kind = 'within') = $within)
    order by s.n_found / sqrt(s.n_tested) desc, s.min_adj_p_value, s.analysis, s.contrast
    limit 1
"""
_PAIRS = """
    select
        p.analysis, p.contrast, d.meaning, count(*) as n_pairs,
        count(distinct p.gene_id) as n_genes,
        min_by((p.gene_name, p.r_within), (p.p_within, p.probe_id, p.gene_id)) as closest
    from dmp_deg as p
    inner join dim_contrast as d using (analysis, contrast)
    where p.adj_p_within < 5e-2 and p.r_within is not null
    group by p.analysis, p.contrast, d.meaning
    order by n_pairs desc, p.analysis, p.contrast
    limit 1
"""
_ENRICHMENT = """
    select * from enrichment
    where adj_p_value < 5e-2 and test = 'over_representation' and n_overlap > expected
    order by adj_p_value, p_value, analysis, source_name, gene_set, direction, collection
    limit 1
"""


def strongest_rebound(source: Source) -> dict[str, Any] | None:
    """Return the row of the pair of changes that swings back most clearly, if any does."""
    return _first(source, "rebound_summary", _REBOUND)


def strongest_contrast(source: Source, *, within: bool | None = None) -> dict[str, Any] | None:
    """Return the contrast in which most is found, None where nothing is.

    Parameters
    ----------
    source : Source
    within : bool, optional
        Only contrasts within people, or only others.
    """
    # of a report that leaves the house, no picture shows a single person's change
    fewest = 2 if source.pseudonymised else 1
    return _first(source, "contrast_summary", _CONTRAST, within=within, fewest=fewest)


def strongest_findings(source: Source) -> list[str]:
    """Return up to three sentences.

    One of each kind, in the order of what the study asks: the rebound, changes over time,
    differences between groups, CpG-gene pairs, enriched gene sets.
    """
    makers: tuple[Callable[[Source], str | None], ...] = (
        _rebound, _change, _difference, _pairs, _enrichment,
    )  # fmt: skip
    said = [sentence for make in makers if (sentence := make(source)) is not None]
    return said[:N_SENTENCES]


def _noun(source: Source, analysis: str) -> str:
    values = source.value(
        "select values_used from dim_contrast where analysis = ? limit 1", [analysis]
    )
    return kind_of_values(values).shown


def _first(source: Source, table: str, query: str, **params: Any) -> dict[str, Any] | None:
    if not source.has_rows(table):
        return None
    rows = source.rows(query, params or None)
    return rows[0] if rows else None


def _rebound(source: Source) -> str | None:
    row = strongest_rebound(source)
    if row is None:
        return None
    noun = _noun(source, row["analysis"])
    group = f"{row['study_group']}: " if row["study_group"] else ""
    swing = row["n_up_down"] + row["n_down_up"]  # the paper's rule also finds what does not
    return (
        f"Rebound. {group}{swing:,} of {counted(row['n_tested'], noun)} swing back "
        f"({row['first_contrast']}, then {row['second_contrast']}): "
        f"{row['n_up_down']:,} up and then down, {row['n_down_up']:,} down and then up; "
        f"r = {row['r']:.2f}, by chance {row['r_no_effect']:.2f} "
        f"(P = {row['p_value']:.2g}; {row['analysis']})."
    )


def _change(source: Source) -> str | None:
    row = strongest_contrast(source, within=True)
    if row is None:
        return None
    in_time = str(row["meaning"]).startswith("change ")
    where = "Over time. The" if in_time else "Within {}."
    return f"{where.format(source.subject.many)} {_counts(source, row)}"


def _difference(source: Source) -> str | None:
    row = strongest_contrast(source, within=False)
    return None if row is None else f"Between groups. {capital(_counts(source, row))}"


def _counts(source: Source, row: dict[str, Any]) -> str:
    noun = _noun(source, row["analysis"])
    meaning = source.names.words(row["meaning"])
    return (
        f"{meaning}: {row['n_found']:,} of "
        f"{counted(row['n_tested'], noun)} ({row['n_up']:,} higher, {row['n_down']:,} lower) pass "
        f"{threshold_words(row)}; {samples_of(source, row['n_samples'], row['n_subjects'])} "
        f"({row['analysis']}, {row['contrast']})."
    )


def _pairs(source: Source) -> str | None:
    row = _first(source, "dmp_deg", _PAIRS)
    if row is None:
        return None
    gene, r = row["closest"].values()
    return (
        f"Methylation and expression. {counted(row['n_pairs'], 'CpG-gene pair')} of "
        f"{counted(row['n_genes'], 'gene')} change together within {source.subject.many} in the "
        f"{source.names.words(row['meaning'])}, the closest of {gene} "
        f"(r = {r:.2f}; {row['analysis']})."
    )


def _enrichment(source: Source) -> str | None:
    row = _first(source, "enrichment", _ENRICHMENT)
    if row is None:
        return None
    return (
        f"Gene sets. {row['gene_set']} holds {row['n_overlap']:.0f} of the "
        f"{counted(row['n_found'], 'gene')} found ({row['source_name']}), where chance gives "
        f"{row['expected']:.1f} (adjusted P = {row['adj_p_value']:.1g}; {row['analysis']})."
    )
