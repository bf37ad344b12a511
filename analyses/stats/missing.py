"""Patterns of missing values: many features share the same ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyses.stats.basis import DesignBasis


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

    masks: NDArray[np.bool_]
    of_row: NDArray[np.int64]


def find_patterns(observed: NDArray[np.bool_]) -> MaskPatterns:
    """Group features by the samples they were observed in.

    Parameters
    ----------
    observed : ndarray of shape (n_features, n_samples), bool
    """
    packed = np.packbits(observed, axis=1)
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, of_row = np.unique(keys, return_index=True, return_inverse=True)
    return MaskPatterns(masks=observed[first], of_row=of_row.ravel().astype(np.int64))


def observed_rank(basis: DesignBasis, patterns: MaskPatterns) -> NDArray[np.int64]:
    """Return the rank of the design on the observed samples of each pattern.

    Returns
    -------
    ndarray of shape (n_patterns,), int
    """
    q = basis.q
    pairs = (q[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    grams = (patterns.masks.astype(float) @ pairs).reshape(-1, basis.rank, basis.rank)
    return np.asarray((np.linalg.eigvalsh(grams) > 1e-10).sum(axis=1), dtype=np.int64)
