"""The thresholds of an analysis: what counts as found; the contrasts do not depend on them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from analyses.step import Made, Run, Step
from cohortmart.core.schemas.tables import RESULT_TABLES
from cohortmart.core.study.records import Study


def _options(study: Study, name: str) -> dict[str, Any]:
    return study.analyses[name].thresholds.model_dump()


def _make(run: Run) -> Made:
    row = {"analysis": run.name, **_options(run.study, run.name)}
    return Made({"threshold": [pa.Table.from_pylist([row], schema=RESULT_TABLES["threshold"])]})


THRESHOLDS = Step(
    name="thresholds",
    title="",
    tables=("threshold",),
    options=_options,
    inputs=lambda _study, _home, _name, options: options,
    make=_make,
)
