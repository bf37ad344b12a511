"""Technical replicates in a matrix: which columns are one sample, and their values merged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cohortmart.core.lake.censoring import CENSORING
from cohortmart.core.types import Floats
from ingest.read.matrix.records import Block

#: Stands between the raw columns in the name of a column that was made of several.
BETWEEN = " + "
#: What is taken of quantities that say how good a value is.
_WORST = {
    "detection_p": np.fmax,
    "bead_count": np.fmin,
    **dict.fromkeys(CENSORING, np.fmax),
}


@dataclass(frozen=True)
class Pool:
    """A column of a lake matrix made of several raw ones.

    Parameters
    ----------
    columns : tuple of str
        Names of the raw columns, in the order of the files.
    """

    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the column in the lake."""
        return BETWEEN.join(self.columns)


def pools_of(
    columns: Sequence[str], sample_of: Mapping[str, str], libraries: Collection[str]
) -> tuple[Pool, ...]:
    """Return the columns of a matrix with technical replicates put together.

    Parameters
    ----------
    columns : sequence of str
        Raw columns in the order of the files.
    sample_of : mapping of str to str
        Raw column to sample; others are of no sample that the sheets know.
    libraries : collection of str
        Samples whose columns are merged.

    Returns
    -------
    tuple of Pool
        In the order of their first columns; empty where nothing is merged.
    """
    found: dict[tuple[str, bool], list[str]] = {}
    for column in columns:
        sample = sample_of.get(column)
        is_library = sample is not None and sample in libraries
        key = (sample, True) if sample is not None and is_library else (column, False)
        found.setdefault(key, []).append(column)
    if len(found) == len(columns):
        return ()
    return tuple(Pool(tuple(of)) for of in found.values())


def pooled(
    blocks: Iterable[Block], columns: Sequence[str], pools: Sequence[Pool], kind: str
) -> Iterator[Block]:
    """Merge the columns of each pool: counts are added, all other values averaged.

    A mean is of the values that are there. It is as good as its worst part: of detection p, flags
    and limits of detection the largest counts, of beads the smallest number.

    Parameters
    ----------
    blocks : iterable of Block
    columns : sequence of str
        Raw columns of the blocks.
    pools : sequence of Pool
        Each raw column is in one of them.
    kind : str
        Of the assay.
    """
    place = {name: i for i, name in enumerate(columns)}
    order = np.array([place[name] for pool in pools for name in pool.columns])
    starts = np.cumsum([0, *(len(pool.columns) for pool in pools[:-1])])
    for block in blocks:
        values = block.values[:, order]
        merged = (
            np.add.reduceat(values, starts, axis=1) if kind == "counts" else _mean(values, starts)
        )
        further = {
            name: _WORST[name].reduceat(v[:, order], starts, axis=1)
            if name in _WORST
            else _mean(v[:, order], starts)
            for name, v in block.further.items()
        }
        yield Block(block.first_line, block.feature_ids, block.gene_names, merged, further)


def _mean(values: Floats, starts: np.ndarray) -> Floats:
    there = ~np.isnan(values)
    n = np.add.reduceat(there, starts, axis=1, dtype=np.int64)
    total = np.add.reduceat(np.where(there, values, 0.0), starts, axis=1)
    with np.errstate(invalid="ignore"):
        mean: Floats = total / np.where(n > 0, n, np.nan)
    return mean
