"""Writes a matrix into the lake: one row a feature, its values as one list of doubles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cohortmart.catalogue import written_beside
from cohortmart.tables import matrix_schema

#: Values in one row group: 16 MB of doubles, so that memory stays flat.
GROUP_VALUES = 2_000_000
#: Betas with four decimals have 10,001 values at most, and a dictionary makes them 1.7 bytes each;
#: where nearly all values differ it only adds to them.
DICTIONARY_VALUES = 1 << 16
_ELEMENTS = ["values.list.element"]


def write_matrix(
    blocks: Iterable[tuple[Any, np.ndarray]],
    n_samples: int,
    target: Path,
    metadata: Mapping[bytes, bytes] | None = None,
) -> int:
    """Write a matrix as Parquet, atomically; the bytes depend on ids and values alone.

    Parameters
    ----------
    blocks : iterable of (pa.StringArray, np.ndarray)
        Feature ids (rows,) and values (rows, n_samples) in float64, NaN = missing, in blocks of
        any size. An error raised by the iterable leaves no file behind.
    n_samples : int
        Columns of every block.
    target : Path
        The Parquet file, of `cohortmart.tables.matrix_schema(n_samples)`. Missing values are null
        elements, so SQL never sees NaN.
    metadata : mapping of bytes to bytes, optional
        What the file says about itself.

    Returns
    -------
    int
        Rows written.
    """
    schema = matrix_schema(n_samples).with_metadata(dict(metadata) if metadata else None)
    groups = _regrouped(blocks, n_samples)
    first = next(groups, None)
    dictionary = _ELEMENTS if first is not None and _few_distinct(first[1]) else False
    rows = 0
    with (
        written_beside(target) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression="zstd",
            use_dictionary=dictionary,
            write_statistics=["feature_id"],
        ) as writer,
    ):
        for ids, values in chain([] if first is None else [first], groups):
            batch = pa.record_batch([ids, _lists(values)], schema=schema)
            writer.write_batch(batch, row_group_size=len(ids))
            rows += len(ids)
    return rows


def _few_distinct(values: np.ndarray) -> bool:
    return len(pc.unique(pa.array(values.reshape(-1)))) <= DICTIONARY_VALUES


def _lists(values: np.ndarray) -> Any:
    """Turn (rows, samples) doubles into fixed-size lists with null for NaN."""
    flat = values.reshape(-1)
    missing = np.isnan(flat)
    elements = pa.array(flat, mask=missing) if missing.any() else pa.array(flat)
    return pa.FixedSizeListArray.from_arrays(elements, values.shape[1])


def _regrouped(
    blocks: Iterable[tuple[Any, np.ndarray]], n_samples: int
) -> Iterator[tuple[Any, np.ndarray]]:
    """Cut blocks of any size into row groups of one size, whatever chunks the reader used."""
    size = max(1, GROUP_VALUES // n_samples)
    group = np.empty((size, n_samples))
    ids: list[Any] = []
    filled = 0
    for block_ids, block_values in blocks:
        start = 0
        while start < len(block_values):
            n = min(size - filled, len(block_values) - start)
            group[filled : filled + n] = block_values[start : start + n]
            ids.append(block_ids.slice(start, n))
            filled, start = filled + n, start + n
            if filled == size:
                yield pa.concat_arrays(ids), group
                ids, filled = [], 0
    if filled:
        yield pa.concat_arrays(ids), group[:filled]
