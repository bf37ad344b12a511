"""A layer as a stream of rows, and what is known of its columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.lake.matrix import extras_of, read_matrix
from cohortmart.core.progress import counted_off
from cohortmart.core.types import Floats, Ints

#: Feature ids (rows,) and values (rows, samples), NaN = missing.
MatrixRows = tuple[pa.Array, Floats]


@dataclass(frozen=True, eq=False)
class LayerSource:
    """The values that a step starts from.

    Parameters
    ----------
    kind : str
        counts | beta | continuous.
    layer : str
        Its name.
    rows : callable
        Streams the values, features sorted by id; every call begins anew.
    feature_ids : pyarrow.StringArray
        All of them.
    sample_ids, columns : tuple of str
        The samples in order, and what their columns are called in the raw file.
    """

    kind: str
    layer: str
    rows: Callable[[], Iterator[MatrixRows]]
    feature_ids: pa.Array
    sample_ids: tuple[str, ...]
    columns: tuple[str, ...]

    def heard(self) -> LayerSource:
        """Return the same, telling how many features have passed in each reading."""
        n, what = len(self.feature_ids), f"features of the layer {self.layer}"
        rows = self.rows
        return replace(self, rows=lambda: counted_off(rows(), what, n, lambda row: len(row[0])))


def beta_rows(
    path: Path, kept_probes: pa.Array, positions: Ints, detection_p: float | None
) -> Iterator[MatrixRows]:
    """Stream the kept part of a raw matrix of betas.

    Parameters
    ----------
    path : Path
        The lake's Parquet file.
    kept_probes : pyarrow.StringArray
        Sorted.
    positions : ndarray of int
        Columns of the kept samples, from 0.
    detection_p : float or None
        Betas with a larger detection p are missing.
    """
    failing = detection_p is not None and "detection_p" in extras_of(path)
    names = ("values", "detection_p") if failing else ("values",)
    for ids, values, *p in read_matrix(path, positions, names):
        keep = pc.is_in(ids, value_set=kept_probes).to_numpy(zero_copy_only=False)
        if failing:
            values = np.where(p[0] > detection_p, np.nan, values)
        if keep.all():
            yield ids, values
        elif keep.any():
            yield ids.filter(pa.array(keep)), values[keep]


def matrix_rows(
    path: Path, name: str, kept: pa.Array, positions: Sequence[int]
) -> Iterator[MatrixRows]:
    """Stream a matrix that stands beside the raw values.

    Parameters
    ----------
    path : Path
        The lake's Parquet file.
    name : str
        One of its extras.
    kept : pyarrow.StringArray
        Features to take, sorted.
    positions : sequence of int
        Columns to take, from 0.
    """
    for ids, values in read_matrix(path, np.asarray(positions, dtype=np.int64), (name,)):
        keep = pc.is_in(ids, value_set=kept)
        if pc.any(keep).as_py():
            yield ids.filter(keep), values[keep.to_numpy(zero_copy_only=False)]


def layer_rows(path: Path, positions: Ints | None = None) -> Iterator[MatrixRows]:
    """Stream all rows of a layer, or some of its columns.

    Parameters
    ----------
    path : Path
        The lake's Parquet file.
    positions : ndarray of int, optional
        Columns to take, from 0.
    """
    yield from read_matrix(path, positions, ("values",))
