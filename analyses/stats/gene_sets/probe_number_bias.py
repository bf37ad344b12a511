"""Probe-number bias: how likely a gene is found only because it has many probes."""

from __future__ import annotations

import numpy as np
import scipy  # its parts are imported where they are first used: they take half a second

from cohortmart.core.types import Bools, Floats, Ints

#: The curve in which every probe is equally likely to be found counts as so many found genes.
PRIOR_GENES = 20.0
_ROUNDS = 200


def chance_by_probes(n_probes: Ints, is_found: Bools) -> Floats:
    """Fit the chance that a gene is found as a function that rises with its number of probes.

    Parameters
    ----------
    n_probes : ndarray of shape (n_genes,), int64
        Tested probes of each gene, at least one.
    is_found : ndarray of shape (n_genes,), bool

    Returns
    -------
    ndarray of shape (n_genes,)
        Above 0 wherever any gene is found; the mean is the share of genes found.

    Notes
    -----
    Isotonic regression of found on the number of probes, in place of the monotone spline of Young
    et al. (2010, doi 10.1186/gb-2010-11-2-r14; Phipson, Maksimovic & Oshlack 2016, doi
    10.1093/bioinformatics/btv560, for arrays). With a dozen found genes the steps are noise, and
    0 for most genes; so the fit is drawn towards 1 - (1 - q)^n_probes, where every probe is
    equally likely to be found, as if `PRIOR_GENES` more genes had been found and lain on it.
    """
    n_found = int(is_found.sum())
    if n_found in (0, len(is_found)):
        return np.full(len(is_found), float(n_found > 0))
    numbers, place, n_genes = np.unique(n_probes, return_inverse=True, return_counts=True)
    share = np.bincount(place, weights=is_found) / n_genes
    steps = scipy.optimize.isotonic_regression(share, weights=n_genes).x
    prior = _equal_probes(numbers.astype(float), n_genes.astype(float), n_found)
    chance = (n_found * steps + PRIOR_GENES * prior) / (n_found + PRIOR_GENES)
    return np.asarray(chance[place])


def _equal_probes(numbers: Floats, n_genes: Floats, n_found: int) -> Floats:
    """Return 1 - (1 - q)^number for the q at which `n_found` genes are expected."""

    def missing(log_left: float) -> float:
        return float(n_found + n_genes @ np.expm1(numbers * log_left))

    low = -1.0
    while missing(low) > 0:
        low *= 2
    log_left = scipy.optimize.brentq(missing, low, 0.0, xtol=1e-300, rtol=1e-14, maxiter=_ROUNDS)
    return np.asarray(-np.expm1(numbers * log_left))
