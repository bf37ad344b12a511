"""Measurements as they are analysed: below detection as the study says, then transformed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyses.normalise.layer_step import LayerInputs, LayerStep, StepRun
from analyses.normalise.result import SampleNote, StepResult
from analyses.normalise.source import MatrixRows
from analyses.stats.measurement.transforms import logit, rank_normal
from cohortmart.core.lake.censoring import is_log2, is_percent, taken_values
from cohortmart.core.types import Floats

_CENSORING = ("below_detection", "detection_limit")


def transformed_layer(run: StepRun) -> StepResult:
    """Transform the measurements of an assay.

    Parameters
    ----------
    run : StepRun
        Its options are `transform` and `below_detection`.
    """
    rule = run.options["below_detection"]
    below = 0
    if run.has_matrix("below_detection"):
        below = sum(int((values == 1).sum()) for _, values in run.matrix("below_detection")())
    notes = (f"{below:,} measurements below detection: {_WORDS[rule]}",) if below else ()
    return StepResult(
        rows=_rows(run),
        samples=tuple(SampleNote(sample) for sample in run.source.sample_ids),
        n_changed=len(run.source.feature_ids),
        notes=notes,
    )


_WORDS = {
    "value": "taken as measured",
    "missing": "taken as missing",
    "half": "taken as half of the limit",
}


def _rows(run: StepRun) -> Iterator[MatrixRows]:
    units = _units(run)
    for ids, values, below, limit in _with_limits(run):
        unit = [units.get(feature) for feature in ids.to_pylist()]
        log2_scale = np.array([is_log2(u) for u in unit], bool)
        rule = run.options["below_detection"]
        taken = taken_values(values, below == 1, limit, rule, log2_scale)
        yield ids, _TRANSFORMS[run.options["transform"]](taken, unit)


def _with_limits(run: StepRun) -> Iterator[tuple[pa.Array, Floats, Floats, Floats]]:
    """Stream the values beside what is said of detection; a file may say nothing of it."""
    if not run.has_matrix("below_detection"):
        for ids, values in run.source.rows():
            yield ids, values, np.zeros_like(values), np.full_like(values, np.nan)
        return
    further = [run.matrix(name)() for name in _CENSORING]
    for (ids, values), (_, below), (_, limit) in zip(run.source.rows(), *further, strict=True):
        yield ids, values, below, limit


def _units(run: StepRun) -> dict[str, str | None]:
    table = run.table("measure")
    if table is None:
        return {}
    own = table.filter(pc.equal(table["assay"], pa.scalar(run.name)))
    return dict(zip(own["feature_id"].to_pylist(), own["unit"].to_pylist(), strict=True))


def _log_odds(values: Floats, units: list[str | None]) -> Floats:
    return logit(values, np.array([100.0 if is_percent(u) else 1.0 for u in units]))


_TRANSFORMS: dict[str, Callable[[Floats, Any], Floats]] = {
    "none": lambda values, _units: values,
    "log2": lambda values, _units: np.asarray(np.log2(values)),
    "logit": _log_odds,
    "rank_normal": lambda values, _units: rank_normal(values),
}

TRANSFORMED = LayerStep(
    name="transformed",
    title="Transform",
    inputs=LayerInputs(own_rows=("measure",), matrices=_CENSORING),
    run=transformed_layer,
    keys=("transform", "below_detection"),
    seconds_per_value=2e-7,  # not measured: it passes over the values twice
)
