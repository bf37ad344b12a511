"""Explained changes of a study small enough to count by hand."""

from __future__ import annotations

from typing import Any

SAMPLES = [
    ("s1", "Ada", "HP", "1st", 1), ("s2", "Ada", "HP", "3rd", 2), ("s3", "Eva", "HP", "1st", 1),
    ("s4", "Ida", "MS", "1st", 1), ("s5", "Ida", "MS", "3rd", 2),
]  # fmt: skip
#: contrast, feature, found, total, explained, its P, P of what remains.
CHANGES = (
    ("x", "g1", True, 2.0, 1.5, 0.001, 0.4),
    ("x", "g2", True, -1.0, 0.25, 0.5, 0.002),
    ("x", "g3", True, 1.0, 0.5, 0.01, 0.02),
    ("x", "g4", False, 0.5, 0.1, 0.9, 0.9),
    ("y", "g1", False, 0.5, 0.25, 0.6, 0.7),
    ("y", "g2", False, 0.0, 0.25, 0.8, 0.3),
)
NAMES = {"g1": "<b>TNF</b>", "g2": "IL2", "g3": "g3"}


def study() -> dict[str, Any]:
    """Return the tables of the study by name."""
    return {
        "dim_contrast": [
            {"analysis": "rna", "contrast": c, "assay": "counts", "values_used": "voom"}
            for c in ("x", "y")
        ],
        "dim_gene": [{"gene_id": g, "gene_name": n} for g, n in NAMES.items()],
        "explained_change": [_change(*row) for row in CHANGES],
        "fct_explained": [
            {"analysis": "rna", "contrast": c, "feature_id": f, "part": part,
             "ci_low": value - 1, "ci_high": value + 1}
            for c, f, _, total, explained, _, _ in CHANGES
            for part, value in (("explained", explained), ("remaining", total - explained))
        ],
        "explained_summary": [
            {"analysis": "rna", "contrast": "x", "n_features": 4, "n_found": 3, "n_explained": 2,
             "n_mostly_explained": 1, "n_remaining": 2, "median_share": 0.5,
             "max_beside_log_fc": 0.125},
            {"analysis": "rna", "contrast": "y", "n_features": 2, "n_found": 0, "n_explained": 0,
             "n_mostly_explained": 0, "n_remaining": 0, "median_share": None,
             "max_beside_log_fc": 0.0},
        ],
        "explained_variable": [
            {"analysis": "rna", "contrast": c, "variable": v, "change": change,
             "ci_low": change - 1, "ci_high": change + 1, "p_value": 0.25, "n_samples": 5,
             "n_subjects": 2}
            for c in ("x", "y")
            for v, change in (("memory", -0.5), ("hormone", 2.0))
        ],
    }  # fmt: skip


def _change(
    contrast: str, feature: str, found: bool, total: float, explained: float, p: float, left: float
) -> dict[str, Any]:
    return {
        "analysis": "rna", "contrast": contrast, "feature_id": feature, "is_found": found,
        "total": total, "explained": explained, "p_explained": p, "adj_p_explained": p,
        "remaining": total - explained, "p_remaining": left, "adj_p_remaining": left,
        "share_explained": explained / total if total else None,
    }  # fmt: skip
