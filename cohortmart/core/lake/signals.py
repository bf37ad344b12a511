"""Methylated and unmethylated signals of an assay, where the study keeps them.

They stand with the betas in the raw matrix of the lake: same probes, same columns, so whatever
removes a column or a file removes its signals, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.lake.layers import RAW, part_of
from cohortmart.core.lake.matrix import extras_of, read_matrix

#: Names of the two matrices, in their order in the lake.
SIGNALS = ("methylated", "unmethylated")


def has_signals(lake: Path, assay: str) -> bool:
    """Tell whether the lake holds the signals of an assay (`read: {keep_signals: true}`)."""
    path = _raw_matrix(lake, assay)
    return path is not None and set(SIGNALS) <= set(extras_of(path))


def read_signals(
    lake: Path, assay: str, keep: np.ndarray | None = None
) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
    """Stream the signals of an assay, probes sorted by id as in its raw betas.

    Parameters
    ----------
    lake : Path
        The lake's folder.
    assay : str
        Its name; `has_signals` is true of it.
    keep : np.ndarray, optional
        (kept,) positions of the columns, from 0; `matrix_sample` says which samples they are.

    Yields
    ------
    tuple of pa.StringArray, np.ndarray and np.ndarray
        Probe ids (rows,), methylated and unmethylated signals (rows, kept): as the file gives
        them, negative where the background was subtracted, NaN = missing.

    Raises
    ------
    LookupError
        The lake has no signals of the assay.
    """
    path = _raw_matrix(lake, assay)
    if path is None or not set(SIGNALS) <= set(extras_of(path)):
        raise LookupError(f"the lake holds no signals of {assay}")
    yield from read_matrix(path, keep, SIGNALS)


def _raw_matrix(lake: Path, assay: str) -> Path | None:
    part = part_of(assay, RAW)
    entries = (e for e in read_current(lake) if (e.table_name, e.part) == ("matrix", part))
    return next((lake / entry.path for entry in entries), None)
