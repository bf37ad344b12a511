"""Returns in SQL: counts of features and the share that moves, against plain Python."""

from __future__ import annotations

from typing import Any

import duckdb
import jinja2
import numpy as np
import pyarrow as pa
import pytest

from analyses.returns.states import STATES
from cohortmart.core.schemas.tables import RESULT_TABLES
from tests.support.paths import ROOT

Row = dict[str, Any]
KEYS = ("analysis", "return_name", "to_mean")


def features() -> list[Row]:
    rng = np.random.default_rng(4)
    rows = []
    for i in range(240):
        bounded = i % 5 > 0
        p, away = rng.random(2) ** 4
        rows.append(
            {
                "analysis": f"a{i % 2}", "return_name": "MS.1st to HP", "to_mean": f"MS.{i % 3}",
                "feature_id": f"F{i:03d}", "is_bounded": bounded,
                "return_share": None if i % 40 == 0 else float(rng.normal(0.3, 1)),
                "adj_p_value": float(p) if bounded else None,
                "adj_p_away": float(away) if bounded else None,
                "state": STATES[int(rng.integers(len(STATES)))] if bounded else "no difference",
            }
        )  # fmt: skip
    return rows


def visits() -> list[Row]:
    return [
        {"analysis": a, "return_name": "MS.1st to HP", "to_mean": f"MS.{v}", "visit_order": v + 1,
         "share_by_chance": 0.6, "r": -0.5, "n_features": 40}
        for a in ("a0", "a1") for v in (2, 0, 1, 9)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    con = duckdb.connect()
    for name, of, made in (
        ("fct_return", "feature_return", features()),
        ("stg_results__return_visits", "return_visit", visits()),
    ):
        con.register(name, pa.Table.from_pylist(made, schema=RESULT_TABLES[of]))
    text = (ROOT / "models" / "results" / "return_summary.sql").read_text()
    sql = jinja2.Template(text).render(ref=lambda name: name)
    return con.sql(sql).to_arrow_table().to_pylist()


def test_counts(rows: list[Row]) -> None:
    assert len(rows) == 8
    for row in rows:
        of = [f for f in features() if all(f[k] == row[k] for k in KEYS)]
        tested = [f for f in of if f["is_bounded"]]
        towards = sum((f["return_share"] or 0) > 0 for f in tested)
        assert row["n_with_difference"] == len(tested)
        assert row["n_towards"] == towards
        expected = towards / len(tested) if tested else None
        assert row["share_towards"] == (None if expected is None else pytest.approx(expected))
        assert row["n_found"] == sum(f["adj_p_value"] < 0.05 for f in tested)
        assert row["n_away"] == sum(f["adj_p_away"] < 0.05 for f in tested)
        for column, state in (
            ("n_back", "back"), ("n_in_part", "in part"), ("n_overshoot", "overshoot"),
            ("n_stays", "stays"),
        ):  # fmt: skip
            assert row[column] == sum(f["state"] == state for f in of)
        assert (row["r"], row["share_by_chance"], row["n_features"]) == (-0.5, 0.6, 40)


def test_visits_stand_in_their_order_and_none_is_lost(rows: list[Row]) -> None:
    assert [(r["analysis"], r["visit_order"]) for r in rows] == [
        (a, v) for a in ("a0", "a1") for v in (1, 2, 3, 10)
    ]
    assert rows[3]["n_with_difference"] == 0
    assert rows[3]["share_towards"] is None
