"""Checks that the files of one assay hold the same features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted
from ingest.check.matrix import Kind
from ingest.read.matrix.records import MatrixHeader

_SHOWN = 3


def check_same_features(
    headers: Sequence[MatrixHeader], kind: Kind, ids: Any, places: Sequence[np.ndarray]
) -> tuple[str, ...]:
    """Check which features are missing in which file.

    Parameters
    ----------
    headers : sequence of MatrixHeader
        One a file.
    kind : {'counts', 'beta', 'continuous'}
        A beta or measurement that is missing is null; a count that is missing is an error.
    ids : pa.StringArray
        (features,) of all files.
    places : sequence of np.ndarray
        One a file: (features,), -1 where the file does not have the feature.

    Returns
    -------
    tuple of str
        A note a file that lacks features.

    Raises
    ------
    IngestError
        A count file lacks features, or a file shares no feature with the others.
    """
    notes = []
    for i, (header, where) in enumerate(zip(headers, places, strict=True)):
        lacking = np.flatnonzero(where < 0)
        if not lacking.size:
            continue
        some = ", ".join(ids[int(k)].as_py() for k in lacking[:_SHOWN])
        some += ", ..." if lacking.size > _SHOWN else ""
        owners = [
            h.path.name
            for j, (h, w) in enumerate(zip(headers, places, strict=True))
            if j != i and (w[lacking] >= 0).any()
        ]
        others = np.logical_or.reduce([w >= 0 for j, w in enumerate(places) if j != i])
        if kind == "counts" or not (others & (where >= 0)).any():
            raise IngestError(
                f"the file lacks {counted(lacking.size, 'feature')} that other files of the assay "
                "have",
                file=header.path,
                expected="the same features in every file of an assay",
                found=f"no row for {some} (in {', '.join(owners)})",
                hint="make the files with one annotation, or give them as two assays",
            )
        notes.append(
            f"{header.path.name}: no row for {counted(lacking.size, 'feature')} of "
            f"{', '.join(owners)}; null for its samples: {some}"
        )
    return tuple(notes)
