"""Values in memory as the source of a step, and a step's rows put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from analyses.normalise.result import StepResult
from analyses.normalise.source import LayerSource, MatrixRows


def source_of(beta: np.ndarray, block: int = 7, samples: Sequence[str] = ()) -> LayerSource:
    """Give a matrix (probes, samples) in blocks of rows."""
    ids = pa.array([f"cg{i:08d}" for i in range(len(beta))])
    names = tuple(samples) or tuple(f"S{j}" for j in range(beta.shape[1]))

    def rows() -> Iterator[MatrixRows]:
        for start in range(0, len(beta), block):
            yield ids.slice(start, block), beta[start : start + block].copy()

    return LayerSource("beta", "raw", rows, ids, names, names)


def taken(step: StepResult) -> tuple[list[str], np.ndarray]:
    """Ids and values of all rows."""
    blocks = list(step.rows)
    ids = [name for block in blocks for name in block[0].to_pylist()]
    return ids, np.vstack([block[1] for block in blocks])
