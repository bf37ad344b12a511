"""Gene sets, a module and lists of a study small enough to count by hand."""

from __future__ import annotations

from typing import Any

HP, MS = "HP", "MS"
SAMPLES = [("s1", "Ada", HP, "1st", 1), ("s2", "Ida", MS, "1st", 1)]
LONG = "<i>A SET</i> WITH A VERY LONG NAME THAT NO AXIS HAS ROOM FOR"
ORA, CAMERA, GSEA = "over_representation", "camera", "gsea"
#: source, list, direction, test, collection, set, genes, found, adjusted P, z or score.
SETS = (
    ("contrast", "late", "any", ORA, "h", LONG, 20, 5.0, 0.01, None),
    ("contrast", "late", "up", ORA, "h", LONG, 20, 4.0, 0.001, None),
    ("contrast", "late", "down", ORA, "h", LONG, 20, 0.0, 1.0, None),
    ("contrast", "late", "any", ORA, "h", "S2", 30, 2.0, 0.4, None),
    ("contrast", "late", "any", ORA, "k", "S2", 31, 3.0, 0.2, None),
    ("contrast", "early", "any", ORA, "h", "S2", 30, 6.0, 0.0, None),
    ("contrast", "early", "any", ORA, "h", LONG, 20, 1.0, None, None),
    ("rebound", "a/b, HP", "up-down", ORA, "h", LONG, 20, 3.0, 0.03, None),
    ("contrast", "late", "any", CAMERA, "h", LONG, 20, None, 0.1, -1.5),
    ("contrast", "late", "any", GSEA, "h", LONG, 20, None, 0.02, 2.0),
)
#: gene, seed, rank, in the largest component, stability.
MODULE = (
    ("A", True, 0, True, None), ("B", True, 0, True, None), ("C", True, 0, False, None),
    ("D", True, 0, False, None), ("X", False, 1, True, 0.9), ("Y", False, 2, True, 0.5),
)  # fmt: skip
#: A and B hang on X, Y on A; C and D on each other; E and F are of no module.
EDGES = (("A", "X"), ("B", "X"), ("A", "Y"), ("C", "D"), ("B", "E"), ("E", "F"))
#: analysis, group, features that rebound.
REBOUNDS = (
    ("rna", HP, ("1", "2", "3")),
    ("rna", MS, ("2", "3", "4", "5")),
    ("two", HP, ("3", "6")),
)
#: contrast, its features.
CONTRASTS = (("early", ("1", "2")), ("late", ("2",)), ("never", ()))


def study() -> dict[str, Any]:
    """Return the tables of the study by name."""
    return {
        "enrichment": [_set(*row) for row in SETS],
        "dim_contrast": [
            {"analysis": "rna", "contrast": c, "contrast_order": i, "meaning": f"what {c} says"}
            for i, c in ((2, "late"), (1, "early"))
        ],
        "design_matrix": [
            {"analysis": a, "sample_id": s[0], "coefficient": g, "value": float(g == s[2])}
            for a in ("rna", "two") for s in SAMPLES for g in (HP, MS)
        ],
        # Ada is in all of these but `hers`, Ida in `hers` and the second contrast of each pair
        "contrast_weight": [
            {"analysis": a, "contrast": c, "coefficient": g, "weight": 1.0}
            for a, c, g in (("rna", "early", HP), ("rna", "late", HP), ("rna", "same", HP),
                            ("rna", "few", HP), ("rna", "hers", MS), ("two", "late", MS))
        ],
        "dim_sample": [{"sample_id": s[0], "subject_id": s[1]} for s in SAMPLES],
        "module_summary": [_summary()],
        "module_gene": [
            {"analysis": "rna", "pair": "a/b", "gene_name": g, "is_seed": seed, "rank": rank,
             "n_links": 3, "n_module_links": None if seed else 2, "log10_p": None if seed else -4.0,
             "in_largest_component": largest, "stability": stability}
            for g, seed, rank, largest, stability in MODULE
        ],
        "network_edge": [{"gene_a": a, "gene_b": b} for a, b in EDGES],
        "module_overlap": [
            {"first_analysis": "rna", "first_pair": "a/b", "second_analysis": "two",
             "second_pair": "a/b", "n_nodes": 8, "n_first": 6, "n_second": 4, "n_both": 3,
             "odds_ratio": 2.5, "p_value": 0.04}
        ],
        "analysis_run": [{"analysis": a, "assay": "rna"} for a in ("rna", "two")],
        "qc_sample": [{"assay": "rna", "lib_size": 100.0}],
        "rebound_summary": [
            {"analysis": a, "pair": "a/b", "study_group": g, "n_found": len(found)}
            for a, g, found in REBOUNDS
        ],
        "rebound": [
            {"analysis": a, "pair": "a/b", "study_group": g, "feature_id": str(f),
             "is_found": str(f) in found}
            for a, g, found in REBOUNDS
            for f in range(1, 8)
        ],
        "contrast_summary": [
            {"analysis": "rna", "contrast": c, "n_found": len(found)} for c, found in CONTRASTS
        ],
        "deg": [
            {"analysis": "rna", "contrast": c, "gene_id": f} for c, fs in CONTRASTS for f in fs
        ],
        "dmp": [{"analysis": "else", "contrast": "late", "probe_id": "9"}],
        "contrast_overlap": [
            _overlap("early", 0.001, False), _overlap("late", 0.5, False),
            _overlap("same", None, True), _overlap("hers", 0.0001, False),
            {**_overlap("late", 1.0, False), "second_direction": "up", "n_second": 0},
            {**_overlap("few", 0.9, False), "n_both": 0},
        ],
    }  # fmt: skip


def _set(
    source: str, name: str, direction: str, test: str, collection: str, gene_set: str,
    n_genes: int, n_overlap: float | None, adj_p: float | None, score: float | None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "analysis": "rna", "source": source, "source_name": name, "direction": direction,
        "test": test, "collection": collection, "gene_set": gene_set, "n_genes": n_genes,
        "n_overlap": n_overlap, "expected": n_overlap and 1.0, "odds_ratio": n_overlap,
        "z": score if test == CAMERA else None,
        "normalised_score": score if test == GSEA else None, "p_value": adj_p,
        "adj_p_value": adj_p,
    }  # fmt: skip


def _summary(**changed: Any) -> dict[str, Any]:
    return {
        "analysis": "rna", "pair": "a/b", "n_nodes": 8, "n_edges": 6, "n_seeds": 5,
        "n_seeds_in_network": 4, "n_added": 2, "largest_component": 2, "random_mean": 1.5,
        "random_sd": 0.25, "z": 2.0, "p_value": 0.03, "n_random_sets": 100, "stability": 0.7,
        "n_stability_runs": 10, **changed,
    }  # fmt: skip


def _overlap(contrast: str, p: float | None, by_design: bool) -> dict[str, Any]:
    return {
        "first_analysis": "rna", "first_contrast": contrast, "first_direction": "any",
        "second_analysis": "two", "second_contrast": "late", "second_direction": "any",
        "n_universe": 10, "n_first": 2, "n_second": 3, "n_both": 1, "expected": 0.6,
        "odds_ratio": 1.5, "p_value": p, "correlated_by_design": by_design,
    }  # fmt: skip
