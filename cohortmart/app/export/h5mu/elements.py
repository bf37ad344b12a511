"""Elements of AnnData on disk: frames, categories, arrays and texts as HDF5 groups and datasets.

Reference: anndata's "On-disk format" (element specifications, version 0.2.0 of data frames,
arrays, categories and texts).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

#: Of numbers; higher levels take longer for little, and bytes that are shuffled hide that betas
#: repeat: 1.7 GB in place of 1.0.
PACKED = {"compression": "gzip", "compression_opts": 1}


def write_dict(parent: Any, name: str, elements: Mapping[str, Any]) -> Any:
    """Write a group that maps names to elements, which are texts or Arrow tables."""
    group = _encoded(parent.create_group(name), "dict", "0.1.0")
    for key, value in elements.items():
        if isinstance(value, pa.Table):
            write_frame(group, key, value, {})
        else:
            import h5py

            made = group.create_dataset(key, data=str(value), dtype=h5py.string_dtype())
            _encoded(made, "string", "0.2.0")
    return group


def write_frame(
    parent: Any, name: str, table: pa.Table, levels: Mapping[str, Sequence[str]]
) -> None:
    """Write a data frame.

    Parameters
    ----------
    parent : h5py.Group
    name : str
    table : pa.Table
        The first column is the index. Texts become categories, in which null is missing;
        numbers with nulls become doubles.
    levels : mapping of str to sequence of str
        Categories of columns, in order; those of others are sorted.
    """
    group = _encoded(parent.create_group(name), "dataframe", "0.2.0")
    index, *columns = table.column_names
    group.attrs["_index"] = index
    group.attrs["column-order"] = np.array(columns, dtype=_text_type())
    write_texts(group, index, table[index])
    for column in columns:
        values = table[column]
        is_text = pa.types.is_string(values.type) or pa.types.is_null(values.type)
        if is_text or column in levels:
            _write_categories(group, column, values.cast(pa.string()), levels.get(column))
        else:
            write_array(group, column, _numbers(values))


def write_texts(parent: Any, name: str, values: pa.ChunkedArray) -> None:
    """Write texts without missing ones."""
    made = parent.create_dataset(name, data=values.to_pylist(), dtype=_text_type())
    _encoded(made, "string-array", "0.2.0")


def write_array(parent: Any, name: str, values: np.ndarray) -> None:
    """Write an array of numbers or truth values."""
    packed = PACKED if values.size else {}
    _encoded(parent.create_dataset(name, data=values, **packed), "array", "0.2.0")


def empty_matrix(parent: Any, name: str, shape: tuple[int, int], chunk: tuple[int, int]) -> Any:
    """Make a matrix of doubles, to be filled."""
    made = parent.create_dataset(name, shape=shape, dtype="f8", chunks=chunk, **PACKED)
    return _encoded(made, "array", "0.2.0")


def _write_categories(
    parent: Any, name: str, values: pa.ChunkedArray, levels: Sequence[str] | None
) -> None:
    import pyarrow.compute as pc

    known = levels or sorted({v for v in pc.unique(values).to_pylist() if v is not None})
    codes = pc.fill_null(pc.index_in(values, pa.array(known, pa.string())), -1)
    group = _encoded(parent.create_group(name), "categorical", "0.2.0")
    group.attrs["ordered"] = False
    write_texts(group, "categories", pa.chunked_array([pa.array(known, pa.string())]))
    write_array(group, "codes", codes.to_numpy().astype(np.int32))


def _numbers(values: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_boolean(values.type) and not values.null_count:
        found: np.ndarray = values.to_numpy()
        return found
    if pa.types.is_integer(values.type) and not values.null_count:
        return np.asarray(values.to_numpy())
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    return np.asarray(values.cast(pa.float64()).to_numpy())


def _encoded(made: Any, kind: str, version: str) -> Any:
    made.attrs["encoding-type"] = kind
    made.attrs["encoding-version"] = version
    return made


def _text_type() -> Any:
    import h5py

    return h5py.string_dtype()
