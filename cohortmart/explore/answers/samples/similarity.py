"""Similarity of any two samples: a heat map of as many as can be seen."""

from __future__ import annotations

from cohortmart.core.text import counted
from cohortmart.explore.answers.addresses import sample_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.samples.picked_samples import Picked
from cohortmart.report.blocks import Figure
from cohortmart.report.figures.sample_correlation import sample_correlation
from cohortmart.report.pages.quality.sample_similarity import (
    correlated_samples,
    correlation_data,
    correlation_order,
)

#: More samples than these make too many cells to draw, and to see.
MOST = 400


def similarity_figure(asked: Asked, of: Picked) -> Figure | None:
    """Return the correlation of any two of the picked samples; None where none is known.

    Parameters
    ----------
    asked : Asked
    of : Picked
    """
    if not of.known.median_r:
        return None
    there = correlated_samples(asked, of.assay, of.of_set, MOST + 1)
    if there.num_rows < 2:
        return None
    samples = there.slice(0, MOST)
    data = correlation_data(asked, of.assay, of.of_set, MOST)
    known = [r for r in data["cells"]["r"].to_pylist() if r is not None]
    if not known:
        return None
    samples = samples.drop_columns(["sample"]) if asked.pseudonymised else linked(
        samples, "address", sample_address, "sample"
    )  # fmt: skip
    several = len(set(samples["study_group"].to_pylist())) > 1
    first = (
        f"The first {MOST} of more: pick a group, {asked.timepoint.one} or cell type above to see "
        "others. " if there.num_rows > MOST else ""
    )  # fmt: skip
    outlined = f" Outlined: two of one {asked.subject.one}." if "same" in data else ""
    return Figure(
        name="similarity",
        title=f"Correlation of any two samples: {of.assay.name}",
        caption=f"{first}{correlation_order(asked)}{outlined} "
        f"{counted(samples.num_rows, 'sample')}.",
        alt=f"Correlations of any two of {counted(samples.num_rows, 'sample')}: between "
        f"{min(known):.3f} and {max(known):.3f}.",
        spec=sample_correlation(asked.groups if several else (), has_same="same" in data),
        data=data | {"samples": samples},
        where="page",
        max_width=640,
    )
