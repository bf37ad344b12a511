"""Small lake tables about samples and features, from what the sheets and matrices say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from cohortmart.study import Assay, Study
from cohortmart.tables import ASSAY, FEATURE


@dataclass(frozen=True)
class AssayFeatures:
    """Features of one assay.

    Parameters
    ----------
    assay, kind : str
        Which assay.
    features : pa.Table
        feature_id and gene_name, in any order.
    """

    assay: str
    kind: str
    features: pa.Table


def assay_table(study: Study) -> pa.Table:
    """Return the table `assay`, sorted by assay."""
    return pa.Table.from_pylist(
        [_assay_row(name, study.assays[name]) for name in sorted(study.assays)], schema=ASSAY
    )


def _assay_row(name: str, assay: Assay) -> dict[str, object]:
    chosen = assay.filter
    row: dict[str, object] = {
        "assay": name,
        "kind": assay.kind,
        "m_value_clip": assay.m_value_clip,
        "layers": "|".join(assay.layers),
        "platform": assay.platform,
    }
    if assay.kind != "beta":
        return row
    return row | {
        "filter_detection_p": chosen.detection_p,
        "filter_sample_missing": chosen.sample_missing,
        "filter_probe_missing": chosen.probe_missing,
        "filter_bead_minimum": None if chosen.beads is None else chosen.beads.minimum,
        "filter_bead_share": None if chosen.beads is None else chosen.beads.share,
        "filter_non_cpg": chosen.non_cpg,
        "filter_masks": chosen.masks,
        "filter_sex_chromosomes": chosen.sex_chromosomes,
    }


def feature_table(assays: Iterable[AssayFeatures]) -> pa.Table:
    """Return the table `feature`, sorted by assay and feature_id."""
    parts = [FEATURE.empty_table()]
    for part in sorted(assays, key=lambda a: a.assay):
        n = part.features.num_rows
        ordered = part.features.sort_by("feature_id")
        columns = [
            pa.repeat(pa.scalar(part.assay), n),
            pa.repeat(pa.scalar(part.kind), n),
            ordered["feature_id"],
            ordered["gene_name"],
        ]
        parts.append(pa.table(columns, schema=FEATURE))
    return pa.concat_tables(parts)
