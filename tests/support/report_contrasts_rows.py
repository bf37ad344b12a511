"""Tables of two small analyses with contrasts, for the page of the contrasts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import numpy as np
import pyarrow as pa

from cohortmart.report.source import Source
from tests.support.paths import ROOT
from tests.support.report_source import small_source

MACROS = ROOT / "macros"
SAMPLES = [
    (f"{person}_{visit}", person, "HP" if person < "w3" else "MS", visit, order)
    for person in ("w1", "w2", "w3", "w4")
    for order, visit in enumerate(("1st", "3rd"), start=1)
]
#: Shown in order; `b` has a name that would be HTML and ends a quote, `none` was not tested.
RNA = ("x", "<b>it's</b>", "none")
THRESHOLDS = {"p": None, "adj_p": 0.05, "delta_beta": None, "log_fc": None}


def results(
    analysis: str, contrast: str, n: int, seed: int, *, is_beta: bool = False
) -> list[dict[str, Any]]:
    """Return features with planted extremes: the first two have P = 0, the last a huge change."""
    rng = np.random.default_rng(seed)
    t = rng.normal(size=n) * rng.choice([1, 4], size=n, p=[0.8, 0.2])
    p = np.exp(-(np.abs(t) ** 1.5))
    p[:2], t[:2] = 0.0, [9.0, -11.0]
    log_fc = t * rng.uniform(0.05, 0.2, size=n)
    log_fc[-1], p[-1], t[-1] = -9.0, 0.8, -0.2
    mean = rng.normal(5, 2, size=n)
    ranks = np.argsort(np.argsort(p)) + 1
    adjusted = np.minimum(p * n / ranks, 1)
    return [
        {
            "analysis": analysis, "contrast": contrast,
            "feature_id": f"cg{i}" if is_beta else f"g{i}",
            "log_fc": float(log_fc[i]), "se": 0.1, "ci_low": float(log_fc[i]) - 0.2,
            "ci_high": float(log_fc[i]) + 0.2, "ave_expr": float(mean[i]), "t": float(t[i]),
            "p_value": float(p[i]), "adj_p_value": float(adjusted[i]), "b": 0.0,
            "delta_beta": float(log_fc[i] / 5) if is_beta else None,
        }
        for i in range(n)
    ]  # fmt: skip


def contrast(analysis: str, name: str, order: int, **changed: Any) -> dict[str, Any]:
    """Return a row of dim_contrast."""
    values = "m_value" if analysis == "meth" else "log_cpm"
    row = {
        "analysis": analysis, "contrast": name, "contrast_order": order, "assay": analysis,
        "expression": "HP.3rd - HP.1st", "meaning": f"change {order}", "n_samples": 8,
        "n_subjects": 4, "kind": "within", "n_complete": 4, "values_used": values,
        "minimum_log_fc": 0.0,
    }  # fmt: skip
    return row | changed


def summary(
    contrasts: list[dict[str, Any]],
    features: list[dict[str, Any]],
    thresholds: dict[str, float | None] | None = None,
) -> list[dict[str, Any]]:
    """Return contrast_summary as the warehouse counts it, by its own macro."""
    macro = next(
        text
        for path in sorted(MACROS.glob("*.sql"))
        if "macro is_found(" in (text := path.read_text(encoding="utf-8"))
    )
    found = jinja2.Template(macro + "{{ is_found('r', 't') }}").render()
    t = THRESHOLDS if thresholds is None else thresholds
    con = duckdb.connect()
    con.register("r_rows", pa.Table.from_pylist(features))
    named = ", ".join(f"cast($t_{k} as double) as {k}" for k in t)
    counted = con.sql(
        f"""
        with t as (select {named}), r as (select * from r_rows)
        select analysis, contrast, count(r.p_value) as n_tested,
            count(case when {found} then 1 end) as n_found,
            count(case when {found} and r.log_fc > 0 then 1 end) as n_up,
            count(case when r.p_value < 5e-2 then 1 end) as n_p_05,
            min(r.adj_p_value) as min_adj_p_value
        from r cross join t group by analysis, contrast
        """,
        params={f"t_{k}": v for k, v in t.items()},
    ).to_arrow_table()
    by_name = {(r["analysis"], r["contrast"]): r for r in counted.to_pylist()}
    none = {"n_tested": 0, "n_found": 0, "n_up": 0, "n_p_05": 0, "min_adj_p_value": None}
    rows = []
    for c in contrasts:
        key = (c["analysis"], c["contrast"])
        row = by_name.get(key, none | dict(zip(("analysis", "contrast"), key, strict=True)))
        row["n_down"] = row["n_found"] - row["n_up"]
        rows.append(row | {f"threshold_{k}": v for k, v in t.items()})
    return rows


def tables(thresholds: dict[str, float | None] | None = None) -> dict[str, Any]:
    """Return the tables that every study with contrasts has."""
    features = [
        *results("rna", "x", 400, 1),
        *results("rna", RNA[1], 12, 2),
        *results("meth", "x", 300, 3, is_beta=True),
    ]
    contrasts = [
        *(contrast("rna", name, i) for i, name in enumerate(RNA, start=1)),
        contrast("meth", "x", 1),
    ]
    model = {"means": ["group", "timepoint"], "covariates": [], "block": "subject"}
    return {
        "dim_contrast": contrasts,
        "fct_contrast_result": features,
        "contrast_summary": summary(contrasts, features, thresholds),
        "dim_gene": [{"gene_id": f"g{i}", "gene_name": f"GENE{i}"} for i in range(0, 400, 2)],
        "dim_probe": [{"probe_id": "cg0", "chromosome": "1", "position": 5}],
        "bridge_probe_gene": [
            {"probe_id": "cg1", "gene_name": name} for name in ("D", "B", "A", "C", "A")
        ],
        "analysis_run": [
            {
                "analysis": name,
                "parameters": json.dumps({"values": values, "where": "w1", "model": model}),
            }
            for name, values in (("rna", "log_cpm"), ("meth", "m_value"))
        ],
    }


def source(given: dict[str, Any], root: Path = Path("nowhere"), **options: Any) -> Source:
    """Return a source over tables."""
    options = {"analyses": ("rna", "meth")} | options
    return small_source(given, SAMPLES, root, **options)
