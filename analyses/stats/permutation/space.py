"""Permutation space of a contrast: the directions that permuted visits turn it into.

With whitened values V^-1/2 y the estimate of a contrast is a'e, e the residuals of the model in
which the contrast is 0 and a a direction outside that model. Freedman & Lane (1983, J Bus Econ
Stat 1:292) permute e: a'Pe = (P'a)'e, so that a permutation of residuals is a contrast along
another direction, d_P = P'a less what the model explains of it. Under the model a direction of
length 1 has the residual variance, whichever it is, and its t statistic

    t_P = d_P'e / s_P,   s_P^2 = (df_prior s2_prior + |e|^2 - (d_P'e)^2) / (df_prior + df)

has the moderated t distribution. Refitting the permuted data instead (the same numerator) would
shrink it against s2_prior, as residuals of residuals are smaller than errors. Permuting the
direction with the other columns in place is the method of O'Gorman (2005, Commun Stat Simul
Comput 34:895); see Winkler et al. (2014, NeuroImage 92:381), table 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.numeric.parallel import rows_times
from analyses.stats.rotation.contrast_correlation import estimable, inverse_root
from cohortmart.core.types import Bools, Floats, Ints

#: Directions that keep less than this share of their squared length outside the model are none.
NONE = 1e-10


@dataclass(frozen=True)
class PermutationSpace:
    """A contrast in whitened values without weights.

    Parameters
    ----------
    q : ndarray of shape (n_samples, rank)
        Orthonormal columns that span the design.
    k : ndarray of shape (rank,)
        The contrast in that basis.
    reduced : ndarray of shape (rank, rank - 1)
        Orthonormal columns orthogonal to `k`: the model in which the contrast is 0.
    root : ndarray of shape (n_samples, n_samples)
        Symmetric V^-1/2.
    outside : ndarray of shape (n_samples, n_samples - rank + 1)
        Orthonormal columns orthogonal to that model, whitened.
    direction : ndarray of shape (n_samples,)
        a, of length 1.
    between_share : float
        Share of the estimate's variance that comes from differences between blocks. It stays as
        it is when visits are permuted.
    """

    q: Floats
    k: Floats
    reduced: Floats
    root: Floats
    outside: Floats
    direction: Floats
    between_share: float

    def turned(self, orders: Ints) -> Floats:
        """Directions d_P in the coordinates of `outside`; shape (n - rank + 1, n_orders).

        0 where a permutation puts the contrast inside the model: its estimate is 0 then.
        """
        moved = rows_times(self.direction[orders], self.outside)
        length2 = (moved**2).sum(axis=1)
        known = length2 > NONE
        moved *= np.where(known, 1.0 / np.sqrt(np.where(known, length2, 1.0)), 0.0)[:, None]
        return np.ascontiguousarray(moved.T)


def testable_within(basis: DesignBasis, contrasts: Floats, blocks: Blocks) -> Bools:
    """Say which contrasts permuted visits can test.

    Those that could be estimated if every block had a level of its own: changes in time and their
    differences between groups, with balanced visits or not. A difference between groups at one
    time could not: permuted visits leave each person's level, and most of the difference, in place.

    Parameters
    ----------
    contrasts : ndarray of shape (n_coefficients, n_contrasts)

    Returns
    -------
    ndarray of shape (n_contrasts,), bool

    Raises
    ------
    ValueError
        A contrast cannot be estimated at all.
    """
    k = estimable(basis, contrasts)
    within = basis.q - _block_means(blocks, basis.q)
    _, s, vt = np.linalg.svd(within, full_matrices=False)
    rows = vt[s > 1e-9]
    rest = np.abs(k - rows.T @ (rows @ k)).max(axis=0)
    return np.asarray(rest <= 1e-7 * np.abs(k).max(axis=0))


def permutation_space(
    basis: DesignBasis, contrast: Floats, permuted: Blocks, blocks: Blocks | None, rho: float
) -> PermutationSpace:
    """Whiten a design and find the direction of a contrast; see `PermutationSpace`.

    Raises
    ------
    ValueError
        The contrast cannot be estimated, the correlation is impossible, or the design leaves no
        residual degrees of freedom.
    """
    if basis.rank >= len(basis.q):
        raise ValueError("without residual degrees of freedom nothing can be permuted")
    root = inverse_root(len(basis.q), blocks, rho)
    k = estimable(basis, contrast[:, None])[:, 0]
    reduced = np.linalg.qr(k[:, None], mode="complete")[0][:, 1:]
    x = root @ basis.q
    outside = np.linalg.qr(x @ reduced, mode="complete")[0][:, basis.rank - 1 :]
    direction = outside @ (outside.T @ (x @ k))
    direction /= np.linalg.norm(direction)
    level = _block_means(permuted, direction[:, None])
    return PermutationSpace(basis.q, k, reduced, root, outside, direction, float((level**2).sum()))


def varying_blocks(direction: Floats, blocks: Blocks) -> Bools:
    """Say in which blocks a direction (n_samples,) is not the same for all samples."""
    apart = np.abs(direction - _block_means(blocks, direction[:, None])[:, 0])
    return np.asarray(blocks.indicators.T @ (apart > 1e-9) > 0)


def _block_means(blocks: Blocks, x: Floats) -> Floats:
    """Replace every row of x (n_samples, m) by the mean over its block."""
    z = blocks.indicators
    return np.asarray((z / z.sum(axis=0)) @ (z.T @ x))
