"""Each step alone, against the same in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from analyses.normalise.result import StepResult
from analyses.normalise.steps import bmiq as bmiq_module
from analyses.normalise.steps.bmiq import bmiq_layer
from analyses.normalise.steps.combat import combat_layer
from analyses.normalise.steps.impute import impute_layer
from analyses.stats.batch.combat import combat
from analyses.stats.batch.combat_design import independent_columns
from analyses.stats.methylation.bmiq import bmiq
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.normalise_records import Combat
from cohortmart.core.study.records import Study
from tests.support.array_study import ArrayStudy, N
from tests.support.layer_source import source_of, taken

CLIP = 1e-3


class TestBmiq:
    @pytest.fixture
    def arrays(self, tmp_path: Path) -> ArrayStudy:
        return ArrayStudy(tmp_path)

    @pytest.mark.parametrize("block_values", [1, 1000, 10**6])
    def test_is_bmiq_of_each_sample(
        self,
        arrays: ArrayStudy,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        block_values: int,
    ) -> None:
        monkeypatch.setattr(bmiq_module, "_BLOCK_VALUES", block_values)
        beta, two = arrays.seen[:, :3], arrays.is_type_ii
        beta[:5, 1] = [0, 1, 0, 1, 1]
        source = source_of(beta, block=400 if block_values == 1 else 33)
        step = bmiq_layer(source, two, np.ones(N, dtype=bool), tmp_path)
        ids, values = taken(step)
        alone = [bmiq(beta[:, j], two) for j in range(3)]
        assert ids == source.feature_ids.to_pylist()
        np.testing.assert_array_equal(values, np.column_stack([s.beta for s in alone]))
        np.testing.assert_array_equal(np.isnan(values), np.isnan(beta))
        assert [n.n_moved for n in step.samples] == [0, 5 - int(np.isnan(beta[:5, 1]).sum()), 0]
        assert [n.type_distance_before for n in step.samples] == [s.distance_before for s in alone]
        assert [n.type_distance_after for n in step.samples] == [s.distance_after for s in alone]
        assert step.n_changed == two.sum()
        assert step.notes == ()

    def test_probes_of_unknown_type_take_no_part(self, arrays: ArrayStudy, tmp_path: Path) -> None:
        beta, two = arrays.seen[:, :2], arrays.is_type_ii
        typed = np.ones(N, dtype=bool)
        typed[::5] = False
        step = bmiq_layer(source_of(beta), two & typed, typed, tmp_path)
        _, values = taken(step)
        alone = [bmiq(beta[typed, j], two[typed]).beta for j in range(2)]
        np.testing.assert_array_equal(values[typed], np.column_stack(alone))
        np.testing.assert_array_equal(values[~typed], beta[~typed])
        assert step.notes[0].startswith("80 of 400 probes have no design type")
        assert step.n_changed == (two & typed).sum()

    def test_a_sample_that_cannot_be_fitted(self, arrays: ArrayStudy, tmp_path: Path) -> None:
        beta = arrays.betas[:, :3]
        beta[:310, 1] = np.nan
        beta[7, 2] = 1.5
        source = source_of(beta, samples=["a", "b", "c"])
        step = bmiq_layer(source, arrays.is_type_ii, np.ones(N, dtype=bool), tmp_path)
        assert step.kept == ("a",)
        assert taken(step)[1].shape == (N, 1)
        assert [n.split(",")[0] for n in step.notes] == ["b is left out", "c is left out"]
        assert "too few probes" in step.notes[0]
        assert "outside 0..1" in step.notes[1]


SHEET = pl.DataFrame(
    {
        "sample_id": [f"S{j}" for j in range(10)],
        "study_group": ["HP", "HP", "HP", "HP", "MS", "MS", "MS", "MS", "HC", "HC"],
        "timepoint": ["1st", "3rd"] * 4 + ["NP"] * 2,
        "cell_type": pl.Series([None] * 10, dtype=pl.String),
        "slide": list("AABBABABAB"),
        "lane": list("0123456789"),
        "age": [30.0, 30, 31, 31, 25, 25, 40, 40, 28, 33],
    }
)


def study() -> Study:
    return Study.model_validate(
        {
            "study": "small",
            "samples": [
                {
                    "file": "s.csv",
                    "sample": "sample_id",
                    "subject": "subject",
                    "factors": ["slide", "lane"],
                    "covariates": ["age"],
                }
            ],
            "timepoints": ["NP", "1st", "3rd"],
            "groups": ["HP", "MS", "HC"],
            "assays": {"meth": {"kind": "beta", "files": ["b.csv"]}},
        }
    )


def combated(beta: np.ndarray, samples: pl.DataFrame = SHEET, **options: Any) -> StepResult:
    asked = Combat(**{"batch": "slide", "keep": ("group", "timepoint"), **options})
    return combat_layer(source_of(beta), samples, study(), asked, CLIP, "assay meth, combat")


class TestCombat:
    @pytest.fixture
    def beta(self, rng: np.random.Generator) -> np.ndarray:
        beta = np.asarray(rng.beta(1, 1, (60, 10)))
        beta[rng.random(beta.shape) < 0.03] = np.nan
        beta[3, :4] = [0, 1, 1e-9, 1]
        return beta

    @pytest.mark.parametrize(
        "options", [{}, {"mean_only": True}, {"keep": ("age", "group")}, {"keep": ()}]
    )
    def test_is_combat_of_the_m_values(self, beta: np.ndarray, options: dict[str, Any]) -> None:
        inside = np.clip(beta, CLIP, 1 - CLIP)
        m = np.log2(inside) - np.log2(1 - inside)
        group, time = SHEET["study_group"].to_numpy(), SHEET["timepoint"].to_numpy()
        columns = {
            "age": [SHEET["age"].to_numpy()],
            "group": [group == "MS", group == "HC"],
            "timepoint": [time == "1st"],  # those of NP are the HC
        }
        kept = [
            c * 1.0 for name in options.get("keep", ("group", "timepoint")) for c in columns[name]
        ]
        want = combat(
            m,
            SHEET["slide"].to_list(),
            np.column_stack(kept) if kept else None,
            options.get("mean_only", False),
        )
        step = combated(beta, **options)
        _, values = taken(step)
        np.testing.assert_allclose(values, 2**want / (1 + 2**want), rtol=0, atol=1e-12)
        np.testing.assert_array_equal(np.isnan(values), np.isnan(beta))
        assert step.n_changed == 60
        assert step.kept == tuple(SHEET["sample_id"])
        assert step.notes == ()

    def test_probes_that_cannot_be_adjusted_stay_and_are_said(self, beta: np.ndarray) -> None:
        beta[5] = 0.25
        beta[7, 2:] = np.nan
        step = combated(beta)
        _, values = taken(step)
        np.testing.assert_allclose(values[[5, 7]], beta[[5, 7]], rtol=1e-12)
        assert step.n_changed == 58
        assert [n for n in step.notes if "left unchanged" in n and n.endswith(": 1 probes")]

    def test_several_cell_types_that_are_not_kept(self, beta: np.ndarray) -> None:
        two = SHEET.with_columns(cell_type=pl.Series(["CD4", "CD8"] * 5))
        assert "keep` does not name cell_type" in combated(beta, two).notes[0]
        assert combated(beta, two, keep=("cell_type",)).notes == ()

    def test_a_constant_to_keep_is_said(self, beta: np.ndarray) -> None:
        alike = SHEET.with_columns(timepoint=pl.lit("1st"))
        assert "`timepoint` is 1st in every chosen sample" in combated(beta, alike).notes[0]

    @pytest.mark.parametrize(
        ("change", "options", "problem", "found"),
        [
            ({"slide": list("AABBABABAC")}, {}, "one sample", "C"),
            ({"slide": ["A"] * 10}, {}, "batch", "A"),
            ({"slide": list("AAAABBBBCC")}, {}, "cannot be told", "groupMS"),
            ({"slide": [*"AABBABABA", None]}, {}, "`slide` has no value for 1 of the 10", "S9"),
            ({"age": [*[30.0] * 9, None]}, {"keep": ("age",)}, "`age` has no value", "S9"),
            ({}, {"keep": ("height",)}, "`height` is neither", None),
            ({}, {"batch": "age"}, "is a number", None),
            ({}, {"batch": "lane"}, "one sample", "0"),
        ],
    )
    def test_what_cannot_be_done_is_said(
        self,
        beta: np.ndarray,
        change: dict[str, list[Any]],
        options: dict[str, Any],
        problem: str,
        found: str | None,
    ) -> None:
        samples = SHEET.with_columns(pl.Series(name, v) for name, v in change.items())
        with pytest.raises(AnalysisError, match=f"^assay meth, combat: .*{problem}") as caught:
            combated(beta, samples, **options)
        if found is not None:
            assert found in str(caught.value.found)
        assert caught.value.hint
        assert "where" not in caught.value.hint  # which ComBat does not have


class TestIndependentColumns:
    def test_what_the_ones_before_and_a_constant_say_is_left_out(
        self, rng: np.random.Generator
    ) -> None:
        a, b = rng.normal(size=(2, 12))
        columns = np.column_stack([a, 3 * a - 1e4, np.full(12, 7.0), b, a + b, np.zeros(12), b**2])
        for scale in (1e-12, 1, 1e12):
            assert independent_columns(scale * columns) == [0, 3, 6]

    def test_a_small_change_of_a_large_number_counts(self) -> None:
        years = 2020 + np.arange(12) / 365
        assert independent_columns(years[:, None]) == [0]
        assert independent_columns(np.empty((12, 0))) == []

    def test_the_span_is_that_of_all_columns(self, rng: np.random.Generator) -> None:
        for _ in range(20):
            columns = rng.integers(0, 2, (9, 7)) * 1.0
            whole = np.column_stack([np.ones(9), columns])
            own = independent_columns(columns)
            rank = np.linalg.matrix_rank(whole)
            assert len(own) + 1 == rank
            assert np.linalg.matrix_rank(whole[:, [0, *(j + 1 for j in own)]]) == rank


class TestImpute:
    def test_a_missing_beta_is_the_mean_of_the_others(self, rng: np.random.Generator) -> None:
        beta = rng.random((50, 6))
        beta[rng.random(beta.shape) < 0.2] = np.nan
        beta[11] = np.nan
        step = impute_layer(source_of(beta))
        ids, values = taken(step)
        assert ids == source_of(beta).feature_ids.to_pylist()
        seen = ~np.isnan(beta)
        np.testing.assert_array_equal(values[seen], beta[seen])
        for i in np.flatnonzero(~seen.all(axis=1)):
            mean = np.nan if i == 11 else np.mean(beta[i, seen[i]])
            np.testing.assert_allclose(values[i, ~seen[i]], mean, rtol=1e-15)
        probes = (~seen).any(axis=1)
        probes[11] = False
        assert step.n_changed == probes.sum()
        assert f"{(~seen[probes]).sum()} missing betas in {probes.sum()} probes" in step.notes[0]
        assert step.kept == tuple(f"S{j}" for j in range(6))

    def test_block_sizes_change_no_bit(self, rng: np.random.Generator) -> None:
        beta = rng.random((50, 9))
        beta[rng.random(beta.shape) < 0.2] = np.nan
        first, *others = [taken(impute_layer(source_of(beta, block)))[1] for block in (1, 7, 50)]
        for other in others:
            np.testing.assert_array_equal(other, first)


def test_the_first_layer_is_of_the_kept_probes_and_what_was_seen(made: ArrayStudy) -> None:
    """Through the lake: filters, detection p, missing values, order."""
    kept = np.flatnonzero(made.kept)
    ids, samples, values = made.layer("bmiq")
    assert ids == sorted(made.probes[i] for i in kept)
    assert samples == made.samples
    want = [bmiq(made.seen[kept, j], made.is_type_ii[kept]).beta for j in range(8)]
    order = np.argsort([made.probes[i] for i in kept])
    np.testing.assert_array_equal(values, np.column_stack(want)[order])
    assert np.isnan(values).sum() > np.isnan(made.betas[kept]).sum() > 0
