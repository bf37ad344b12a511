"""Upper tails of the hypergeometric distribution, with their digits however small they are.

`upper_tail` is the P value of tables of two lists. `log_upper_tail` is its logarithm, for whole
numbers that are drawn from one population: there the tail itself may be below the smallest double.
"""

from __future__ import annotations

from math import factorial, log

import numpy as np
from scipy import special

from analyses.stats.lists.contingency import ContingencyTables
from cohortmart.core.types import Floats, Ints

#: Terms of a sum taken at a time.
BLOCK = 64
#: Terms below this share of the sum are rounding; behind them follow a thousand like them at most.
_NEGLIGIBLE = 1e-20
#: From this number on Stirling's series for its factorial is exact.
_LARGE = 16
_REST_OF_SMALL = np.array(
    [0.0, *(log(factorial(m)) - m * log(m) + m for m in range(1, _LARGE))], dtype=np.float64
)
#: From this number left on, falling factorials are taken by Stirling's series.
_FAR = 32.0


def upper_tail(t: ContingencyTables) -> Floats:
    """Return the probability of at least so many features in both lists as each table has.

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
    p = np.exp(_log_probability_of_table(top) + np.log1p(above + below))
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


def _log_probability_of_table(t: ContingencyTables) -> Floats:
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
        special.gammaln(n + 1)
        - special.gammaln(x + 1)
        - special.gammaln(n - x + 1)
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
        out = np.asarray(k * np.log(n) - special.xlog1py(left + 0.5, -k / n) - k)
        out += _stirling_error(np.full(1, n)) - _stirling_error(left)
    few = left < _FAR
    out[few] = special.gammaln(n + 1) - special.gammaln(left[few] + 1)
    return out


def _stirling_error(n: Floats) -> Floats:
    """Return log(n!) minus Stirling's formula, for large n (Abramowitz & Stegun 6.1.41)."""
    square = n * n
    return np.asarray((1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / n)
