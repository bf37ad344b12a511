"""Columns of a result table as Arrow, in the order and with the types of its schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from cohortmart.core.schemas.tables import RESULT_TABLES


def table_of(name: str, columns: Mapping[str, Any]) -> pa.Table:
    """Join columns to rows of a result table; NaN becomes null, so that SQL sees a missing value.

    Parameters
    ----------
    name : str
        Of the table.
    columns : mapping of str to array, sequence or single value
        A single value stands in every row, None and a column that is not there are null.

    Raises
    ------
    ValueError
        A column is none of the table's, or two columns are of different lengths.
    """
    schema: pa.Schema = RESULT_TABLES[name]
    unknown = sorted(set(columns) - set(schema.names))
    if unknown:
        raise ValueError(f"the table {name} has no column {unknown[0]}")
    n = next((len(c) for c in columns.values() if _is_column(c)), 1)
    return pa.Table.from_arrays(
        [_array(columns.get(field.name), field.type, n) for field in schema], schema=schema
    )


def _is_column(value: Any) -> bool:
    return isinstance(value, pa.Array | pa.ChunkedArray | np.ndarray | Sequence) and not isinstance(
        value, str
    )


def _array(value: Any, of_type: pa.DataType, n: int) -> pa.Array | pa.ChunkedArray:
    if not _is_column(value):
        # NaN alone differs from itself
        missing = value is None or value != value
        return pa.repeat(pa.scalar(None if missing else value, of_type), n)
    if isinstance(value, np.ndarray):
        value = np.ascontiguousarray(value)
    if not isinstance(value, pa.Array | pa.ChunkedArray):
        value = pa.array(value, from_pandas=True)
    return value.cast(of_type)
