"""Logarithms of hypergeometric tails, exact where the tail itself is no number any more."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, xlog1py

from cohortmart.core.types import Floats

#: From here on the series of Stirling's formula is exact to rounding.
_LARGE = 32.0


def log_upper_tail(found: Floats, drawn: Floats, marked: float, total: float) -> Floats:
    """Return log P(X >= found), X the marked ones among `drawn` of `total` without replacement.

    Terms are summed from the small end, so the result is exact to about 1e-12 of P, however
    small P is and however large `total`.

    Parameters
    ----------
    found, drawn : ndarray of shape (n,)
        Whole numbers, `found` <= `drawn`, at most `total` - `marked` of the drawn not found.
    marked, total : float
        Whole numbers.

    Returns
    -------
    ndarray of shape (n,)
        Natural logarithm; -inf where `found` is above `marked`.
    """
    out = np.full(len(found), -np.inf)
    possible = found <= marked
    if not possible.any():
        return out
    x, n = found[possible], drawn[possible]
    # each term relative to the first: the product of the ratios of neighbours
    steps = int((np.minimum(n, marked) - x).max())
    grid = x[:, None] + np.arange(steps)
    with np.errstate(divide="ignore"):  # a term beyond the last is 0
        ratios = np.log(_ratio(grid, n[:, None], marked, total))
    terms = np.hstack([np.zeros((len(x), 1)), np.cumsum(ratios, axis=1)])
    largest = terms.max(axis=1, keepdims=True)
    total_of_terms = np.exp(terms - largest)[:, ::-1].sum(axis=1)
    tail = log_probability(x, n, marked, total) + largest[:, 0] + np.log(total_of_terms)
    out[possible] = np.minimum(tail, 0.0)
    return out


def log_tail_bounds(
    found: Floats, drawn: Floats, marked: float, total: float
) -> tuple[Floats, Floats]:
    """Return bounds of `log_upper_tail` that cost one term each.

    Below, the tail's first term; above, the geometric series with the ratio of the first two
    terms, since the ratios fall.

    Parameters
    ----------
    found, drawn, marked, total
        As for `log_upper_tail`.

    Returns
    -------
    lower, upper : ndarray of shape (n,)
    """
    lower = log_probability(found, drawn, marked, total)
    upper = np.full(len(found), -np.inf)
    possible = found <= marked
    ratio = np.minimum(_ratio(found[possible], drawn[possible], marked, total), 1.0)
    with np.errstate(divide="ignore"):
        upper[possible] = np.minimum(lower[possible] - np.log1p(-ratio), 0.0)
    return lower, upper


def log_probability(found: Floats, drawn: Floats, marked: float, total: float) -> Floats:
    """Return log P(X = found); arguments as for `log_upper_tail`.

    Written with falling factorials, whose size is that of `drawn`, not of `total`: differences
    of log-gammas of `total` would lose digits.
    """
    out = np.full(len(found), -np.inf)
    possible = found <= marked
    x, n = found[possible], drawn[possible]
    out[possible] = (
        gammaln(n + 1)
        - gammaln(x + 1)
        - gammaln(n - x + 1)
        + _log_falling(marked, x)
        + _log_falling(total - marked, n - x)
        - _log_falling(total, n)
    )
    return out


def _ratio(found: Floats, drawn: Floats, marked: float, total: float) -> Floats:
    """Return P(X = found + 1) / P(X = found), 0 from the last possible value on."""
    ways = np.maximum(marked - found, 0.0) * np.maximum(drawn - found, 0.0)
    return np.asarray(ways / ((found + 1) * (total - marked - drawn + found + 1)))


def _log_falling(n: float, k: Floats) -> Floats:
    """Return log(n (n - 1) ... (n - k + 1)) for 0 <= k <= n."""
    left = n - k
    # Stirling's formula for n! / left!, the large parts cancelled by hand
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        out = np.asarray(k * np.log(n) - xlog1py(left + 0.5, -k / n) - k)
        out += _stirling_error(np.full(1, n)) - _stirling_error(left)
    few = left < _LARGE
    out[few] = gammaln(n + 1) - gammaln(left[few] + 1)
    return out


def _stirling_error(n: Floats) -> Floats:
    """Return log(n!) minus Stirling's formula, for large n (Abramowitz & Stegun 6.1.41)."""
    square = n * n
    return np.asarray((1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / n)
