"""Strongest findings of a study as sentences, each made from a row of a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cohortmart.core.study.kinds import kind_of_values
from cohortmart.core.text import counted
from cohortmart.report.pages.rebound.pairs import SUMMARY_SQL
from cohortmart.report.source import Source
from cohortmart.report.thresholds import threshold_words

N_SENTENCES = 3

#: A share of a handful of features says little: analyses of few come last.
_REBOUND = f"""
    select * from ({SUMMARY_SQL})
    where n_up_down + n_down_up > 0 and reading = 'stronger than chance'
    order by n_tested < 50, p_value, (n_up_down + n_down_up) * 1e0 / n_tested desc,
        analysis, pair, study_group
    limit 1
"""
_CONTRAST = """
    select s.*, d.meaning, d.n_samples, d.n_subjects
    from contrast_summary as s
    inner join dim_contrast as d using (analysis, contrast)
    where s.n_found > 0 and (d.kind = 'within') = $within
    order by s.n_tested < 50, s.n_found * 1e0 / s.n_tested desc, s.min_adj_p_value,
        s.analysis, s.contrast
    limit 1
"""
_PAIRS = """
    select
        p.analysis, p.contrast, d.meaning, count(*) as n_pairs,
        count(distinct p.gene_id) as n_genes,
        min_by((p.gene_name, p.r_within), (p.p_within, p.probe_id, p.gene_id)) as closest
    from dmp_deg as p
    inner join dim_contrast as d using (analysis, contrast)
    where p.adj_p_within < 5e-2
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
    row = _first(source, "rebound_summary", _REBOUND)
    if row is None:
        return None
    noun = _noun(source, row["analysis"])
    group = f"{row['study_group']}: " if row["study_group"] else ""
    swing = row["n_up_down"] + row["n_down_up"]  # the paper's rule also finds what does not
    return (
        f"Rebound. {group}{swing:,} of {counted(row['n_tested'], noun)} change one way "
        f"and then swing back ({row['first_contrast']}, then {row['second_contrast']}): "
        f"{row['n_up_down']:,} up and then down, {row['n_down_up']:,} down and then up. The two "
        f"changes correlate at r = {row['r']:.2f}; chance alone gives {row['r_no_effect']:.2f} "
        f"(P = {row['p_value']:.2g}; analysis {row['analysis']})."
    )


def _change(source: Source) -> str | None:
    row = _first(source, "contrast_summary", _CONTRAST, within=True)
    if row is None:
        return None
    in_time = str(row["meaning"]).startswith("change ")
    where = "Over time, most is found for the" if in_time else "Within {}, most is found for"
    return f"{where.format(source.subject.many)} {_counts(source, row)}"


def _difference(source: Source) -> str | None:
    row = _first(source, "contrast_summary", _CONTRAST, within=False)
    return None if row is None else f"Between groups, most is found for {_counts(source, row)}"


def _counts(source: Source, row: dict[str, Any]) -> str:
    noun = _noun(source, row["analysis"])
    meaning = source.names.words(row["meaning"])
    return (
        f"{meaning}: {row['n_found']:,} of "
        f"{counted(row['n_tested'], noun)} ({row['n_up']:,} higher, {row['n_down']:,} lower) pass "
        f"{threshold_words(row)}, in {counted(row['n_samples'], 'sample')} of "
        f"{source.subject.counted(row['n_subjects'])} (analysis {row['analysis']}, contrast "
        f"{row['contrast']})."
    )


def _pairs(source: Source) -> str | None:
    row = _first(source, "dmp_deg", _PAIRS)
    if row is None:
        return None
    gene, r = row["closest"].values()
    return (
        f"Methylation and expression. {counted(row['n_pairs'], 'CpG-gene pair')} of "
        f"{counted(row['n_genes'], 'gene')} change together within {source.subject.many} in the "
        f"{source.names.words(row['meaning'])}; the closest pair is of {gene} "
        f"(r = {r:.2f}; analysis {row['analysis']})."
    )


def _enrichment(source: Source) -> str | None:
    row = _first(source, "enrichment", _ENRICHMENT)
    if row is None:
        return None
    return (
        f"Gene sets. {row['gene_set']} holds {row['n_overlap']:.0f} of the "
        f"{counted(row['n_found'], 'gene')} found ({row['source_name']}), where chance gives "
        f"{row['expected']:.1f} (adjusted P = {row['adj_p_value']:.1g}; analysis "
        f"{row['analysis']})."
    )
