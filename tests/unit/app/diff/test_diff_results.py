"""Which features come and go between two runs, and the reason given for each."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.app.diff.compare import compared, given_thresholds, survey
from cohortmart.app.diff.lists import ListName, Rule
from cohortmart.app.diff.results import FEATURES, REASONS, comparison
from cohortmart.app.diff.runs import opened
from tests.support.diff_warehouse import COLUMNS, Content, write_run

NAME = ListName("main", "contrast", "x")
THRESHOLDS = ("p", "adj_p", "delta_beta", "log_fc")
ADJ_P_5 = {**dict.fromkeys(THRESHOLDS), "adj_p": 0.05}
SCHEMA = pa.schema([("feature_id", pa.string()), *((c, pa.float64()) for c in COLUMNS[1:])])


def table(rows: list[tuple]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(COLUMNS, r, strict=True)) for r in rows], schema=SCHEMA)


def compare(a: list[tuple], b: list[tuple], rule_a: dict = ADJ_P_5, rule_b: dict = ADJ_P_5):
    with comparison() as tables:
        difference = tables.compare(NAME, (table(a), table(b)), (Rule(rule_a), Rule(rule_b)))
        return difference, tables.features(NAME)


def is_found(row: tuple | None, rule: dict) -> bool:
    """What macros/found.sql says, in Python."""
    if row is None:
        return False
    _, log_fc, _, p, adj_p, delta_beta = row
    below = ((p, rule["p"]), (adj_p, rule["adj_p"]))
    above = ((delta_beta, rule["delta_beta"]), (log_fc, rule["log_fc"]))
    return all(limit is None or (v is not None and v < limit) for v, limit in below) and all(
        limit is None or (v is not None and abs(v) > limit) for v, limit in above
    )


def expected(a: list[tuple], b: list[tuple], rule_a: dict, rule_b: dict) -> dict:
    """Each changed feature with its change and reason."""
    left, right = ({row[0]: row for row in rows} for rows in (a, b))
    changes = {}
    for feature in left.keys() | right.keys():
        x, y = left.get(feature), right.get(feature)
        in_a, in_b = is_found(x, rule_a), is_found(y, rule_b)
        if in_a and in_b and x[1] is not None and y[1] is not None and x[1] * y[1] < 0:
            changes[feature] = ("turned", None)
        if in_a == in_b:
            continue
        if x is None or y is None or x[3] is None or y[3] is None:
            reason = "not_tested"
        elif is_found(y, rule_a) if in_a else is_found(x, rule_b):
            reason = "threshold"
        else:
            same = (*x[1:4], x[5]) == (*y[1:4], y[5])
            reason = "adjustment" if same else "numbers"
        changes[feature] = ("lost" if in_a else "gained", reason)
    return changes


levels = st.sampled_from([None, 0.001, 0.04, 0.05, 0.5])
effects = st.sampled_from([None, -1.0, -0.1, 0.0, 0.1, 1.0])
limits = st.fixed_dictionaries({n: st.sampled_from([None, 0.05, 0.1]) for n in THRESHOLDS})
runs = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), effects, effects, levels, levels, effects),
    unique_by=lambda row: row[0],
    max_size=8,
)


@given(runs, runs, limits, limits, st.booleans())
def test_changes_are_those_of_the_rules_in_python(a, b, rule_a, rule_b, same_features):
    if same_features:  # positional join instead of the full one
        b = [(x[0], *y[1:]) for x, y in zip(a, b, strict=False)]
        a = a[: len(b)]
    difference, features = compare(a, b, rule_a, rule_b)
    changes = expected(a, b, rule_a, rule_b)
    rows = features.to_pylist()
    assert {r["feature_id"]: (r["change"], r["reason"]) for r in rows} == changes
    assert len(rows) == len(changes)
    kinds = [change for change, _ in changes.values()]
    said = (difference.n_gained, difference.n_lost, difference.n_turned)
    assert said == tuple(kinds.count(kind) for kind in ("gained", "lost", "turned"))
    for change in ("gained", "lost"):
        for reason in REASONS:
            n = list(changes.values()).count((change, reason))
            assert difference.reasons[f"{change}_{reason}"] == n
    assert difference.n_found_a == sum(is_found(row, rule_a) for row in a)
    assert difference.n_found_b == sum(is_found(row, rule_b) for row in b)
    assert difference.same_list == (not changes)


def test_a_run_against_itself_is_the_same(rng):
    rows = [(f"G{i}", *rng.normal(size=2), *rng.random(3)) for i in range(50)]
    difference, features = compare(rows, rows)
    assert difference.same
    assert features.num_rows == 0
    assert difference.r_log_fc == pytest.approx(1.0, rel=1e-12)
    assert difference.largest_t_difference == 0.0


@pytest.mark.parametrize("column", range(1, 6))
def test_one_bit_of_one_number_is_noticed(rng, column):
    rows = [(f"G{i}", *rng.normal(size=2), *rng.random(3)) for i in range(50)]
    moved = [list(row) for row in rows]
    moved[7][column] = math.nextafter(moved[7][column], math.inf)
    difference, _ = compare(rows, [tuple(row) for row in moved])
    assert difference.n_numbers_differ == 1
    assert not difference.same


@pytest.mark.parametrize("shuffled", [False, True])
def test_sizes_of_what_moved_equal_numpy(rng, shuffled):
    """More rows than DuckDB takes at a time, so that the order of the positional join counts."""
    n = 300_000
    a = rng.normal(size=(n, 2))
    b = a + 0.3 * rng.normal(size=(n, 2))
    p = rng.random((2, n)) ** 2
    names = np.array([f"G{i}" for i in range(n)])

    def numbers(values: np.ndarray, p: np.ndarray, order: np.ndarray) -> pa.Table:
        columns = [names, values[:, 0], values[:, 1], p, p, values[:, 0]]
        return pa.table([pa.array(c[order]) for c in columns], schema=SCHEMA)

    order = rng.permutation(n) if shuffled else np.arange(n)
    tables = numbers(a, p[0], np.arange(n)), numbers(b, p[1], order)
    with comparison() as within:
        difference = within.compare(NAME, tables, (Rule(ADJ_P_5), Rule(ADJ_P_5)))
        first = within.features(NAME, 3).to_pylist()
    assert difference.r_log_fc == pytest.approx(np.corrcoef(a[:, 0], b[:, 0])[0, 1], rel=1e-12)
    assert difference.largest_log_fc_difference == np.abs(a - b)[:, 0].max()
    assert difference.largest_t_difference == np.abs(a - b)[:, 1].max()
    found = p < 0.05
    assert difference.n_gained == (found[1] & ~found[0]).sum()
    assert difference.n_lost == (found[0] & ~found[1]).sum()
    gained = np.where(found[1] & ~found[0], p[1], 1.0)
    lost = np.where(found[0] & ~found[1], p[0], 1.0)
    listed = [r["feature_id"] for r in first if r["change"] != "turned"]
    assert listed == [*names[np.argsort(gained)[:3]], *names[np.argsort(lost)[:3]]]


def test_correlation_of_what_does_not_vary_is_none():
    rows = [("a", 1.0, 1.0, 0.5, 0.5, None), ("b", 1.0, 1.0, 0.5, 0.5, None)]
    difference, _ = compare(rows, rows)
    assert difference.r_log_fc is None


def rebound(feature: str, p_first: float, adj_p: float, sign: float = 1.0) -> dict:
    return {
        "feature_id": feature, "log_fc_first": sign, "log_fc_second": -sign, "p_first": p_first,
        "p_second": 0.01, "p_rebound": max(p_first, 0.01), "adj_p_rebound": adj_p,
        "amplitude": sign, "amplitude_se": 0.5,
    }  # fmt: skip


def test_rebounds_follow_preset_and_thresholds(tmp_path: Path):
    """By the paper's rule in A, by the default in B: the numbers of a are the same in both."""
    a = [rebound("a", 0.01, 0.2), rebound("b", 0.2, 0.9), rebound("c", 0.2, 0.9)]
    b = [rebound("a", 0.01, 0.2), rebound("b", 0.001, 0.01), rebound("d", 0.001, 0.01)]
    results = {("main", "x"): []}
    for label, preset, rows in (("a", "paper", a), ("b", "default", b)):
        rebounds = {("main", "up/down", "MS", preset): rows, ("main", "up/down", None, preset): []}
        write_run(tmp_path / label, Content(results, {"main": {"p": 0.05}}, rebounds))
    with opened(tmp_path / "a", tmp_path / "b") as (first, second):
        found = survey(first, second, only=None, rebounds=True)
        lists = {str(d.name): (d, t) for d, t in compared(first, second, found, None, most=None)}
    difference, features = lists["rebound up/down MS"]
    changes = {r["feature_id"]: (r["change"], r["reason"]) for r in features.to_pylist()}
    assert changes == {
        "a": ("lost", "threshold"), "b": ("gained", "numbers"), "d": ("gained", "not_tested")
    }  # fmt: skip
    assert features.schema.equals(FEATURES)
    assert features["log_fc_b"].to_pylist() == [1.0, 1.0, 1.0]
    assert str(difference.rule_a) == "P < 0.05, preset paper"
    assert lists["rebound up/down"][0].same


def test_given_thresholds_replace_those_of_both_runs(tmp_path: Path):
    rows = [("a", 3.0, 1.0, 0.03, 0.2, None), ("b", 0.1, 1.0, 0.001, 0.01, None)]
    for label, thresholds in (("a", {"p": 0.01, "log_fc": 1.0}), ("b", {"adj_p": 0.5})):
        write_run(tmp_path / label, Content({("main", "x"): rows}, {"main": thresholds}))
    with opened(tmp_path / "a", tmp_path / "b") as (a, b):
        found = survey(a, b, only=None, rebounds=False)
        ((own, _),) = compared(a, b, found, None)
        ((replaced, _),) = compared(a, b, found, given_thresholds(0.05, None))
    assert (own.n_found_a, own.n_found_b, own.reasons["gained_threshold"]) == (0, 2, 2)
    assert (replaced.n_found_a, replaced.n_found_b, replaced.same) == (2, 2, True)


def test_thresholds_of_a_run_without_their_table_are_those_noted(tmp_path: Path):
    rows = [("a", 3.0, 1.0, 0.03, 0.2, None), ("b", 0.1, 1.0, 0.001, 0.01, None)]
    noted = {"thresholds": {"p": 0.01, "adj_p": None, "delta_beta": None, "log_fc": None}}
    write_run(tmp_path / "a", Content({("main", "x"): rows}, parameters=noted))
    write_run(tmp_path / "b", Content({("main", "x"): rows}))
    with opened(tmp_path / "a", tmp_path / "b") as (a, b):
        ((difference, _),) = compared(a, b, survey(a, b, only=None, rebounds=False), None)
    assert str(difference.rule_a) == "P < 0.01"
    assert str(difference.rule_b) == "adjusted P < 0.05"
