"""A small warehouse with an assay of each kind and names that other programs spoil."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cohortmart.core.warehouse.home import Home

STUDY = """
study: small
groups: [MS, HP]
timepoints: [1st, PP, 10th]
assays: {rna: {}, methylation: {}, proteins: {}}
analyses: {rna_all: {}, betas: {}, npx: {}}
"""
#: sample, subject, group, timepoint, visit_order, cell type, batch, age
SAMPLES = [
    ("S1", "anna", "HP", "PP", 2, "CD8", "b", 31.5),
    ("S2", "anna", "HP", "1st", 1, "CD8", "a", 31.0),
    ("S3", "béla", "MS", "10th", 3, None, None, None),
]
GENES = ["=1+1", "ENSG1", "ENSG2", "g&<>\"'"]
NAMES = ["=cmd|' /C calc'!A0", "SEPT2", "1E5", "MARCH1 "]
PROBES = ["cg1", "cg2", "rs3"]
MEASURES = ["IL-6"]
LONG = "MSvsHP_a_very_long_name_of_a_contrast_indeed"
#: analysis, assay, contrasts with the number of people
CONTRASTS = [
    ("rna_all", "rna", [("MS_PP-1st", 4), (f"{LONG}_1", 3), (f"{LONG}_2", 3), ("anna_PP/1st", 1)]),
    ("betas", "methylation", [("MS:PP", 4)]),
    ("npx", "proteins", [("MS_PP-1st", 4)]),
]
#: Values that a format may round, by gene and sample.
COUNTS = [[0.0, 2.0**31, 1 / 3], [1.0, 2.0, 3.0], [5e-324, 1e300, 7.0], [4.0, 5.0, 6.0]]
BETAS = [[0.25, None, 1 / 3], [0.5, 0.75, 1.0], [0.0, 0.1, None]]
#: The mean of a group that has one person.
OF_ONE = 0.2718281828
STATISTICS = (
    "log_fc", "se", "ci_low", "ci_high", "ave_expr", "t", "df_total", "p_value", "adj_p_value",
    "b", "delta_beta",
)  # fmt: skip


def log2_cpm(gene: int, sample: int) -> float:
    return gene + sample / 7


def result(contrast: int, feature: int) -> dict[str, float | None]:
    """Numbers of a contrast and a feature; P values fall with the feature."""
    x = 1 + contrast + feature / 3
    numbers: dict[str, float | None] = {name: x * (i + 1) for i, name in enumerate(STATISTICS)}
    numbers["p_value"], numbers["adj_p_value"] = 10.0 ** -(30 * feature + 1), 0.5 / (feature + 1)
    if feature == 0:
        numbers["t"], numbers["b"], numbers["delta_beta"] = None, float("inf"), None
    return numbers


def export_warehouse(folder: Path) -> Home:
    """Write the warehouse into a folder."""
    home = Home(folder)
    home.lake.mkdir(parents=True)
    home.results.mkdir()
    home.study_copy.write_text(STUDY)
    with duckdb.connect(str(home.warehouse)) as con:
        for name, rows in _tables().items():
            con.register("given", pa.Table.from_pylist(rows))
            con.execute(f"create table {name} as select * from given")
            con.unregister("given")
        con.execute("alter table bridge_probe_gene alter column region type varchar")
        con.execute("comment on table deg is 'What was ''found''.'")
        con.execute("comment on column fct_contrast_result.p_value is 'Two-sided P value.'")
    return home


def _tables() -> dict[str, list[dict[str, Any]]]:
    samples = [
        {
            "sample_id": s, "subject_id": p, "study_group": g, "timepoint": t, "visit_order": v,
            "cell_type": c, "visit_key": c or "", "batch": b, "age": age,
        }
        for s, p, g, t, v, c, b, age in SAMPLES
    ]  # fmt: skip
    return {
        "dim_sample": samples,
        "study_variable": [
            {"variable": "study_group", "kind": "factor"},
            {"variable": "timepoint", "kind": "factor"},
            {"variable": "subject_id", "kind": "factor"},
            {"variable": "batch", "kind": "factor"},
            {"variable": "age", "kind": "number"},
        ],
        "fct_gene_expression": [
            {
                "assay": "rna", "gene_id": gene, "sample_id": samples[j]["sample_id"],
                "count": COUNTS[i][j], "cpm": 1.0, "log2_cpm": log2_cpm(i, j),
            }
            for j in (2, 0, 1) for i, gene in enumerate(GENES)
        ],
        "dim_gene": [
            {"gene_id": g, "gene_name": n, "start_position": None if n == "1E5" else 2**40}
            for g, n in zip(GENES, NAMES, strict=True)
        ],
        "dim_probe": [
            {"probe_id": p, "chromosome": "X", "position": 5, "filter_reason": None}
            for p in PROBES
        ],
        "qc_probe": [
            {"assay": "methylation", "probe_id": p, "filter_reason": "mask" if p == "rs3" else None}
            for p in PROBES
        ],
        "bridge_probe_gene": [
            {"probe_id": "cg1", "gene_name": n, "region": None} for n in ("SEPT2", "ABC", "SEPT2")
        ],
        "fct_probe_methylation": [
            {
                "assay": "methylation", "probe_id": p, "sample_id": s["sample_id"],
                "beta": BETAS[i][j], "m_value": None if BETAS[i][j] is None else i - j / 3,
            }
            for j, s in enumerate(samples) for i, p in enumerate(PROBES) if p != "rs3"
        ],
        "dim_measure": [
            {"assay": "proteins", "feature_id": "IL-6", "measure_name": "IL6", "unit": "NPX"}
        ],
        "fct_measurement": [
            {
                "assay": "proteins", "feature_id": "IL-6", "sample_id": s["sample_id"],
                "value": 1.5 * j, "transformed_value": None if j == 1 else 0.1 + j,
            }
            for j, s in enumerate(samples[:2])
        ],
        **_results(),
        **_means(),
    }  # fmt: skip


def features_of(assay: str) -> list[str]:
    """Features that are fitted: of the genes not the last."""
    return {"rna": GENES[:3], "methylation": PROBES[:2], "proteins": MEASURES}[assay]


def _results() -> dict[str, list[dict[str, Any]]]:
    named = [
        (analysis, assay, i, *contrast)
        for analysis, assay, contrasts in CONTRASTS
        for i, contrast in enumerate(contrasts)
    ]
    found = [{"analysis": "rna_all", "contrast": c, "gene_id": "ENSG2"} for c in ("MS_PP-1st",)]
    return {
        "analysis_run": [
            {
                "analysis": analysis, "assay": assay, "cohortmart_version": "0.1.0",
                "library_versions": "{}", "parameters": '{"where": "subject = anna"}',
            }
            for analysis, assay, _ in CONTRASTS
        ],
        "dim_contrast": [
            {
                "analysis": analysis, "contrast": name, "contrast_order": i + 1, "assay": assay,
                "expression": "x - y", "meaning": f"change in {name}", "n_subjects": people,
            }
            for analysis, assay, i, name, people in named
        ],
        "contrast_summary": [
            {
                "analysis": analysis, "contrast": name, "n_tested": 3, "n_up": 1, "n_down": 0,
                "threshold_p": 0.01, "threshold_adj_p": 0.05,
                "threshold_delta_beta": 0.05 if assay == "methylation" else None,
                "threshold_log_fc": None if i < 9 else 1.0,
            }
            for analysis, assay, i, name, _ in named
        ],
        "fct_contrast_result": [
            {"analysis": analysis, "contrast": name, "feature_id": f, **result(i, k)}
            for analysis, assay, i, name, _ in named for k, f in enumerate(features_of(assay))
        ],
        "deg": found,
        "dmp": [{"analysis": "betas", "contrast": "MS:PP", "probe_id": "cg2"}],
        "changed_measure": [{"analysis": "npx", "contrast": "none", "feature_id": "none"}],
    }  # fmt: skip


def _means() -> dict[str, list[dict[str, Any]]]:
    return {
        "group_expression": [
            {
                "analysis": "rna_all", "gene_id": g, "study_group": "MS", "timepoint": t,
                "n_subjects": n, "mean_log2_cpm": 1 / 3 if n > 1 else OF_ONE,
            }
            for g in GENES for t, n in (("1st", 2), ("PP", 1))
        ],
        "group_methylation": [
            {"analysis": "betas", "probe_id": "cg1", "n_subjects": 1, "mean_beta": OF_ONE}
        ],
        "group_measurement": [
            {"analysis": "npx", "feature_id": "IL-6", "n_subjects": 5, "mean": 0.5}
        ],
    }  # fmt: skip
