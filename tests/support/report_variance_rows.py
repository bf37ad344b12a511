"""Shares of variance of a study small enough to count by hand."""

from __future__ import annotations

from typing import Any

from tests.support.report_explained_rows import SAMPLES

__all__ = ["SAMPLES", "study"]

#: feature, its name, share of the people, its interval.
FEATURES = (
    ("g1", "<b>TNF</b>", 0.9, 0.8, 0.95),
    ("g2", "IL2", 0.25, 0.0, 0.5),
    ("g3", "g3", 0.6, 0.25, 0.75),
    ("g4", None, None, None, None),
)
#: variable: its share in g1, g2, g3.
SHARES = {
    "group": (0.0, 0.5, 0.25),
    "group x timepoint": (0.1, 0.1, 0.1),
    "subject": (0.8, 0.1, 0.4),
    "residual": (0.1, 0.3, 0.25),
}
FAULT = "the model has neither `block` nor `within`"


def study() -> dict[str, Any]:
    """Return the tables of the study by name: an analysis with people, one without."""
    return {
        "dim_contrast": [
            {"analysis": "rna", "contrast": "x", "values_used": "voom"},
            {"analysis": "meth", "contrast": "x", "values_used": "m_value"},
        ],
        "fct_feature_variance": [
            *(
                {"analysis": "rna", "feature_id": f, "feature_name": name, "subject_share": share,
                 "subject_share_low": low, "subject_share_high": high, "residual_share": 0.1,
                 "fault": "too few values" if share is None else None}
                for f, name, share, low, high in FEATURES
            ),
            {"analysis": "meth", "feature_id": "cg1", "feature_name": None, "subject_share": None,
             "subject_share_low": None, "subject_share_high": None, "residual_share": 0.75,
             "fault": FAULT},
        ],
        "fct_variance_part": [
            *(
                {"analysis": "rna", "feature_id": f"g{i + 1}", "variable": variable,
                 "variable_order": order, "share": share}
                for order, (variable, shares) in enumerate(SHARES.items())
                for i, share in enumerate((*shares, None))
            ),
            *(
                {"analysis": "meth", "feature_id": "cg1", "variable": variable,
                 "variable_order": order, "share": share}
                for order, (variable, share) in enumerate({"group": 0.25, "residual": 0.75}.items())
            ),
        ],
    }  # fmt: skip
