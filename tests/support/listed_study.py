"""A small study with lists to paste: genes that go up together, sets, former symbols, CpGs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from scipy import stats

from cohortmart.core.warehouse.home import Home
from tests.support.export_warehouse import SAMPLES, export_warehouse

#: The first go up in the first contrast, the next down; the last two were not tested.
N_GENES, N_UP, N_DOWN, N_UNTESTED = 240, 30, 10, 2
N_CPGS = 200
PLANTED, QUIET, OF_ONE = "MS_PP-1st", "HP_PP-1st", "anna_PP/1st"
#: A name that would be HTML.
BOLD = "<b>G5</b>"
DF = 12.0
NAMES = [BOLD if i == 5 else f"G{i}" for i in range(N_GENES)]
IDS = [f"ENSG{i:05d}" for i in range(N_GENES)]
CPGS = [f"cg{i:08d}" for i in range(N_CPGS)]
SETS = {
    ("go", "planted"): NAMES[:20],
    ("go", "spread"): NAMES[::12],
    ("go", "too small"): NAMES[:3],
    ("gene_lists", "mine"): ["G1", "G200"],
    ("go", "not measured"): [f"X{i}" for i in range(20)],
}
ALIASES = [
    ("OLD1", "previous", "G1", True), ("101", "entrez", "G4", True),
    ("MANY", "alias", "G2", False), ("MANY", "alias", "G3", False),
    ("UNSURE", "alias", "G6", False),  # and of a gene that the study does not have
    ("NOWHERE", "previous", "X1", True),
]  # fmt: skip
_CONTRASTS = [
    ("rna_all", "rna", PLANTED, 1, 4, "log_cpm"), ("rna_all", "rna", QUIET, 2, 4, "log_cpm"),
    ("rna_all", "rna", OF_ONE, 3, 1, "log_cpm"), ("betas", "methylation", PLANTED, 1, 4, "m_value"),
    ("npx", "proteins", PLANTED, 1, 4, "measured"),
]  # fmt: skip
_VALUES = {"rna": IDS[:-N_UNTESTED], "methylation": CPGS, "proteins": ["P1", "P2"]}


def results() -> list[dict[str, Any]]:
    """Return the tests of every contrast."""
    rows = []
    for k, (analysis, assay, contrast, *_) in enumerate(_CONTRASTS):
        rng = np.random.default_rng(k)
        features = _VALUES[assay]
        t = rng.normal(size=len(features))
        if contrast == PLANTED and assay != "proteins":
            t[:N_UP] += 8
            t[N_UP : N_UP + N_DOWN] -= 8
        p = 2 * stats.t.sf(np.abs(t), DF)
        adj_p = stats.false_discovery_control(p)
        rows += [
            {
                "analysis": analysis, "contrast": contrast, "feature_id": feature,
                "feature_name": None, "log_fc": t[i] / 10, "se": 0.1, "ci_low": 0.0,
                "ci_high": 0.0, "ave_expr": float(i % 4 - 1), "t": t[i], "df_total": DF,
                "p_value": 1.0 if contrast == QUIET else p[i], "adj_p_value": adj_p[i],
                "b": 0.0, "delta_beta": None,
            }
            for i, feature in enumerate(features)
        ]  # fmt: skip
    return rows


def found(row: dict[str, Any]) -> bool:
    """Tell whether a test is below the threshold of the study."""
    return bool(row["adj_p_value"] < 0.05)


def _summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    summaries = []
    for analysis, assay, contrast, *_ in _CONTRASTS:
        its = [r for r in rows if (r["analysis"], r["contrast"]) == (analysis, contrast)]
        ups = [r["log_fc"] > 0 for r in its if found(r)]
        summaries.append(
            {
                "analysis": analysis, "contrast": contrast, "assay": assay, "n_tested": len(its),
                "n_found": len(ups), "n_up": sum(ups), "n_down": len(ups) - sum(ups),
                "min_adj_p_value": min(r["adj_p_value"] for r in its), "threshold_p": None,
                "threshold_adj_p": 0.05, "threshold_delta_beta": None, "threshold_log_fc": None,
            }
        )  # fmt: skip
    return summaries


def _tables() -> dict[str, list[dict[str, Any]]]:
    rows = results()
    thresholds = {"p": None, "adj_p": 0.05, "delta_beta": None, "log_fc": None}
    kinds = {"rna": "counts", "methylation": "beta", "proteins": "continuous"}
    rebound = {
        "analysis": "rna_all", "pair": "there and back", "study_group": "MS",
        "first_contrast": PLANTED, "second_contrast": QUIET,
    }  # fmt: skip
    return {
        "fct_contrast_result": rows,
        "contrast_summary": _summary(rows),
        "dim_contrast": [
            {
                "analysis": a, "contrast": c, "contrast_order": order, "assay": assay,
                "expression": "x - y", "meaning": f"change in {c}", "n_samples": 2 * people,
                "n_subjects": people, "kind": "within", "values_used": values,
                "minimum_log_fc": 0.5 if c == QUIET else 0.0,
            }
            for a, assay, c, order, people, values in _CONTRASTS
        ],
        "staging.stg_results__thresholds": [
            {"analysis": a, **thresholds} for a in ("rna_all", "betas", "npx")
        ],
        "staging.stg_lake__assays": [{"assay": a, "kind": k} for a, k in kinds.items()],
        "dim_gene": [
            {"gene_id": i, "gene_name": n, "ensembl_id": i, "matrix_name": n}
            for i, n in zip(IDS, NAMES, strict=True)
        ],
        "bridge_gene_alias": [
            {"alias": a, "kind": k, "gene_name": g, "is_certain": c} for a, k, g, c in ALIASES
        ],
        "dim_probe": [
            {"probe_id": c, "common_probe_id": f"ch{c[2:]}", "chromosome": "1", "position": i}
            for i, c in enumerate(CPGS)
        ],
        "bridge_probe_gene": [
            {"probe_id": c, "gene_name": NAMES[i // 2], "region": "Body"}
            for i, c in enumerate(CPGS)
        ],
        "dim_measure": [
            {"assay": "proteins", "feature_id": f, "measure_name": n, "gene_name": g, "unit": "NPX",
             "transformed_unit": "NPX"}
            for f, n, g in (("P1", "Protein of one", "G1"), ("P2", "cortisol", None))
        ],
        "bridge_gene_set": [
            {"collection": c, "gene_set": s, "gene_name": g} for (c, s), genes in SETS.items()
            for g in genes
        ],
        "rebound": [
            {**rebound, "class": "up-down", "feature_id": i, "is_found": k < 15}
            for k, i in enumerate(IDS[:20])
        ],
        "module_gene": [
            {"analysis": "rna_all", "pair": "there and back", "gene_name": g} for g in NAMES[:40]
        ],
        "design_matrix": [{"analysis": "rna_all", "sample_id": s[0]} for s in SAMPLES],
        "visit_expression": [
            {"assay": "rna", "gene_id": g, "sample_id": s[0], "log2_cpm": i + j / 3}
            for i, g in enumerate(IDS) for j, s in enumerate(SAMPLES)
        ],
        "group_expression": [
            {
                "analysis": "rna_all", "gene_id": g, "study_group": "MS", "cell_type": "CD8",
                "visit_key": "", "timepoint": t, "visit_order": v, "n_subjects": 4,
                "mean_log2_cpm": i + v / 3, "ci_low": 0.0, "ci_high": 9.0,
            }
            for i, g in enumerate(IDS) for v, t in ((1, "1st"), (2, "PP"))
        ],
    }  # fmt: skip


def listed_home(folder: Path) -> Home:
    """Write the study into a folder."""
    home = export_warehouse(folder)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create schema staging")
        for name, rows in _tables().items():
            con.register("given", pa.Table.from_pylist(rows))
            con.execute(f"create or replace table {name} as select * from given")
            con.unregister("given")
        con.execute("drop table group_methylation")
        con.execute("drop table group_measurement")
        for column in ("threshold_p", "threshold_delta_beta", "threshold_log_fc"):
            con.execute(f"alter table contrast_summary alter {column} type double")
        for column in ("p", "delta_beta", "log_fc"):
            con.execute(f"alter table staging.stg_results__thresholds alter {column} type double")
        con.execute("alter table fct_contrast_result alter delta_beta type double")
    return home
