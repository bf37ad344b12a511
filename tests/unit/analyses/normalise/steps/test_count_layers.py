"""ComBat-seq as a layer of the lake: its counts, what is said of it, when it is made again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from analyses.normalise.pipeline import NormaliseSummary
from analyses.normalise.steps.combat_seq import combat_seq_layer
from analyses.stats.batch.combat_seq import CombatSeqResult, GeneStatus, combat_seq
from cohortmart.core.errors import AnalysisError, InputError
from cohortmart.core.study.normalise_records import CombatSeq
from cohortmart.core.study.records import Study
from tests.support.count_study import EMPTY_GENE, N_GENES, CountStudy
from tests.support.layer_source import source_of, taken

ONE = ("rna:combat_seq",)


@pytest.fixture
def counted(tmp_path: Path) -> CountStudy:
    return CountStudy(tmp_path)


def design(sheet: list[tuple[str, ...]]) -> tuple[list[str], np.ndarray]:
    """Batch of each sample, and the columns that tell the groups and the visits apart."""
    keep = [[row[2] == "MS", row[3] == "3rd"] for row in sheet]
    return [row[4] for row in sheet], np.array(keep) * 1.0


def test_the_layer_is_combat_seq_of_the_rounded_counts(counted: CountStudy) -> None:
    counted.ingest()
    raw = counted.sha256("raw")
    assert counted.current() == ["raw"]
    assert counted.normalise() == NormaliseSummary(done=ONE, skipped=())
    assert counted.current() == ["combat_seq", "raw"]
    assert counted.sha256("raw") == raw
    ids, values = counted.layer("combat_seq")
    assert ids == sorted(counted.genes)
    whole = np.rint(counted.by_name)
    want = combat_seq(whole, *design(counted.sheet)).counts
    np.testing.assert_array_equal(values, want)
    np.testing.assert_array_equal(values, np.rint(values))
    np.testing.assert_array_equal(values[whole == 0], 0)
    assert (values != whole).mean() > 0.5
    batch = np.array([row[4] for row in counted.sheet]) == "B"
    apart = [
        np.median(np.abs(np.log(v[:, batch].mean(axis=1) / v[:, ~batch].mean(axis=1))))
        for v in (np.delete(m, ids.index(EMPTY_GENE), axis=0) for m in (whole, values))
    ]
    assert apart[1] < apart[0] / 3


def test_what_the_tables_say_of_the_layer(counted: CountStudy) -> None:
    counted.make()
    row = counted.rows("layer", "combat_seq")[0]
    shape = {"made_from": "raw", "n_features": N_GENES, "n_samples": 12, "n_changed": N_GENES - 1}
    assert {k: row[k] for k in shape} == shape
    assert row["options"] == (
        '{"combat_seq": {"batch": "library_batch", "keep": ["group", "timepoint"]}}'
    )
    notes = row["notes"].splitlines()
    assert notes[0].startswith("3 of 720 counts were not whole")
    assert notes[1:] == [n for n in notes[1:] if n.startswith("ComBat-seq left unchanged, ")]
    assert notes[1].endswith(": 1 gene")
    assert [line for line in counted.said if line.startswith("note")] == [
        f"note: rna: {note}" for note in notes
    ]
    assert counted.said[0] == "rna: combat_seq of 60 genes x 12"
    columns = counted.rows("matrix_sample", "combat_seq")
    assert [(r["position"], r["sample_id"], r["column_name"], r["kind"]) for r in columns] == [
        (i, row[0], row[5], "counts") for i, row in enumerate(counted.sheet, start=1)
    ]
    assert {r["fault"] for r in counted.rows("layer_sample", "combat_seq")} == {None}


def test_a_second_run_does_nothing(counted: CountStudy) -> None:
    counted.make()
    before = counted.sha256("combat_seq")
    assert counted.normalise() == NormaliseSummary(done=(), skipped=ONE)
    assert not counted.ingest()
    assert counted.current() == ["combat_seq", "raw"]
    for path in before:
        (counted.home.lake / path).unlink()
    assert counted.normalise().done == ONE
    assert counted.sha256("combat_seq") == before


def test_other_options_counts_or_batches_make_another_layer(counted: CountStudy) -> None:
    counted.make()
    before = counted.sha256("combat_seq")
    counted.steps = counted.steps.replace("[group, timepoint]", "[group]")
    assert counted.make().done == ONE
    assert counted.sha256("combat_seq").keys().isdisjoint(before)
    counted.steps = counted.steps.replace("[group]", "[group, timepoint]")
    assert counted.make().done == ()  # its files are still there
    assert counted.sha256("combat_seq") == before
    sheet = list(counted.sheet)
    counted.sheet[0] = (*sheet[0][:4], "B", sheet[0][5])
    assert counted.make().done == ONE
    counted.sheet[:] = sheet
    counted.counts[0, 0] += 1
    assert counted.make().done == ONE
    assert counted.sha256("combat_seq").keys().isdisjoint(before)


def test_a_dropped_step_goes_out(counted: CountStudy) -> None:
    counted.make()
    counted.steps = "[]"
    with pytest.raises(InputError, match="not made for the assay rna as study") as caught:
        counted.normalise()
    assert caught.value.found == "another value of layers"
    assert counted.make() == NormaliseSummary(done=(), skipped=())
    assert counted.current() == ["raw"]


def test_columns_that_change_their_samples_make_another_layer(counted: CountStudy) -> None:
    counted.make()
    before = counted.layer("combat_seq")[1]
    first, second = counted.sheet[:2]  # the sheet had two names of the file swapped
    counted.sheet[:2] = [(*first[:5], second[5]), (*second[:5], first[5])]
    assert counted.make().done == ONE
    assert (counted.layer("combat_seq")[1] != before).any()


@pytest.mark.parametrize(
    ("change", "problem", "found"),
    [
        ({0: ""}, "`library_batch` has no value for 1 of the 12 samples", "none for hp0_1st"),
        ({0: "C"}, "one sample", "C"),
        (dict.fromkeys(range(12), "A"), "at least two batches", "A"),
        ({i: "AB"[i >= 6] for i in range(12)}, "cannot be told from", "groupMS"),
    ],
)
def test_what_cannot_be_done_is_said(
    counted: CountStudy, change: dict[int, str], problem: str, found: str
) -> None:
    for i, batch in change.items():
        counted.sheet[i] = (*counted.sheet[i][:4], batch, counted.sheet[i][5])
    counted.ingest()
    with pytest.raises(AnalysisError, match=f"^assay rna, combat_seq: .*{problem}") as caught:
        counted.normalise()
    assert found in str(caught.value.found)
    assert caught.value.hint
    assert "mean_only" not in caught.value.hint  # which ComBat-seq does not have
    assert "`combat`" not in caught.value.hint
    assert counted.current() == ["raw"]


class TestSamplesWithoutCounts:
    """They have no library size; nothing of them can be fitted, and zeros stay zeros."""

    def study(self) -> Study:
        sheet = {"file": "s.csv", "sample": "sample_id", "subject": "s", "factors": ["batch"]}
        return Study.model_validate(
            {
                "study": "small",
                "samples": [sheet],
                "timepoints": ["1st", "3rd"],
                "groups": ["HP", "MS"],
                "assays": {"rna": {"kind": "counts", "files": ["c.csv"]}},
            }
        )

    def samples(self) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "sample_id": [f"S{j}" for j in range(9)],
                "study_group": [*["HP", "MS"] * 4, "HP"],
                "cell_type": pl.Series([None] * 9, dtype=pl.String),
                "batch": [*"AABBAABB", "B"],
            }
        )

    def test_they_take_no_part_and_are_named(self, rng: np.random.Generator) -> None:
        counts = rng.negative_binomial(5, 0.02, (30, 9)).astype(float)
        asked = CombatSeq(batch="batch", keep=("group",))
        whole = combat_seq_layer(
            source_of(counts[:, :8]), self.samples()[:8], self.study(), asked, "here"
        )
        counts[:, 8] = 0
        step = combat_seq_layer(source_of(counts), self.samples(), self.study(), asked, "here")
        ids, values = taken(step)
        assert ids == source_of(counts).feature_ids.to_pylist()
        np.testing.assert_array_equal(values[:, :8], taken(whole)[1])
        np.testing.assert_array_equal(values[:, 8], 0)
        assert step.notes == ("1 sample without any count took no part: S8",)
        assert step.kept == tuple(f"S{j}" for j in range(9))

    def test_a_sample_with_counts_in_rare_genes_alone_is_refused(
        self, rng: np.random.Generator
    ) -> None:
        counts = rng.negative_binomial(5, 0.02, (30, 9)).astype(float)
        counts[:-1, 3] = 0
        counts[-1] = [0, 0, 0, 9, *[0] * 5]  # batch A lacks this gene
        asked = CombatSeq(batch="batch", keep=("group",))
        with pytest.raises(AnalysisError, match="1 sample without a count in any of") as caught:
            combat_seq_layer(source_of(counts), self.samples(), self.study(), asked, "here")
        assert caught.value.found == "S3"

    def test_what_the_method_left_or_held_back_is_counted(
        self, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counts = rng.negative_binomial(5, 0.02, (30, 8)).astype(float)

        def doctored(*given: Any) -> CombatSeqResult:
            status, capped, in_tail = np.zeros((3, 30), dtype=np.int64)
            status[:6] = [GeneStatus.ABSENT_FROM_A_BATCH] * 3 + [GeneStatus.NOT_CONVERGED] * 3
            capped[[7, 9]], in_tail[4] = [3, 1], 1
            return replace(
                combat_seq(*given), status=status.astype(np.int8), capped=capped, in_tail=in_tail
            )

        monkeypatch.setattr("analyses.normalise.steps.combat_seq.combat_seq", doctored)
        asked = CombatSeq(batch="batch", keep=("group",))
        step = combat_seq_layer(source_of(counts), self.samples()[:8], self.study(), asked, "here")
        assert step.n_changed == 24
        assert step.notes == (
            "ComBat-seq left unchanged, without a count in one of the batches: 3 genes",
            "ComBat-seq left unchanged, the fit did not converge: 3 genes",
            "ComBat-seq left unchanged, less likely than 1e-4 in their batch: 1 count",
            "ComBat-seq held back, as they would have become larger than is plausible: "
            "4 counts of 2 genes",
        )

    def test_blocks_change_no_bit(
        self, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counts = rng.negative_binomial(5, 0.02, (30, 9)).astype(float)
        asked = CombatSeq(batch="batch", keep=("group",))
        found = []
        for block, rows in ((7, 4096), (30, 11)):
            monkeypatch.setattr("analyses.normalise.steps.combat_seq._BLOCK_ROWS", rows)
            source = source_of(counts, block)
            found.append(combat_seq_layer(source, self.samples(), self.study(), asked, "here"))
        first, second = (taken(step) for step in found)
        assert first[0] == second[0]
        np.testing.assert_array_equal(first[1], second[1])
