"""How often a hit holds: the model's SQL against plain Python over the same rows."""

from __future__ import annotations

from typing import Any

import duckdb
import jinja2
import numpy as np
import pyarrow as pa

from cohortmart.core.schemas.finding_tables import SENSITIVITY
from tests.support.paths import ROOT

MODEL = ROOT / "models" / "results" / "sensitivity_summary.sql"
Row = dict[str, Any]


def made_rows() -> list[Row]:
    rng = np.random.default_rng(11)
    rows: list[Row] = []
    for key in range(60):
        n_others = int(rng.integers(0, 5))
        for order in range(n_others + 1):
            row: Row = {
                "analysis": f"a{key % 2}", "contrast": f"c{key % 3}", "feature_id": f"F{key:02d}",
                "feature_name": "IL7R" if key == 5 else None,
                "variant": "as analysed" if order == 0 else f"v{order}", "variant_order": order,
            }  # fmt: skip
            if rng.random() < 0.8:
                p = float(rng.random())
                log_fc = float(rng.choice([-2.0, -1.0, 0.0, 1.0]))
                row |= {"log_fc": log_fc, "p_value": p, "adj_p_value": p**0.5, "holds": p < 0.5}
            else:
                row["fault"] = "it cannot be"
            rows.append(row)
    return rows


def summary(rows: list[Row]) -> Row:
    first = next(r for r in rows if r["variant_order"] == 0)
    made = [r for r in rows if r["variant_order"] > 0 and "p_value" in r]
    same = [r for r in made if np.sign(r["log_fc"]) * np.sign(first.get("log_fc", 0)) > 0]
    n = len(made)
    n_holds = sum(r["holds"] for r in made)
    return {
        **{k: first.get(k) for k in ("feature_name", "log_fc", "p_value", "adj_p_value")},
        "is_found": first.get("holds"),
        "n_variants": n,
        "n_not_computed": len(rows) - 1 - n,
        "n_holds": n_holds,
        "share_holds": n_holds / n if n else None,
        "share_same_sign": len(same) / n if n else None,
        "min_log_fc": min((r["log_fc"] for r in made), default=None),
        "max_log_fc": max((r["log_fc"] for r in made), default=None),
        "max_p_value": max((r["p_value"] for r in made), default=None),
    }


def test_sensitivity_summary() -> None:
    rows = made_rows()
    by_key: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        key = (row["analysis"], row["contrast"], row["feature_id"])
        by_key.setdefault(key, []).append(row)
    names = ("analysis", "contrast", "feature_id")
    expected = [dict(zip(names, key, strict=True)) | summary(r) for key, r in by_key.items()]
    con = duckdb.connect()
    schema = SENSITIVITY.append(pa.field("feature_name", pa.string()))
    con.register("fct_sensitivity", pa.Table.from_pylist(rows, schema=schema))
    template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(MODEL.read_text())
    found = con.sql(template.render(ref=lambda name: name)).to_arrow_table().to_pylist()

    def in_order(table: list[Row]) -> list[Row]:
        return sorted(table, key=lambda r: r["feature_id"])

    assert in_order(found) == in_order(expected)
    assert any(r["share_holds"] is None for r in found)
    assert any(r["n_not_computed"] for r in found)
