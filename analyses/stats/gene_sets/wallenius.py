"""Wallenius' noncentral hypergeometric distribution: drawing genes that are not equally likely.

A universe has N genes, m of them in a set. Genes are drawn one by one without replacement until n
are found; at every step a gene of the set is `odds` times as likely as a gene outside (Wallenius
1963; Fog 2008, doi 10.1080/03610910701790269).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from cohortmart.core.types import Floats

#: Pairs of a set and a list that are worked on at once, so that memory stays flat.
_BLOCK = 8192
#: Genes found, and genes not found, from which the integrand is near a Gaussian; its points then.
_MANY = 30
_POINTS, _POINTS_FOR_FEW = 40, 192
#: Where the integrand has fallen by exp(-this), it ends.
_FALL = 40.0
#: Steps of Newton's method; a dozen are usual.
_ROUNDS = 200
_LOG_TWO_PI = float(np.log(2 * np.pi))


def wallenius_greater(
    overlap: ArrayLike, n_set: ArrayLike, n_found: ArrayLike, n_universe: ArrayLike, odds: ArrayLike
) -> Floats:
    """Return P(X >= overlap), accurate relative to itself down to the smallest double.

    Parameters
    ----------
    overlap : array_like
        Found genes of the set, whole numbers.
    n_set, n_found, n_universe : array_like
        Genes of the set, found genes, and all genes; whole numbers.
    odds : array_like
        Of a gene of the set against one outside, above 0. All broadcast.

    Notes
    -----
    Let every gene be found at an exponential time, genes of the set at rate `odds` and the others
    at rate 1: the first n genes are a draw of Wallenius. So X >= x exactly if the x-th gene of
    the set comes before the (n - x + 1)-th of the others, and

        P(X >= x) = integral of f(t) I_v(x, m - x + 1) dt,   v = 1 - exp(-odds t),

    with f the density of that other gene's time (of a beta variable) and I the incomplete beta
    function; or the same the other way round, see `_Race`. All is positive: nothing cancels,
    however small the tail. In log t the integrand is log-concave and smooth, so equally spaced
    points around its peak converge exponentially.
    """
    shape, (x, m, n, total, w) = _in_a_row(overlap, n_set, n_found, n_universe, odds)
    p = np.ones(len(x))
    p[x > np.minimum(m, n)] = 0.0
    inside = (x > np.maximum(0.0, n - (total - m))) & (x <= np.minimum(m, n))
    is_few = np.minimum(n, total - n) < _MANY
    for few, points in ((False, _POINTS), (True, _POINTS_FOR_FEW)):
        places = np.flatnonzero(inside & (is_few == few))
        for start in range(0, len(places), _BLOCK):
            at = places[start : start + _BLOCK]
            p[at] = _Race.of(x[at], m[at], n[at], total[at], w[at]).probability(points)
    return p.reshape(shape)


def _in_a_row(*given: ArrayLike) -> tuple[tuple[int, ...], list[Floats]]:
    """Broadcast; return the common shape and the flat arrays."""
    arrays = np.broadcast_arrays(*(np.asarray(a, float) for a in given))
    return arrays[0].shape, [a.ravel() for a in arrays]


def wallenius_odds(
    overlap: ArrayLike, n_set: ArrayLike, n_found: ArrayLike, n_universe: ArrayLike
) -> Floats:
    """Return the odds at which so large an overlap is expected, by Manly's equation.

    Parameters
    ----------
    overlap, n_set, n_found, n_universe : array_like
        As in `wallenius_greater`; the overlap may be a fraction.

    Returns
    -------
    ndarray
        0 at the smallest possible overlap, infinite at the largest, NaN where only one is
        possible.

    Notes
    -----
    With genes of the set found at rate `odds` and the others at rate 1, x = m (1 - exp(-odds t))
    and n - x = (N - m) (1 - exp(-t)) at the time t when n are found (Manly 1974, doi
    10.2307/2529647), so odds = log(1 - x / m) / log(1 - (n - x) / (N - m)). The mean at these
    odds is x but for about one gene over N.
    """
    given = (overlap, n_set, n_found, n_universe)
    x, m, n, total = np.broadcast_arrays(*(np.asarray(a, float) for a in given))
    rest = total - m
    lowest, highest = np.maximum(0.0, n - rest), np.minimum(m, n)
    inside = (x > lowest) & (x < highest)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log1p(-x / m) / np.log1p(-(n - x) / rest)
    at_end = np.where(x <= lowest, 0.0, np.inf)
    return np.where(lowest == highest, np.nan, np.where(inside, odds, at_end))


@dataclass(frozen=True, eq=False)
class _Arrival:
    """When the `rank`-th of `rank + after - 1` genes is found; y = log time; arrays (n,).

    The share of the genes found by then is Beta(rank, after).
    """

    rank: Floats
    after: Floats
    rate: Floats
    log_top: Floats  # log of rank x after / (rank + after) x the largest binomial probability

    @classmethod
    def of(cls, rank: Floats, after: Floats, rate: Floats) -> _Arrival:
        both = rank + after
        # by Stirling's series: log gamma functions of 10,000s of genes would cost five digits
        log_top = (
            _stirling_error(both) - _stirling_error(rank) - _stirling_error(after)
            + np.log(rank * after / both) / 2 - _LOG_TWO_PI / 2
        )  # fmt: skip
        return cls(rank, after, rate, log_top)

    def log_top_time(self) -> Floats:
        """Log of the time by which rank / (rank + after) of the genes are found."""
        return np.log(np.log1p(self.rank / self.after) / self.rate)

    def sharpness(self) -> Floats:
        """How narrow the density of y is: about 1 / its variance."""
        return -self.slopes(self.log_top_time())[1]

    def column(self) -> _Arrival:
        """Return the same with an axis for the points."""
        return _Arrival(*(a[:, None] for a in (self.rank, self.after, self.rate, self.log_top)))

    def log_density(self, y: Floats) -> Floats:
        """Log density of y."""
        s = self.rate * np.exp(y)
        log_v = np.log(-np.expm1(-s))
        s_top = np.log1p(self.rank / self.after)
        log_v_top = -np.log1p(self.after / self.rank)
        shape = self.rank * (log_v - log_v_top) + self.after * (s_top - s)
        return np.asarray(self.log_top + shape + np.log(s) - log_v)

    def slopes(self, y: Floats) -> tuple[Floats, Floats]:
        """First and second derivative of the log density by y."""
        s = self.rate * np.exp(y)
        per_share = s / -np.expm1(-s)
        share = per_share * np.exp(-s)
        first = 1 + (self.rank - 1) * share - self.after * s
        return first, (self.rank - 1) * share * (1 - per_share) - self.after * s

    def chance(self, y: Floats, sign: Floats) -> Floats:
        """Probability that it was found by then, or, where the sign is -1, that it was not."""
        s = self.rate * np.exp(y)
        by_then = sign > 0
        a, b = np.where(by_then, self.rank, self.after), np.where(by_then, self.after, self.rank)
        return np.asarray(special.betainc(a, b, np.where(by_then, -np.expm1(-s), np.exp(-s))))


@dataclass(frozen=True, eq=False)
class _Race:
    """A gene of the set and one of the others; the integrand is in y = log time.

    The time of one gives the density, that of the other the probability that it comes before
    (sign 1) or after (sign -1). The density is that of the narrower one: the points are spread
    over it, and would miss the other's step if that were the steeper.
    """

    density: _Arrival
    other: _Arrival
    sign: Floats

    @classmethod
    def of(cls, x: Floats, m: Floats, n: Floats, total: Floats, odds: Floats) -> _Race:
        j = n - x + 1
        inside = _Arrival.of(x, m - x + 1, odds)
        outside = _Arrival.of(j, total - m - j + 1, np.ones(len(x)))
        swap = inside.sharpness() > outside.sharpness()
        pairs = [(getattr(inside, f.name), getattr(outside, f.name)) for f in fields(_Arrival)]
        return cls(
            density=_Arrival(*(np.where(swap, a, b) for a, b in pairs)),
            other=_Arrival(*(np.where(swap, b, a) for a, b in pairs)),
            sign=np.where(swap, -1.0, 1.0),
        )

    def log_integrand(self, y: Floats) -> Floats:
        """Log of density times probability; `y` of shape (n, n_points)."""
        with np.errstate(divide="ignore"):
            log_chance = np.log(self.other.column().chance(y, self.sign[:, None]))
        return np.asarray(log_chance + self.density.column().log_density(y))

    def slopes(self, y: Floats) -> tuple[Floats, Floats]:
        """First and second derivative of the log integrand by y; shape (n,)."""
        chance = self.other.chance(y, self.sign)
        of_other, _ = self.other.slopes(y)
        some = chance > 0
        ratio = np.exp(self.other.log_density(y)) / np.where(some, chance, 1.0)
        # far out a tail falls as its density does
        ratio = np.where(some, self.sign * ratio, of_other)
        first, second = self.density.slopes(y)
        return first + ratio, second + np.minimum(ratio * (of_other - ratio), 0)

    def both_densities(self, y: Floats) -> tuple[Floats, Floats]:
        """Differentiate the sum of both log densities: near the integrand's, and cheap."""
        (a, b), (c, d) = self.density.slopes(y), self.other.slopes(y)
        return a + c, b + d

    def probability(self, points: int) -> Floats:
        """Integrate by equally spaced points between the places where the integrand ends."""
        start = (self.density.log_top_time() + self.other.log_top_time()) / 2
        peak = _peak(self.slopes, _peak(self.both_densities, start))
        height = self.log_integrand(peak[:, None])[:, 0]
        width = np.sqrt(2 * _FALL / -self.slopes(peak)[1])
        low = self._end(peak, height, peak - width - _FALL / self.density.rank)
        high = self._end(peak, height, peak + width)
        y = low[:, None] + np.linspace(0, 1, points) * (high - low)[:, None]
        total = np.exp(self.log_integrand(y)).sum(axis=1) * (high - low) / (points - 1)
        return np.asarray(np.minimum(total, 1.0))

    def _end(self, peak: Floats, height: Floats, y: Floats) -> Floats:
        """Find where the integrand has ended, from a place beyond: Newton's steps stay beyond."""
        for _ in range(_ROUNDS):
            # where even the peak is below the smallest double, any place will do
            left = self.log_integrand(y[:, None])[:, 0]
            fall = np.where(np.isneginf(height), _FALL, np.maximum(height, -1e300) - left)
            if np.all((fall > _FALL - 2) & (fall < _FALL + 6)):
                break
            first, _ = self.slopes(y)
            vanished = np.isinf(fall)
            step = np.where(vanished, (peak - y) / 2, (fall - _FALL) / first)
            y = y + np.where(np.isneginf(height), 0.0, step)
        return y


def _peak(slopes: Callable[[Floats], tuple[Floats, Floats]], y: Floats) -> Floats:
    """Find where a concave function is highest, to a hundredth of its width.

    Newton's method, kept in the interval where the slope changes its sign.
    """
    low, high = np.full(len(y), -np.inf), np.full(len(y), np.inf)
    for _ in range(_ROUNDS):
        first, second = slopes(y)
        low, high = np.where(first > 0, y, low), np.where(first > 0, high, y)
        new = np.clip(y - first / second, y - 2, y + 2)
        beyond = (new < low) | (new > high)
        new[beyond] = (low[beyond] + high[beyond]) / 2
        close = np.abs(new - y) * np.sqrt(-second) < 1e-2
        y = new
        if close.all():
            break
    return y


def _stirling_error(n: Floats) -> Floats:
    """Log of n! over Stirling's formula for it (Loader 2000)."""
    small = np.minimum(n, 16)
    direct = special.gammaln(small + 1) - (small + 0.5) * np.log(small) + small - _LOG_TWO_PI / 2
    square = 1 / np.maximum(n, 16) ** 2
    series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680)))) / n
    return np.asarray(np.where(n < 16, direct, series))
