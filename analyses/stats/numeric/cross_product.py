"""Cross products: the transpose of a tall table times another one."""

from __future__ import annotations

import numpy as np

from analyses.stats.numeric.parallel import for_blocks
from cohortmart.core.types import Floats

# 32 x 32 x 256 multiplications are as many as BLAS does without threads of its own
_TILE = 32
_ROWS = 256
_TILES_AT_ONCE = 4


def cross_product(a: Floats, b: Floats) -> Floats:
    """Return `a.T @ b`, the same to the last bit whatever BLAS does with threads.

    Parameters
    ----------
    a : ndarray of shape (n, p)
    b : ndarray of shape (n, q)

    Returns
    -------
    ndarray of shape (p, q)

    Notes
    -----
    As in `rows_times`, BLAS gets small tiles only; here the sum runs over the rows.
    """
    p, q = a.shape[1], b.shape[1]
    left = _tiles(a)
    right = left if a is b else _tiles(b)
    out = np.zeros((len(left), len(right), _TILE, _TILE))

    def work(start: int, stop: int) -> None:
        for row in range(0, len(a), _ROWS):
            rows = slice(row, row + _ROWS)
            tall = left[start:stop, rows].transpose(0, 2, 1)
            out[start:stop] += tall[:, None] @ right[None, :, rows]

    for_blocks(len(left), _TILES_AT_ONCE, work)
    whole = out.transpose(0, 2, 1, 3).reshape(len(left) * _TILE, len(right) * _TILE)
    return whole[:p, :q]


def _tiles(a: Floats) -> Floats:
    """Cut (n, p) into tiles (n_tiles, n, 32), each in one piece; zeros fill the last."""
    n, p = a.shape
    out = np.zeros((-(-p // _TILE), n, _TILE))
    whole = p // _TILE
    out[:whole] = a[:, : whole * _TILE].reshape(n, whole, _TILE).transpose(1, 0, 2)
    if p > whole * _TILE:
        out[whole, :, : p - whole * _TILE] = a[:, whole * _TILE :]
    return out
