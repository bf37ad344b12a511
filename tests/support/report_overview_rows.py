"""Rows of a small study for the first page of the report: contrasts, rebounds, samples."""

from __future__ import annotations

from typing import Any

SAMPLES = [
    (f"S{w}_{t}", f"P{w}", "MS" if w < 3 else "HP", t, order)
    for w in range(5)
    for t, order in (("1st", 1), ("3rd", 2))
]
QC = [
    {
        "assay": "rna",
        "sample_id": s[0],
        "filter_reason": "too few reads" if i == 3 else None,
        "lib_size": 1e7,
    }
    for i, s in enumerate(SAMPLES)
]


def contrast(name: str, kind: str, n_found: int, n_complete: int = 3) -> dict[str, Any]:
    """Return a row of `contrast_summary` and of `dim_contrast`."""
    return {
        "analysis": "a", "contrast": name, "assay": "rna", "meaning": f"meaning of {name}",
        "contrast_order": 1, "expression": name, "kind": kind, "n_samples": 8,
        "n_subjects": 4, "n_complete": n_complete,
        "values_used": "voom", "n_tested": 100, "n_found": n_found, "n_up": n_found,
        "n_down": 0, "n_p_05": n_found, "min_adj_p_value": 0.01, "threshold_p": None,
        "threshold_adj_p": 0.05,
        "threshold_delta_beta": None, "threshold_log_fc": 1.0,
    }  # fmt: skip


def rebound(group: str, found: int, reading: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a row of `rebound_summary` and of `contrast_correlation`."""
    names = {"analysis": "a", "first_contrast": f"{group}_1", "second_contrast": f"{group}_2"}
    return (
        {**names, "pair": "p", "study_group": group, "preset": "paper", "n_tested": 100,
         "n_found": found + 5, "n_up_down": found - 1, "n_down_up": 1, "n_same_sign": 5,
         "n_default": 0, "n_paper": 0},
        # a table of correlations names two contrasts in their order in study.yml
        {"analysis": "a", "first_contrast": f"{group}_2", "second_contrast": f"{group}_1",
         "r": -0.8, "r_no_effect": -0.5, "no_effect_low": -0.6, "no_effect_high": -0.4,
         "p_value": 0.001, "reading": reading, "r_biological": None,
         "r_biological_ci_low": None, "r_biological_ci_high": None},
    )  # fmt: skip


def tables(contrasts: list[dict[str, Any]], rebounds: Any = ()) -> dict[str, Any]:
    """Return the tables by name."""
    found = {"contrast_summary": contrasts, "dim_contrast": contrasts, "qc_sample": QC}
    if rebounds:
        found["rebound_summary"] = [r for r, _ in rebounds]
        found["contrast_correlation"] = [c for _, c in rebounds]
    return found


#: Genes with their change and P value in the contrast `most`.
GENES = (("g1", 2.0, 1e-6), ("g2", -1.0, 1e-8), ("g3", 0.5, 1e-4), ("g4", -0.1, 0.9))


def value(gene: str, subject: str, timepoint: str) -> float:
    """Return the expression of a gene, which changes by what the contrast says."""
    change = next(c for name, c, _ in GENES if name == gene)
    return int(subject[1:]) / 10 + (change if timepoint == "3rd" else 0.0)


def values() -> dict[str, Any]:
    """Return the tables that pictures of the contrast `most` are drawn from."""
    expression = [
        {"assay": "rna", "gene_id": gene, "sample_id": s, "log2_cpm": value(gene, who, when)}
        for gene, _, _ in GENES
        for s, who, _, when, _ in SAMPLES
    ]
    means = []
    for gene, _, _ in GENES:
        for group, when, order in dict.fromkeys((g, t, o) for _, _, g, t, o in SAMPLES):
            of_group = [value(gene, w, t) for _, w, g, t, _ in SAMPLES if (g, t) == (group, when)]
            mean = sum(of_group) / len(of_group)
            means.append(
                {"analysis": "a", "gene_id": gene, "study_group": group, "timepoint": when,
                 "visit_order": order, "cell_type": "CD4", "visit_key": "",
                 "n_subjects": len(of_group), "mean_log2_cpm": mean, "ci_low": mean - 0.2,
                 "ci_high": mean + 0.2}
            )  # fmt: skip
    return {
        "visit_expression": expression,
        "group_expression": means,
        "design_matrix": [
            {"analysis": "a", "sample_id": s[0], "coefficient": "x", "value": 1.0} for s in SAMPLES
        ],
        "dim_gene": [{"gene_id": "g1", "gene_name": "IL7R"}, {"gene_id": "g4", "gene_name": "g4"}],
        "fct_contrast_result": [
            {"analysis": "a", "contrast": "most", "feature_id": gene, "log_fc": change, "t": change,
             "ci_low": change - 0.1, "ci_high": change + 0.1, "ave_expr": 3.0 + i, "p_value": p,
             "adj_p_value": p * 4, "delta_beta": None}
            for i, (gene, change, p) in enumerate(GENES)
        ],
    }  # fmt: skip


def study() -> dict[str, Any]:
    """Return tables in which something of every kind stands out, and something is odd."""
    rebounds = [rebound("HP", 90, "no different from chance"),
                rebound("MS", 30, "stronger than chance")]  # fmt: skip
    found = [contrast("most", "within", 9, 2), contrast("none", "between", 3),
             *(contrast(f"{g}_{i}", "within", 0) for g in ("HP", "MS") for i in (1, 2)),
             ]  # fmt: skip
    return {
        **tables(found, rebounds),
        **values(),
        "rebound": [
            {"analysis": "a", "pair": "p", "study_group": "MS", "feature_id": gene,
             "class": "up-down", "adj_p_rebound": p, "p_first": p, "p_second": p}
            for gene, _, p in GENES
        ],
        "dmp_deg": [
            {"analysis": "a", "contrast": "most", "probe_id": "cg1", "gene_id": "A",
             "gene_name": "A!", "p_within": 0.001, "r_within": -0.9, "adj_p_within": 0.01}
        ],
        "permutation_check": [{"analysis": "a", "contrast": "most", "n_found": 5, "n_high": 8.0}],
    }  # fmt: skip
