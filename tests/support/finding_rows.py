"""Rows of what is found behind the contrasts, with every sign, zeros and missing values."""

from __future__ import annotations

from typing import Any

import numpy as np

Row = dict[str, Any]

PAIR = "3rd-1st/PP-3rd"
FEATURES = [f"F{i:03d}" for i in range(240)]
GROUPS = ("HP", "MS", "HC")
#: Of the analyses with a design; each group and visit has one person or two.
DESIGN_SAMPLES = [f"S{i}" for i in range(3, 8)]
#: Analyses with rebounds: the preset, the groups (None = of no one group), the thresholds.
REBOUNDS: dict[str, tuple[str, tuple[str | None, ...], Row | None]] = {
    "by default": ("default", GROUPS, {"p": 1e-9, "adj_p": 0.6, "log_fc": 0.5}),
    "by paper": ("paper", GROUPS[:2], {"p": 0.5, "delta_beta": 0.1}),
    "no thresholds": ("paper", GROUPS[:2], None),
    "nothing found": ("default", GROUPS[:2], {"adj_p": 0.0}),
    "one pair": ("default", (None,), {"delta_beta": 0.0}),
    "none named": ("default", GROUPS[:2], dict.fromkeys(("p", "adj_p", "delta_beta", "log_fc"))),
}


def finding_rows(analysis: str) -> dict[str, list[Row]]:
    """Give the rows of the tables of one of `REBOUNDS`."""
    preset, groups, thresholds = REBOUNDS[analysis]
    rng = np.random.default_rng([2023, list(REBOUNDS).index(analysis)])
    tables: dict[str, list[Row]] = {"rebound_pair": [], "rebound": []}
    for group in groups:
        first, second = (f"{group}_{c}" if group else c for c in PAIR.split("/"))
        keys = {"analysis": analysis, "pair": PAIR, "study_group": group}
        contrasts = {"first_contrast": first, "second_contrast": second}
        pair = {**keys, **contrasts, "cell_type": "CD4", "preset": preset}
        tables["rebound_pair"].append(pair)
        tables["rebound"] += [
            {**keys, **contrasts, "feature_id": feature, **numbers(rng)} for feature in FEATURES
        ]
    tables["rebound_difference"] = [
        {"analysis": analysis, "pair": PAIR, "study_group": group, "reference_group": "HP",
         "feature_id": feature, **difference(rng)}
        for group in groups[1:] for feature in FEATURES
    ]  # fmt: skip
    if thresholds is not None:
        tables["threshold"] = [{"analysis": analysis, **thresholds}]
    return tables


def numbers(rng: np.random.Generator) -> Row:
    """Two changes; some are 0, some missing, and many P values are small."""
    log_fc: list[Any] = rng.choice([-2.0, -1.0, -0.25, 0.0, 0.25, 1.0, 2.0, None], 2).tolist()
    p: list[Any] = (rng.random(2) ** 3).tolist()
    if rng.random() < 0.05:
        p[rng.integers(2)] = None
    p_rebound, p_same = combined(log_fc, p)
    return {
        "log_fc_first": log_fc[0], "log_fc_second": log_fc[1], "p_first": p[0], "p_second": p[1],
        "adj_p_first": None if p[0] is None else p[0] ** 0.5,
        "adj_p_second": None if p[1] is None else p[1] ** 0.5,
        "delta_beta_first": None if log_fc[0] is None else 0.1 * log_fc[0],
        "delta_beta_second": None if log_fc[1] is None else 0.1 * log_fc[1],
        "adj_p_rebound": None if p_rebound is None else p_rebound**0.75,
        "adj_p_same": None if p_same is None else p_same**0.75,
        "amplitude": None if None in log_fc else (log_fc[0] - log_fc[1]) / 2,
        "amplitude_se": 0.5, "amplitude_p_value": float(rng.random()),
    }  # fmt: skip


def combined(log_fc: list[Any], p: list[Any]) -> tuple[float | None, float | None]:
    """P of two opposite changes, and of two in one direction."""
    if None in (*log_fc, *p):
        return None, None
    product = log_fc[0] * log_fc[1]
    return max(p) if product < 0 else 1.0, max(p) if product > 0 else 1.0


def difference(rng: np.random.Generator) -> Row:
    p = None if rng.random() < 0.05 else float(rng.random())
    adjusted = None if p is None else p**0.75
    return {
        "amplitude_difference": float(rng.normal()),
        "se": 0.5,
        "p_value": p,
        "adj_p_value": adjusted,
    }


def further_rows(analysis: str) -> dict[str, list[Row]]:
    """One row or two of each of the other tables."""
    overlap = {
        "first_analysis": analysis, "first_contrast": "a", "first_direction": "up",
        "second_analysis": "first", "second_contrast": "b", "second_direction": "any",
        "n_universe": 100, "n_first": 10, "n_second": 20, "n_both": 5, "expected": 2.0,
        "odds_ratio": 4.5, "p_value": 0.03125, "correlated_by_design": False,
    }  # fmt: skip
    refitted = {"analysis": analysis, "contrast": "3rd-1st", "feature_id": "ENSG001"}
    hit = {
        "log_fc": 1.5, "se": 0.5, "t": 3.0, "p_value": 0.0078125, "adj_p_value": 0.03125,
        "holds": True, "n_samples": 60,
    }  # fmt: skip
    gene = {"analysis": analysis, "pair": PAIR, "in_largest_component": True, "n_links": 3}
    return {
        **design(analysis, DESIGN_SAMPLES),
        "contrast_correlation": [correlation(analysis)],
        "contrast_overlap": [
            overlap,
            {**overlap, "second_contrast": "c", "correlated_by_design": True, "p_value": None},
        ],
        "enrichment": [
            {
                "analysis": analysis, "source": "contrast", "source_name": "a",
                "direction": "up", "test": "camera", "collection": "gene_lists",
                "gene_set": "hormone targets", "n_universe": 100, "n_genes": 20, "z": 2.5,
                "inter_gene_correlation": 0.01, "p_value": 0.0125, "adj_p_value": 0.025,
                "genes": "A;B",
            }
        ],
        "module_gene": [
            {**gene, "gene_name": "A", "is_seed": True, "rank": 0},
            {**gene, "gene_name": "B", "is_seed": False, "rank": 1, "n_module_links": 1,
             "p_value": 0.25, "log10_p": -0.5, "n_tied": 1, "stability": 0.75},
        ],
        "module_summary": [
            {
                "analysis": analysis, "pair": PAIR, "mode": "fixed", "seed_weight": 1,
                "n_nodes": 20, "n_edges": 30, "n_seeds": 2, "n_seeds_in_network": 1,
                "n_added": 1, "largest_component": 1, "random_mean": 1.0, "random_sd": 0.0,
                "z": None, "p_value": 1.0, "n_random_sets": 1000, "stability": 0.75,
                "n_stability_runs": 20,
            }
        ],
        "permutation_check": [
            {
                "analysis": analysis, "contrast": "3rd-1st", "n_permutations": 100,
                "n_features": 50, "n_left_out": 0, "between_share": 0.0, "n_found": 7,
                "n_expected": 2.5, "n_low": 0.0,
                "n_high": 6.0, "p_value": 0.0625,
            }
        ],
        "permutation_result": [
            {
                "analysis": analysis, "contrast": "3rd-1st", "feature_id": "ENSG001",
                "p_own": 0.25, "p_pooled": 0.125, "p_family_wise": 1.0,
            }
        ],
        "sensitivity": [
            {**refitted, "variant": "as analysed", "variant_order": 0, **hit},
            {**refitted, "variant": "without age", "variant_order": 1, **hit, "holds": False},
            {**refitted, "variant": "subject as fixed effect", "variant_order": 2,
             "fault": "the contrast is between people"},
        ],
        "module_overlap": [
            {
                "first_analysis": "first", "first_pair": PAIR, "second_analysis": analysis,
                "second_pair": PAIR, "n_nodes": 20, "n_first": 3, "n_second": 2, "n_both": 1,
                "odds_ratio": 4.0, "p_value": 0.25,
            }
        ],
    }  # fmt: skip


def design(analysis: str, samples: list[str]) -> dict[str, list[Row]]:
    """Two coefficients and their difference, notes of both kinds and a trend."""
    names = ("MS.1st", "MS.3rd")
    columns = list(enumerate(names, start=1))
    return {
        "design_value": [
            {"analysis": analysis, "sample_id": sample, "sample_order": i, "coefficient": name,
             "coefficient_order": j, "value": float(i % 2 == j % 2)}
            for i, sample in enumerate(samples, start=1) for j, name in columns
        ],
        "contrast_weight": [
            {"analysis": analysis, "contrast": "3rd-1st", "coefficient": name,
             "coefficient_order": j, "weight": 2.0 * j - 3.0}
            for j, name in columns
        ],
        "analysis_note": [
            {"analysis": analysis, "note_order": i, "kind": kind, "note": f"<b>{kind}</b> \u00a7"}
            for i, kind in enumerate(("note", "preset"), start=1)
        ],
        "voom_trend": [
            {"analysis": analysis, "feature_id": "ENSG001", "mean_log2_count": 5.5,
             "sqrt_sd": 0.75, "trend": 0.625}
        ],
    }  # fmt: skip


def correlation(analysis: str) -> Row:
    return {
        "analysis": analysis, "first_contrast": "HP_3rd-1st", "second_contrast": "HP_PP-3rd",
        "n_features": 100, "r": -0.75, "r_low": -0.875, "r_high": -0.5, "r_no_effect": -0.5,
        "no_effect_low": -0.625, "no_effect_high": -0.375, "p_value": 0.0078125,
        "n_features_rotated": 99, "n_rotations": 127,
    }  # fmt: skip
