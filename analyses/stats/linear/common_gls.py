"""Generalised least squares of features that share the normal equations.

They have no weights, and few values are missing. All that the fit needs of a feature is linear in
its values, but for one sum of squares: one product with a table gives residuals that are
independent, contrasts, and whitened contrasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.linear.contrasts_fit_approximation import ContrastsFitApproximation, combined_sd
from analyses.stats.linear.missing import EqualGaps, MaskPatterns, by_number_missing
from analyses.stats.linear.missing_plot import centred_product, missing_plot, residual_basis
from cohortmart.core.types import Floats, Ints


class Parts(NamedTuple):
    """The fields of a ContrastFit, of some of its features; no ratio = 1."""

    estimate: Floats
    unscaled_sd: Floats
    sigma2: Floats
    df_residual: Floats
    mean: Floats
    wald: Floats
    limma_ratio: Floats | None = None


@dataclass(frozen=True)
class CommonGls:
    """The fit of complete features with one V.

    Parameters
    ----------
    residual : ndarray of shape (n_samples, n_samples - rank)
        F with F F' = V^-1 - V^-1 Q (Q'V^-1 Q)^-1 Q'V^-1: the generalised residual sum of squares
        is |F'y|^2.
    contrast : ndarray of shape (n_samples, n_contrasts)
        V^-1 Q (Q'V^-1 Q)^-1 k: the estimates are y times this.
    white : ndarray of shape (n_samples, sum of wald_df)
        The same for directions that span the contrasts of a set, with unscaled covariance I, set
        after set.
    variance : ndarray of shape (n_contrasts,)
        Unscaled, of the contrasts.
    of_set : tuple of slice
        The columns of `white` of each set.
    coefficient : ndarray of shape (n_samples, n_coefficients)
        As `contrast`, of the coefficients; empty without an approximation.
    approximation : ContrastsFitApproximation or None
        What contrasts.fit would use for features with missing values.
    """

    residual: Floats
    contrast: Floats
    white: Floats
    variance: Floats
    of_set: tuple[slice, ...]
    coefficient: Floats
    approximation: ContrastsFitApproximation | None

    @property
    def table(self) -> Floats:
        """All columns side by side."""
        return np.hstack([self.residual, self.contrast, self.white])

    def split(self, e: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the columns of `y @ table` that belong to residuals, contrasts and directions."""
        r, c = self.residual.shape[1], self.contrast.shape[1]
        return e[..., :r], e[..., r : r + c], e[..., r + c :]


def common_gls(
    basis: DesignBasis,
    k: Floats,
    z: Floats,
    rho: float,
    sets: Sequence[Sequence[int]],
    approximation: ContrastsFitApproximation | None = None,
) -> CommonGls:
    """Prepare the fit of complete features.

    Parameters
    ----------
    k : ndarray of shape (rank, n_contrasts)
        Contrasts in the basis.
    z : ndarray of shape (n_samples, n_blocks)
        Block indicators.
    rho : float
        Correlation within blocks.
    sets : sequence of sequences of int
        Columns of `k` of each joint test.
    approximation : ContrastsFitApproximation, optional
        Given: say how far contrasts.fit is off where values are missing.
    """
    v = (1.0 - rho) * np.eye(len(z)) + rho * (z @ z.T)
    outside = residual_basis(basis)
    root = np.linalg.cholesky(outside.T @ v @ outside)
    residual = np.linalg.solve(root, outside.T).T
    # the residuals of least squares are correlated with its estimates; what they predict of the
    # estimates is taken off, and generalised least squares is left
    hat = basis.q - residual @ (residual.T @ v @ basis.q)
    covariance = hat.T @ v @ hat
    white = [np.empty((len(z), 0))]
    for one in sets:
        u = directions(k[:, one])
        white.append(hat @ np.linalg.solve(np.linalg.cholesky(u.T @ covariance @ u), u.T).T)
    ends = np.cumsum([w.shape[1] for w in white]).tolist()
    of_set = tuple(slice(start, stop) for start, stop in pairwise(ends))
    variance = np.maximum(((covariance @ k) * k).sum(axis=0), 0.0)
    units = np.empty((basis.rank, 0)) if approximation is None else approximation.units
    return CommonGls(
        residual, hat @ k, np.hstack(white), variance, of_set, hat @ units, approximation
    )


def fit_complete(y: Floats, common: CommonGls) -> Parts:
    """Fit features without missing values; `y` of shape (n_features, n_samples)."""
    e, mean = centred_product(y, common.table)
    residual, estimate, white = common.split(e)
    sd = np.broadcast_to(np.sqrt(common.variance), estimate.shape)
    df = np.full(len(y), float(common.residual.shape[1]))
    wald = np.empty((len(y), len(common.of_set)))
    for s, columns in enumerate(common.of_set):
        wald[:, s] = _mean_square(white[:, columns])
    return Parts(estimate, sd, _sigma2(residual, df), df, mean, wald)


def fit_filled(y: Floats, common: CommonGls, patterns: MaskPatterns) -> Parts:
    """Fit features with missing values that can be filled in.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        NaN = missing.
    common : CommonGls
        Of the complete features.
    patterns : MaskPatterns
        Of these features; each passes `allows_missing_plot`.

    Notes
    -----
    With F, H and G the rows of the residuals, contrasts and directions at the missing samples and
    S = F F', the unscaled covariances grow by H'S^-1 H and G'S^-1 G, and the Wald statistic is
    |w|^2 - (G w)'(S + G G')^-1 (G w), w the whitened estimates (Woodbury).
    """
    of = patterns.of_row
    table = common.table
    e, mean = centred_product(y, table, patterns.masks[of])
    variance = np.empty((len(patterns.masks), common.variance.size))
    ratio = None if common.approximation is None else np.empty(variance.shape)
    lost = np.empty((len(y), len(common.of_set)))
    for gaps in by_number_missing(patterns):
        inverse = missing_plot(e, table, common.residual.shape[1], gaps)
        residual, contrast, white = common.split(table[gaps.samples])
        variance[gaps.patterns] = common.variance + ((inverse @ contrast) * contrast).sum(axis=1)
        if ratio is not None:
            ratio[gaps.patterns] = _limma_sd(inverse, common, gaps)
        square, found = residual @ residual.transpose(0, 2, 1), common.split(e[gaps.rows])[2]
        for s, columns in enumerate(common.of_set):
            lost[gaps.rows, s] = _lost(square, white[:, :, columns], found[:, columns], gaps.of_row)
    residual, estimate, white = common.split(e)
    df = (patterns.masks.sum(axis=1) - (y.shape[1] - common.residual.shape[1]))[of].astype(float)
    sd = np.sqrt(variance)
    if ratio is not None:
        ratio = (ratio / sd)[of]
    for s, columns in enumerate(common.of_set):
        lost[:, s] = np.maximum(_mean_square(white[:, columns]) - lost[:, s], 0.0)
    return Parts(estimate, sd[of], _sigma2(residual, df), df, mean, lost, ratio)


def _lost(square: Floats, white: Floats, found: Floats, of_row: Ints) -> Floats:
    """Return what the missing samples take from the Wald statistic of a set, per direction."""
    both = square + white @ white.transpose(0, 2, 1)
    along = white[of_row] @ found[:, :, None]
    solved = np.linalg.inv(both)[of_row] @ along
    return np.asarray((along * solved).sum(axis=(1, 2)) / white.shape[2])


def _limma_sd(inverse: Floats, common: CommonGls, gaps: EqualGaps) -> Floats:
    """Unscaled standard deviations of the contrasts by contrasts.fit, one row a pattern."""
    a, rows = common.approximation, common.coefficient[gaps.samples]
    if a is None:
        raise ValueError("no approximation was asked for")
    own = np.sqrt(a.variance + ((inverse @ rows) * rows).sum(axis=1))
    return combined_sd(own, a)


def directions(k: Floats) -> Floats:
    """Orthonormal directions that span the contrasts."""
    u, s, _ = np.linalg.svd(k, full_matrices=False)
    return np.asarray(u[:, s > 1e-9 * s[0]])


def _sigma2(residual: Floats, df: Floats) -> Floats:
    rss = np.einsum("ij,ij->i", residual, residual)
    return np.where(df > 0, rss / np.maximum(df, 1.0), np.nan)


def _mean_square(white: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", white, white) / white.shape[1])
