"""Returns of a study small enough to count by hand."""

from __future__ import annotations

from typing import Any

SAMPLES = [
    ("s1", "Ada", "HP", "1st", 1), ("s2", "Ada", "HP", "3rd", 2), ("s3", "Eva", "HP", "1st", 1),
    ("s4", "Ida", "MS", "1st", 1), ("s5", "Ida", "MS", "3rd", 2),
]  # fmt: skip
#: Visit, feature, name, difference at baseline, what is left, P, adjusted P, of one that grows,
#: state.
FEATURES = (
    ("MS.3rd", "g1", "<b>TNF</b>", 2.0, 0.1, 0.001, 0.004, 1.0, "back"),
    ("MS.3rd", "g2", "IL2", -1.0, -0.5, 0.002, 0.004, 1.0, "towards"),
    ("MS.3rd", "g3", "g3", 1.0, 3.0, 1.0, 1.0, 0.003, "away"),
    ("MS.3rd", "g4", "g4", 0.8, 0.7, 0.3, 0.5, 1.0, "unclear"),
    ("MS.3rd", "g5", "g5", 0.1, 0.4, None, None, None, "no difference"),
    ("MS.PP", "g1", "<b>TNF</b>", 2.0, 1.9, 0.4, 0.9, 1.0, "stays"),
)
RETURN = "MS.1st to HP"


def study() -> dict[str, Any]:
    """Return the tables of the study by name."""
    return {
        "dim_contrast": [{"analysis": "rna", "contrast": "c", "values_used": "voom"}],
        "fct_return": [_feature(*row) for row in FEATURES],
        "return_summary": [
            _visit("MS.3rd", 1, n_with_difference=4, n_found=2, n_back=1, n_away=1,
                   share_towards=0.75, share_by_chance=0.625),
            _visit("MS.PP", 2, n_with_difference=1, n_stays=1, share_towards=1.0,
                   share_by_chance=0.5, r_no_change=None),
            _visit("MS.late", 3, n_with_difference=0, share_towards=None, share_by_chance=None,
                   r=None, r_no_change=None),
        ],
    }  # fmt: skip


def _feature(
    visit: str, feature: str, name: str, before: float, left: float, p: float | None,
    adjusted: float | None, away: float | None, state: str,
) -> dict[str, Any]:  # fmt: skip
    share = 1 - left / before
    tested = p is not None
    return {
        "analysis": "rna", "return_name": RETURN, "to_mean": visit, "feature_id": feature,
        "feature_name": name, "baseline_difference": before, "difference": left,
        "p_baseline": 0.01 if tested else 0.5, "return_share": share,
        "ci_low": share - 0.25 if tested else None, "ci_high": share + 0.25 if tested else None,
        "is_bounded": tested, "p_value": p, "adj_p_value": adjusted, "p_away": away,
        "state": state,
    }  # fmt: skip


def _visit(visit: str, order: int, **given: Any) -> dict[str, Any]:
    return {
        "analysis": "rna", "return_name": RETURN, "to_mean": visit, "visit_order": order,
        "reference": "HP", "from_mean": "MS.1st", "baseline_expression": "MS.1st - HP.1st",
        "to_expression": f"{visit} - HP", "n_samples": 5, "n_subjects": 3, "n_features": 5,
        "n_found": 0, "n_back": 0, "n_in_part": 0, "n_overshoot": 0, "n_away": 0, "n_stays": 0,
        "r": -0.5, "r_no_effect": -0.6, "r_no_change": -0.25, "no_change_low": -0.375,
        "no_change_high": -0.125, "p_value": 0.0001, "r_biological": -0.75,
        "r_biological_ci_low": -0.875, "r_biological_ci_high": -0.5, **given,
    }  # fmt: skip
