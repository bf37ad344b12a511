"""Which Parquet files of a room are current, and how a set of files is switched at once.

`lake/current.parquet` and `results/current.parquet` list the files that count. New files are
written beside the old under names of their own; replacing the list is one rename, so a run that
dies leaves either the old state or the new one and never a mixture.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

CURRENT = "current.parquet"
_SCHEMA = pa.schema([("table_name", pa.string()), ("part", pa.string()), ("path", pa.string())])


@dataclass(frozen=True, order=True)
class Entry:
    """One current file.

    Parameters
    ----------
    table_name : str
        The table it belongs to (`sample`, `matrix`, `contrast_result`, ...).
    part : str
        What the part holds: `assay:layer` for matrices, an analysis' name, '' for one-part tables.
    path : str
        Relative to the room's folder, with forward slashes.
    """

    table_name: str
    part: str
    path: str


@contextmanager
def written_beside(target: Path) -> Iterator[Path]:
    """Give a temporary path beside `target` and rename it over `target` if all went well.

    The content is flushed to disk before the rename; after an error nothing is left behind.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def replace_folder(new: Path, folder: Path) -> None:
    """Rename a finished folder over an earlier one; `.NAME.old` is gone when it returns."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def write_table(table: pa.Table, target: Path) -> None:
    """Write an Arrow table as Parquet, atomically and with the same bytes for the same rows."""
    with written_beside(target) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_statistics=True)


def read_current(room: Path) -> list[Entry]:
    """Return the room's current files, sorted; empty before anything was written."""
    path = room / CURRENT
    if not path.exists():
        return []
    rows = pq.read_table(path).to_pylist()
    return sorted(Entry(r["table_name"], r["part"], r["path"]) for r in rows)


def switch_current(room: Path, entries: Iterable[Entry]) -> None:
    """Make `entries` the room's current files in one rename."""
    rows = sorted(entries)
    missing = [e.path for e in rows if not (room / e.path).exists()]
    if missing:
        raise FileNotFoundError(f"not written, so not made current: {missing}")
    table = pa.table(
        {n: [getattr(e, n) for e in rows] for n in _SCHEMA.names},
        schema=_SCHEMA,
    )
    write_table(table, room / CURRENT)


def read_part(room: Path, table_name: str, part: str = "") -> pa.Table | None:
    """Read one current part of a table, or None if there is none."""
    for entry in read_current(room):
        if (entry.table_name, entry.part) == (table_name, part):
            return pq.read_table(room / entry.path)
    return None
