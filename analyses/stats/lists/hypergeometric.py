"""Upper tail of the hypergeometric distribution, with its digits however small it is."""

from __future__ import annotations

from math import factorial, log

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analyses.stats.lists.contingency import ContingencyTables

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Terms of a sum taken at a time.
BLOCK = 64
#: Terms below this share of the sum are rounding; behind them follow a thousand like them at most.
_NEGLIGIBLE = 1e-20
#: From this number on Stirling's series for its factorial is exact.
_LARGE = 16
_REST_OF_SMALL = np.array(
    [0.0, *(log(factorial(m)) - m * log(m) + m for m in range(1, _LARGE))], dtype=np.float64
)


def upper_tail(t: ContingencyTables) -> Floats:
    """Return the probability of at least so many features in both lists as each table has.

    Parameters
    ----------
    t : ContingencyTables

    Returns
    -------
    ndarray of shape (n_tables,)
        1 where no smaller overlap is possible, 0 where it is below the smallest double.
    """
    first, second = t.both + t.first_only, t.both + t.second_only
    mode = (first + 1) * (second + 1) // (second + t.first_only + t.neither + 2)
    # at the largest term of the sum; the others are its multiples
    top = t.with_overlap(np.clip(mode, t.both, t.highest))
    left, right = (top.both, top.neither), (top.first_only, top.second_only)
    above = _sum_of_products(right, left, t.highest - top.both)
    below = _sum_of_products(left, right, top.both - t.both)
    p = np.exp(_log_probability(top) + np.log1p(above + below))
    return np.where(t.both == t.lowest, 1.0, np.minimum(p, 1.0))


def _sum_of_products(falling: tuple[Ints, Ints], rising: tuple[Ints, Ints], n: Ints) -> Floats:
    """Sum the probabilities of the `n` overlaps on one side, as multiples of that at hand.

    With each step two cells lose a feature and two gain one, and the probability is multiplied
    by the product of those that lose over the product of those that gain.
    """
    total, last = np.zeros(len(n)), np.ones(len(n))
    rows, done = np.flatnonzero(n > 0), 0
    while rows.size:
        steps = np.arange(done, done + BLOCK, dtype=np.float64)
        a, b, c, d = (cell[rows, None] for cell in (*falling, *rising))
        ratio = (a - steps) * (b - steps) / ((c + steps + 1) * (d + steps + 1))
        ratio[steps >= n[rows, None]] = 0.0
        terms = last[rows, None] * np.cumprod(ratio, axis=1)
        total[rows] += terms[:, ::-1].sum(axis=1)
        last[rows] = terms[:, -1]
        done += BLOCK
        rows = rows[terms[:, -1] > _NEGLIGIBLE * total[rows]]
    return total


def _log_probability(t: ContingencyTables) -> Floats:
    """Log of the hypergeometric probability of each table.

    Of every factorial m! the part (m/e)^m is taken together over cells and margins, as
    sum E h((O - E) / E) of the observed and expected cells with h(u) = (1 + u) log(1 + u) - u.
    """
    cells = (t.both, t.first_only, t.second_only, t.neither)
    rows = (t.both + t.first_only, t.second_only + t.neither)
    columns = (t.both + t.second_only, t.first_only + t.neither)
    universe = rows[0] + rows[1]
    total = np.maximum(universe, 1)
    # observed - expected is the same in all cells but for its sign; the product is exact
    excess = (t.both * t.neither - t.first_only * t.second_only) / total
    log_p = -_log_rest(universe)
    for i, cell in enumerate(cells):
        expected = rows[i // 2] * (columns[i % 2] / total)
        signed = excess if i in (0, 3) else -excess
        log_p -= _deviance(cell.astype(np.float64), expected, signed) + _log_rest(cell)
    for margin in (*rows, *columns):
        log_p += _log_rest(margin)
    return log_p


def _deviance(observed: Floats, expected: Floats, difference: Floats) -> Floats:
    """Return O log(O / E) - (O - E) without cancellation where O is near E."""
    scale = np.where(expected > 0, expected, 1.0)
    u = difference / scale
    near = np.abs(u) < 0.1
    small = np.where(near, u, 0.0)
    series = np.zeros_like(u)
    for k in range(18, 1, -1):  # h(u) = u^2/2 - u^3/6 + u^4/12 - ...
        series = (-1.0) ** k / (k * (k - 1)) + small * series
    far = special.xlogy(observed, np.where(near, 1.0, observed / scale)) - difference
    return np.asarray(np.where(near, expected * small**2 * series, far))


def _log_rest(m: Ints) -> Floats:
    """Return log(m!) - (m log(m) - m), by Stirling's series where m is not small."""
    x = np.maximum(m, _LARGE).astype(np.float64)
    inverse = 1 / (x * x)
    series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / x
    rest = 0.5 * np.log(2 * np.pi * x) + series
    return np.where(m < _LARGE, _REST_OF_SMALL[np.minimum(m, _LARGE - 1)], rest)
