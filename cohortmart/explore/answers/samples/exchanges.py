"""Exchanged samples: of another person by `qc_identity`, or most like another cell type."""

from __future__ import annotations

from statistics import median
from typing import Any

from cohortmart.report.pages.quality.assays import ALL_SAMPLES, Assay
from cohortmart.report.source import Source

#: Where so many samples are most like one of their own cell type, one that is not may be odd; and
#: of how many samples at least.
USUAL, FEWEST = 0.9, 6
#: It is, where the other cell type is nearer by this part of what the own one is nearer by in the
#: middle: between two that are nearly as like, chance decides.
CLEARLY = 0.75

#: Every pair from both of its sides.
PAIRS = """
    select first_sample_id as sample_id, second_sample_id as other, r
    from qc_sample_correlation where assay = $assay and sample_set = $sample_set
    union all
    select second_sample_id, first_sample_id, r
    from qc_sample_correlation where assay = $assay and sample_set = $sample_set
"""
#: How like each sample is to those of its own cell type, in the middle, and to the nearest other.
_NEARER = f"""
    with known as (
        select p.sample_id, coalesce(o.cell_type, '') as other, median(p.r) as r,
            s.cell_type is not distinct from o.cell_type as is_own
        from ({PAIRS}) as p
        inner join shown_sample as s using (sample_id)
        inner join shown_sample as o on p.other = o.sample_id
        where p.r is not null
        group by all
    )
    select k.sample_id, max(k.r) filter (is_own) as own, max(k.r) filter (not is_own) as others,
        arg_max(k.other, (k.r, k.other)) filter (not is_own) as other,
        any_value(s.cell_type) as cell_type
    from known as k
    inner join shown_sample as s using (sample_id)
    group by k.sample_id
    having own is not null and others is not null
    order by k.sample_id
"""
#: What is at odds with the sheet, with the names that may be shown.
_IDENTITY = """
    select i.sample_id, i.verdict, i.reason, s.subject as said, l.subject as likely,
        x.sample as exchanged_with
    from qc_identity as i
    inner join shown_sample as s using (sample_id)
    left join (select distinct subject_id, subject from shown_sample) as l
        on i.likely_subject_id = l.subject_id
    left join shown_sample as x on i.exchanged_with = x.sample_id
    where i.assay = $assay and i.verdict not in ('as said', 'cannot tell')
    order by i.sample_id
"""


def exchanges(source: Source, assay: Assay) -> dict[str, str]:
    """Return what speaks against the sheet, by sample_id; nothing where people are numbers.

    Whose a sample is stands in `qc_identity`. That knows no cell types: a sample is most like its
    cell type in most studies, and where nine of ten samples are, one that clearly is not may have
    been exchanged.

    Parameters
    ----------
    source : Source
    assay : Assay
    """
    if source.pseudonymised:
        return {}
    found = {row["sample_id"]: _other_type(row) for row in _of_other_type(source, assay)}
    for row in _at_odds(source, assay):
        words = [found[row["sample_id"]]] if row["sample_id"] in found else []
        found[row["sample_id"]] = "; ".join([_other_person(source, row), *words])
    return found


def _at_odds(source: Source, assay: Assay) -> list[dict[str, Any]]:
    if not source.has_rows("qc_identity"):
        return []
    return source.rows(_IDENTITY, {"assay": assay.name})


def _other_person(source: Source, row: dict[str, Any]) -> str:
    one = source.subject.one
    if row["verdict"] == "exchanged":
        return (
            f"exchanged with {row['exchanged_with']}: of {one} {row['likely']}, not of "
            f"{row['said']} ({row['reason']})"
        )
    if row["verdict"] == "other person":
        whose = f"{one} {row['likely']}" if row["likely"] else "nobody else in the study"
        return f"of {whose}, not of {row['said']} ({row['reason']})"
    return f"{row['verdict']}: {row['reason']}"


def _of_other_type(source: Source, assay: Assay) -> list[dict[str, Any]]:
    """Return those that are clearly nearer to another cell type; none where that is usual."""
    if not source.has_rows("qc_sample_correlation"):
        return []
    rows = source.rows(_NEARER, {"assay": assay.name, "sample_set": ALL_SAMPLES})
    nearer = [r["own"] - r["others"] for r in rows]
    usual = sum(difference > 0 for difference in nearer)
    if len(rows) < FEWEST or usual < USUAL * len(rows):
        return []
    limit = -CLEARLY * median(nearer)
    return [r for r, difference in zip(rows, nearer, strict=True) if difference < limit]


def _other_type(row: dict[str, Any]) -> str:
    return (
        f"more like {row['other'] or 'samples without cell type'} (median r {row['others']:.3f}, "
        f"not {row['own']:.3f}) than like {row['cell_type'] or 'those without'}, as the sheet "
        "says: exchanged?"
    )
