"""Packed columns of the report read back, as `web/features.js` does it."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from typing import Any

import numpy as np

from cohortmart.report.blocks import Features


def unpacked(text: str) -> np.ndarray:
    """Return the codes that `packed` took."""
    planes = np.frombuffer(zlib.decompress(b64decode(text)), dtype=np.uint8).reshape(4, -1)
    return sum(planes[k].astype(np.int64) << (8 * k) for k in range(4))


def unpacked_texts(text: str) -> list[str | None]:
    """Return the texts that `packed_texts` took."""
    found: list[str | None] = json.loads(zlib.decompress(b64decode(text)))
    return found


def decoded(code: int, digits: int = 3) -> float | None:
    """Return the number of a code of `three_digits` or `four_digits`."""
    if code < 2:
        return None if code == 0 else 0.0
    place, is_negative = divmod(int(code) - 2, 2)
    least = 10 ** (digits - 1)
    exponent, rest = divmod(place, 9 * least)
    return (-1) ** is_negative * float(f"{rest + least}e{exponent - 309 - digits}")


def feature_rows(features: Features, place: int) -> list[dict[str, Any]]:
    """Return the features of a contrast: id, name, level, log_fc, p, adj_p and found."""
    given = features.contrasts[place]
    p, steps = unpacked(given["p"]), unpacked(given["adj_p"])
    codes, code = np.zeros(features.n, dtype=np.int64), 0
    for i, step in zip(np.argsort(p, kind="stable"), steps, strict=True):
        code += step // 2 if step % 2 == 0 else -(step + 1) // 2
        codes[i] = code
    columns = {
        "id": unpacked_texts(features.ids),
        "name": unpacked_texts(features.names),
        "level": [decoded(c) for c in unpacked(features.level)],
        "log_fc": [decoded(c) for c in unpacked(given["log_fc"])],
        "p": [decoded(c) for c in p],
        "adj_p": [decoded(c) for c in codes],
        "found": unpacked(given["found"]).tolist(),
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
