"""A study of one pair of changes in two groups, small enough to count by hand."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

ANALYSIS, PAIR = "rna_cd4", "a/b"
HP, MS = "<b>HP</b>", "MS"
NAMES = {"g1": "<script>alert(1)</script>", "g2": "TNF", "g4": "IL2"}

#: group, feature, first and second change, their P values, adj_p_rebound, found.
CHANGES = (
    (HP, "g1", 1.5, -1.5, 0.002, 0.001, 0.01, True),
    (HP, "g2", -1.5, 0.5, 0.001, 0.004, 0.02, True),
    (HP, "g3", 0.5, 0.5, 0.5, 0.5, 1.0, False),
    (HP, "g4", 2.0, -0.5, 0.001, 0.3, 0.5, False),
    (HP, "g5", None, None, None, None, None, False),
    (MS, "g1", 0.5, -1.0, 0.003, 0.002, 0.03, True),
    (MS, "g2", -0.5, -0.5, 0.2, 0.3, 1.0, False),
    (MS, "g3", 0.5, -0.5, 0.4, 0.4, 0.6, False),
    (MS, "g4", 1.0, -2.0, 0.0001, 0.0002, 0.001, True),
    (MS, "g5", 0.0, 0.1, 1.0, 0.9, 1.0, False),
)
#: contrast, feature, direction: what each change finds by itself.
DEG = (
    (f"{HP}_a", "g1", "up"), (f"{HP}_a", "g2", "down"), (f"{HP}_a", "g4", "up"),
    (f"{HP}_b", "g1", "down"), (f"{HP}_b", "g2", "up"), (f"{HP}_b", "g6", "up"),
    ("MS_a", "g4", "up"), ("MS_b", "g4", "down"), ("MS_b", "g1", "down"),
)  # fmt: skip
#: change, sector_order, sector, n: of g1, g2 and g4, found in either group (x = HP, y = MS).
SECTORS = (
    ("first", 3, "both up, MS more", 0), ("first", 4, "both up, HP more", 2),
    ("first", 6, "both down, HP more", 1), ("second", 1, "HP up, MS down", 1),
    ("second", 5, "both down, MS more", 1), ("second", 6, "both down, HP more", 1),
)  # fmt: skip
#: sample, subject, group, timepoint, visit_order; Ada is the only HP woman after birth.
SAMPLES = [
    ("s1", "Ada", HP, "1st", 2), ("s2", "Ada", HP, "3rd", 4), ("s3", "Ada", HP, "PP", 5),
    ("s4", "Eva", HP, "1st", 2), ("s5", "Eva", HP, "3rd", 4),
    ("s6", "Ida", MS, "1st", 2), ("s7", "Ida", MS, "3rd", 4), ("s8", "Ida", MS, "PP", 5),
    ("s9", "Uta", MS, "1st", 2), ("s10", "Uta", MS, "3rd", 4), ("s11", "Uta", MS, "PP", 5),
]  # fmt: skip


def study() -> dict[str, Any]:
    """Return the tables of the study by name."""
    both = {"analysis": ANALYSIS, "pair": PAIR}
    return {
        "rebound_summary": [_summary(HP, 2, 1, 1), _summary(MS, 2, 2, 0)],
        "contrast_correlation": [_correlation(HP, -0.81), _correlation(MS, -0.48)],
        "dim_contrast": [_contrast(g, c) for g in (HP, MS) for c in "ab"],
        "contrast_summary": [
            {"analysis": ANALYSIS, "contrast": f"{HP}_a", "threshold_p": None,
             "threshold_adj_p": 0.05, "threshold_delta_beta": None, "threshold_log_fc": None}
        ],
        "rebound": pa.Table.from_pylist([_rebound(*row) for row in CHANGES]),
        "deg": [{"analysis": ANALYSIS, "contrast": c, "gene_id": f, "direction": d}
                for c, f, d in DEG],
        "group_agreement": [
            {**both, "change": change, "study_group": MS, "reference_group": HP,
             "sector_order": order, "sector": sector, "n": n, "share": n / 3, "n_features": 3}
            for change, order, sector, n in SECTORS
        ],
        "rebound_union": [{**both, "n_groups": 2, "n_union": 3, "n_in_all": 1, "n_common": 2}],
        "rebound_group": [
            {**both, "study_group": MS, "reference_group": HP, "differs": d} for d in (True, False)
        ],
        "fct_contrast_result": [
            {"analysis": ANALYSIS, "contrast": f"{g}_a", "feature_id": f, "se": 0.5,
             "ci_low": -1.0, "ci_high": 1.0}
            for g in (HP, MS) for f in ("g1", "g2", "g3", "g4")
        ],
        "dim_gene": [{"gene_id": f, "gene_name": n} for f, n in NAMES.items()],
        "design_matrix": [
            {"analysis": ANALYSIS, "sample_id": s[0], "coefficient": c}
            for s in SAMPLES for c in ("one", "two")
        ],
        "visit_expression": _visits(),
        "group_expression": _means(),
    }  # fmt: skip


def value(subject: str, timepoint: str) -> float:
    """Return the log2 CPM of g4: what a person has at a timepoint."""
    own = {"Ada": 4.0, "Eva": 5.0, "Ida": 6.0, "Uta": 8.0}[subject]
    return own + {"1st": 0.0, "3rd": 1.0, "PP": 0.25}[timepoint]


def _summary(group: str, n_found: int, n_up_down: int, n_down_up: int) -> dict[str, Any]:
    return {
        "analysis": ANALYSIS, "pair": PAIR, "study_group": group, "cell_type": "CD4",
        "first_contrast": f"{group}_a", "second_contrast": f"{group}_b", "preset": "default",
        "n_tested": 4 if group == HP else 5, "n_found": n_found, "n_up_down": n_up_down,
        "n_down_up": n_down_up, "n_same_sign": 0, "n_default": n_found, "n_paper": 3,
    }  # fmt: skip


def _correlation(group: str, r: float) -> dict[str, Any]:
    beyond = r < -0.6
    first, second = (f"{group}_a", f"{group}_b")
    # the contrast that stands first in the analysis need not be the first of the pair
    first, second = (second, first) if group == MS else (first, second)
    return {
        "analysis": ANALYSIS, "first_contrast": first, "second_contrast": second, "r": r,
        "r_no_effect": -0.5, "no_effect_low": -0.6, "no_effect_high": -0.4,
        "p_value": 0.0002 if beyond else 0.64, "r_biological": -0.9 if beyond else None,
        "r_biological_ci_low": -1.0 if beyond else None,
        "r_biological_ci_high": -0.7 if beyond else None,
        "reading": "stronger than chance" if beyond else "no different from chance",
    }  # fmt: skip


def _contrast(group: str, name: str) -> dict[str, Any]:
    return {
        "analysis": ANALYSIS, "contrast": f"{group}_{name}", "assay": "rna",
        "values_used": "log_cpm", "n_samples": 4, "n_subjects": 2,
    }  # fmt: skip


def _rebound(
    group: str, feature: str, first: float | None, second: float | None,
    p_first: float | None, p_second: float | None, adj_p: float | None, found: bool,
) -> dict[str, Any]:  # fmt: skip
    direction = None
    if first and second and p_first is not None and p_second is not None:
        direction = f"{'up' if first > 0 else 'down'}-{'up' if second > 0 else 'down'}"
    swings = direction in ("up-down", "down-up")
    return {
        "analysis": ANALYSIS, "pair": PAIR, "study_group": group,
        "first_contrast": f"{group}_a", "second_contrast": f"{group}_b", "feature_id": feature,
        "class": direction, "is_found": found, "log_fc_first": first, "log_fc_second": second,
        "p_first": p_first, "p_second": p_second, "adj_p_rebound": adj_p,
        "p_rebound": None if p_first is None or p_second is None
        else max(p_first, p_second) if swings else 1.0,
        "delta_beta_first": 0.1, "delta_beta_second": -0.1,
        "amplitude": None if first is None or second is None else (first - second) / 2,
        "amplitude_se": 0.25, "recovery_percent": 100.0,
    }  # fmt: skip


def _visits() -> list[dict[str, Any]]:
    return [
        {"assay": assay, "sample_id": s, "gene_id": gene, "log2_cpm": value(who, visit) + plus}
        for s, who, _, visit, _ in SAMPLES
        for assay, gene, plus in (("rna", "g4", 0.0), ("rna", "g1", 1.0), ("other", "g4", 50.0))
    ]


def _means() -> list[dict[str, Any]]:
    rows = []
    for group in (HP, MS):
        for visit, order in (("1st", 2), ("3rd", 4), ("PP", 5)):
            of_visit = [value(s[1], visit) for s in SAMPLES if s[2:4] == (group, visit)]
            mean, n = sum(of_visit) / len(of_visit), len(of_visit)
            rows.append(
                {"analysis": ANALYSIS, "gene_id": "g4", "study_group": group, "timepoint": visit,
                 "visit_order": order, "cell_type": "CD4", "visit_key": "", "n_subjects": n,
                 "mean_log2_cpm": mean, "ci_low": mean - 1 if n > 1 else None,
                 "ci_high": mean + 1 if n > 1 else None}
            )  # fmt: skip
    return rows
