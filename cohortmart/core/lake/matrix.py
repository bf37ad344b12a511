"""Matrices of the lake: one row a feature, its values as lists of doubles, sorted by feature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cohortmart.core.lake.file_manifest import written_beside
from cohortmart.core.schemas.tables import matrix_schema

#: Values in one row group: 2,048 probes of 134 samples. Smaller groups find the probes of a gene
#: faster, but each has a dictionary of its own: half the size would cost 0.1 bytes a beta more.
GROUP_VALUES = 275_000
#: Values read at once.
READ_VALUES = 1_000_000
#: Betas with four decimals have 10,001 values at most, and a dictionary makes them 1.7 bytes each;
#: where nearly all values differ it only adds to them.
DICTIONARY_VALUES = 1 << 16
#: Feature ids, then values and extras, each (rows, samples).
Rows = tuple[Any, ...]


class UnsortedError(ValueError):
    """The rows of a matrix do not come in the ascending order of their feature ids."""


def write_matrix(
    blocks: Iterable[Rows],
    n_samples: int,
    target: Path,
    metadata: Mapping[bytes, bytes] | None = None,
    extras: Sequence[str] = (),
) -> int:
    """Write a matrix as Parquet, atomically; the bytes depend on ids and values alone.

    Parameters
    ----------
    blocks : iterable of (pa.StringArray, np.ndarray, ...)
        Feature ids (rows,), values (rows, n_samples) in float64, NaN = missing, then one array
        of the same shape for each of `extras`; in blocks of any size. An error raised by the
        iterable leaves no file behind.
    n_samples : int
        Columns of every block.
    target : Path
        The Parquet file.
    metadata : mapping of bytes to bytes, optional
        What the file says about itself.
    extras : sequence of str
        Quantities beside the values, see `cohortmart.core.schemas.tables.matrix_schema`.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    UnsortedError
        A feature id is not greater than the one before it, byte by byte.
    """
    schema = matrix_schema(n_samples, extras).with_metadata(dict(metadata or {}))
    groups = _regrouped(_in_order(blocks), n_samples, 1 + len(extras))
    # Whether values repeat is decided by the first group, so it must not depend on the reader.
    first = next(groups, None)
    dictionary = [] if first is None else _few_distinct(first, ("values", *extras))
    rows = 0
    with (
        written_beside(target) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression="zstd",
            use_dictionary=dictionary or False,
            write_statistics=["feature_id"],
        ) as writer,
    ):
        for ids, *lists in chain([] if first is None else [first], groups):
            batch = pa.record_batch([ids, *(_lists(v) for v in lists)], schema=schema)
            writer.write_batch(batch, row_group_size=len(ids))
            rows += len(ids)
    return rows


def read_matrix(
    path: Path, keep: np.ndarray | None = None, names: Sequence[str] | None = None
) -> Iterator[Rows]:
    """Stream a matrix of the lake, or some of its columns.

    Parameters
    ----------
    path : Path
        The Parquet file.
    keep : np.ndarray, optional
        (kept,) positions of the columns, from 0.
    names : sequence of str, optional
        Which of `values` and the extras to read; all of them if not given.

    Yields
    ------
    tuple of pa.StringArray and np.ndarray
        As `write_matrix` takes them: ids, values, then the extras that `extras_of` names; or ids
        and what `names` names.
    """
    chosen = ("values", *extras_of(path)) if names is None else tuple(names)
    with pq.ParquetFile(path) as file:
        width = file.schema_arrow.field("values").type.list_size
        size = max(1, READ_VALUES // width)
        for batch in file.iter_batches(batch_size=size, columns=["feature_id", *chosen]):
            lists = [
                batch.column(name).flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
                for name in chosen
            ]
            if keep is not None:
                lists = [np.ascontiguousarray(values[:, keep]) for values in lists]
            yield (batch.column("feature_id"), *lists)


def extras_of(path: Path) -> tuple[str, ...]:
    """Return which quantities a matrix holds beside its values."""
    names = pq.read_schema(path).names
    return tuple(name for name in names if name not in ("feature_id", "values"))


def _in_order(blocks: Iterable[Rows]) -> Iterator[Rows]:
    last: Any = None
    for block in blocks:
        ids = block[0]
        if not len(ids):
            continue
        rising = pc.all(pc.less(ids.slice(0, len(ids) - 1), ids.slice(1))).as_py()
        if rising is False or (last is not None and not pc.less(last, ids[0]).as_py()):
            raise UnsortedError("feature ids are not in ascending order")
        last = ids[len(ids) - 1]
        yield block


def _few_distinct(group: Rows, names: Sequence[str]) -> list[str]:
    """Return the lists of a group whose values repeat so often that a dictionary pays."""
    return [
        f"{name}.list.element"
        for name, values in zip(names, group[1:], strict=True)
        if len(pc.unique(pa.array(values.reshape(-1)))) <= DICTIONARY_VALUES
    ]


def _lists(values: np.ndarray) -> Any:
    """Turn (rows, samples) doubles into fixed-size lists with null for NaN."""
    flat = values.reshape(-1)
    missing = np.isnan(flat)
    elements = pa.array(flat, mask=missing) if missing.any() else pa.array(flat)
    return pa.FixedSizeListArray.from_arrays(elements, values.shape[1])


def _regrouped(blocks: Iterable[Rows], n_samples: int, n_lists: int) -> Iterator[Rows]:
    """Cut blocks of any size into row groups of one size, whatever chunks the reader used."""
    size = max(1, GROUP_VALUES // n_samples)
    group = [np.empty((size, n_samples)) for _ in range(n_lists)]
    ids: list[Any] = []
    filled = 0
    for block_ids, *block_lists in blocks:
        start = 0
        while start < len(block_ids):
            n = min(size - filled, len(block_ids) - start)
            for place, values in zip(group, block_lists, strict=True):
                place[filled : filled + n] = values[start : start + n]
            ids.append(block_ids.slice(start, n))
            filled, start = filled + n, start + n
            if filled == size:
                yield (pa.concat_arrays(ids), *group)
                ids, filled = [], 0
    if filled:
        yield (pa.concat_arrays(ids), *(place[:filled] for place in group))
