"""Overlaps of contrasts against sets of names, Fisher's P, and simulation without any effect."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from analyses.overlap.overlap import DIRECTIONS, overlap_tables
from analyses.overlap.shared_features import Slot, shared_features
from analyses.stats.lists.bivariate_normal import both_beyond
from analyses.stats.lists.fisher import conditional_odds_ratio, fisher_greater
from cohortmart.core.errors import AnalysisError
from cohortmart.core.schemas.finding_tables import CONTRAST_CORRELATION, CONTRAST_OVERLAP
from cohortmart.core.schemas.tables import CONTRAST, CONTRAST_RESULT
from cohortmart.core.study.records import Study

CHANGES = {
    "HP_3rd-1st": "HP.3rd - HP.1st",
    "HP_PP-3rd": "HP.PP - HP.3rd",
    "MS_3rd-1st": "MS.3rd - MS.1st",
}
MEANS = {"means": ["group", "timepoint"], "block": "subject"}


@dataclass
class Results:
    """What the analyses wrote, by analysis and contrast: {feature: (log fold change, P)}."""

    models: dict[str, dict[str, Any]]
    where: dict[str, str]
    expressions: dict[str, dict[str, str]]
    values: dict[tuple[str, str], dict[str, tuple[float, float | None]]]
    correlations: dict[tuple[str, str, str], float] = field(default_factory=dict)
    assays: dict[str, str] = field(default_factory=dict)

    def study(self) -> Study:
        analyses = {
            name: {
                "assay": self.assays.get(name, "rna"),
                "where": self.where[name],
                "values": "log_cpm",
                "model": model,
                "contrasts": self.expressions[name],
            }
            for name, model in self.models.items()
        }
        assay = {"kind": "counts", "files": ["counts.tsv"]}
        return Study.model_validate(
            {
                "study": "small",
                "samples": [{"file": "samples.csv", "sample": "sample_id", "subject": "subject",
                             "group": "group", "timepoint": "timepoint", "covariates": ["age"]}],
                "timepoints": ["1st", "3rd", "PP"],
                "groups": ["HP", "MS"],
                "assays": {"rna": assay, "other": assay},
                "analyses": analyses,
            }
        )  # fmt: skip

    def connection(self) -> duckdb.DuckDBPyConnection:
        """A warehouse of samples with the views of the new results."""
        con = duckdb.connect()
        con.execute(
            """
            create table dim_sample as
            select
                cell || '_' || g || i || '_' || t as sample_id, g || i as subject_id,
                g as study_group, t as timepoint, o as visit_order, cell as cell_type,
                cast(30 + i * i as double) as age
            from (values ('HP'), ('MS')) as a(g), range(4) as b(i),
                (values ('1st', 1), ('3rd', 2), ('PP', 3)) as c(t, o),
                (values ('CD4'), ('CD8')) as d(cell);
            create table qc_sample as
            select sample_id, unnest(['rna', 'other']) as assay,
                cast(null as varchar) as filter_reason from dim_sample;
            """
        )
        contrast = [
            {"analysis": a, "contrast": c, "expression": e}
            for a, written in self.expressions.items()
            for c, e in written.items()
        ]
        result = [
            {"analysis": a, "contrast": c, "feature_id": f, "log_fc": fc, "p_value": p}
            for (a, c), rows in self.values.items()
            for f, (fc, p) in rows.items()
        ]
        correlation = [
            {"analysis": a, "first_contrast": c, "second_contrast": d, "r_no_effect": r}
            for (a, c, d), r in self.correlations.items()
        ]
        for name, rows, schema in (
            ("new_contrast", contrast, CONTRAST),
            ("new_contrast_result", result, CONTRAST_RESULT),
            ("new_contrast_correlation", correlation, CONTRAST_CORRELATION),
        ):
            con.register(f"{name}_rows", pa.Table.from_pylist(rows, schema=schema))
            con.execute(f"create temp view {name} as from {name}_rows")
        con.execute(
            """
            create temp view new_found as
            select analysis, contrast, feature_id,
                case when log_fc > 0 then 'up' else 'down' end as direction
            from new_contrast_result where p_value < 0.4 or abs(log_fc) > 90
            """
        )
        return con

    def overlap(self, name: str) -> list[dict[str, Any]]:
        tables = list(overlap_tables(self.connection(), self.study(), name))
        assert all(t.schema == CONTRAST_OVERLAP for t in tables)
        return [row for t in tables for row in t.to_pylist()]

    def names(self, analysis: str, contrast: str, direction: str) -> set[str]:
        """Features found, by plain Python."""
        return {
            f
            for f, (fc, p) in self.values[analysis, contrast].items()
            if p is not None and (p < 0.4 or abs(fc) > 90)
            and (direction == "any" or (fc > 0) == (direction == "up"))
        }  # fmt: skip

    def tested(self, analysis: str, contrast: str) -> set[str]:
        return {f for f, (_, p) in self.values[analysis, contrast].items() if p is not None}


def random_values(rng: np.random.Generator, n: int) -> dict[str, tuple[float, float | None]]:
    """Some features are not there, some have no P value, and of these some a large change."""
    out: dict[str, tuple[float, float | None]] = {}
    for i in range(n):
        if rng.random() < 0.9:
            untested = rng.random() < 0.1
            change = float(rng.normal()) * (100 if untested else 1)
            out[f"G{i:03}"] = (change, None if untested else float(rng.random()))
    return out


@pytest.fixture
def results(rng: np.random.Generator) -> Results:
    """CD4 and CD8 with other features tested in each contrast."""
    names = ("cd4", "cd8")
    return Results(
        models=dict.fromkeys(names, MEANS),
        where={n: f"cell_type = '{n.upper()}'" for n in names},
        expressions={"cd4": dict(reversed(CHANGES.items())), "cd8": CHANGES},
        values={(n, c): random_values(rng, 300) for n in names for c in CHANGES},
        correlations={
            ("cd8", "HP_PP-3rd", "HP_3rd-1st"): -0.5,
            ("cd8", "HP_3rd-1st", "MS_3rd-1st"): 0.02,
            ("cd4", "HP_3rd-1st", "HP_PP-3rd"): -1.0000000000000002,
        },
    )


def test_counts_equal_those_of_sets(results: Results) -> None:
    rows = results.overlap("cd8")
    assert len(rows) == 5 * (3 + 3)
    for row in rows:
        first = row["first_analysis"], row["first_contrast"]
        second = row["second_analysis"], row["second_contrast"]
        universe = results.tested(*first) & results.tested(*second)
        found = [
            results.names(*first, row["first_direction"]) & universe,
            results.names(*second, row["second_direction"]) & universe,
        ]
        counts = [row[n] for n in ("n_universe", "n_first", "n_second", "n_both")]
        assert counts == [len(universe), *map(len, found), len(found[0] & found[1])]
        assert 0 < row["n_both"] < row["n_first"] < row["n_universe"] < 300


def test_rows_come_in_the_order_of_the_names(results: Results) -> None:
    keys = [
        (r["first_analysis"], r["first_contrast"], r["second_analysis"], r["second_contrast"],
         (r["first_direction"], r["second_direction"]))
        for r in results.overlap("cd8")
    ]  # fmt: skip
    own = itertools.combinations(sorted(CHANGES), 2)
    pairs = [("cd8", a, "cd8", b) for a, b in own]
    pairs += [("cd4", c, "cd8", c) for c in sorted(CHANGES)]
    assert keys == [(*pair, d) for pair in pairs for d in DIRECTIONS]
    assert {r["second_analysis"] for r in results.overlap("cd4")} == {"cd4"}


def test_pairs_that_share_nothing_have_fishers_p(results: Results) -> None:
    rows = [r for r in results.overlap("cd8") if not r["correlated_by_design"]]
    assert {(r["first_contrast"], r["second_contrast"]) for r in rows} == {
        ("HP_3rd-1st", "MS_3rd-1st"),
        ("HP_PP-3rd", "MS_3rd-1st"),
        *((c, c) for c in CHANGES),
    }
    for row in rows:
        table = [row[n] for n in ("n_both", "n_first", "n_second", "n_universe")]
        assert row["p_value"] == pytest.approx(float(fisher_greater(*table)), rel=1e-13)
        assert row["odds_ratio"] == pytest.approx(float(conditional_odds_ratio(*table)), rel=1e-13)
        chance = row["n_first"] * row["n_second"] / row["n_universe"]
        assert row["expected"] == pytest.approx(chance, rel=1e-13)


def test_pairs_that_correlated_by_design_have_no_p(results: Results) -> None:
    """By a correlation of -0.5 fewer go the same way than by chance, and more the other way."""
    rows = {
        (r["first_direction"], r["second_direction"]): r
        for r in results.overlap("cd8")
        if r["correlated_by_design"]
    }
    assert set(rows) == set(DIRECTIONS)
    assert all(r["p_value"] is None and r["odds_ratio"] > 0 for r in rows.values())
    for directions, r in rows.items():
        chance = r["n_first"] * r["n_second"] / r["n_universe"]
        assert (r["expected"] > chance) == (directions not in (("up", "up"), ("down", "down")))
    r = rows["any", "any"]
    a, b = (-NormalDist().inv_cdf(r[n] / r["n_universe"] / 2) for n in ("n_first", "n_second"))
    assert r["expected"] == pytest.approx(
        r["n_universe"] * float(both_beyond(a, b, -0.5)), rel=1e-12
    )


def test_expected_overlap_is_that_of_simulated_contrasts() -> None:
    """Null statistics with correlation -0.5, found beyond their thresholds."""
    rng, n = np.random.default_rng(8), 20_000
    z = rng.standard_normal((n, 3)) @ np.array([[-1.0, 1.0, 0.0], [0.0, -1.0, 1.0]]).T / 2**0.5
    # found: p below 0.2, put there by the size of the statistic
    p = np.where(np.abs(z) > [1.0, 1.6], 0.1, 0.5)
    values = {
        ("cd8", c): {f"G{i}": (z[i, k], p[i, k]) for i in range(n)}
        for k, c in enumerate(["HP_3rd-1st", "HP_PP-3rd"])
    }
    results = Results(
        models={"cd8": MEANS},
        where={"cd8": "cell_type = 'CD8'"},
        expressions={"cd8": {c: CHANGES[c] for _, c in values}},
        values=values,
        correlations={("cd8", "HP_3rd-1st", "HP_PP-3rd"): -0.5},
    )
    for row in results.overlap("cd8"):
        assert row["n_both"] == pytest.approx(row["expected"], abs=4 * row["expected"] ** 0.5)
        assert row["n_both"] != pytest.approx(
            row["n_first"] * row["n_second"] / n, abs=4 * row["expected"] ** 0.5
        )


def shared(
    model: dict[str, Any], written: dict[str, str], r: float | None = None
) -> dict[tuple[str, str], tuple[bool, float | None]]:
    """Which of some contrasts share a mean, and what is expected."""
    some = {"G1": (1.0, 0.1), "G2": (-1.0, 0.5)}
    results = Results(
        models={"x": model},
        where={"x": "cell_type = 'CD8'"},
        expressions={"x": written},
        values={("x", c): some for c in written},
        correlations={}
        if r is None
        else {("x", a, b): r for a, b in itertools.combinations(written, 2)},
    )
    return {
        (row["first_contrast"], row["second_contrast"]): (
            row["correlated_by_design"],
            row["expected"],
        )
        for row in results.overlap("x")
        if row["first_direction"] == "any"
    }


def test_a_baseline_is_a_mean_like_the_others() -> None:
    """`HP.3rd` is the difference to the baseline HP.1st, whether it is written or not."""
    found = shared(
        {**MEANS, "baseline": "HP.1st", "covariates": ["age"]},
        {"a": "HP.3rd", "b": "HP.1st - HP.PP", "c": "MS.3rd - MS.1st", "d": "HP.3rd - HP.PP",
         "e": "age", "f": "2 * age"},
    )  # fmt: skip
    sharing = {pair for pair, (share, _) in found.items() if share}
    assert sharing == {("a", "b"), ("a", "d"), ("b", "d"), ("e", "f")}


def test_an_unknown_correlation_gives_no_expectation() -> None:
    written = {"a": "HP.3rd - HP.1st", "b": "HP.PP - HP.3rd", "c": "MS.3rd - MS.1st"}
    found = shared(MEANS, written)
    assert found["a", "b"] == (True, None)
    assert found["a", "c"] == (False, 0.5)


@pytest.mark.parametrize(("r", "share"), [(0.5, True), (1e-15, False), (None, False)])
def test_correlated_coefficients_of_a_formula_share(r: float | None, share: bool) -> None:
    """`timepoint[T.3rd]` and `timepoint[T.PP]` share the level that neither names."""
    written = {"a": "`timepoint[T.3rd]`", "b": "`timepoint[T.PP]`"}
    found = shared({"formula": "timepoint + age"}, written, r)
    assert found["a", "b"][0] is share
    common = {"a": "`timepoint[T.3rd]`", "b": "`timepoint[T.3rd]` - `timepoint[T.PP]`"}
    assert shared({"formula": "timepoint + age"}, common, r)["a", "b"][0]


def test_analyses_of_the_same_samples_have_no_p(results: Results) -> None:
    """One sample in common is enough; another assay is not compared at all."""
    results.where["cd4"] = "cell_type = 'CD4' or sample_id = 'CD8_MS0_1st'"
    rows = [r for r in results.overlap("cd8") if r["first_analysis"] == "cd4"]
    assert len(rows) == 15
    assert all(r["correlated_by_design"] for r in rows)
    assert all(r["p_value"] is None and r["expected"] is None for r in rows)
    results.assays["cd4"] = "other"
    assert {r["first_analysis"] for r in results.overlap("cd8")} == {"cd8"}


def test_only_contrasts_of_the_same_name_are_compared_between_analyses(results: Results) -> None:
    results.expressions["cd4"] = {"HP_3rd-1st": CHANGES["HP_3rd-1st"], "x": "HP.3rd"}
    results.values["cd4", "x"] = results.values["cd4", "HP_PP-3rd"]
    rows = [r for r in results.overlap("cd8") if r["first_analysis"] == "cd4"]
    assert {r["first_contrast"] for r in rows} == {"HP_3rd-1st"}
    # an analysis that could not be computed has no contrasts, and its samples are not looked at
    results.expressions["cd4"] = {"left": "HP.3rd"}
    results.where["cd4"] = "nonsense"
    assert {r["first_analysis"] for r in results.overlap("cd8")} == {"cd8"}


def test_one_contrast_gives_no_row() -> None:
    assert shared(MEANS, {"a": "HP.3rd - HP.1st"}) == {}


def test_bad_where_is_said(results: Results) -> None:
    results.where["cd8"] = "colour = 'red'"
    with pytest.raises(AnalysisError, match="analysis cd8: `where` cannot be evaluated"):
        results.overlap("cd8")


def test_same_input_gives_the_same_rows(results: Results) -> None:
    again = [json.dumps(results.overlap("cd8")) for _ in range(2)]
    assert again[0] == again[1]


def test_more_contrasts_than_bits_of_a_mask() -> None:
    """150 contrasts take three masks; every pair is counted as by numpy."""
    rng = np.random.default_rng(2)
    contrasts, features = 150, 60
    up, down = rng.random((2, features, contrasts)) < 0.3
    down &= ~up
    tested = rng.random((features, contrasts)) < 0.8
    con = duckdb.connect()
    cells = [(f"g{f}", f"c{c}", f, c) for f in range(features) for c in range(contrasts)]
    result = [
        {"analysis": "x", "contrast": c, "feature_id": g, "p_value": 0.1 if tested[i, j] else None}
        for g, c, i, j in cells
    ]
    found = [
        {"analysis": "x", "contrast": c, "feature_id": g, "direction": "up" if up[i, j] else "down"}
        for g, c, i, j in cells
        if up[i, j] or down[i, j]
    ]
    con.register("new_contrast_result", pa.Table.from_pylist(result))
    con.register("new_found", pa.Table.from_pylist(found))
    i, j = np.triu_indices(contrasts, k=1)
    slots = [Slot("x", f"c{c}") for c in range(contrasts)]
    counts = shared_features(con, [slots[a] for a in i], [slots[b] for b in j])
    both = tested[:, i] & tested[:, j]
    np.testing.assert_array_equal(counts.universe, both.sum(axis=0))
    lists = {"any": up | down, "up": up, "down": down}
    for (a, of_a), (b, of_b) in itertools.product(lists.items(), lists.items()):
        np.testing.assert_array_equal(counts.first[a], (of_a[:, i] & both).sum(axis=0))
        np.testing.assert_array_equal(counts.second[b], (of_b[:, j] & both).sum(axis=0))
        np.testing.assert_array_equal(
            counts.both[a, b], (of_a[:, i] & of_b[:, j] & both).sum(axis=0)
        )
