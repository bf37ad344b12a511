"""The missing-plot technique: a missing value as one more unknown of the fit.

A sample that is left out, and a sample kept with a column of its own in the design (1 there, 0
elsewhere), leave the same residuals and the same restricted likelihood (Bartlett 1937, the
missing-plot technique). So a feature with m missing values shares every decomposition of the
complete design and needs a system of m equations only.
"""

from __future__ import annotations

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.linear.missing import EqualGaps, MaskPatterns
from analyses.stats.numeric.parallel import rows_times
from cohortmart.core.types import Bools, Floats

#: Least share of information a missing value's own column may have left: below, too many digits
#: would be lost.
_LEAST = 0.01


def allows_missing_plot(basis: DesignBasis, patterns: MaskPatterns) -> Bools:
    """Say which patterns leave a design of full rank, well away from a deficient one.

    Returns
    -------
    ndarray of shape (n_patterns,), bool
        False also where more samples than coefficients are missing: nothing would be saved.

    Notes
    -----
    The observed samples determine the fit as well as the missing rows of I - QQ' are independent.
    """
    gone = ~patterns.masks
    n_missing = gone.sum(axis=1)
    leverage = (basis.q**2).sum(axis=1)
    # the smallest eigenvalue is at least 1 - the sum of the leverages of the missing
    sure = gone @ leverage <= 1.0 - _LEAST
    out = sure & (n_missing <= basis.rank)
    for m in np.unique(n_missing[~sure & (n_missing <= basis.rank)]):
        which = np.flatnonzero(~sure & (n_missing == m))
        rows = basis.q[np.nonzero(gone[which])[1].reshape(which.size, m)]
        left = np.eye(m) - rows @ rows.transpose(0, 2, 1)
        out[which] = np.linalg.eigvalsh(left)[:, 0] >= _LEAST
    return np.asarray(out)


def missing_plot(e: Floats, table: Floats, n_residual: int, gaps: EqualGaps) -> Floats:
    """Fill in missing values so that their residuals are zero, in products with a table.

    Parameters
    ----------
    e : ndarray of shape (n_features, m)
        `y @ table`, any number in place of a missing value; those of the features of `gaps` are
        changed.
    table : ndarray of shape (n_samples, m)
        The first `n_residual` columns F have F F' = V^-1 - V^-1 Q (Q'V^-1 Q)^-1 Q'V^-1.

    Returns
    -------
    ndarray of shape (n_chosen, n_missing, n_missing)
        Inverse of the rows and columns of F F' at the missing samples, one a pattern.
    """
    rows = table[gaps.samples]  # (n_chosen, n_missing, m)
    residual = np.ascontiguousarray(rows[:, :, :n_residual])
    inverse = np.linalg.inv(residual @ residual.transpose(0, 2, 1))
    # one multiplier for each missing value: minus what would have to be added to it
    solve = inverse @ residual
    own = e[gaps.rows]
    excess = (solve[gaps.of_row] @ own[:, :n_residual, None])[:, :, 0]
    own -= (excess[:, None, :] @ rows[gaps.of_row])[:, 0]
    e[gaps.rows] = own
    return np.asarray(inverse)


def centred_product(y: Floats, table: Floats, seen: Bools | None = None) -> tuple[Floats, Floats]:
    """Return `y @ table`, formed without each feature's mean so that a large one costs no digits.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
    table : ndarray of shape (n_samples, m)
    seen : ndarray of the shape of `y`, bool, optional
        The other values are replaced by the feature's mean.

    Returns
    -------
    product : ndarray of shape (n_features, m)
    mean : ndarray of shape (n_features,)
        Of the observed values; 0 without any.
    """
    if seen is None:
        mean = y.sum(axis=1) / y.shape[1]
        centred = y - mean[:, None]
    else:
        mean = np.where(seen, y, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
        centred = np.where(seen, y - mean[:, None], 0.0)
    out = rows_times(centred, table)
    of_one = table.sum(axis=0)
    of_one[np.abs(of_one) <= 1e-13 * np.abs(table).sum(axis=0)] = 0.0  # rounding
    if of_one.any():
        out += mean[:, None] * of_one
    return out, mean


def residual_basis(basis: DesignBasis) -> Floats:
    """Orthonormal columns orthogonal to the design; shape (n_samples, n_samples - rank)."""
    return np.asarray(np.linalg.qr(basis.q, mode="complete")[0][:, basis.rank :])
