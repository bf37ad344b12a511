"""Weights common to all features: a weighted fit is one without weights of another design.

With both y and the design's rows multiplied by the square roots of the weights, rows and columns
of V divided by them are as they were. So every feature shares its decompositions again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from cohortmart.core.types import Floats


def common_row(weights: Floats | None) -> Floats | None:
    """Return the one row of weights that is seen as many, or None.

    Parameters
    ----------
    weights : ndarray of shape (n_features, n_samples) or None
        Shared if made by `numpy.broadcast_to` from one row; values are not compared.
    """
    if weights is None or len(weights) == 0 or weights.strides[0] != 0:
        return None
    row: Floats = weights[0]
    return row


def scaled_basis(basis: DesignBasis, row: Floats) -> DesignBasis:
    """Return the basis of the design whose rows are multiplied by the roots of the weights.

    Parameters
    ----------
    basis : DesignBasis
        Of the design.
    row : ndarray of shape (n_samples,)
        Weights, positive.

    Returns
    -------
    DesignBasis
        With the same contrasts of the same coefficients.
    """
    # roots x Q = (new Q) R: a contrast k of the old basis is R^-T k of the new one
    q, r = np.linalg.qr(np.sqrt(row)[:, None] * basis.q)
    return replace(basis, q=q, to_basis=np.linalg.solve(r.T, basis.to_basis))
