"""Explained changes in SQL: parts of a feature side by side, and counts, against plain Python."""

from __future__ import annotations

from statistics import median
from typing import Any

import duckdb
import jinja2
import numpy as np
import pyarrow as pa
import pytest

from cohortmart.core.schemas.tables import RESULT_TABLES
from cohortmart.core.warehouse.macros import rendered
from tests.support.paths import ROOT

Row = dict[str, Any]
MODELS = ROOT / "models" / "results"


def parts() -> list[Row]:
    rng = np.random.default_rng(4)
    rows: list[Row] = []
    for key in range(90):
        keys = {
            "analysis": f"a{key % 2}", "contrast": f"c{key % 3}", "feature_id": f"F{key:02d}",
        }  # fmt: skip
        total, explained = rng.normal(0, 2), rng.normal(0, 1)
        total = 0.0 if key == 4 else total
        estimates = {"total": total, "explained": explained, "remaining": total - explained}
        if key % 20 == 7:  # nothing is known of the feature, or only the whole
            estimates = dict.fromkeys(estimates)
        if key % 20 == 9:
            estimates |= {"explained": None, "remaining": None}
        for part, estimate in {**estimates, "memory": explained}.items():
            p = None if estimate is None else float(rng.random()) ** 3
            rows.append(
                {**keys, "part": part, "estimate": estimate, "p_value": p, "adj_p_value": p}
            )
    return rows


def results(rows: list[Row]) -> list[Row]:
    """Contrasts of those features but one; only the second half passes the threshold."""
    return [
        {
            **{k: row[k] for k in ("analysis", "contrast", "feature_id")},
            "log_fc": (row["estimate"] or 0.0) + 0.25, "p_value": 0.5, "delta_beta": None,
            "adj_p_value": 0.01 if int(row["feature_id"][1:]) >= 45 else 0.5,
        }
        for row in rows
        if row["part"] == "total" and row["feature_id"] != "F60"
    ]  # fmt: skip


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    rows = parts()
    con = duckdb.connect()
    con.register("fct_explained", pa.Table.from_pylist(rows, schema=RESULT_TABLES["explained"]))
    con.register("stg_results__contrast_results", pa.Table.from_pylist(results(rows)))
    con.execute(
        "create table stg_results__thresholds as select 'a0' as analysis, null::double as p,"
        " 0.05 as adj_p, null::double as delta_beta, null::double as log_fc"
    )
    con.execute(
        "create table int_analysis__feature_names as"
        " select 'a0' as analysis, 'F02' as feature_id, 'IL7R' as feature_name"
    )
    for model in ("explained_change", "explained_summary"):
        template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(
            (MODELS / f"{model}.sql").read_text()
        )
        sql = template.render(
            ref=lambda name: name, is_found=lambda *names: rendered("is_found", *names)
        )
        con.execute(f"create table {model} as {sql}")
    return con


def expected_changes() -> dict[str, Row]:
    found: dict[str, Row] = {}
    fitted = {r["feature_id"]: r for r in results(parts())}
    for row in parts():
        if row["part"] == "memory":
            continue
        one = found.setdefault(
            row["feature_id"], {k: row[k] for k in ("analysis", "contrast", "feature_id")}
        )
        one[row["part"]] = row["estimate"]
        if row["part"] != "total":
            one[f"p_{row['part']}"] = one[f"adj_p_{row['part']}"] = row["p_value"]
    for name, one in found.items():
        one["log_fc"] = fitted[name]["log_fc"] if name in fitted else None
        one["feature_name"] = "IL7R" if name == "F02" else None
        one["is_found"] = (
            name in fitted and one["analysis"] == "a0" and fitted[name]["adj_p_value"] < 0.05
        )
        known = one["explained"] is not None and one["total"]
        one["share_explained"] = one["explained"] / one["total"] if known else None
    return {name: one for name, one in found.items() if one["total"] is not None}


def test_parts_side_by_side(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql("from explained_change").to_arrow_table().to_pylist()
    assert {row["feature_id"]: row for row in found} == expected_changes()
    assert len(found) == len(expected_changes()) == 85
    assert any(row["share_explained"] is None for row in found)


def test_counts(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.sql("from explained_summary").to_arrow_table().to_pylist()
    assert len(rows) == 6
    for row in rows:
        of = [
            r for r in expected_changes().values()
            if (r["analysis"], r["contrast"]) == (row["analysis"], row["contrast"])
        ]  # fmt: skip
        hits = [r for r in of if r["is_found"]]
        shares = [r["share_explained"] for r in hits if r["share_explained"] is not None]
        explained = [r for r in hits if (r["adj_p_explained"] or 1) < 0.05]
        assert row["n_features"] == len(of)
        assert row["n_found"] == len(hits)
        assert row["n_explained"] == len(explained)
        assert row["n_mostly_explained"] == sum(r["share_explained"] > 0.5 for r in explained)
        assert row["n_remaining"] == sum((r["adj_p_remaining"] or 1) < 0.05 for r in hits)
        assert row["median_share"] == (pytest.approx(median(shares)) if shares else None)
        assert row["max_beside_log_fc"] == pytest.approx(0.25)
    assert sum(row["n_found"] for row in rows) > 10
    assert {row["n_found"] for row in rows if row["analysis"] == "a1"} == {0}
