"""Rotation space: independent coordinates of a feature, free to rotate when nothing happens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.numeric.parallel import rows_times
from analyses.stats.rotation.contrast_correlation import estimable, inverse_root
from cohortmart.core.types import Bools, Floats, Ints

#: Two contrasts closer than this (1 - r^2 of their errors) are one and the same, or opposite.
_APART = 1e-9
#: Least cosine between a feature's residual space and the common one.
_LEAST = 1e-8


@dataclass(frozen=True)
class RotationSpace:
    """A design and its contrasts in whitened data: V^-1/2 y, V the covariance without weights.

    Parameters
    ----------
    q : ndarray of shape (n_samples, rank)
        Orthonormal columns that span the design.
    k : ndarray of shape (rank, n_contrasts)
        Contrasts in that basis.
    root : ndarray of shape (n_samples, n_samples)
        Symmetric V^-1/2.
    span : ndarray of shape (n_samples, rank)
        Orthonormal columns that span the whitened design, `root @ q`.
    outside : ndarray of shape (n_samples, n_residual)
        Orthonormal columns orthogonal to `span`.
    change : ndarray of shape (n_samples, n_contrasts)
        The estimates of contrasts from whitened data.
    """

    q: Floats
    k: Floats
    root: Floats
    span: Floats
    outside: Floats
    change: Floats

    @property
    def covariance(self) -> Floats:
        """Unscaled covariance of the contrasts, (n_contrasts, n_contrasts)."""
        return self.change.T @ self.change


@dataclass(frozen=True)
class Coordinates:
    """Whitened coordinates of features.

    Parameters
    ----------
    residual : ndarray of shape (n_features, n_residual)
        Independent, with the feature's residual variance.
    estimate : ndarray of shape (n_features, n_contrasts)
    covariance : ndarray of shape (n_features, n_contrasts, n_contrasts)
        Of the estimates, divided by the residual variance.
    """

    residual: Floats
    estimate: Floats
    covariance: Floats


def rotation_space(
    basis: DesignBasis, contrasts: Floats, blocks: Blocks | None, rho: float
) -> RotationSpace:
    """Whiten a design; see `RotationSpace`.

    Raises
    ------
    ValueError
        A contrast cannot be estimated, or the correlation is impossible with these blocks.
    """
    root = inverse_root(len(basis.q), blocks, rho)
    k = estimable(basis, contrasts)
    whole, r = np.linalg.qr(root @ basis.q, mode="complete")
    span, outside = whole[:, : basis.rank], whole[:, basis.rank :]
    change = span @ np.linalg.solve(r[: basis.rank].T, k)
    return RotationSpace(basis.q, k, root, span, outside, change)


def distinct_pairs(space: RotationSpace, pairs: Ints) -> Bools:
    """Say which pairs (n_pairs, 2) are of two contrasts with errors that are not proportional."""
    c = space.covariance
    i, j = pairs.T
    size = c[i, i] * c[j, j]
    return np.asarray(size - c[i, j] ** 2 > _APART * size)


def weighted_coordinates(y: Floats, w: Floats, space: RotationSpace) -> Coordinates:
    """Whiten features that have weights of their own.

    Parameters
    ----------
    y, w : ndarray of shape (n_features, n_samples)
        Values and precision weights, none missing.

    Notes
    -----
    Each feature has a residual space of its own. Its basis N_g is the one nearest to the common
    basis N: with P the projector onto the feature's space, N_g = PN (N'PN)^-1/2, the polar factor.
    So a coordinate means the same direction for all features, as rotation needs in order to keep
    their correlation, and the choice of N plays no part. Since N'PN = I - N'QQ'N with Q the
    feature's whitened design, the inverse root costs one small eigenproblem of Q'SS'Q, S the
    common span, whose eigenvalues are the squared cosines between both spaces.
    """
    # least squares without weights first, so that a large mean costs no digits
    start = rows_times(y, space.q)
    root_w = np.sqrt(w)
    white = rows_times(root_w * (y - rows_times(start, space.q.T)), space.root)
    x = space.root @ (root_w[:, :, None] * space.q)
    chol = np.linalg.cholesky(x.transpose(0, 2, 1) @ x)
    q = np.linalg.solve(chol, x.transpose(0, 2, 1))  # (n_features, rank, n_samples)
    k = np.linalg.solve(chol, np.broadcast_to(space.k, (len(y), *space.k.shape)))
    fitted = (q @ white[:, :, None])[:, :, 0]
    estimate = rows_times(start, space.k) + (fitted[:, None, :] @ k)[:, 0]
    rest = white - (fitted[:, None, :] @ q)[:, 0]

    of_common = rows_times(rest, space.outside)
    shared = q @ space.span
    cosine2, turn = np.linalg.eigh(shared @ shared.transpose(0, 2, 1))
    cosine = np.sqrt(np.clip(cosine2, _LEAST**2, 1.0))
    # (I - BB')^-1/2 = I + B h(c) B' for B = N'Q with singular values sqrt(1 - c^2)
    turn = turn.transpose(0, 2, 1) @ q
    lost = (turn @ rows_times(of_common, space.outside.T)[:, :, None])[:, :, 0]
    lost /= cosine * (1.0 + cosine)
    residual = of_common + rows_times((lost[:, None, :] @ turn)[:, 0], space.outside)
    return Coordinates(residual, estimate, k.transpose(0, 2, 1) @ k)
