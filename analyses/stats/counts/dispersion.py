"""Dispersions of negative-binomial counts by the Cox-Reid adjusted profile likelihood.

    APL(phi) = l(phi; fitted means) - log det(X'WX) / 2,   W = mu / (1 + phi mu)

of McCarthy, Chen & Smyth (2012), Nucleic Acids Res 40:4288-4297 (after Cox & Reid 1987): one
common dispersion that is best for the sum over all genes, and one for each gene on its own, found
on 11 dispersions around the common one and a cubic spline through them.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from analyses.stats.counts.dispersion_spline import spline_maximum
from analyses.stats.counts.negative_binomial import (
    LEAST_DISPERSION,
    column_products,
    fit_negative_binomial,
    likelihood_core,
)
from analyses.stats.numeric.parallel import for_blocks, rows_times
from cohortmart.core.types import Floats

#: Genes with fewer counts than this say nothing of the dispersion.
LEAST_TOTAL = 5.0
MOST_COMMON = 4.0

#: log2 of the dispersions a gene is tried at, over the common one.
GRID = np.linspace(-6.0, 6.0, 11)

#: Genes worked on at a time.
BLOCK = 512

#: Where counts of zero take the mean of a cell to zero, its weight goes there too and would make
#: the adjustment infinite; held here, it is the same for all dispersions and of no account.
_LEAST_WEIGHT = 1e-6

_TOLERANCE = 1e-8  # of the regressions
_FEW_GENES = 2000  # few enough to look for the common dispersion with all from the start


def adjusted_profile_likelihood(
    counts: Floats,
    design: Floats,
    offset: Floats,
    dispersion: float | Floats,
    start: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Return the adjusted profile log-likelihood of the dispersion of every gene.

    Parameters
    ----------
    counts : ndarray of shape (n_genes, n_samples)
    design : ndarray of shape (n_samples, n_columns)
        Of full column rank.
    offset : ndarray of shape (n_samples,)
        Natural log of the library sizes.
    dispersion : float or ndarray of shape (n_genes,)
    start : ndarray of shape (n_genes, n_columns), optional
        Coefficients to start from.

    Returns
    -------
    likelihood : ndarray of shape (n_genes,)
        But for terms that do not depend on the dispersion.
    coefficients : ndarray of shape (n_genes, n_columns)
    """
    each = np.broadcast_to(dispersion, (len(counts),))
    phi = np.maximum(each, LEAST_DISPERSION)[:, None]
    fit = fit_negative_binomial(counts, design, offset, phi, start, _TOLERANCE)
    of_counts = gammaln(counts + 1.0 / phi) - gammaln(1.0 / phi) + counts * np.log(phi)
    likelihood = likelihood_core(counts, np.log(fit.fitted), phi) + of_counts.sum(axis=1)
    weight = np.maximum(fit.fitted / (1.0 + phi * fit.fitted), _LEAST_WEIGHT)
    p = design.shape[1]
    information = rows_times(weight, column_products(design)).reshape(-1, p, p)
    return likelihood - 0.5 * np.linalg.slogdet(information)[1], fit.coefficients


def common_dispersion(counts: Floats, design: Floats, offset: Floats) -> float:
    """Dispersion that is best for all genes together.

    Parameters
    ----------
    counts : ndarray of shape (n_genes, n_samples)
    design : ndarray of shape (n_samples, n_columns)
        Of full column rank, with fewer columns than rows.
    offset : ndarray of shape (n_samples,)

    Returns
    -------
    float
        Between LEAST_DISPERSION and 4; LEAST_DISPERSION if no gene has 5 counts.

    Notes
    -----
    Brent's search on the fourth root of the dispersion, which brings small and large ones near
    to each other. Many genes are first searched with about a thousand of them.
    """
    told = counts[counts.sum(axis=1) >= LEAST_TOTAL]
    if not len(told):
        return LEAST_DISPERSION
    everything = _Profile(told, design, offset)
    if len(told) <= _FEW_GENES:
        return everything.best(0.0, MOST_COMMON**0.25, 1e-5)
    some = _Profile(told[:: len(told) // 1000], design, offset)
    near = some.best(0.0, MOST_COMMON**0.25, 1e-4) ** 0.25
    low, high = 0.96 * near, min(1.04 * near, MOST_COMMON**0.25)
    found = everything.best(low, high, 2e-6)
    if low + 1e-5 < found**0.25 < high - 1e-5:
        return found
    return everything.best(0.0, MOST_COMMON**0.25, 1e-5)


class _Profile:
    """Sum of the adjusted profile likelihoods; each search starts from the last fit."""

    def __init__(self, counts: Floats, design: Floats, offset: Floats) -> None:
        self._counts, self._design, self._offset = counts, design, offset
        self._beta = np.empty((len(counts), design.shape[1]))
        self._has_start = False

    def total(self, dispersion: float) -> float:
        each = np.empty(len(self._counts))

        def work(start: int, stop: int) -> None:
            beta = self._beta[start:stop] if self._has_start else None
            each[start:stop], self._beta[start:stop] = adjusted_profile_likelihood(
                self._counts[start:stop], self._design, self._offset, dispersion, beta
            )

        for_blocks(len(each), BLOCK, work)
        self._has_start = True
        return float(each.sum())

    def best(self, low: float, high: float, accuracy: float) -> float:
        """Maximum between two fourth roots of dispersions."""
        found = minimize_scalar(
            lambda root: -self.total(root**4),
            bounds=(low, high),
            method="bounded",
            options={"xatol": accuracy},
        )
        return max(float(found.x) ** 4, LEAST_DISPERSION)


def gene_dispersions(counts: Floats, design: Floats, offset: Floats, common: float) -> Floats:
    """Dispersion of every gene on its own.

    Parameters
    ----------
    counts : ndarray of shape (n_genes, n_samples)
    design : ndarray of shape (n_samples, n_columns)
        Of full column rank, with fewer columns than rows.
    offset : ndarray of shape (n_samples,)
    common : float
        Dispersion to look around: from 1/64 of it to 64 times as much.

    Returns
    -------
    ndarray of shape (n_genes,)
        `common` for genes with fewer than 5 counts.
    """
    out = np.full(len(counts), common)

    def work(start: int, stop: int) -> None:
        rows = start + np.flatnonzero(counts[start:stop].sum(axis=1) >= LEAST_TOTAL)
        if rows.size:
            likelihood = _on_grid(counts[rows], design, offset, common)
            out[rows] = common * 2.0 ** spline_maximum(GRID, likelihood)

    for_blocks(len(counts), BLOCK, work)
    return out


def _on_grid(counts: Floats, design: Floats, offset: Floats, common: float) -> Floats:
    likelihood = np.empty((len(counts), len(GRID)))
    before: Floats | None = None
    start: Floats | None = None
    for i, at in enumerate(GRID):
        likelihood[:, i], beta = adjusted_profile_likelihood(
            counts, design, offset, common * 2.0**at, start
        )
        # the coefficients go on as they went between the last two dispersions
        start = beta if before is None else 2.0 * beta - before
        before = beta
    return likelihood
