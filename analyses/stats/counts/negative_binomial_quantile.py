"""Quantile matching of negative-binomial counts from one distribution to another.

The tail probabilities are incomplete beta functions; whichever tail is the smaller one is worked
with, so that a probability near 1 loses no digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, gammaln

from analyses.stats.counts.negative_binomial import LEAST_DISPERSION
from cohortmart.core.types import Bools, Floats, Ints

#: A probability this close, relatively, to that of a count is the same: what is not moved at all
#: must come back as it was. Rounding of the tails is of the order of 1e-13.
_SAME = 1e-11

#: Upper tail of the old distribution below which a count is left alone.
TAIL = 1e-4
#: A lower tail below this has no digits left, and a probability of 0 would turn any count into 1:
#: left alone as well (the authors' program does turn it into 1).
_NOTHING = 1e-280

_HALVE_EVERY = 4  # a step that halves what is left, should Newton's be small for ever


@dataclass(frozen=True)
class NegativeBinomial:
    """Distributions of some counts, one each.

    Parameters
    ----------
    mean, dispersion : ndarray of shape (n,)
        Variance = mean + dispersion mean^2.
    """

    mean: Floats
    dispersion: Floats

    def tail(self, count: Floats, upper: Bools) -> Floats:
        """Return P(X > count) where `upper`, else P(X <= count).

        Parameters
        ----------
        count : ndarray of shape (n,)
            Whole numbers, -1 or more.
        upper : ndarray of shape (n,), bool
        """
        size = 1.0 / np.maximum(self.dispersion, LEAST_DISPERSION)
        with np.errstate(over="ignore", invalid="ignore"):
            success = np.where(np.isinf(self.mean), 1.0, self.mean / (size + self.mean))
            failure = size / (size + self.mean)
        more = count + 1.0
        first, second = np.where(upper, more, size), np.where(upper, size, more)
        inside: Floats = betainc(
            first, np.maximum(second, 1e-300), np.where(upper, success, failure)
        )
        return np.where(more > 0, inside, upper.astype(np.float64))

    def probability(self, count: Floats) -> Floats:
        """Return P(X = count); used for sizes of steps only (1e-10 relative).

        Parameters
        ----------
        count : ndarray of shape (n,)
        """
        phi = np.maximum(self.dispersion, LEAST_DISPERSION)
        size, odds = 1.0 / phi, phi * self.mean
        with np.errstate(divide="ignore", invalid="ignore"):
            of_mean = count * (np.log(odds) - np.log1p(odds)) - size * np.log1p(odds)
        binomial = gammaln(count + size) - gammaln(size) - gammaln(count + 1.0)
        return np.asarray(np.exp(np.nan_to_num(binomial + of_mean, nan=-np.inf)))

    def only(self, rows: Bools | Ints) -> NegativeBinomial:
        """Return those of some counts."""
        return NegativeBinomial(self.mean[rows], self.dispersion[rows])


def match_quantiles(
    count: Floats, old: NegativeBinomial, new: NegativeBinomial, most: Floats
) -> tuple[Floats, Bools, Bools]:
    """Move counts to the same quantile of another distribution, as ComBat-seq does.

    A count of at least 2 becomes 1 + the smallest x with P_new(X <= x) >= P_old(X <= count - 1).
    Counts of 0 and 1 stay, and so do counts with P_old(X >= count) below 1e-4: so far out in the
    tail the model says nothing (both are rules of Zhang, Parmigiani & Johnson's program). So do
    counts with P_old(X < count) below 1e-280, which cannot be told from 0.

    Parameters
    ----------
    count : ndarray of shape (n,)
        Whole numbers.
    most : ndarray of shape (n,)
        Whole numbers, at least 1: results above are cut to these.

    Returns
    -------
    moved : ndarray of shape (n,)
    in_tail : ndarray of shape (n,), bool
        Left as it was because of the 1e-4 or the 1e-280.
    capped : ndarray of shape (n,), bool
    """
    moved, in_tail, capped = count.copy(), np.zeros(len(count), bool), np.zeros(len(count), bool)
    rows = np.flatnonzero(count > 1.0)
    before, law = count[rows] - 1.0, old.only(rows)
    upper = before >= law.mean  # the smaller tail, or nearly
    target = law.tail(before, upper)
    told = np.where(upper, target >= TAIL, (target > _NOTHING) & (1.0 - target >= TAIL))
    in_tail[rows] = ~told
    rows, before, upper, target = rows[told], before[told], upper[told], target[told]
    target *= np.where(upper, 1.0 + _SAME, 1.0 - _SAME)
    into = new.only(rows)
    found = _smallest(target, upper, into, _guess(before, old.only(rows), into), most[rows])
    capped[rows] = found >= most[rows]
    moved[rows] = np.minimum(found + 1.0, most[rows])
    return moved, in_tail, capped


def _guess(before: Floats, old: NegativeBinomial, new: NegativeBinomial) -> Floats:
    """Find about the same place: on Wilson & Hilferty's scale (1931) gammas are almost normal."""

    def scale(law: NegativeBinomial) -> tuple[Floats, Floats]:
        inverse_shape = (1.0 + law.dispersion * law.mean) / law.mean / 9.0
        return 1.0 - inverse_shape, np.sqrt(inverse_shape)

    with np.errstate(all="ignore"):
        (centre, sd), (new_centre, new_sd) = scale(old), scale(new)
        z = (np.cbrt((before + 0.5) / old.mean) - centre) / sd
        guess = new.mean * np.maximum(new_centre + z * new_sd, 0.0) ** 3 - 0.5
    return np.asarray(np.nan_to_num(np.rint(guess), nan=0.0, posinf=np.inf))


def _smallest(
    target: Floats, upper: Bools, law: NegativeBinomial, guess: Floats, most: Floats
) -> Floats:
    """Return the smallest x, from 0 to `most`, that leaves no more than the target above it.

    `target` is P(X > x) where `upper`, else P(X <= x), which must be at least that.
    """
    low, high = np.full(len(target), -1.0), most.copy()  # too small; large enough, or the limit
    x = np.clip(guess, 0.0, np.maximum(most - 1.0, 0.0))
    left = np.arange(len(target))
    step = 0
    while left.size:
        step += 1
        at, side, goal, some = x[left], upper[left], target[left], law.only(left)
        tail, point = some.tail(at, side), some.probability(at)
        enough = np.where(side, tail <= goal, tail >= goal)
        high[left] = np.where(enough, np.minimum(at, high[left]), high[left])
        low[left] = np.where(enough, low[left], np.maximum(at, low[left]))
        # how many points of this size fit between here and the target
        with np.errstate(all="ignore"):
            steps = np.where(side, tail - goal, goal - tail) / point
        # x - 1 is too small for sure: no need to look
        low[left] = np.where(enough & (steps > -0.999), at - 1.0, low[left])
        if step % _HALVE_EVERY == 0:
            steps[:] = np.nan
        x[left] = _next(at, steps, low[left], high[left])
        left = left[high[left] - low[left] > 1.0]
    return high


def _next(at: Floats, steps: Floats, low: Floats, high: Floats) -> Floats:
    """Newton's step where it stays between what is known, else the middle."""
    with np.errstate(invalid="ignore"):
        newton = at + np.where(steps > 0, np.ceil(steps), np.trunc(steps))
    inside = np.isfinite(newton) & (newton > low) & (newton < high)
    return np.where(inside, newton, np.floor((low + high) / 2.0))
