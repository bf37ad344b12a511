"""Likeness of each sample to the others of its cell type, and which are far from them."""

from __future__ import annotations

from typing import Any

from cohortmart.report.pages.quality.assays import ALL_SAMPLES, Assay
from cohortmart.report.pages.quality.sample_similarity import MEDIAN_R

#: How many quartile distances below the quartile is far below, and of how many samples at least.
FAR, FEWEST = 3.0, 6
#: And 1 - r is so many times that of the middle sample, or the distance does not matter.
WORSE = 1.5

#: `distance`: quartile distances below the lower quartile; null where half of them are the same.
LIKENESS = f"""
    with known as (select s.sample_id, s.sample, s.cell_type, m.median_r from ({MEDIAN_R}) as m
        inner join shown_sample as s using (sample_id)),
    fences as (
        select cell_type, count(*) as n, median(median_r) as middle,
            quantile_cont(median_r, 25e-2) as low, quantile_cont(median_r, 75e-2) as high
        from known group by cell_type
    )
    select k.sample_id, k.sample, k.cell_type, k.median_r, f.middle, f.n,
        (f.low - k.median_r) / nullif(f.high - f.low, 0) as distance,
        f.n >= $fewest and k.median_r < f.low - $far * (f.high - f.low)
            and 1 - k.median_r > $worse * (1 - f.middle) as is_far
    from known as k
    inner join fences as f on k.cell_type is not distinct from f.cell_type
"""


def likeness_of(assay: Assay) -> dict[str, Any]:
    """Return the parameters of `LIKENESS` for an assay."""
    return {
        "assay": assay.name, "sample_set": ALL_SAMPLES, "fewest": FEWEST, "far": FAR,
        "worse": WORSE,
    }  # fmt: skip
