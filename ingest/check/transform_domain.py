"""Values that the transform of a continuous assay cannot take."""

from __future__ import annotations

from typing import NoReturn

import numpy as np

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.censoring import is_log2, is_percent, taken_values
from cohortmart.core.study.records import Assay
from ingest.read.continuous.header import MeasurementHeader
from ingest.read.matrix.records import Block, MatrixHeader


def check_transform(header: MatrixHeader, block: Block, assay: Assay) -> None:
    """Check that the transform takes the values of a block, below detection as the study says.

    Raises
    ------
    IngestError
        A value is not positive (log2), or not strictly within 0 and 1 or 100 (logit).
    """
    if assay.transform not in ("log2", "logit"):
        return
    units = _units(header, block, assay)
    values = block.values
    if "below_detection" in block.further:
        values = taken_values(
            values,
            block.further["below_detection"] == 1,
            block.further["detection_limit"],
            assay.below_detection,
            np.array([is_log2(u) for u in units], bool),
        )
    top = np.full(len(units), np.inf)
    if assay.transform == "logit":
        top = np.array([100.0 if is_percent(u) else 1.0 for u in units])
    bad = ~np.isnan(values) & ~((values > 0) & (values < top[:, None]))
    if bad.any():
        row, sample = (int(i) for i in np.unravel_index(int(bad.argmax()), bad.shape))
        _raise(header, block, assay, row, sample, float(top[row]))


def _units(header: MatrixHeader, block: Block, assay: Assay) -> list[str | None]:
    said: dict[str, str | None] = {}
    if isinstance(header, MeasurementHeader):
        ids, units = (header.measures[c].to_pylist() for c in ("feature_id", "unit"))
        said = dict(zip(ids, units, strict=True))
    return [assay.unit_of(f) or said.get(f) for f in block.feature_ids.to_pylist()]


def _raise(
    header: MatrixHeader, block: Block, assay: Assay, row: int, sample: int, top: float
) -> NoReturn:
    value = float(block.values[row, sample])
    line, column = header.place(block, row, sample)
    hint = "`transform: none` or `rank_normal` takes any number"
    if assay.transform == "logit" and 1 < value <= 100 and top == 1:
        hint = "these look like percents: write `unit: percent`"
    elif value == 0:
        hint = "write what is below detection as `<LIMIT`, and `below_detection: half`, or " + hint
    raise IngestError(
        f"{assay.transform} cannot be taken of this value",
        file=header.path,
        line=line,
        column=column,
        expected="a number above 0" if np.isinf(top) else f"a number between 0 and {top:g}",
        found=f"{value:.15g}, of {block.feature_ids[row].as_py()}",
        hint=hint,
    )
