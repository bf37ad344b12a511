"""Weighted least squares without blocks of features that each have a decomposition of their own.

They have precision weights, or lack so many values that the design suffers. A missing value has
weight 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis, is_rounding
from analyses.stats.linear.missing import MaskPatterns, find_patterns, observed_rank
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.numeric.parallel import rows_times
from cohortmart.core.types import Bools, Floats, Ints


@dataclass(frozen=True)
class WeightedData:
    """Values and weights of some features, 0 where a value is missing, and what is observed.

    Parameters
    ----------
    y, w : ndarray of shape (n_features, n_samples)
    patterns : MaskPatterns
        Of the missing values.
    n_seen, rank : ndarray of int of shape (n_patterns,)
        Observed samples, and the rank of their rows of the design.
    in_block : ndarray of shape (n_patterns, n_blocks)
        Observed samples of each block.
    enough : ndarray of bool of shape (n_patterns,)
        Whether these say anything of the correlation within blocks.
    """

    y: Floats
    w: Floats
    patterns: MaskPatterns
    n_seen: Ints
    rank: Ints
    in_block: Floats
    enough: Bools


def weighted_data(
    y: Floats, basis: DesignBasis, blocks: Blocks, weights: Floats | None
) -> WeightedData:
    """Put zeros where values are missing; no weights = 1 for all values."""
    seen = np.isfinite(y)
    patterns = find_patterns(seen)
    n_seen = patterns.masks.sum(axis=1)
    in_block = patterns.masks.astype(float) @ blocks.indicators
    return WeightedData(
        y=np.where(seen, y, 0.0),
        w=np.where(seen, 1.0 if weights is None else weights, 0.0),
        patterns=patterns,
        n_seen=n_seen,
        rank=observed_rank(basis, patterns),
        in_block=in_block,
        enough=enough(n_seen, basis.rank, (in_block > 0).sum(axis=1)),
    )


def gram_and_inverse(w: Floats, deficient: Bools, q: Floats) -> tuple[Floats, Floats]:
    """Return Q'WQ and its inverse for each row of weights, of deficient ones the pseudo-inverse."""
    p = q.shape[1]
    pairs = (q[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    gram = rows_times(w, pairs).reshape(-1, p, p)
    inverse = np.empty_like(gram)
    inverse[~deficient] = np.linalg.inv(gram[~deficient])
    if deficient.any():
        inverse[deficient] = np.linalg.pinv(gram[deficient], rcond=1e-10, hermitian=True)
    return gram, inverse


def weighted_least_squares(f: WeightedData, inverse: Floats, q: Floats) -> tuple[Floats, Floats]:
    """Coefficients and residuals without blocks; the second step repairs rounding of the first."""
    gamma, residual = np.zeros((len(f.y), q.shape[1])), f.y
    for _ in range(2):
        step = (inverse @ rows_times(f.w * residual, q)[:, :, None])[:, :, 0]
        gamma, residual = gamma + step, residual - rows_times(step, q.T)
    residual[is_rounding((f.w * residual**2).sum(axis=1), (f.w * f.y**2).sum(axis=1))] = 0.0
    return gamma, residual


def enough(n_values: Ints, p: int, n_blocks: Ints) -> Bools:
    """R's rule: more values than coefficients + 2, and at least one block with two values."""
    return np.asarray((n_values > p + 2) & (n_blocks > 1) & (n_blocks < n_values - 1))
