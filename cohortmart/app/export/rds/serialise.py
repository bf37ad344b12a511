"""R's serialisation: an object written as `saveRDS` would, version 3 in XDR.

The format is in "R Internals", section 1.8 (Serialization Formats): every item is a word of flags
(type, whether it has a class, attributes or a tag), a length and its values, all big-endian.
Attributes stand behind the values. Reference: R Core Team (2023), R Internals.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.app.export.rds.objects import S4, Null, Numbers, RList, RObject, Texts, texts

_NIL, _SYMBOL, _PAIR, _CHAR, _LOGICAL, _INTEGER, _REAL, _STRING, _LIST, _S4 = (
    254, 1, 2, 9, 10, 13, 14, 16, 19, 25,
)  # fmt: skip
_HAS_CLASS, _HAS_ATTRIBUTES, _HAS_TAG = 0x100, 0x200, 0x400
_OF_S4 = 0x10 << 12
_UTF8, _ASCII = 0x8 << 12, 0x40 << 12
#: The first version of R that reads version 3; written as both the writer and the least reader.
_R_VERSION = 0x030500
_LONGEST = 2**31 - 1
#: Texts laid out at once.
_TEXT_ROWS = 100_000


def serialise(value: RObject, file: BinaryIO) -> None:
    """Write an object as one RDS stream; the bytes depend on the object alone.

    Parameters
    ----------
    value : RObject
    file : binary file
        Open for writing; compression is the caller's.

    Raises
    ------
    ValueError
        A vector gives another number of values than its length says.
    """
    encoding = b"UTF-8"
    head = struct.pack(">iiii", 3, _R_VERSION, _R_VERSION, len(encoding))
    file.write(b"X\n" + head + encoding)
    _write(value, file)


def _write(value: RObject, file: BinaryIO) -> None:
    if isinstance(value, Null):
        _word(file, _NIL)
    elif isinstance(value, S4):
        _word(file, _S4 | _OF_S4 | _HAS_CLASS | _HAS_ATTRIBUTES)
        of_class = Texts(texts([value.name]).values, {"package": texts([value.package])})
        _attributes({**value.slots, "class": of_class}, file, of_s4=True)
    elif isinstance(value, Numbers):
        _numbers(value, file)
    elif isinstance(value, Texts):
        _word(file, _STRING | _marks(value.attributes))
        _length(file, len(value.values))
        for chunk in value.values.chunks:
            for start in range(0, len(chunk), _TEXT_ROWS):
                file.write(_laid_out(chunk.slice(start, _TEXT_ROWS)))
        _attributes(value.attributes, file)
    else:
        _list(value, file)


def _numbers(value: Numbers, file: BinaryIO) -> None:
    kind = _REAL if value.dtype == ">f8" else _LOGICAL if value.logical else _INTEGER
    _word(file, kind | _marks(value.attributes))
    _length(file, value.length)
    written = 0
    for block in value.blocks():
        file.write(np.ascontiguousarray(block).astype(value.dtype, copy=False).tobytes())
        written += block.size
    _complete(written, value.length)
    _attributes(value.attributes, file)


def _list(value: RList, file: BinaryIO) -> None:
    _word(file, _LIST | _marks(value.attributes))
    _length(file, value.length)
    written = 0
    for element in value.elements():
        _write(element, file)
        written += 1
    _complete(written, value.length)
    _attributes(value.attributes, file)


def _complete(written: int, length: int) -> None:
    if written != length:
        raise ValueError(f"{written} values in a vector of {length}")


def _marks(attributes: Mapping[str, RObject]) -> int:
    return (_HAS_ATTRIBUTES if attributes else 0) | (_HAS_CLASS if "class" in attributes else 0)


def _attributes(attributes: Mapping[str, RObject], file: BinaryIO, *, of_s4: bool = False) -> None:
    """Write attributes or slots as a linked list; nothing where there are none."""
    if not attributes:
        return
    for name, value in attributes.items():
        _word(file, _PAIR | _HAS_TAG)
        _symbol(name, file)
        if of_s4 and isinstance(value, Null):
            _symbol("\1NULL\1", file)  # an attribute cannot be NULL, so a slot has its name
        else:
            _write(value, file)
    _word(file, _NIL)


def _symbol(name: str, file: BinaryIO) -> None:
    _word(file, _SYMBOL)
    file.write(_laid_out(pa.array([name], pa.string())))


def _word(file: BinaryIO, flags: int) -> None:
    file.write(struct.pack(">I", flags))


def _length(file: BinaryIO, n: int) -> None:
    if n > _LONGEST:
        file.write(struct.pack(">iII", -1, n >> 32, n & 0xFFFFFFFF))
    else:
        file.write(struct.pack(">i", n))


def _laid_out(values: pa.StringArray) -> bytes:
    """Return texts one behind another, each with its flags and length; null is NA."""
    missing = values.is_null().to_numpy(zero_copy_only=False)
    values = pc.fill_null(values, "")
    n = len(values)
    _, ends, data = values.buffers()
    offsets = np.frombuffer(ends, np.int32, n + 1, values.offset * 4).astype(np.int64)
    raw = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    raw = raw[offsets[0] : offsets[-1]]
    offsets -= offsets[0]
    sizes = np.diff(offsets)
    beyond = np.concatenate([[0], np.cumsum(raw > 127)])
    is_ascii = beyond[offsets[1:]] == beyond[offsets[:-1]]
    flags = np.where(missing, _CHAR, _CHAR | np.where(is_ascii, _ASCII, _UTF8))
    heads = np.stack([flags, np.where(missing, -1, sizes)], axis=1).astype(">i4")
    out = np.empty(8 * n + len(raw), np.uint8)
    starts = offsets[:-1] + 8 * np.arange(n)
    out[(starts[:, None] + np.arange(8)).ravel()] = heads.view(np.uint8).ravel()
    out[np.arange(len(raw)) + 8 * np.repeat(np.arange(1, n + 1), sizes)] = raw
    return out.tobytes()
