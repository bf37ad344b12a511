"""An orthonormal basis of the design's column space.

Everything is fitted in this basis, so that the same model written with means, with a baseline or
as a formula, or with a covariate in other units, gives the same numbers to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohortmart.core.types import Bools, Floats

#: Singular values below this share of the largest (columns scaled to length 1) count as zero.
RANK_TOLERANCE = 1e-9


@dataclass(frozen=True)
class DesignBasis:
    """Basis of a design matrix.

    Parameters
    ----------
    q : ndarray of shape (n_samples, rank)
        Orthonormal columns that span the design's columns.
    to_basis : ndarray of shape (rank, n_coefficients)
        Turns contrasts of the coefficients into contrasts of the basis: `to_basis @ c`.
    row_space : ndarray of shape (n_coefficients, n_coefficients)
        Projector onto the contrasts that can be estimated.
    length : ndarray of shape (n_coefficients,)
        Lengths of the design's columns, 1 for a column of zeros.
    """

    q: Floats
    to_basis: Floats
    row_space: Floats
    length: Floats

    @property
    def rank(self) -> int:
        """Number of independent columns."""
        return int(self.q.shape[1])

    def contrasts(self, matrix: Floats) -> Floats:
        """Express contrasts in the basis; NaN columns where one cannot be estimated.

        Parameters
        ----------
        matrix : ndarray of shape (n_coefficients, n_contrasts)

        Returns
        -------
        ndarray of shape (rank, n_contrasts)
        """
        out = self.to_basis @ matrix
        # without the columns' units, or the rounding of a large one would hide a small one
        wanted, unit = matrix / self.length[:, None], self.length[:, None]
        rest = np.abs(wanted - self.row_space / unit * self.length @ wanted).max(axis=0)
        out[:, rest > 1e-8 * np.abs(wanted).max(axis=0)] = np.nan
        return out


def design_basis(design: Floats) -> DesignBasis:
    """Decompose a design matrix.

    Parameters
    ----------
    design : ndarray of shape (n_samples, n_coefficients)
        Finite values; may be rank deficient.

    Raises
    ------
    ValueError
        The design is empty, not finite, or all zero.
    """
    if design.ndim != 2 or design.size == 0 or not np.isfinite(design).all():
        raise ValueError("a design matrix needs finite values, at least one row and one column")
    length = np.linalg.norm(design, axis=0)
    length = np.where(length > 0, length, 1.0)
    u, s, vt = np.linalg.svd(design / length, full_matrices=False)
    rank = int((s > RANK_TOLERANCE * s[0]).sum()) if s[0] > 0 else 0
    if rank == 0:
        raise ValueError("every value of the design matrix is zero")
    to_basis = (vt[:rank] / s[:rank, None]) / length
    # b = diag(1/length) V (...): a contrast c is estimable if c/length lies in the rows of V'
    within = vt[:rank].T @ vt[:rank]
    return DesignBasis(
        q=u[:, :rank],
        to_basis=to_basis,
        row_space=(length[:, None] * within) / length,
        length=length,
    )


def is_rounding(residual: Floats, total: Floats) -> Bools:
    """Where a feature does not vary (a gene without counts): its residuals say nothing.

    Parameters
    ----------
    residual, total : ndarray of shape (n_features,)
        Sums of squares of the residuals and of the values.
    """
    return np.asarray(residual <= 1e-24 * total)
