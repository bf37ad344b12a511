"""Rows of the page on whose each sample is: an exchange, a wrong sex, a contaminated array."""

from __future__ import annotations

from itertools import combinations
from typing import Any

#: sample_id, subject_id, study_group, timepoint, visit_order.
SAMPLES = [
    (f"{person}{visit}", person, group, f"v{visit}", visit)
    for person, group in (("A", "HP"), ("B", "HP"), ("C", "MS"), ("D", "MS"))
    for visit in (1, 2, 3)
]
IDS = [row[0] for row in SAMPLES]
#: The person whose genotypes a sample has: A2 and B2 are exchanged, C1 is of two people.
TRUE = {s: s[0] for s in IDS} | {"A2": "B", "B2": "A"}


def _row(sample: str, assay: str = "meth", **changed: Any) -> dict[str, Any]:
    return {
        "assay": assay, "sample_id": sample, "subject_id": sample[0],
        "likely_subject_id": sample[0], "posterior": 0.999, "said_posterior": 0.999,
        "evidence": "genotype", "n_snps": 59, "contamination_score": -8.5, "said_sex": "female",
        "told_sex": "female", "sex_posterior": 0.999, "sex_evidence": "X probes",
        "verdict": "as said", "exchanged_with": None, "reason": f"genotype: like {sample[0]}",
    } | changed  # fmt: skip


def identity() -> list[dict[str, Any]]:
    """Return the rows of `qc_identity`."""
    changed: dict[str, dict[str, Any]] = {
        "A2": {"verdict": "exchanged", "likely_subject_id": "B", "exchanged_with": "B2"},
        "B2": {"verdict": "exchanged", "likely_subject_id": "A", "exchanged_with": "A2"},
        "C1": {"verdict": "contaminated", "likely_subject_id": None, "contamination_score": -1.25},
        **{s: {"verdict": "other sex", "said_sex": "male"} for s in ("D1", "D2", "D3")},
        "C3": {"verdict": "other person", "likely_subject_id": None},
    }
    meth = [_row(s, **changed.get(s, {})) for s in IDS]
    rna = [
        _row(s, "rna", likely_subject_id=None, posterior=None, evidence=None, n_snps=0,
             contamination_score=None, verdict="cannot tell", reason="nothing")
        for s in IDS
    ]  # fmt: skip
    return meth + rna


def agreement() -> list[dict[str, Any]]:
    """Return the rows of `qc_genotype_agreement`."""
    return [
        {"first_assay": "meth", "first_sample_id": a, "second_assay": "meth",
         "second_sample_id": b, "agreement": 0.99 if TRUE[a] == TRUE[b] else 0.4, "n_snps": 59,
         "log10_ratio": 25.0 if TRUE[a] == TRUE[b] else -90.0}
        for a, b in combinations(IDS, 2)
    ]  # fmt: skip


def study() -> dict[str, Any]:
    """Return the tables of the page."""
    pairs = [
        row | {"said": said, "found": "of one person" if "not" in said else "not of one person",
               "exchange": "A2", "exchange_with": "B2"}
        for row in agreement()
        for said in ["of one person" if row["first_sample_id"][0] == row["second_sample_id"][0]
                     else "not of one person"]
        if (said == "of one person") != (row["agreement"] > 0.9)
    ]  # fmt: skip
    return {
        "qc_identity": identity(),
        "qc_genotype_agreement": agreement(),
        "qc_identity_pair": pairs,
    }
