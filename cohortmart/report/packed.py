"""Packed columns: numbers of three digits and texts, deflated, for tables of thousands of rows."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: Below this a number is zero: its three digits could not be told from rounding.
SMALLEST = 1e-300
#: Added to the exponent, so that codes are positive and rise with the size of the number.
_LEAST_EXPONENT = 310


def three_digits(value: str) -> str:
    """Return the SQL of the code of a number rounded to three significant digits.

    Parameters
    ----------
    value : str
        SQL of a double.

    Returns
    -------
    str
        SQL of an integer: 0 where the value is missing or not finite, 1 for zero, else
        `2 + 2 * ((exponent + 310) * 900 + digits - 100)`, and one more below zero, for digits
        from 100 to 999. Of two numbers of one sign the larger has the larger code.
    """
    exponent = f"floor(log10(abs({value})))"
    digits = f"greatest(round(abs({value}) * pow(10e0, 2 - {exponent})), 100)"
    return (
        f"cast(case when {value} is null or not isfinite({value}) then 0"
        f" when abs({value}) < {SMALLEST!r} then 1"
        f" else 2 + 2 * (({exponent} + {_LEAST_EXPONENT}) * 900 + {digits} - 100)"
        f" + case when {value} < 0 then 1 else 0 end end as integer)"
    )


def four_digits(column: pa.ChunkedArray) -> pa.Array:
    """Return the codes of numbers rounded to four digits: as `three_digits`, with 9000 of them.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Of doubles.
    """
    values = column.cast(pa.float64()).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        size = np.abs(values)
        exponent = np.floor(np.log10(size))
        digits = np.maximum(np.round(size * 10.0 ** (3 - exponent)), 1000)
        place = (exponent + _LEAST_EXPONENT) * 9000 + digits - 1000
        codes = np.where(size < SMALLEST, 1, 2 + 2 * place + (values < 0))
    return pa.array(np.where(np.isfinite(values), codes, 0).astype(np.int32))


def whole_numbers(column: pa.ChunkedArray) -> pa.Array | None:
    """Return the codes of integers: 0 where missing, else 1 + 2 n, and 2 - 2 n below zero.

    Returns
    -------
    pyarrow.Array or None
        None where a number is too large for a code.
    """
    ends = pc.min_max(column).as_py()
    if max(abs(ends["min"] or 0), abs(ends["max"] or 0)) >= 2**29:
        return None
    values = column.cast(pa.int64())
    codes = pc.add(pc.multiply(pc.abs(values), 2), pc.if_else(pc.less(values, 0), 2, 1))
    return pc.fill_null(codes, 0).cast(pa.int32()).combine_chunks()


def packed(codes: pa.Array | pa.ChunkedArray) -> str:
    """Return whole numbers as text: their first bytes, then their second ones, deflated.

    Parameters
    ----------
    codes : pyarrow.Array
        From 0 to 2^31 - 1, none missing.

    Returns
    -------
    str
        Base64 of a zlib stream of four times as many bytes as there are numbers.
    """
    whole = pa.chunked_array([codes]) if isinstance(codes, pa.Array) else codes
    flat = pa.concat_arrays(whole.cast(pa.int32()).chunks)
    raw = flat.buffers()[1].to_pybytes()[4 * flat.offset : 4 * (flat.offset + len(flat))]
    # the higher bytes hardly change: beside each other they take no room
    return _deflated(b"".join(raw[place::4] for place in range(4)))


def packed_texts(texts: Sequence[str | None]) -> str:
    """Return texts as base64 of a deflated JSON list."""
    return _deflated(json.dumps(list(texts), ensure_ascii=False, separators=(",", ":")).encode())


def _deflated(data: bytes) -> str:
    return b64encode(zlib.compress(data, 9)).decode("ascii")
