"""R objects: vectors, lists, factors, data frames and S4 objects, as they are serialised.

Values of vectors may come in blocks, so that a matrix is never held as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: R's missing integer and logical value.
NA_INTEGER = -(2**31)
#: R's missing double: a not-a-number whose lower word is 1954.
NA_REAL = np.uint64(0x7FF00000000007A2)


@dataclass(frozen=True)
class Null:
    """R's NULL."""


@dataclass(frozen=True)
class Numbers:
    """A double, integer or logical vector.

    Parameters
    ----------
    dtype : str
        `>f8` for doubles, `>i4` for integers and logicals, as they stand in the file.
    length : int
    blocks : callable
        Gives the values in their order, as arrays of any size; NA as R has it.
    attributes : mapping of str to RObject
    logical : bool
    """

    dtype: str
    length: int
    blocks: Callable[[], Iterable[np.ndarray]]
    attributes: Mapping[str, RObject] = field(default_factory=dict)
    logical: bool = False


@dataclass(frozen=True)
class Texts:
    """A character vector; null is NA.

    Parameters
    ----------
    values : pa.ChunkedArray
        Of strings.
    attributes : mapping of str to RObject
    """

    values: Any
    attributes: Mapping[str, RObject] = field(default_factory=dict)


@dataclass(frozen=True)
class RList:
    """A list (generic vector).

    Parameters
    ----------
    length : int
    elements : callable
        Gives the elements in their order, one at a time.
    attributes : mapping of str to RObject
    """

    length: int
    elements: Callable[[], Iterable[RObject]]
    attributes: Mapping[str, RObject] = field(default_factory=dict)


@dataclass(frozen=True)
class S4:
    """An object of a formal class.

    Parameters
    ----------
    name, package : str
        Of the class.
    slots : mapping of str to RObject
    """

    name: str
    package: str
    slots: Mapping[str, RObject]


RObject: TypeAlias = Null | Numbers | Texts | RList | S4


def texts(values: Iterable[str | None]) -> Texts:
    """Return a character vector."""
    return Texts(pa.chunked_array([pa.array(list(values), pa.string())]))


def integers(values: Iterable[int]) -> Numbers:
    """Return an integer vector; `NA_INTEGER` is missing."""
    array = np.array(list(values), ">i4")
    return Numbers(">i4", len(array), lambda: [array])


def named_list(elements: Mapping[str, RObject]) -> RList:
    """Return a list with names; without elements, R's `list()`."""
    names = {"names": texts(elements)} if elements else {}
    return RList(len(elements), lambda: elements.values(), names)


def factor(column: Any, levels: Sequence[str]) -> Numbers:
    """Return a factor.

    Parameters
    ----------
    column : pa.ChunkedArray
        Of strings; null is NA.
    levels : sequence of str
        All values, in order.
    """
    places = pc.index_in(column, pa.array(levels, pa.string()))
    codes = pc.fill_null(pc.add(places, 1), NA_INTEGER).to_numpy().astype(">i4")
    attributes = {"levels": texts(levels), "class": texts(["factor"])}
    return Numbers(">i4", len(codes), lambda: [codes], attributes)


def vector(column: Any) -> Numbers | Texts:
    """Return a column of a table as a vector: double, integer, logical, Date or character.

    Parameters
    ----------
    column : pa.ChunkedArray
        Whole numbers beyond R's integers become doubles; null is NA.
    """
    kind = column.type
    if pa.types.is_boolean(kind):
        return _whole(column.cast(pa.int32()), logical=True)
    if pa.types.is_integer(kind):
        limits = pc.min_max(column).as_py()
        fits = all(v is None or abs(v) < 2**31 for v in limits.values())
        return _whole(column.cast(pa.int32())) if fits else _doubles(column)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _doubles(column)
    if pa.types.is_date32(kind):
        days = _doubles(column.cast(pa.int32()))
        return Numbers(days.dtype, days.length, days.blocks, {"class": texts(["Date"])})
    return Texts(column.cast(pa.string()))


def _whole(column: Any, *, logical: bool = False) -> Numbers:
    values = pc.fill_null(column, NA_INTEGER).to_numpy().astype(">i4")
    return Numbers(">i4", len(values), lambda: [values], logical=logical)


def _doubles(column: Any) -> Numbers:
    missing = column.is_null().to_numpy()
    values = pc.fill_null(column.cast(pa.float64()), 0.0).to_numpy().copy()
    values.view(np.uint64)[missing] = NA_REAL
    return Numbers(">f8", len(values), lambda: [values])


def columns_of(table: pa.Table, levels: Mapping[str, Sequence[str]]) -> dict[str, RObject]:
    """Return the columns of a table as vectors, those with levels as factors."""
    return {
        name: factor(table[name], levels[name]) if name in levels else vector(table[name])
        for name in table.column_names
    }


def data_frame(table: pa.Table, levels: Mapping[str, Sequence[str]] | None = None) -> RList:
    """Return a data.frame with numbered rows."""
    columns = columns_of(table, levels or {})
    attributes: dict[str, RObject] = {
        "names": texts(columns),
        "class": texts(["data.frame"]),
        "row.names": integers([NA_INTEGER, -table.num_rows]),
    }
    return RList(len(columns), lambda: columns.values(), attributes)
