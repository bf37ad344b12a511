"""Arrow tables as small JSON: a list a column, texts as numbers of a list of levels."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cohortmart.report.packed import four_digits, packed, whole_numbers

#: Digits that a picture can show and a reader wants; as many as `four_digits` keeps.
_DIGITS = 4
#: Characters of a column that is stored once, however often it is used.
_WORTH_A_NAME = 200
#: Values of a column that is packed.
_WORTH_PACKING = 250


def compact(table: pa.Table) -> dict[str, Any]:
    """Return the columns of a table for JSON.

    Parameters
    ----------
    table : pyarrow.Table
        Of texts, numbers and booleans.

    Returns
    -------
    dict
        `n`: number of rows; `columns`: for each a list of numbers (four significant digits,
        missing values null), or `{"levels": [...], "codes": [...]}` for texts. Of a long column
        the numbers and codes are packed: `{"packed": text, "as": "number" or "integer"}`.
    """
    columns = {name: _column(table[name]) for name in table.column_names}
    return {"n": table.num_rows, "columns": columns}


def stored_once(
    blocks: Mapping[str, Mapping[str, Any]],
    prefix: str = "",
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Take out the columns that stand in several places, as the samples of a map do.

    Parameters
    ----------
    blocks : mapping of str to mapping
        The data of each block; what `compact` returned is in its values.
    prefix : str
        Of the names of the columns.

    Returns
    -------
    blocks : dict
        The same, with the name of the column (a text) in place of one that was taken out.
    columns : dict
        Those by name: `column-1`, `column-2`.
    """
    texts = {
        (block, part, name): text
        for block, parts in blocks.items()
        for part, value in parts.items()
        if isinstance(value, dict) and "columns" in value
        for name, column in value["columns"].items()
        if len(text := embedded(column)) >= _WORTH_A_NAME
    }
    counts = Counter(texts.values())
    names: dict[str, str] = {}
    columns: dict[str, Any] = {}
    found = {block: dict(parts) for block, parts in blocks.items()}
    for (block, part, name), text in texts.items():
        if counts[text] == 1:
            continue
        value = found[block][part]
        if text not in names:
            names[text] = f"{prefix}column-{len(names) + 1}"
            columns[names[text]] = value["columns"][name]
        found[block][part] = value | {"columns": value["columns"] | {name: names[text]}}
    return found, columns


def rows(table: pa.Table) -> list[dict[str, Any]]:
    """Return the rows with the numbers as `compact` rounds them, for pictures in files."""
    columns = {name: _values(table[name]) for name in table.column_names}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def embedded(value: Any) -> str:
    """Return JSON that can stand inside a script element: nothing in it ends the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _column(column: pa.ChunkedArray) -> Any:
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return _numbers(column)
    values = column.to_pylist()
    levels: Mapping[str, int] = {
        level: i for i, level in enumerate(dict.fromkeys(v for v in values if v is not None))
    }
    codes = pa.chunked_array([[None if v is None else levels[v] for v in values]], pa.int64())
    return {"levels": list(levels), "codes": _numbers(codes)}


def _numbers(column: pa.ChunkedArray) -> Any:
    """Return a list of numbers, or a long one packed."""
    if len(column) >= _WORTH_PACKING:
        if pa.types.is_floating(column.type):
            return {"packed": packed(four_digits(column)), "as": "number"}
        codes = whole_numbers(column) if pa.types.is_integer(column.type) else None
        if codes is not None:
            return {"packed": packed(codes), "as": "integer"}
    return _values(column)


def _values(column: pa.ChunkedArray) -> list[Any]:
    values: list[Any] = column.to_pylist()
    if pa.types.is_floating(column.type):
        return [_rounded(v) for v in values]
    return values


def _rounded(value: float | None) -> float | int | None:
    if value is None or not math.isfinite(value):
        return None
    short = float(f"{value:.{_DIGITS - 1}e}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short
