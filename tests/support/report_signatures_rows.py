"""Signatures of a study small enough to count by hand."""

from __future__ import annotations

from typing import Any

SAMPLES = [
    ("s1", "Ada", "HP", "1st", 1), ("s2", "Ada", "HP", "3rd", 2), ("s3", "Eva", "HP", "1st", 1),
    ("s4", "Ida", "MS", "1st", 1), ("s5", "Ida", "MS", "3rd", 2),
]  # fmt: skip
#: contrast, signature, r, no_effect_high, P, adjusted P.
CORRELATIONS = (
    ("x", "ms", 0.8, 0.3, 1e-6, 2e-6), ("y", "ms", -0.001, 0.3, 0.99, 0.99),
    ("x", "ra", 0.1, 0.3, 0.5, 0.6), ("y", "ra", -0.2, 0.25, 0.2, 0.4),
    ("x", "few", None, None, None, None), ("y", "few", None, None, None, None),
)  # fmt: skip
#: feature, name, published estimate, on the table's list, change in x, found in x.
FEATURES = (
    ("g1", "<b>TNF</b>", 2.0, True, 1.5, True), ("g2", "IL2", -1.0, True, 0.5, True),
    ("g3", None, 0.5, True, 0.25, False), ("g4", "IFNG", -0.25, False, -1.0, True),
    ("g5", "TP53", 0.1, False, 0.0, False),
)  # fmt: skip


def study() -> dict[str, Any]:
    """Return the tables of the study by name."""
    return {
        "dim_contrast": [
            {"analysis": "rna", "contrast": c, "contrast_order": i, "assay": "counts",
             "values_used": "voom", "n_samples": 5, "n_subjects": 3}
            for i, c in enumerate(("x", "y"), start=1)
        ],
        "signature_correlation": [_correlation(*row) for row in CORRELATIONS],
        "signature_match": [
            {"analysis": "rna", "signature": "ms", "feature_id": f, "feature_name": n,
             "estimate": e, "is_signature_found": there, "is_used": True}
            for f, n, e, there, _, _ in FEATURES
        ],
        "fct_contrast_result": [
            {"analysis": "rna", "contrast": "x", "feature_id": f, "log_fc": change}
            for f, _, _, _, change, _ in FEATURES
        ],
        "deg": [
            {"analysis": "rna", "contrast": "x", "gene_id": f}
            for f, _, _, _, _, found in FEATURES if found
        ],
    }  # fmt: skip


def _correlation(
    contrast: str, signature: str, r: float | None, high: float | None, p: float | None,
    adj_p: float | None,
) -> dict[str, Any]:  # fmt: skip
    reading = "too few features" if r is None else "no different from chance"
    if r is not None and adj_p is not None and adj_p < 0.05:
        reading = "along the signature" if r > 0 else "against the signature"
    further = dict.fromkeys(
        ("r_spearman", "r_spearman_p_value", "r_t", "r_t_p_value", "sign_agreement",
         "sign_agreement_low", "sign_agreement_high", "sign_agreement_p_value",
         "n_both_expected", "overlap_p_value"), r
    )  # fmt: skip
    counts = dict.fromkeys(("n_found", "n_signature_found", "n_both", "n_both_same_sign"), 2)
    return {
        "analysis": "rna", "contrast": contrast, "signature": signature, "n_listed": 9,
        "n_matched": 5, "n_features": 5, "r": r, "no_effect_low": None if high is None else -high,
        "no_effect_high": high, "p_value": p, "adj_p_value": adj_p, "reading": reading,
        **further, **counts,
    }  # fmt: skip
