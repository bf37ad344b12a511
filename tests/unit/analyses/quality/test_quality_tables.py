"""Quality of assays: what the tables say of planted effects, and when they are made again."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from scipy import stats

from analyses import step as module
from analyses.quality.assays import QUALITY
from analyses.stats.counts.filter_by_expr import filter_by_expr
from analyses.stats.methylation.m_value import m_value
from analyses.step import take_steps
from cohortmart.core.lake.file_manifest import Entry, read_current, switch_current, write_table
from cohortmart.core.schemas.quality_tables import QUALITY_TABLES
from cohortmart.core.schemas.tables import MATRIX_SAMPLE
from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import Home
from tests.support.measured_study import (
    ALL,
    IDS,
    IN_B,
    SAMPLES,
    SOME,
    WHERE,
    Measured,
    study,
)

MS = np.array([row[2] == "MS" for row in SAMPLES])


@dataclass
class Runs:
    """Runs `quality` over tables in memory and reads what it wrote."""

    home: Home
    measured: Measured
    database: duckdb.DuckDBPyConnection | None = None  # made when it is first opened
    said: list[str] = field(default_factory=list)
    opened: int = 0

    def connect(self, _: Home) -> duckdb.DuckDBPyConnection:
        self.opened += 1
        self.database = self.database or self.measured.connect()
        return self.database.cursor()

    def run(self, of: Study | None = None, only: str | None = None) -> list[str]:
        """Return the assays that were computed."""
        self.said.clear()
        take_steps([[QUALITY]], of or study(), self.home, self.said.append, only)
        return [s.split(":")[0].removeprefix("quality of ") for s in self.said if "sample set" in s]

    def table(self, name: str, assay: str = "rna", sample_set: str = ALL) -> pl.DataFrame:
        (entry,) = (
            e for e in read_current(self.home.results) if (e.table_name, e.part) == (name, assay)
        )
        table = pq.read_table(self.home.results / entry.path)
        assert table.schema == QUALITY_TABLES[name]
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        assert frame["assay"].unique().to_list() in ([assay], [])
        return frame.filter(pl.col("sample_set") == sample_set).drop("assay", "sample_set")


@cache
def as_measured() -> tuple[Measured, duckdb.DuckDBPyConnection]:
    made = Measured()
    return made, made.connect()


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    made = Runs(Home(tmp_path), *as_measured())
    monkeypatch.setattr(module, "connect_read_only", made.connect)
    monkeypatch.setattr(module, "refuse_stale", lambda *_: None)
    return made


@pytest.fixture
def changed(runs: Runs) -> Runs:
    """With measurements of its own, to be changed before the first run."""
    runs.measured, runs.database = Measured(), None
    return runs


def test_sets_are_named_after_their_first_analysis(runs: Runs) -> None:
    assert runs.run() == ["rna", "meth"]
    assert runs.said[0].startswith("quality of rna: 24 samples, 2 sample sets in ")
    rows = runs.table("sample_set").rows()
    expressed = filter_by_expr(runs.measured.counts, None)
    assert rows == [(None, 24, expressed.sum()), ("whole", 24, expressed.sum())]
    in_ms = filter_by_expr(runs.measured.counts[:, MS], None).sum()
    assert runs.table("sample_set", sample_set=SOME).rows() == [
        ("ms", 12, in_ms), ("ms_again", 12, in_ms)
    ]  # fmt: skip
    # 100 probes are unknown in a sample of HP, 50 in one of MS
    assert runs.table("sample_set", "meth").rows() == [(None, 24, 1050)]
    assert runs.table("sample_set", "meth", "cpg").rows() == [("cpg", 12, 1150)]


def test_a_planted_batch_is_the_first_component(runs: Runs) -> None:
    runs.run()
    found = runs.table("pca_covariate").filter(pl.col("component") == 1)
    rows = {row["variable"]: row for row in found.to_dicts()}
    assert list(rows) == ["study_group", "timepoint", "subject_id", "batch", "age"]
    assert rows["batch"]["r_squared"] > 0.95
    assert rows["batch"]["p_value"] < 1e-12
    assert (rows["batch"]["df1"], rows["batch"]["df2"]) == (1, 22)
    assert (rows["subject_id"]["df1"], rows["subject_id"]["df2"]) == (11, 12)
    assert all(row["p_value"] > 0.01 for name, row in rows.items() if name != "batch")
    assert rows["age"]["kind"] == "number"
    score = runs.table("pca_score").filter(pl.col("component") == 1)
    assert score["sample_id"].to_list() == IDS
    f, _ = stats.f_oneway(*(score["score"].to_numpy()[b == IN_B] for b in (True, False)))
    assert rows["batch"]["f"] == pytest.approx(f)
    # the map finds it as well
    first = runs.table("mds_coordinate").filter(pl.col("dimension") == 1)["coordinate"].to_numpy()
    assert abs(np.corrcoef(first, IN_B)[0, 1]) > 0.95


@pytest.mark.parametrize("assay", ["rna", "meth"])
def test_components_and_correlations_against_numpy(runs: Runs, assay: str) -> None:
    runs.run()
    if assay == "rna":
        x = runs.measured.log2_cpm[filter_by_expr(runs.measured.counts, None)]
    else:
        x = m_value(runs.measured.betas, 1e-6)
        x = x[np.isfinite(x).all(axis=1)]
    d, vt = np.linalg.svd(x - x.mean(axis=1, keepdims=True), full_matrices=False)[1:]
    shares = runs.table("pca_component", assay)["variance_share"].to_numpy()
    np.testing.assert_allclose(shares, (d**2 / (d**2).sum())[:10], rtol=1e-10)
    scores = runs.table("pca_score", assay)["score"].to_numpy().reshape(10, len(IDS))
    np.testing.assert_allclose(np.abs(scores[0]), np.abs(vt[0] * d[0]), rtol=1e-8)
    r = runs.table("sample_correlation", assay)
    assert r.height == 24 * 23 // 2
    assert (r["first_sample_id"] < r["second_sample_id"]).all()
    np.testing.assert_allclose(r["r"].to_numpy()[:23], np.corrcoef(x.T)[0, 1:], rtol=1e-10)
    assert runs.table("sample_correlation", assay, SOME).height == 0


def test_variables_that_go_together(changed: Runs) -> None:
    changed.measured.ages[4] = None
    changed.measured.ages[5] = float("nan")
    changed.run()
    rows = {(r[0], r[1]): r[2:] for r in changed.table("variable_association").rows()}
    names = ["study_group", "timepoint", "batch", "age"]
    assert list(rows) == [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    statistic, n, strength, p = rows["study_group", "age"]
    assert (statistic, n) == ("correlation ratio", 22)
    known = np.array([i not in (4, 5) for i in range(24)])
    ages = np.array([row[5] for row in SAMPLES])[known]
    f, expected = stats.f_oneway(ages[MS[known]], ages[~MS[known]])
    assert p == pytest.approx(expected)
    assert strength == pytest.approx((f / (f + 20)) ** 0.5)
    assert rows["timepoint", "batch"][:3] == ("Cramér's V", 24, 0.0)
    # one group only: it is no variable of this set
    assert "study_group" not in changed.table("variable_association", sample_set=SOME)[
        "first_variable"
    ]  # fmt: skip
    covariate = changed.table("pca_covariate").filter(pl.col("variable") == "age")
    assert covariate["n_samples"].unique().to_list() == [22]
    assert covariate["df2"].unique().to_list() == [20]


def test_the_same_numbers_twice(runs: Runs, tmp_path: Path) -> None:
    runs.run()
    runs.home = Home(tmp_path / "again")
    runs.run()
    first, second = (
        {p.name: p.read_bytes() for p in sorted(h.results.glob("*/*"))}
        for h in (Home(tmp_path), runs.home)
    )
    assert first == second
    assert len(first) == 2 * len(QUALITY_TABLES)


def test_it_is_made_again_only_when_something_changed(runs: Runs) -> None:
    runs.run()
    assert runs.run() == []
    assert runs.opened == 2
    common = study().analyses["whole"].model_dump()
    # other contrasts of the same samples change nothing
    assert runs.run(study(whole=common | {"contrasts": {"y": "HP.3rd - HP.1st"}})) == []
    assert runs.run(study(whole=common | {"where": WHERE})) == ["rna"]
    runs.run()
    lake = runs.home.lake
    lake.mkdir()
    write_table(MATRIX_SAMPLE.empty_table(), lake / "m.parquet")
    switch_current(lake, [Entry("matrix_sample", "meth:raw", "m.parquet")])
    assert runs.run() == ["meth"]
    switch_current(lake, [Entry("matrix_sample", "", "m.parquet")])
    assert runs.run() == ["rna", "meth"]


def test_one_analysis_asks_for_its_assay_only(runs: Runs) -> None:
    assert runs.run(only="cpg") == ["meth"]
    assert runs.run(only="cpg") == []
    assert {e.part for e in read_current(runs.home.results)} == {"meth"}


def test_two_samples_are_not_compared(changed: Runs) -> None:
    changed.measured.kept = {"rna": IDS[:2], "meth": [*IDS[:4], *IDS[-2:]]}
    assert changed.run() == ["rna", "meth"]
    assert "quality of rna: too few samples in all samples to compare them: 2" in changed.said
    assert "quality of meth: too few samples in cpg to compare them: 2" in changed.said
    # nobody of the group is left: the analysis itself says so
    assert "quality of rna: without the samples of ms, which cannot be chosen" in changed.said
    for name in QUALITY_TABLES:
        assert changed.table(name).height == 0
        assert changed.table(name, "meth", "cpg").height == 0
    assert changed.table("sample_set", "meth").rows() == [(None, 6, 1100)]
    assert changed.table("pca_component", "meth").height == 5


def test_a_set_without_a_complete_feature_has_no_rows(changed: Runs) -> None:
    changed.measured.betas[:, 2] = np.nan  # of the HP group
    changed.measured.counts[:, MS] = 0.0
    changed.measured.counts[np.arange(12), np.flatnonzero(MS)] = 9.0  # each a gene of its own
    changed.run()
    no = "no feature is"
    assert f"quality of meth: no picture of {ALL}, as {no} known in all of them" in changed.said
    assert (
        f"quality of rna: no picture of {SOME}, as {no} expressed in enough of them" in changed.said
    )
    for name in QUALITY_TABLES:
        assert changed.table(name, "meth").height == 0
        assert changed.table(name, "rna", SOME).height == 0
    assert changed.table("sample_set", "meth", "cpg").rows() == [("cpg", 12, 1150)]


def test_a_sample_without_counts_is_left_out(changed: Runs) -> None:
    changed.measured.counts[:, 20] = 0
    changed.run()
    assert f"quality of rna: without {IDS[20]}: no counts at all" in changed.said
    assert changed.table("sample_set")["n_samples"].to_list() == [23, 23]
    assert IDS[20] not in changed.table("pca_score")["sample_id"]
    assert changed.table("pca_score")["score"].is_not_nan().all()
    assert changed.table("sample_set", sample_set=SOME)["n_samples"].to_list() == [11, 11]


def test_a_curve_takes_the_samples_that_are_on_it(changed: Runs) -> None:
    changed.measured.ages[:6] = [0.0, None, -1.0, 26.0, 27.0, 28.0]
    base = study().analyses["whole"].model_dump()
    for positive, n_samples in ((False, 23), (True, 21)):
        curve = {"of": "age", "by": "group", "df": 2, "positive": positive}
        changed.run(study(whole=base | {"model": {"curve": curve, "block": "subject"}}))
        got = changed.table("sample_set", sample_set="whole")["n_samples"].to_list()
        assert got == [n_samples]
    assert set(changed.table("pca_score", sample_set="whole")["sample_id"]) == set(IDS[3:])
