"""Patterns of missing values, which many features have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.numeric.parallel import for_blocks, rows_times
from cohortmart.core.types import Bools, Floats, Ints

Words = NDArray[np.uint64]

_ROWS = 16384  # rows a block of work when values are looked at only


@dataclass(frozen=True)
class MaskPatterns:
    """The different sets of samples that features were observed in.

    Parameters
    ----------
    masks : ndarray of shape (n_patterns, n_samples), bool
        True = observed.
    of_row : ndarray of shape (n_features,), int
        The pattern of each feature.
    """

    masks: Bools
    of_row: Ints

    def of(self, rows: slice | Ints) -> MaskPatterns:
        """Return the patterns of some of the features."""
        used, of_row = np.unique(self.of_row[rows], return_inverse=True)
        return MaskPatterns(self.masks[used], of_row)


@dataclass(frozen=True)
class Gaps:
    """Which features lack values.

    Parameters
    ----------
    complete : ndarray of shape (n_features,), bool
    rows : ndarray of shape (n_incomplete,), int
        The other features, those with the same samples missing one after the other.
    patterns : MaskPatterns
        Of `rows`, in that order.
    """

    complete: Bools
    rows: Ints
    patterns: MaskPatterns


@dataclass(frozen=True)
class EqualGaps:
    """Patterns that lack the same number of samples, and the features that have them.

    Parameters
    ----------
    patterns : ndarray of shape (n_chosen,), int
    samples : ndarray of shape (n_chosen, n_missing), int
        The samples each of them lacks.
    rows : ndarray of shape (n_rows,), int
        Features with one of these patterns.
    of_row : ndarray of shape (n_rows,), int
        Which of the chosen patterns.
    """

    patterns: Ints
    samples: Ints
    rows: Ints
    of_row: Ints


def find_patterns(observed: Bools) -> MaskPatterns:
    """Group features by the samples they were observed in.

    Parameters
    ----------
    observed : ndarray of shape (n_features, n_samples), bool
    """
    first, of_row = _distinct(_pack(observed))
    return MaskPatterns(masks=observed[first], of_row=of_row)


def find_gaps(y: Floats) -> Gaps:
    """Find the features that lack values and sort them by the samples that they lack.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        NaN and infinities = missing.
    """
    complete = np.empty(len(y), bool)
    packed = np.empty((len(y), -(-y.shape[1] // 64)), np.uint64)

    def look(start: int, stop: int) -> None:
        observed = np.isfinite(y[start:stop])
        complete[start:stop] = observed.all(axis=1)
        packed[start:stop] = _pack(observed)

    for_blocks(len(y), _ROWS, look)
    rows = np.flatnonzero(~complete)
    first, of_row = _distinct(packed[rows])
    order = np.argsort(of_row, kind="stable")
    masks = np.isfinite(y[rows[first]])
    return Gaps(complete, rows[order], MaskPatterns(masks, of_row[order]))


def by_number_missing(patterns: MaskPatterns) -> Iterator[EqualGaps]:
    """Split patterns by how many samples they lack."""
    n_missing = (~patterns.masks).sum(axis=1)
    for m in np.unique(n_missing):
        which = np.flatnonzero(n_missing == m)
        place = np.full(len(n_missing), -1)
        place[which] = np.arange(which.size)
        of_row = place[patterns.of_row]
        rows = np.flatnonzero(of_row >= 0)
        samples = np.nonzero(~patterns.masks[which])[1].reshape(which.size, m)
        yield EqualGaps(which, samples, rows, of_row[rows])


def observed_rank(basis: DesignBasis, patterns: MaskPatterns) -> Ints:
    """Return the rank of the design on the observed samples of each pattern.

    Returns
    -------
    ndarray of shape (n_patterns,), int
    """
    q = basis.q
    pairs = (q[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    grams = rows_times(patterns.masks.astype(float), pairs).reshape(-1, basis.rank, basis.rank)
    return np.asarray((np.linalg.eigvalsh(grams) > 1e-10).sum(axis=1), dtype=np.int64)


def _pack(observed: Bools) -> Words:
    """One bit a sample, as words of 64; shape (n_features, n_words)."""
    n, n_samples = observed.shape
    bits = np.zeros((n, -(-n_samples // 64) * 8), np.uint8)
    used = np.packbits(observed, axis=1)
    bits[:, : used.shape[1]] = used
    return bits.view(np.uint64)


def _distinct(packed: Words) -> tuple[Ints, Ints]:
    """First row of each distinct one, and which of them every row is."""
    if len(packed) == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    order = np.lexsort(packed.T)
    ordered = packed[order]
    new = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))
    of_row = np.empty(len(packed), np.int64)
    of_row[order] = np.cumsum(new) - 1
    return order[new], of_row
