"""Exchanged samples: those most like another cell type or person, where others are not."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from cohortmart.report.pages.quality.assays import ALL_SAMPLES, Assay
from cohortmart.report.source import Source

#: Where so many samples are most like one of their own kind, one that is not may be odd; and of
#: how many samples at least.
USUAL, FEWEST = 0.9, 6
#: It is, where the other kind is nearer by this part of what the own kind is nearer by in the
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
#: How like each sample is to those of its own kind, in the middle, and to the other kind that is
#: nearest; the kind and what is compared are one of the pairs below.
_NEARER = f"""
    with known as (
        select p.sample_id, {{kind}} as other, {{is_own}} as is_own, median(p.r) as r
        from ({PAIRS}) as p
        inner join shown_sample as s using (sample_id)
        inner join shown_sample as o on p.other = o.sample_id
        where p.r is not null and {{compared}}
            and not list_contains($without, p.sample_id) and not list_contains($without, p.other)
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
_OF_TYPE = "s.cell_type is not distinct from o.cell_type"
#: Among all samples the cell type is the kind, within a cell type the person.
_TYPE = {"kind": "coalesce(o.cell_type, '')", "is_own": _OF_TYPE, "compared": "true"}
_PERSON = {"kind": "o.subject", "is_own": "s.subject_id = o.subject_id", "compared": _OF_TYPE}


def exchanges(source: Source, assay: Assay) -> dict[str, str]:
    """Return what speaks for an exchange, by sample_id; nothing where people are numbers.

    A sample is most like its cell type, and within the cell type most like its own person, in most
    studies of methylation and in few of expression. Where nine of ten samples are, one that
    clearly is not may have been exchanged.

    Parameters
    ----------
    source : Source
        With correlations of samples.
    assay : Assay
    """
    if source.pseudonymised:
        return {}
    types = {r["sample_id"]: _other_type(r) for r in _exchanged(source, assay, _TYPE, [])}
    # what is of another cell type says nothing of who else is of one person with it
    people = _exchanged(source, assay, _PERSON, sorted(types))
    return types | {r["sample_id"]: _other_person(source, r) for r in people}


def _exchanged(
    source: Source, assay: Assay, kind: Mapping[str, str], without: list[str]
) -> list[dict[str, Any]]:
    """Return those that are clearly nearer to another kind; none where that is usual."""
    given = {"assay": assay.name, "sample_set": ALL_SAMPLES, "without": without}
    rows = source.rows(_NEARER.format(**kind), given)
    nearer = [r["own"] - r["others"] for r in rows]
    usual = sum(difference > 0 for difference in nearer)
    if len(rows) < FEWEST or usual < USUAL * len(rows):
        return []
    limit = -CLEARLY * median(nearer)
    return [r for r, difference in zip(rows, nearer, strict=True) if difference < limit]


def _other_type(row: dict[str, Any]) -> str:
    return (
        f"more like {row['other'] or 'samples without cell type'} ({_compared(row)}) than like "
        f"{row['cell_type'] or 'those without'}, as the sheet says: exchanged?"
    )


def _other_person(source: Source, row: dict[str, Any]) -> str:
    one = source.subject.one
    return (
        f"more like the samples of {one} {row['other']} ({_compared(row)}) than like those of its "
        f"own {one}: exchanged?"
    )


def _compared(row: dict[str, Any]) -> str:
    return f"median r {row['others']:.3f}, not {row['own']:.3f}"
