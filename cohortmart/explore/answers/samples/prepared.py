"""What is known of the samples as a whole, made once: assays, their sets, what is odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.samples.exchanges import exchanges
from cohortmart.report.pages.quality.assays import (
    ALL_SAMPLES,
    Assay,
    SampleSet,
    assays,
    sample_sets,
)
from cohortmart.report.pages.quality.flags import quality_flags, small_libraries, unlike_others
from cohortmart.report.pages.quality.sample_similarity import MEDIAN_R
from cohortmart.report.source import Source

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


def warm_samples(explored: Explored) -> None:
    """Find out what is odd before it is asked for."""
    known_assays(explored)


def _known(source: Source) -> list[Known]:
    return [
        Known(one, sample_sets(source, one), _odd(source, one), quality_flags(source, one),
              _median_r(source, one))
        for one in assays(source)
    ]  # fmt: skip


def _median_r(source: Source, assay: Assay) -> dict[str, float]:
    if not source.has_rows("qc_sample_correlation"):
        return {}
    given = {"assay": assay.name, "sample_set": ALL_SAMPLES}
    query = f"select * from ({MEDIAN_R}) where median_r is not null order by sample_id"
    return {row["sample_id"]: row["median_r"] for row in source.rows(query, given)}


def _odd(source: Source, assay: Assay) -> Odd:
    """Return what is odd of each sample that stands out, most surely first."""
    found: dict[str, list[str]] = {}
    others = "others of its cell type" if source.has_cell_types else "others"
    for row in unlike_others(source, assay):
        found.setdefault(row["sample_id"], []).append(
            f"far less like the {others} (median r {row['median_r']:.3f}, of the middle sample "
            f"{row['middle']:.3f}): failed or mislabelled?"
        )
    if source.has_rows("qc_sample_correlation"):
        for sample_id, words in exchanges(source, assay).items():
            found.setdefault(sample_id, []).append(words)
    for row in small_libraries(source, assay):
        found.setdefault(row["sample_id"], []).append(
            f"few reads ({row['millions']:.2g} million, {row['share']:.0%} of the median)"
        )
    return {sample_id: "; ".join(words) for sample_id, words in found.items()}
