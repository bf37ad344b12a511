"""Matrices of several files joined by feature, features sorted, outside of memory.

Each file is parsed once; its doubles go into scratch files, from which rows can be fetched in any
order whatever order they came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.read.matrix.records import Block
from ingest.read.matrix.replicates import common_probe_ids

#: Values fetched at once.
BLOCK_VALUES = 1_000_000


@dataclass(frozen=True)
class Scratch:
    """One file's values on disk, its names in memory.

    Parameters
    ----------
    paths : dict of str to Path
        By matrix (`values`, `detection_p`, ...): (rows, samples) doubles in the machine's byte
        order, row after row.
    n_samples : int
        Length of a row.
    feature_ids, gene_names : pa.StringArray
        (rows,)
    """

    paths: dict[str, Path]
    n_samples: int
    feature_ids: Any
    gene_names: Any

    def rows(self, matrix: str, places: np.ndarray) -> np.ndarray:
        """Fetch rows of a matrix; NaN where a place is negative or the file lacks the matrix.

        Parameters
        ----------
        matrix : str
        places : np.ndarray
            (n,) row numbers.

        Returns
        -------
        np.ndarray
            (n, samples)
        """
        out = np.full((len(places), self.n_samples), np.nan)
        if matrix not in self.paths:
            return out
        known = np.flatnonzero(places >= 0)
        # Read rather than mapped: mapped pages of far-apart rows would fill memory.
        with self.paths[matrix].open("rb", buffering=0) as file:
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


def spill(
    blocks: Iterable[Block], n_samples: int, path: Path, further: Sequence[str] = ()
) -> Scratch:
    """Write the values of a file's blocks to scratch files.

    Parameters
    ----------
    blocks : iterable of Block
        All blocks of one file.
    n_samples : int
        Columns of every block.
    path : Path
        The scratch file of the values, overwritten; those of further matrices lie beside it.
    further : sequence of str
        Further matrices that every block has.
    """
    paths = {"values": path, **{name: path.with_suffix(f".{name}") for name in further}}
    ids, names = [], []
    files = {name: target.open("wb") for name, target in paths.items()}
    try:
        for block in blocks:
            for name, values in {"values": block.values, **block.further}.items():
                files[name].write(np.ascontiguousarray(values).data)
            ids.append(block.feature_ids)
            n = len(block.feature_ids)
            names.append(pa.nulls(n, pa.string()) if block.gene_names is None else block.gene_names)
    finally:
        for file in files.values():
            file.close()
    return Scratch(paths, n_samples, pa.concat_arrays(ids), pa.concat_arrays(names))


def all_features(
    parts: Sequence[Scratch], replicates: bool = False
) -> tuple[Any, list[np.ndarray]]:
    """Return all feature ids, sorted byte by byte, and where they are.

    Parameters
    ----------
    parts : sequence of Scratch
    replicates : bool
        Sort by the name that all arrays share, so that the replicates of a probe stand together.

    Returns
    -------
    tuple of pa.StringArray and list of np.ndarray
        (features,) ids, and for each part the row of each feature, -1 where it is missing.
    """
    ids = pc.unique(pa.chunked_array([p.feature_ids for p in parts]))
    if replicates:
        keys = pa.table({"common": common_probe_ids(ids), "id": ids})
        order = pc.sort_indices(keys, [("common", "ascending"), ("id", "ascending")])
    else:
        order = pc.sort_indices(ids)
    ids = ids.take(order)
    places = [
        pc.index_in(ids, value_set=p.feature_ids).fill_null(-1).to_numpy().astype(np.int64)
        for p in parts
    ]
    return ids, places


def joined_blocks(
    parts: Sequence[Scratch],
    ids: Any,
    places: Sequence[np.ndarray],
    further: Sequence[str] = (),
) -> Iterator[Block]:
    """Stream the joined matrix; its lines mean nothing.

    Parameters
    ----------
    parts : sequence of Scratch
        Their samples follow each other in this order.
    ids, places
        From `all_features`.
    further : sequence of str
        Further matrices; NaN for the samples of a file that lacks them.
    """
    step = max(1, BLOCK_VALUES // sum(p.n_samples for p in parts))
    for start in range(0, len(ids), step):
        part_of = [where[start : start + step] for where in places]
        lists = {
            name: np.hstack([p.rows(name, w) for p, w in zip(parts, part_of, strict=True)])
            for name in ("values", *further)
        }
        names = pc.coalesce(
            *(
                p.gene_names.take(pa.array(w, mask=w < 0))
                for p, w in zip(parts, part_of, strict=True)
            )
        )
        yield Block(0, ids.slice(start, step), names, lists.pop("values"), lists)
