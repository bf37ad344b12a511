"""Deletion of what was forgotten from every file that no longer counts; safe to repeat."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cohortmart.core.lake.file_manifest import Entry, read_current, switch_current
from cohortmart.core.lake.matrix import extras_of, read_matrix, write_matrix
from cohortmart.core.pseudonyms import SUBJECT, drop_pseudonyms
from cohortmart.core.warehouse.home import REPORT_FOLDERS, Home
from ingest.forget.forgotten import Forgotten, read_forgotten
from ingest.matrix.matrix_file import Origin, origin_of

#: Stands in the lake from before the switch until the last deletion.
MARKER = ".forgetting"


def finish_forgetting(home: Home) -> bool:
    """Finish the deletions of a `forget` that was interrupted, if there is one.

    Returns
    -------
    bool
        Whether there was one.
    """
    if not (home.lake / MARKER).exists():
        return False
    purge(home)
    return True


def switch_and_purge(home: Home, entries: Iterable[Entry]) -> None:
    """Make a lake without what was forgotten current, then delete what was forgotten.

    Parameters
    ----------
    home : Home
        The output folder.
    entries : iterable of Entry
        All files of the new state.
    """
    (home.lake / MARKER).touch()
    switch_current(home.lake, entries)
    purge(home)


def purge(home: Home) -> None:
    """Delete everything in the output folder that could still hold what was forgotten.

    Matrices that were replaced are kept without the forgotten columns; everything else that is
    not current in the lake goes, and so do results, report, exports, logs and the warehouse,
    because all of them were made with the forgotten values.

    Parameters
    ----------
    home : Home
        The output folder, its lake switched already.
    """
    forgotten = read_forgotten(home.lake)
    current = {entry.path for entry in read_current(home.lake)} | {"current.parquet"}
    for path in sorted(home.lake.glob("*.parquet")):
        if path.name in current:
            continue
        if path.name.startswith("matrix-"):
            _clean_matrix(path, forgotten)
        else:
            path.unlink()
    for name in ("results", "logs", ".building", *REPORT_FOLDERS):
        _empty(home.root / name)
    _empty(home.exports)
    drop_pseudonyms(
        home.root,
        lambda kind, name: (
            forgotten.has_subject(name) if kind == SUBJECT else forgotten.has_sample(name)
        ),
    )
    for path in sorted(home.root.glob(f"*{home.warehouse.name}*")):
        path.unlink() if path.is_file() else shutil.rmtree(path)
    (home.lake / MARKER).unlink(missing_ok=True)


def without_forgotten(path: Path, origin: Origin, forgotten: Forgotten) -> Origin | None:
    """Write a copy of a matrix without forgotten columns, if it has any.

    Parameters
    ----------
    path : Path
        The matrix.
    origin : Origin
        What it was made from.
    forgotten : Forgotten
        What must go.

    Returns
    -------
    Origin or None
        Of the copy, or of the matrix itself where nothing had to go; None where nothing is left.
    """
    gone = [name for name in origin.columns if forgotten.has_column(origin.assay, name)]
    if origin.all_files & forgotten.files:
        return None
    if not gone:
        return origin
    left = origin.without(gone)
    if not left.columns:
        return None
    keep = np.array([i for i, name in enumerate(origin.columns) if name in set(left.columns)])
    target = path.parent / left.entry.path
    rows = read_matrix(path, keep)
    write_matrix(rows, len(keep), target, left.metadata, extras_of(path))
    return left


def _clean_matrix(path: Path, forgotten: Forgotten) -> None:
    origin = origin_of(path)
    if origin is None or without_forgotten(path, origin, forgotten) != origin:
        path.unlink()


def _empty(folder: Path) -> None:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
