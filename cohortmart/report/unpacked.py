"""Packed columns, unpacked: the features of a picture as rows, for others than the page."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode

import numpy as np
import pyarrow as pa

from cohortmart.core.types import Floats, Ints
from cohortmart.report.blocks import FeaturePoints
from cohortmart.report.pages.contrasts.sql import LARGEST_MINUS_LOG10_P

#: What the codes of `three_digits` add to an exponent.
_LEAST_EXPONENT = 310


def feature_rows(points: FeaturePoints) -> pa.Table:
    """Return the points of a picture, with the three digits that the page has of a number.

    Parameters
    ----------
    points : FeaturePoints

    Returns
    -------
    pyarrow.Table
        x, y, direction (up | down | neither) and name: those that the contrast has tested.
    """
    features, columns = points.features, points.features.contrasts[points.place]
    log_fc, p = numbers(codes(columns["log_fc"])), numbers(codes(columns["p"]))
    height = -np.log10(np.maximum(p, 10.0**-LARGEST_MINUS_LOG10_P))
    values = {"log_fc": log_fc, "height": height, "level": numbers(codes(features.level))}
    x, y = values[points.x], values[points.y]
    is_found = codes(columns["found"]) == 1
    directions = np.where(is_found, np.where(log_fc > 0, "up", "down"), "neither")
    names = [
        i if name in (None, i) else f"{name} ({i})"
        for i, name in zip(texts(features.ids), texts(features.names), strict=True)
    ]
    there = np.isfinite(x) & np.isfinite(y)
    table = pa.table({"x": x, "y": y, "direction": directions.tolist(), "name": names})
    return table.filter(pa.array(there))


def codes(packed: str) -> Ints:
    """Return the whole numbers that `cohortmart.report.packed.packed` packed."""
    planes = np.frombuffer(zlib.decompress(b64decode(packed)), np.uint8).reshape(4, -1)
    return planes.T.copy().view("<i4").ravel().astype(np.int64)


def numbers(codes: Ints) -> Floats:
    """Return the numbers whose codes `three_digits` gave; NaN where one is missing."""
    exponent, digits = np.divmod((codes - 2) // 2, 900)
    with np.errstate(over="ignore"):  # the largest doubles may be rounded up beyond all
        size = (digits + 100.0) * 10.0 ** np.clip(exponent - _LEAST_EXPONENT - 2.0, -320, 306)
    size = np.minimum(size, np.finfo(np.float64).max)
    signed = np.where(codes % 2 == 1, -size, size)
    return np.where(codes > 1, signed, np.where(codes == 1, 0.0, np.nan))


def texts(packed: str) -> list[str | None]:
    """Return the texts that `packed_texts` packed."""
    found: list[str | None] = json.loads(zlib.decompress(b64decode(packed)))
    return found
