"""Transforms of measurements to a scale on which differences can be compared."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from cohortmart.core.types import Floats


def logit(values: Floats, top: Floats) -> Floats:
    """Return the natural log-odds of shares.

    Parameters
    ----------
    values : ndarray of shape (n_features, n_samples)
        Strictly between 0 and `top`; NaN = missing.
    top : ndarray of shape (n_features,)
        1 for fractions, 100 for percents.
    """
    whole = top[:, None]
    return np.asarray(np.log(values / (whole - values)))


def rank_normal(values: Floats) -> Floats:
    """Return normal scores: each value becomes the normal quantile of its rank.

    Parameters
    ----------
    values : ndarray of shape (n_features, n_samples)
        NaN = missing. Equal values share their mean rank.

    Notes
    -----
    Blom 1958: the quantile at (rank - 3/8) / (n + 1/4), n being the known values of the feature.
    """
    known = ~np.isnan(values)
    n = known.sum(axis=1, keepdims=True)
    ranks = rankdata(values, axis=1, nan_policy="omit")
    return np.asarray(ndtri((ranks - 0.375) / (n + 0.25)))
