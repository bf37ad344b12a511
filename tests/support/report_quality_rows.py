"""The quality tables of a study small enough to count by hand: counts and betas of 8 samples."""

from __future__ import annotations

from itertools import combinations
from typing import Any

HP, MS = "HP", "<b>MS</b>"
#: sample_id, subject_id, study_group, timepoint, visit_order.
SAMPLES = [
    ("id8", "Ada", HP, "1st", 1), ("id7", "Ada", HP, "2nd", 2),
    ("id6", "Ida", HP, "1st", 1), ("id5", "Ida", HP, "2nd", 2),
    ("id4", "Eva", MS, "1st", 1), ("id3", "Eva", MS, "2nd", 2),
    ("id2", "Una", MS, "1st", 1), ("id1", "Una", MS, "2nd", 2),
]  # fmt: skip
IDS = [s[0] for s in SAMPLES]
#: Million reads; the median is 45, a quarter of it 11.25.
LIBRARIES = dict(zip(IDS, (10, 50, 40, 60, 40, 50, 30, 70), strict=True))
BATCHES = dict(zip(IDS, "ABABABAB", strict=True))
AGES = dict(zip(IDS, (31.0, 31.0, 28.0, 28.0, 35.0, 35.0, None, None), strict=True))
VARIABLES = [
    ("study_group", "group", "factor"), ("timepoint", "timepoint", "factor"),
    ("cell_type", "cell_type", "factor"), ("subject_id", "subject", "factor"),
    ("batch", "factor", "factor"), ("plate", "factor", "factor"), ("age", "covariate", "number"),
]  # fmt: skip
#: A component's score is its number times the place of the sample.
N_COMPONENTS = 4


def study() -> dict[str, Any]:
    """Return the tables of the study by name."""
    return {
        "dim_sample": [_sample(*s) for s in SAMPLES],
        "study_variable": [
            {"variable": name, "variable_order": n, "role": role, "kind": kind}
            for n, (name, role, kind) in enumerate(VARIABLES, start=1)
        ],
        "qc_sample": [*_counts(), *_betas()],
        "qc_probe_funnel": [
            _step(1, "detection_p", "> 0.01", 100, 0, "missing"),
            _step(2, "sample_missing", "> 0.1", 100, 0, "not needed"),
            _step(3, "mask", "in a mask", 100, 20, "used"),
            _step(4, "sex_chromosome", None, 80, 0, "switched off"),
        ],
        "fct_gene_expression": [
            {"assay": "rna", "gene_id": f"g{i}", "sample_id": s} for s in IDS for i in range(5)
        ],
        "analysis_run": [
            {"analysis": "two", "assay": "rna", "n_features": 3,
             "parameters": '{"filter": "filter_by_expr"}'},
            {"analysis": "one", "assay": "rna", "n_features": 5,
             "parameters": '{"filter": "none"}'},
        ],
        "design_matrix": [{"analysis": "one", "sample_id": s} for s in IDS for _ in (1, 2)],
        "qc_voom_trend": [
            {"analysis": a, "feature_id": f"g{i}", "mean_log2_count": float(i),
             "sqrt_sd": 1.0 - i / 10, "trend": 2.0 - i / 10}
            for a in ("two", "one") for i in range(5)
        ],
        "qc_beta_density": _densities(),
        **_sets(),
    }  # fmt: skip


def _sample(sample: str, subject: str, group: str, timepoint: str, visit: int) -> dict[str, Any]:
    return {
        "sample_id": sample, "subject_id": subject, "study_group": group, "timepoint": timepoint,
        "visit_order": visit, "cell_type": "CD4", "visit_key": "", "batch": BATCHES[sample],
        "plate": f"plate {sample}", "age": AGES[sample],
    }  # fmt: skip


def _counts() -> list[dict[str, Any]]:
    return [
        {"assay": "rna", "sample_id": s, "lib_size": LIBRARIES[s] * 1e6, "norm_factor": 1.0,
         "n_detected": 5, "missing_share": 0.0, "detection_failed_share": None,
         "filter_reason": None, "type_distance_before": None, "type_distance_after": None}
        for s in IDS
    ]  # fmt: skip


def _betas() -> list[dict[str, Any]]:
    return [
        {"assay": "meth", "sample_id": s, "lib_size": None, "norm_factor": None,
         "n_detected": 100 - i, "missing_share": i / 100, "detection_failed_share": None,
         "filter_reason": "sample_missing: Una failed" if s == "id1" else None,
         "type_distance_before": 0.3, "type_distance_after": 0.1}
        for i, s in enumerate(IDS)
    ]  # fmt: skip


def _step(
    order: int, step: str, limit: str | None, before: int, dropped: int, how: str
) -> dict[str, Any]:
    return {
        "assay": "meth", "step_order": order, "step": step, "threshold": limit,
        "n_probes_before": before, "n_probes_dropped": dropped, "n_probes_left": before - dropped,
        "n_samples_left": 7, "annotation": how,
    }  # fmt: skip


def _densities() -> list[dict[str, Any]]:
    """Give two bins to type II; type I of the first sample has none in the second."""
    rows = []
    for layer in ("raw", "bmiq"):
        for i, sample in enumerate(IDS[:7]):
            for kind, bins in (("I", (1,) if i == 0 else (1, 2)), ("II", (1, 2))):
                rows += [
                    {"assay": "meth", "layer": layer, "sample_id": sample, "design_type": kind,
                     "bin": b, "beta_from": (b - 1) / 2, "beta_to": b / 2, "density": float(i + b)}
                    for b in bins
                ]  # fmt: skip
    return rows


def _sets() -> dict[str, Any]:
    """Return the tables of two sets: all samples, and the first six, which two analyses take."""
    members = {"all samples": IDS, "one": IDS[:6]}
    of = {"n_samples": 8, "n_features": 5}
    return {
        "qc_sample_set": [
            {"assay": "rna", "sample_set": "all samples", "analysis": None, **of},
            {"assay": "rna", "sample_set": "one", "analysis": "two", **of, "n_samples": 6},
            {"assay": "rna", "sample_set": "one", "analysis": "one", **of, "n_samples": 6},
        ],
        "qc_pca": [
            {"assay": "rna", "sample_set": name, "sample_id": s, "component": c,
             "score": float(c * i)}
            for name, ids in members.items() for c in range(1, N_COMPONENTS + 1)
            for i, s in enumerate(ids)
        ],
        "qc_pca_component": [
            {"assay": "rna", "sample_set": name, "component": c, "variance_share": 0.5 / c}
            for name in members for c in range(1, N_COMPONENTS + 1)
        ],
        "qc_mds": [
            {"assay": "rna", "sample_set": "all samples", "sample_id": s, "dimension": d,
             "coordinate": float(i - d)}
            for d in (1, 2) for i, s in enumerate(IDS)
        ],
        "qc_pca_covariate": [
            _fit(1, "batch", 0.8, 1e-9), _fit(2, "batch", 0.1, 0.2), _fit(1, "age", 0.2, 0.0),
            _fit(1, "study_group", 0.4, 0.0234), _fit(2, "study_group", 0.05, None),
            # batches are looked for in the samples of the analyses
            _fit(1, "batch", 0.8, 1e-9) | {"sample_set": "one"},
            _fit(1, "study_group", 0.4, 0.0234) | {"sample_set": "one"},
        ],
        "qc_association": [
            _pair("study_group", "batch", 0.95, "one"), _pair("study_group", "age", 0.3, "one"),
            _pair("batch", "age", 0.99, "one"), _pair("study_group", "age", 0.9, "all samples"),
        ],
        "qc_sample_correlation": [
            {"assay": "rna", "sample_set": "all samples", "first_sample_id": min(a, b),
             "second_sample_id": max(a, b), "r": 0.5 if "id1" in (a, b) else 0.9}
            for a, b in combinations(IDS, 2)
        ],
    }  # fmt: skip


def _fit(component: int, variable: str, share: float, p: float | None) -> dict[str, Any]:
    return {
        "assay": "rna", "sample_set": "all samples", "component": component, "variable": variable,
        "kind": "number" if variable == "age" else "factor", "n_samples": 8, "r_squared": share,
        "p_value": p,
    }  # fmt: skip


def _pair(first: str, second: str, strength: float, sample_set: str) -> dict[str, Any]:
    return {
        "assay": "rna", "sample_set": sample_set, "first_variable": first,
        "second_variable": second, "statistic": "Cramér's V", "n_samples": 6,
        "strength": strength, "p_value": 1e-3,
    }  # fmt: skip
