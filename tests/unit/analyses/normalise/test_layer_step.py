"""The registry of normalisation steps, and a step of one's own that reads a further matrix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from analyses.normalise import pipeline
from analyses.normalise.layer_step import LayerInputs, LayerStep, StepRun
from analyses.normalise.result import SampleNote, StepResult
from analyses.normalise.source import MatrixRows
from analyses.normalise.steps.registry import LAYER_STEPS
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.normalise_records import METHODS
from tests.support.array_study import NO_CPG, ON_X, ArrayStudy


def test_every_step_that_a_study_may_name_can_be_done() -> None:
    assert set(LAYER_STEPS) == {*METHODS, "imputed", "transformed"}
    assert {name: step.name for name, step in LAYER_STEPS.items()} == {n: n for n in LAYER_STEPS}
    assert all(step.seconds_per_value > 0 for step in LAYER_STEPS.values())


def shrunk(run: StepRun) -> StepResult:
    """Take the less of a beta the larger its detection p, matrix beside matrix."""
    detection = run.matrix("detection_p")

    def rows() -> Iterator[MatrixRows]:
        p = {
            name: row
            for ids, block in detection()
            for name, row in zip(ids.to_pylist(), block, strict=True)
        }
        for ids, beta in run.source.rows():
            yield ids, beta * (1.0 - np.vstack([p[name] for name in ids.to_pylist()]))

    return StepResult(rows(), tuple(SampleNote(s) for s in run.source.sample_ids), 1)


def own_step(*matrices: str) -> LayerStep:
    return LayerStep("imputed", "Shrinkage", LayerInputs(matrices=matrices), shrunk, 1e-9)


@pytest.fixture
def arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ArrayStudy:
    steps = {**LAYER_STEPS, "imputed": own_step("detection_p")}
    monkeypatch.setattr(pipeline, "LAYER_STEPS", steps)
    arrays = ArrayStudy(tmp_path, normalise_steps="[]", impute="mean")
    arrays.betas[::3, arrays.samples.index("B1")] = np.nan  # the filters leave this sample out
    return arrays


def test_a_step_sees_the_matrices_that_stand_with_the_raw_values(arrays: ArrayStudy) -> None:
    arrays.make()
    ids, samples, values = arrays.layer("imputed")
    assert samples == [s for s in arrays.samples if s != "B1"]
    assert not {ON_X, NO_CPG} & set(ids)
    rows = [arrays.probes.index(name) for name in ids]
    columns = [arrays.samples.index(name) for name in samples]
    want = (arrays.seen * (1.0 - arrays.detection_p))[np.ix_(rows, columns)]
    np.testing.assert_allclose(values, want, rtol=1e-12)


def test_a_matrix_comes_in_the_order_of_the_source(arrays: ArrayStudy) -> None:
    seen: list[tuple[list[str], np.ndarray]] = []

    def look(run: StepRun) -> StepResult:
        blocks = list(run.matrix("detection_p")())
        seen.append(
            ([n for b in blocks for n in b[0].to_pylist()], np.vstack([b[1] for b in blocks]))
        )
        assert seen[0][0] == run.source.feature_ids.to_pylist()
        assert seen[0][1].shape == (len(run.source.feature_ids), len(run.source.sample_ids))
        return shrunk(run)

    step = LayerStep("imputed", "Look", LayerInputs(matrices=("detection_p",)), look, 1e-9)
    pipeline.LAYER_STEPS["imputed"] = step  # type: ignore[index]
    arrays.make()
    assert len(seen) == 1


def test_a_matrix_that_is_not_there_is_said(
    arrays: ArrayStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(step: StepRun) -> StepResult:
        step.matrix("methylated")
        raise AssertionError("it should not be found")

    step = LayerStep("imputed", "Signals", LayerInputs(matrices=("methylated",)), run, 1e-9)
    monkeypatch.setattr(pipeline, "LAYER_STEPS", {**LAYER_STEPS, "imputed": step})
    with pytest.raises(
        AnalysisError, match="assay meth, imputed: the lake holds no matrix"
    ) as said:
        arrays.make()
    assert "keep_signals: true" in str(said.value)
    assert arrays.leftovers() == []
