"""Lake tables under names made from their content, so that old and new never meet."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pyarrow as pa

from cohortmart.core.lake.file_manifest import Entry, write_table

#: Hexadecimal digits of a SHA-256 in a file's name.
DIGITS = 12


class _Hasher(io.RawIOBase):
    """Takes bytes and keeps only their SHA-256."""

    def __init__(self) -> None:
        super().__init__()
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.sha256.update(data)
        return len(data)


def write_named(table: pa.Table, lake: Path, table_name: str) -> Entry:
    """Write one table of the lake under a name made from its rows.

    Parameters
    ----------
    table : pa.Table
        Its rows in their final order.
    lake : Path
        The lake's folder.
    table_name : str
        `sample`, `feature`, ...

    Returns
    -------
    Entry
        The file; it is not current before `catalogue.switch_current`.
    """
    hasher = _Hasher()
    whole = table.combine_chunks()
    with pa.ipc.new_stream(pa.PythonFile(hasher, mode="w"), whole.schema) as stream:
        stream.write_table(whole)
    name = f"{table_name}-{hasher.sha256.hexdigest()[:DIGITS]}.parquet"
    if not (lake / name).exists():
        write_table(whole, lake / name)
    return Entry(table_name, "", name)
