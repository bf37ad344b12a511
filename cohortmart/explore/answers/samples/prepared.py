"""What is known of the samples as a whole, made once: assays, their sets, what is odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.samples.exchanges import exchanges
from cohortmart.report.pages.quality.assays import (
    Assay,
    SampleSet,
    assays,
    sample_sets,
)
from cohortmart.report.pages.quality.flags import quality_flags, small_libraries, unlike_others
from cohortmart.report.pages.quality.likeness import LIKENESS, likeness_of
from cohortmart.report.source import Source

#: `LIKENESS` of all assays, asked once: pairs of a thousand samples are half a million.
LIKENESS_KEPT = "memory.main.sample_likeness"
#: sample_id of those that stand out in an assay: what is odd, in words.
Odd = dict[str, str]


@dataclass(frozen=True)
class Known:
    """An assay with what was found of it.

    Parameters
    ----------
    assay : Assay
    sets : sequence of SampleSet
        Samples that were looked at together, all of them first.
    odd : dict of str to str
        What is odd of a sample, by its id.
    flags : sequence of str
        What is odd of the assay, a sentence each.
    median_r : dict of str to float
        Of each sample with the others of its cell type; empty where no two were compared.
    """

    assay: Assay
    sets: Sequence[SampleSet]
    odd: Odd
    flags: Sequence[str]
    median_r: dict[str, float]


def known_assays(explored: Explored) -> list[Known]:
    """Return the assays of a study that have samples, counts first."""
    return explored.kept("known assays", _known)


def has_samples(source: Source) -> bool:
    """Tell whether the samples of a study were looked at."""
    return source.has_rows("qc_sample")


def warm_samples(explored: Explored) -> None:
    """Find out what is odd before it is asked for."""
    known_assays(explored)


def _known(source: Source) -> list[Known]:
    source.con.execute(
        f"create or replace table {LIKENESS_KEPT} (assay varchar, sample_id varchar, "
        "median_r double, distance double, is_far boolean)"
    )
    return [
        Known(one, sample_sets(source, one), _odd(source, one), quality_flags(source, one),
              _median_r(source, one))
        for one in assays(source)
    ]  # fmt: skip


def _median_r(source: Source, assay: Assay) -> dict[str, float]:
    """Keep how like the others each sample is, and return the medians."""
    if not source.has_rows("qc_sample_correlation"):
        return {}
    source.con.execute(
        f"insert into {LIKENESS_KEPT} select $assay, sample_id, median_r, distance, is_far "
        f"from ({LIKENESS}) where median_r is not null",
        likeness_of(assay),
    )
    query = f"select * from {LIKENESS_KEPT} where assay = $assay order by sample_id"
    return {row["sample_id"]: row["median_r"] for row in source.rows(query, {"assay": assay.name})}


def _odd(source: Source, assay: Assay) -> Odd:
    """Return what is odd of each sample that stands out, most surely first."""
    found: dict[str, list[str]] = {}
    others = "others of its cell type" if source.has_cell_types else "others"
    exchanged = exchanges(source, assay)
    for row in unlike_others(source, assay):
        why = "" if row["sample_id"] in exchanged else ": failed or mislabelled?"
        found.setdefault(row["sample_id"], []).append(
            f"far less like the {others} (median r {row['median_r']:.3f}, of the middle sample "
            f"{row['middle']:.3f}){why}"
        )
    for sample_id, words in exchanged.items():
        found.setdefault(sample_id, []).append(words)
    for row in small_libraries(source, assay):
        found.setdefault(row["sample_id"], []).append(
            f"few reads ({row['millions']:.2g} million, {row['share']:.0%} of the median)"
        )
    return {sample_id: "; ".join(words) for sample_id, words in found.items()}
