"""CpGs and genes of a study small enough to count by hand."""

from __future__ import annotations

from typing import Any

HP, MS = "HP", "<script>MS</script>"
#: sample, subject, group, timepoint, visit_order.
SAMPLES = [
    ("s1", "Ada", HP, "1st", 1), ("s2", "Ada", HP, "3rd", 2), ("s3", "Eva", HP, "1st", 1),
    ("s4", "Ida", MS, "1st", 1), ("s5", "Ida", MS, "3rd", 2),
]  # fmt: skip
#: contrast, probe, gene, regions, promoter, M-value, delta beta, its P, expression, its P,
#: r within women, its P.
PAIRS = (
    ("x", "c1", "g1", "Body|TSS200", True, 1.0, 0.2, 0.01, -1.0, 0.02, -0.9, 0.001),
    ("y", "c1", "g1", "Body|TSS200", True, -1.0, -0.1, 0.03, 2.0, 0.001, -0.9, 0.001),
    ("x", "c2", "g1", "Body", False, -1.0, -0.3, 0.01, -0.5, 0.01, 0.2, 0.5),
    ("x", "c3", "g2", None, False, 0.5, 0.05, 0.01, 0.5, 0.01, None, None),
)
NAMES = {"g1": "<b>TNF</b>", "g2": "IL2"}
#: probe, chromosome, position, why dropped.
PROBES = (
    ("c1", "1", 200, None), ("c2", "1", 100, None), ("c3", None, None, None),
    ("c8", "1", 250, "mask"), ("c9", "1", 300, None),
)  # fmt: skip
BRIDGE = (
    ("c1", "g1", "TSS200"), ("c1", "g1", "Body"), ("c2", "g1", "Body"), ("c8", "g1", "Body"),
    ("c9", "g1", None), ("c3", "g2", None),
)  # fmt: skip


def study() -> dict[str, Any]:
    """Return the tables of the study by name."""
    visits = [(HP, "1st", 1, 2), (HP, "3rd", 2, 1), (MS, "1st", 1, 1), (MS, "3rd", 2, 1)]
    return {
        "dmp_deg": [
            *({"analysis": "meth", **_pair(*row)} for row in PAIRS),
            {"analysis": "other", **_pair(*PAIRS[0])},
        ],
        "dmp": [
            {"analysis": "meth", "contrast": "x", "probe_id": p} for p in ("c1", "c2", "c3", "c9")
        ],
        "bridge_probe_gene": [
            {"probe_id": p, "gene_name": NAMES[g], "region": r} for p, g, r in BRIDGE
        ],
        "dim_probe": [
            {"probe_id": p, "chromosome": c, "position": at, "filter_reason": why}
            for p, c, at, why in PROBES
        ],
        "design_matrix": [
            {"analysis": a, "sample_id": s[0]} for a in ("meth", "rna") for s in SAMPLES
        ],
        "group_expression": [
            {"analysis": "rna", "gene_id": g, **_mean(*visit, "log2_cpm", 5.0 + i)}
            for g in NAMES
            for i, visit in enumerate(visits)
        ],
        "group_methylation": [
            {"analysis": "meth", "probe_id": p, **_mean(*visit, "beta", 0.5 + i / 10)}
            for p in ("c1", "c2", "c9")
            for i, visit in enumerate(visits)
        ],
    }


def _pair(
    contrast: str, probe: str, gene: str, regions: str | None, promoter: bool, m: float,
    delta_beta: float, m_p: float, log_fc: float, p: float, r: float | None, r_p: float | None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "expression_analysis": "rna", "contrast": contrast, "probe_id": probe, "gene_id": gene,
        "gene_name": NAMES[gene], "regions": regions, "is_promoter": promoter,
        "direction": "as it is", "methylation_log_fc": m, "delta_beta": delta_beta,
        "methylation_p_value": m_p, "expression_log_fc": log_fc, "expression_p_value": p,
        "n_subjects": 3, "r_within": r, "p_within": r_p, "adj_p_within": r_p,
    }  # fmt: skip


def _mean(group: str, timepoint: str, order: int, n: int, unit: str, mean: float) -> dict[str, Any]:
    wide = 0.1 if n > 1 else None
    return {
        "study_group": group, "timepoint": timepoint, "visit_order": order, "cell_type": "CD4",
        "visit_key": "", "n_subjects": n, f"mean_{unit}": mean,
        "ci_low": wide and mean - wide, "ci_high": wide and mean + wide,
    }  # fmt: skip
