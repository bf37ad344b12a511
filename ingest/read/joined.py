"""Joins the samples of several files by feature, without holding the values in memory.

Each file is parsed once; its doubles go into a scratch file, from which rows can be fetched in
the order of the first file whatever order they came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.read.matrix_records import Block

#: Values fetched at once.
BLOCK_VALUES = 1_000_000


@dataclass(frozen=True)
class Scratch:
    """One file's values on disk, its names in memory.

    Parameters
    ----------
    path : Path
        (rows, samples) doubles in the machine's byte order, row after row.
    n_samples : int
        Length of a row.
    feature_ids, gene_names : pa.StringArray
        (rows,)
    """

    path: Path
    n_samples: int
    feature_ids: Any
    gene_names: Any

    def rows(self, places: np.ndarray) -> np.ndarray:
        """Fetch rows; NaN where a place is negative.

        Parameters
        ----------
        places : np.ndarray
            (n,) row numbers.

        Returns
        -------
        np.ndarray
            (n, samples)
        """
        out = np.full((len(places), self.n_samples), np.nan)
        known = np.flatnonzero(places >= 0)
        # Read rather than mapped: mapped pages of far-apart rows would fill memory.
        with self.path.open("rb", buffering=0) as file:
            for run in _runs(known, places[known]):
                file.seek(int(places[run[0]]) * self.n_samples * out.itemsize)
                file.readinto(out[run[0] : run[-1] + 1].data)
        return out


def _runs(indices: np.ndarray, places: np.ndarray) -> list[np.ndarray]:
    """Cut indices where they or their places do not follow each other; no cut for equal order."""
    if not len(indices):
        return []
    breaks = (np.diff(indices) != 1) | (np.diff(places) != 1)
    return np.split(indices, np.flatnonzero(breaks) + 1)


def spill(blocks: Iterable[Block], n_samples: int, path: Path) -> Scratch:
    """Write the values of a file's blocks to a scratch file.

    Parameters
    ----------
    blocks : iterable of Block
        All blocks of one file.
    n_samples : int
        Columns of every block.
    path : Path
        The scratch file, overwritten.
    """
    ids, names = [], []
    with path.open("wb") as file:
        for block in blocks:
            file.write(block.values.data)
            ids.append(block.feature_ids)
            n = len(block.feature_ids)
            names.append(pa.nulls(n, pa.string()) if block.gene_names is None else block.gene_names)
    return Scratch(path, n_samples, pa.concat_arrays(ids), pa.concat_arrays(names))


def all_features(parts: Sequence[Scratch]) -> tuple[Any, list[np.ndarray]]:
    """Return all feature ids, in the order of the first file that has them, and where they are.

    Returns
    -------
    tuple of pa.StringArray and list of np.ndarray
        (features,) ids, and for each part the row of each feature, -1 where it is missing.
    """
    ids = pc.unique(pa.chunked_array([p.feature_ids for p in parts]))
    places = [
        pc.index_in(ids, value_set=p.feature_ids).fill_null(-1).to_numpy().astype(np.int64)
        for p in parts
    ]
    return ids, places


def joined_blocks(
    parts: Sequence[Scratch], ids: Any, places: Sequence[np.ndarray]
) -> Iterator[Block]:
    """Stream the joined matrix; its lines mean nothing.

    Parameters
    ----------
    parts : sequence of Scratch
        Their samples follow each other in this order.
    ids, places
        From `all_features`.
    """
    step = max(1, BLOCK_VALUES // sum(p.n_samples for p in parts))
    for start in range(0, len(ids), step):
        part_of = [where[start : start + step] for where in places]
        values = np.hstack([p.rows(w) for p, w in zip(parts, part_of, strict=True)])
        names = pc.coalesce(
            *(
                p.gene_names.take(pa.array(w, mask=w < 0))
                for p, w in zip(parts, part_of, strict=True)
            )
        )
        yield Block(0, ids.slice(start, step), names, values)
