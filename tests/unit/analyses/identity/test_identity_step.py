"""Identity of a study: what the tables say of planted exchanges, and when they are made again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

from analyses import step as module
from analyses.identity.identity import IDENTITY
from analyses.step import WHOLE_STUDY, take_steps
from cohortmart.core.lake.file_manifest import Entry, read_current, switch_current
from cohortmart.core.schemas.tables import RESULT_SETS
from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import Home
from tests.support.identity_study import IDS, PEOPLE, IdentityStudy, study


@dataclass
class Runs:
    """Runs the step over tables in memory and reads what it wrote."""

    home: Home
    of: IdentityStudy = field(default_factory=IdentityStudy)
    said: list[str] = field(default_factory=list)

    def connect(self, _: Home) -> duckdb.DuckDBPyConnection:
        return self.of.connect()

    def run(self, of: Study | None = None) -> bool:
        """Return whether it was computed."""
        done = take_steps([[IDENTITY]], of or study(), self.home, self.said.append)
        assert not done.faults
        return bool(done.done)

    def table(self, name: str) -> pl.DataFrame:
        (entry,) = (e for e in read_current(self.home.results) if e.table_name == name)
        assert entry.part == WHOLE_STUDY
        table = pq.read_table(self.home.results / entry.path)
        assert table.schema == RESULT_SETS["identity"][name]
        return pl.DataFrame(table)

    def verdicts(self, assay: str) -> dict[str, str]:
        """Return those that are not as the sheet says."""
        found = self.table("identity").filter(pl.col("assay") == assay)
        assert found["sample_id"].to_list() == IDS
        return {s: v for s, v in found.select("sample_id", "verdict").rows() if v != "as said"}


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    home = Home(tmp_path)
    home.lake.mkdir()
    home.results.mkdir()
    made = Runs(home)
    monkeypatch.setattr(module, "connect_read_only", made.connect)
    monkeypatch.setattr(module, "refuse_stale", lambda *_: None)
    return made


def row(runs: Runs, assay: str, sample: str) -> dict[str, object]:
    found = runs.table("identity")
    return found.row(
        by_predicate=(pl.col("assay") == assay) & (pl.col("sample_id") == sample), named=True
    )


def test_where_all_is_right_nothing_is_odd(runs: Runs) -> None:
    assert runs.run()
    assert runs.verdicts("meth") == {}
    assert set(runs.verdicts("rna").values()) == {"cannot tell"}
    assert runs.table("identity_pair").height == 0
    n = len(IDS)
    agreement = runs.table("genotype_agreement")
    assert agreement.height == n * (n - 1) // 2
    assert agreement["n_snps"].unique().to_list() == [40]
    one = row(runs, "meth", "s00")
    assert (one["subject_id"], one["likely_subject_id"], one["n_snps"]) == ("p0", "p0", 40)
    assert (one["said_sex"], one["told_sex"]) == ("female", "female")
    assert one["sex_evidence"] == "X probes, Y probes"
    assert one["evidence"] == "genotype, sex"
    other = row(runs, "rna", "s70")
    assert (other["told_sex"], other["sex_evidence"]) == ("male", "XIST, Y genes")
    assert (other["likely_subject_id"], other["posterior"], other["contamination_score"]) == (
        None, None, None,
    )  # fmt: skip
    (said,) = runs.said
    assert said.startswith("identity: 48 samples: 24 as said, none odd, 24 that cannot be told")


def test_an_exchange_is_found_with_its_pairs(runs: Runs) -> None:
    runs.of.exchanged.append(("meth", "s01", "s21"))
    runs.run()
    assert runs.verdicts("meth") == {"s01": "exchanged", "s21": "exchanged"}
    one, other = row(runs, "meth", "s01"), row(runs, "meth", "s21")
    assert (one["likely_subject_id"], one["exchanged_with"]) == ("p2", "s21")
    assert (other["likely_subject_id"], other["exchanged_with"]) == ("p0", "s01")
    assert one["reason"] == "genotype, sex: like p2, and s21 of p2 like p0"
    pairs = runs.table("identity_pair")
    should = pairs.filter(pl.col("said") == "of one person")
    assert set(should.select("first_sample_id", "second_sample_id").rows()) == {
        ("s00", "s01"), ("s01", "s02"), ("s20", "s21"), ("s21", "s22"),
    }  # fmt: skip
    assert set(should["found"]) == {"not of one person"}
    assert should["agreement"].max() < 0.9
    should_not = pairs.filter(pl.col("said") == "not of one person")
    assert set(should_not.select("first_sample_id", "second_sample_id").rows()) == {
        ("s00", "s21"), ("s02", "s21"), ("s01", "s20"), ("s01", "s22"),
    }  # fmt: skip
    assert should_not["agreement"].min() > 0.9
    assert set(pairs.select("exchange", "exchange_with").rows()) <= {("s01", "s21"), ("s21", "s01")}


def test_a_sex_that_the_sheet_has_wrong(runs: Runs) -> None:
    runs.of.sex["p6"] = "woman"
    runs.run()
    odd = {"s60": "other sex", "s61": "other sex", "s62": "other sex"}
    assert runs.verdicts("meth") == odd
    rna = {s: v for s, v in runs.verdicts("rna").items() if v != "cannot tell"}
    assert rna == odd
    one = row(runs, "meth", "s60")
    assert (one["said_sex"], one["told_sex"], one["likely_subject_id"]) == ("female", "male", "p6")
    assert "so are all samples of p6" in str(one["reason"])


def test_a_sample_of_the_other_sex_by_its_genes_alone(runs: Runs) -> None:
    runs.of.exchanged.append(("rna", "s00", "s70"))
    runs.run()
    rna = {s: v for s, v in runs.verdicts("rna").items() if v != "cannot tell"}
    assert rna == {"s00": "other sex", "s70": "other sex"}
    assert row(runs, "rna", "s00")["reason"] == (
        "XIST, Y genes are those of a male, the sheet says female"
    )


def test_three_that_went_round_are_no_exchange_of_two(runs: Runs) -> None:
    """Each fits the place of the next, none the place of the one that fits its own."""
    runs.of.exchanged += [("meth", "s01", "s21"), ("meth", "s21", "s31")]
    runs.run()
    odd = ("s01", "s21", "s31")
    assert runs.verdicts("meth") == dict.fromkeys(odd, "other person")
    likely = [row(runs, "meth", sample)["likely_subject_id"] for sample in odd]
    assert sorted(map(str, likely)) == ["p0", "p2", "p3"]
    assert [row(runs, "meth", sample)["exchanged_with"] for sample in odd] == [None] * 3


def test_a_contaminated_array(runs: Runs) -> None:
    runs.of.mixed = ("s10", "s51")
    runs.run()
    assert runs.verdicts("meth")["s10"] == "contaminated"
    assert set(runs.verdicts("meth")) == {"s10"}
    assert row(runs, "meth", "s10")["contamination_score"] > -4  # type: ignore[operator]


def test_with_too_few_snps_and_no_sex_nothing_is_told(runs: Runs) -> None:
    runs.of = IdentityStudy(n_snps=9, with_sex=False)
    runs.run()
    told = runs.table("identity")
    assert set(told["verdict"]) == {"cannot tell"}
    for column in ("likely_subject_id", "posterior", "said_posterior", "evidence", "told_sex",
                   "sex_posterior", "contamination_score"):  # fmt: skip
        assert told[column].null_count() == told.height, column
    assert told.filter(pl.col("assay") == "meth")["n_snps"].unique().to_list() == [9]
    assert runs.table("genotype_agreement").height == 0


def test_the_column_of_the_sex(runs: Runs) -> None:
    """One that is named comes first; words that are not known say nothing."""
    runs.run(study(identity={"sex": "other"}))
    assert runs.table("identity")["said_sex"].null_count() == 2 * len(IDS)
    runs.of.sex = dict.fromkeys(PEOPLE, "1")
    runs.of.sex["p0"] = " Female "
    runs.run()
    said = runs.table("identity").filter(pl.col("said_sex").is_not_null())
    assert set(said["subject_id"]) == {"p0"}


def test_it_is_made_again_when_what_it_reads_changes(runs: Runs) -> None:
    assert runs.run()
    assert not runs.run()
    assert runs.run(study(identity={"sex": "other"}))
    assert runs.run()
    samples = {"file": "s.csv", "sample": "a", "subject": "b", "timepoint": "d"}
    assert runs.run(study(samples=[samples | {"factors": ["Sex"]}]))  # of the design of levels
    assert runs.run()
    entries: list[Entry] = []
    for table, part, again in (
        ("matrix", "meth:raw", True), ("matrix", "rna:raw", True), ("sample", "all", True),
        ("probe", "all", True), ("gene", "all", True), ("network_edge", "all", False),
        ("matrix", "score:derived", False), ("matrix", "meth:bmiq", True),
        ("probe_mask", "snp", True),
    ):  # fmt: skip
        path = f"{table}-{part.replace(':', '-')}.parquet"
        (runs.home.lake / path).touch()
        entries.append(Entry(table, part, path))
        switch_current(runs.home.lake, entries)
        assert runs.run() is again, table
