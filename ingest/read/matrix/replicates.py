"""Replicate probes of EPIC v2, such as `cg00000029_TC21` and `cg00000029_TC22`, and their mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.read.matrix.records import Block

#: Strand (top, bottom), converted or opposite strand, design type, number of the replicate.
SUFFIX = r"_[TB][CO][12][0-9]+$"


def common_probe_ids(probe_ids: Any) -> Any:
    """Return the names that all arrays share: without EPIC v2's suffix.

    Parameters
    ----------
    probe_ids : pa.StringArray
        (rows,)
    """
    return pc.replace_substring_regex(probe_ids, pattern=SUFFIX, replacement="")


def collapsed(blocks: Iterable[Block]) -> Iterator[Block]:
    """Make one row of the replicates of a probe, named without the suffix.

    The beta is the mean of those that are not missing, and so is each signal. A mean is as good as
    its worst part: the detection p is the largest one and the number of beads the smallest.

    Parameters
    ----------
    blocks : iterable of Block
        Replicates follow each other; their lines mean nothing.
    """
    held: Block | None = None
    for block in blocks:
        whole = block if held is None else _joined(held, block)
        common = common_probe_ids(whole.feature_ids)
        last = int(np.flatnonzero(_starts(common))[-1])  # may go on in the next block
        if last:
            yield _mean_rows(_part(whole, 0, last))
        held = _part(whole, last, len(common))
    if held is not None:
        yield _mean_rows(held)


def _starts(common: Any) -> np.ndarray:
    """Mark the rows where another probe begins."""
    changes = pc.not_equal(common.slice(1), common.slice(0, len(common) - 1))
    return np.concatenate([[True], changes.to_numpy(zero_copy_only=False)])


def _mean_rows(block: Block) -> Block:
    common = common_probe_ids(block.feature_ids)
    starts = np.flatnonzero(_starts(common))
    values = _mean(block.values, starts)
    worst = {"detection_p": np.fmax, "bead_count": np.fmin}
    further = {
        name: worst[name].reduceat(v, starts, axis=0) if name in worst else _mean(v, starts)
        for name, v in block.further.items()
    }
    names = None if block.gene_names is None else block.gene_names.take(pa.array(starts))
    return Block(0, common.take(pa.array(starts)), names, values, further)


def _mean(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the mean of the values that are there of the rows from each start to the next."""
    seen = ~np.isnan(values)
    n = np.add.reduceat(seen, starts, axis=0, dtype=np.int64)
    total = np.add.reduceat(np.where(seen, values, 0.0), starts, axis=0)
    with np.errstate(invalid="ignore"):
        mean: np.ndarray = total / np.where(n > 0, n, np.nan)
    return mean


def _part(block: Block, start: int, stop: int) -> Block:
    names = block.gene_names
    return Block(
        0,
        block.feature_ids.slice(start, stop - start),
        None if names is None else names.slice(start, stop - start),
        block.values[start:stop],
        {name: values[start:stop] for name, values in block.further.items()},
    )


def _joined(first: Block, second: Block) -> Block:
    further = {n: np.vstack([first.further[n], v]) for n, v in second.further.items()}
    names = None
    if first.gene_names is not None and second.gene_names is not None:
        names = pa.concat_arrays([first.gene_names, second.gene_names])
    return Block(
        0,
        pa.concat_arrays([first.feature_ids, second.feature_ids]),
        names,
        np.vstack([first.values, second.values]),
        further,
    )
