"""A small study of contrasts: genes, CpGs and proteins with numbers that are easily counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from cohortmart.core.warehouse.home import Home
from tests.support.export_warehouse import export_warehouse

UP, DOWN, OF_ONE, HOSTILE = "MS_2-1", "HP_2-1", "anna_2/1", "'; drop table x; --<b>"
#: analysis, assay, contrast, people, what was fitted.
CONTRASTS = [
    ("rna_all", "rna", UP, 4, "log_cpm"), ("rna_all", "rna", DOWN, 3, "log_cpm"),
    ("rna_all", "rna", OF_ONE, 1, "log_cpm"), ("rna_all", "rna", HOSTILE, 4, "log_cpm"),
    ("betas", "methylation", UP, 4, "m_value"), ("npx", "proteins", UP, 4, "measured"),
]  # fmt: skip
GENES = [f"ENSG{i:04d}" for i in range(120)]
NAMES = ["<b>G0</b>", *(f"G{i}" for i in range(1, 120))]
CPGS = [f"cg{i:04d}" for i in range(90)]
PROTEINS = [f"P{i}" for i in range(20)]
_FEATURES = {"rna": GENES, "methylation": CPGS, "proteins": PROTEINS}


def results(k: int) -> dict[str, np.ndarray[Any, Any]]:
    """Return the numbers of a contrast: the first are the strongest, every third goes down."""
    _, assay, contrast, *_ = CONTRASTS[k]
    n = len(_FEATURES[assay])
    rng = np.random.default_rng(k)
    p = 10.0 ** (-12 + 12 * np.arange(1, n + 1) / n)
    log_fc = np.where(np.arange(n) % 3 == 2, -1, 1) * (2 - 1.9 * np.arange(n) / n)
    if contrast == DOWN:  # half of them go the other way
        log_fc = log_fc * np.where(np.arange(n) % 2, 1, -1) + rng.normal(0, 0.1, n)
    beta = log_fc / 10 if assay == "methylation" else np.full(n, np.nan)
    return {"p_value": p, "adj_p_value": np.minimum(p * 10, 1), "log_fc": log_fc,
            "delta_beta": beta, "ave_expr": np.linspace(-3, 5, n)}  # fmt: skip


def is_found(k: int, adj_p: float = 0.05, log_fc: float = 0.0) -> np.ndarray[Any, Any]:
    """Tell by numpy which features are found."""
    its = results(k)
    return (its["adj_p_value"] < adj_p) & (np.abs(its["log_fc"]) > log_fc)


def contrast_study(folder: Path) -> Home:
    """Write the warehouse into a folder."""
    home = export_warehouse(folder)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create schema staging")
        for name in ("fct_contrast_result", "dim_contrast", "contrast_summary", "dim_gene",
                     "bridge_probe_gene", "dim_measure"):  # fmt: skip
            con.execute(f"drop table {name}")
        for name, rows in _tables().items():
            con.register("given", pa.Table.from_pylist(rows))
            con.execute(f"create table {name} as select * from given")
            con.unregister("given")
        con.execute(
            "create view fct_contrast_result as select *, feature_id as feature_name, "
            "log_fc - ci_quantile * se as ci_low, log_fc + ci_quantile * se as ci_high, "
            "log_fc / se as t from staging.stg_results__contrast_results"
        )
    return home


def _tables() -> dict[str, list[dict[str, Any]]]:
    rows, summaries = [], []
    for k, (analysis, assay, contrast, *_) in enumerate(CONTRASTS):
        its = {name: [None if np.isnan(v) else float(v) for v in values]
               for name, values in results(k).items()}  # fmt: skip
        rows += [
            {"analysis": analysis, "contrast": contrast, "feature_id": feature, "se": 0.1,
             "ci_quantile": 2.0, **{name: values[i] for name, values in its.items()}}
            for i, feature in enumerate(_FEATURES[assay])
        ]  # fmt: skip
        found, up = is_found(k), results(k)["log_fc"] > 0
        summaries.append(
            {"analysis": analysis, "contrast": contrast, "n_tested": len(found),
             "n_found": int(found.sum()), "n_up": int((found & up).sum()),
             "n_down": int((found & ~up).sum()), "threshold_p": None, "threshold_adj_p": 0.05,
             "threshold_delta_beta": None, "threshold_log_fc": None}
        )  # fmt: skip
    return {
        "staging.stg_results__contrast_results": rows,
        "contrast_summary": summaries,
        "dim_contrast": [
            {"analysis": a, "contrast": c, "contrast_order": i, "assay": assay, "expression": "x",
             "meaning": f"change in {c}", "n_samples": 2 * n, "n_subjects": n,
             "minimum_log_fc": None, "values_used": values}
            for i, (a, assay, c, n, values) in enumerate(CONTRASTS)
        ],
        "dim_gene": [{"gene_id": g, "gene_name": n} for g, n in zip(GENES, NAMES, strict=True)],
        "bridge_probe_gene": [
            {"probe_id": p, "gene_name": f"G{i // 2}"} for i, p in enumerate(CPGS) if i % 5
        ],
        "dim_measure": [
            {"assay": "proteins", "feature_id": p, "measure_name": f"protein {i}",
             "gene_name": f"G{i // 2 + 1}", "transformed_unit": "NPX"}
            for i, p in enumerate(PROTEINS)
        ],
        "contrast_correlation": [
            {"analysis": "rna_all", "first_contrast": DOWN, "second_contrast": UP, "r": 0.25,
             "r_low": 0.1, "r_high": 0.4, "r_no_effect": -0.5, "no_effect_low": -0.6,
             "no_effect_high": -0.4, "p_value": 0.001, "reading": "weaker or opposite",
             "r_biological": 0.31, "r_biological_ci_low": 0.12, "r_biological_ci_high": 0.5,
             "n_features": 120}
        ],
        "design_matrix": [
            {"analysis": "rna_all", "sample_id": "S1"}, {"analysis": "betas", "sample_id": "S1"},
            {"analysis": "npx", "sample_id": "S3"},
        ],
        "contrast_overlap": [
            {"first_analysis": "rna_all", "first_contrast": UP, "first_direction": a,
             "second_analysis": "rna_all", "second_contrast": HOSTILE, "second_direction": b,
             "matched_by": "feature", "n_universe": 120, "n_first": 70 + i, "n_second": 60 + i,
             "n_both": 50 - i, "expected": 11.5, "odds_ratio": 3.25, "p_value": None,
             "correlated_by_design": True}
            for i, (a, b) in enumerate([("any", "any"), ("up", "up"), ("down", "down"),
                                        ("up", "down"), ("down", "up")])
        ],
    }  # fmt: skip
