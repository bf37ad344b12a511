"""Rows of `assay`: what the lake was made for."""

from __future__ import annotations

from cohortmart.core.schemas.tables import ASSAY
from cohortmart.core.study.records import Assay, Study


def assay_rows(study: Study) -> list[dict[str, object]]:
    """Return the rows of the table `assay` that a study asks for, sorted by assay."""
    return [_assay_row(name, study.assays[name]) for name in sorted(study.assays)]


def _assay_row(name: str, assay: Assay) -> dict[str, object]:
    chosen = assay.filter
    row: dict[str, object] = {
        **dict.fromkeys(ASSAY.names),
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
