"""Three-state beta mixture of methylation betas: unmethylated, half methylated, methylated.

EM with weighted maximum likelihood (Ji et al. 2005, Bioinformatics 21:2118), a fixed small number
of rounds from given classes, as BMIQ takes it (Teschendorff et al. 2013, Bioinformatics 29:189).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from cohortmart.core.types import Floats

#: Rounds of EM and the change of the means that ends them: those of the published procedure. Few
#: rounds are meant: run to the end, the broad middle state takes over the tails of the others.
ROUNDS = 5
TOLERANCE = 1e-3
#: Most groups of neighbouring values that EM looks at.
GROUPS = 65_536
STATES = ("unmethylated", "half-methylated", "methylated")

_NEWTON_STEPS = 100
_NEWTON_TOLERANCE = 1e-10
#: A component whose variance is below this share of the largest possible is a spike.
_SPIKE = 1e-8


class MixtureError(ValueError):
    """The three states cannot be told apart in these values."""


@dataclass(frozen=True, eq=False)
class BetaMixture:
    """Three weighted beta distributions in the order of `STATES`.

    Parameters
    ----------
    a, b : ndarray of shape (3,)
        Shape parameters.
    weight : ndarray of shape (3,)
        Shares of the states, sum 1.
    rounds : int
        EM rounds that were run.
    """

    a: Floats
    b: Floats
    weight: Floats
    rounds: int

    @property
    def mean(self) -> Floats:
        """Mean of every state."""
        return np.asarray(self.a / (self.a + self.b))


@dataclass(frozen=True, eq=False)
class _Grouped:
    """Sorted values in groups of neighbours: sizes and mean logs, which is all that EM needs."""

    size: Floats
    log_x: Floats
    log_1x: Floats
    x: Floats
    square: Floats


def fit_mixture(
    x: Floats, thresholds: tuple[float, float], groups: int | None = GROUPS
) -> BetaMixture:
    """Fit the mixture by EM.

    The sufficient statistics of a beta distribution are the sums of log x and log(1 - x). They
    are kept exactly; only the responsibilities are those of a group of neighbours, not of every
    value. Up to `groups` values every value is its own group.

    Parameters
    ----------
    x : ndarray of shape (n_values,)
        Sorted, inside (0, 1).
    thresholds : tuple of float
        First classes: unmethylated up to the first, methylated above the second.
    groups : int, optional
        Most groups; None: every value by itself.

    Raises
    ------
    MixtureError
        A state is empty, has fewer than three distinct values or shrinks to a point.
    """
    low, high = thresholds
    if not 0 < low < high < 1:
        raise MixtureError(f"the first thresholds {low:.3g}, {high:.3g} do not rise inside 0..1")
    cuts = np.searchsorted(x, [low, high], side="right")
    for state, values in zip(STATES, np.split(x, cuts), strict=True):
        # sorted: three distinct values are there if one lies between the first and the last
        if not (len(values) and ((values > values[0]) & (values < values[-1])).any()):
            raise MixtureError(
                f"fewer than 3 distinct values in the {state} state "
                f"(first classes: up to {low:.3g}, up to {high:.3g}, above)"
            )
    data = _grouped(x, cuts, groups)
    centre = data.x
    responsibility = np.array([centre <= low, (centre > low) & (centre <= high), centre > high])
    responsibility = responsibility.astype(np.float64)
    mean = np.full(3, np.inf)
    for done in range(1, ROUNDS + 1):
        weight = responsibility @ data.size / len(x)
        a, b = np.array(
            [_beta_ml(r, data, s) for r, s in zip(responsibility, STATES, strict=True)]
        ).T
        mixture = BetaMixture(a, b, weight, done)
        change = float(np.abs(mixture.mean - mean).max())
        mean = mixture.mean
        if change < TOLERANCE:
            break
        if done < ROUNDS:
            responsibility = _responsibility(mixture, data)
    return mixture


def crossings(mixture: BetaMixture) -> tuple[float, float]:
    """Where the more probable state changes: unmethylated to half, half to methylated.

    Beta densities of different shape can cross twice; meant is the crossing beside the
    half-methylated mean, so that every state is one interval.

    Raises
    ------
    MixtureError
        An outer state is nowhere more probable than the middle one, or at the middle's mean.
    """
    a, b, log_weight, mean = mixture.a, mixture.b, np.log(mixture.weight), mixture.mean
    first = _last_win(
        (a[0], b[0], log_weight[0]), (a[1], b[1], log_weight[1]), float(mean[1]), STATES[0]
    )
    # the same seen from the other end
    second = 1.0 - _last_win(
        (b[2], a[2], log_weight[2]), (b[1], a[1], log_weight[1]), float(1 - mean[1]), STATES[2]
    )
    return first, second


def _grouped(x: Floats, cuts: NDArray[np.intp], groups: int | None) -> _Grouped:
    """Cut sorted values into groups of equal size; no group spans two first classes."""
    n = len(x)
    if groups is None or n <= groups:
        starts = np.arange(n)
    else:
        starts = np.unique(np.append(np.arange(groups) * n // groups, cuts))
    size = np.diff(np.append(starts, n)).astype(np.float64)

    def mean(values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values, starts) / size)

    return _Grouped(size, mean(np.log(x)), mean(np.log1p(-x)), mean(x), mean(x * x))


def _log_density(mixture: BetaMixture, data: _Grouped) -> Floats:
    """Log of weight times density; shape (3, n_groups)."""
    a, b = mixture.a[:, None], mixture.b[:, None]
    constant = np.log(mixture.weight)[:, None] - special.betaln(a, b)
    return np.asarray(constant + (a - 1) * data.log_x + (b - 1) * data.log_1x)


def _responsibility(mixture: BetaMixture, data: _Grouped) -> Floats:
    """Probability of every state given the value; shape (3, n_groups)."""
    log_density = _log_density(mixture, data)
    log_density -= log_density.max(axis=0)
    density = np.exp(log_density)
    return np.asarray(density / density.sum(axis=0))


def _beta_ml(responsibility: Floats, data: _Grouped, state: str) -> tuple[float, float]:
    """Maximum likelihood of one weighted beta distribution, by Newton from its moments."""
    weight = responsibility * data.size
    total = float(weight.sum())
    if not total > 2:
        raise MixtureError(f"EM collapsed: the {state} state is left with no values")
    mean = float(weight @ data.x / total)
    variance = float(weight @ data.square / total) - mean * mean
    largest = mean * (1 - mean)
    if not variance > _SPIKE * largest:
        raise MixtureError(f"EM collapsed: the {state} state shrank to a point at {mean:.4g}")
    log_x, log_1x = float(weight @ data.log_x / total), float(weight @ data.log_1x / total)
    precision = max(largest / variance - 1, 1e-3)
    a, b = mean * precision, (1 - mean) * precision
    for _ in range(_NEWTON_STEPS):
        both = special.psi(a + b)
        slope_a, slope_b = both - special.psi(a) + log_x, both - special.psi(b) + log_1x
        shared = special.polygamma(1, a + b)
        own_a, own_b = special.polygamma(1, a) - shared, special.polygamma(1, b) - shared
        # the Hessian is minus [[own_a, -shared], [-shared, own_b]]
        det = own_a * own_b - shared * shared
        step_a = (own_b * slope_a + shared * slope_b) / det
        step_b = (own_a * slope_b + shared * slope_a) / det
        # relative steps keep both positive; a factor of e at most
        step = np.clip([step_a / a, step_b / b], -1.0, 1.0)
        a, b = float(a * np.exp(step[0])), float(b * np.exp(step[1]))
        if not (np.isfinite(step).all() and a > 0 and b > 0):
            break
        if np.abs(step).max() < _NEWTON_TOLERANCE:
            return a, b
    raise MixtureError(f"EM collapsed: no beta distribution fits the {state} state")


def _last_win(
    outer: tuple[float, float, float],
    middle: tuple[float, float, float],
    mean: float,
    state: str,
) -> float:
    """Largest value below the middle state's mean at which the state at 0 is more probable.

    A state is (a, b, log weight).
    """
    da, db = outer[0] - middle[0], outer[1] - middle[1]
    constant = outer[2] - middle[2]
    constant += float(special.betaln(*middle[:2]) - special.betaln(*outer[:2]))

    def log_ratio(x: float) -> float:
        return float(constant + da * np.log(x) + db * np.log1p(-x))

    # log_ratio has one turning point if da and db have the same sign, else none
    start, end = float(np.finfo(np.float64).tiny), mean
    if da * db > 0:
        turn = da / (da + db)
        start, end = (max(start, turn), end) if da > 0 else (start, min(end, turn))
    if not (start < end and log_ratio(start) > 0 > log_ratio(end)):
        raise MixtureError(f"the {state} state is nowhere the most probable")
    return float(optimize.brentq(log_ratio, start, end, xtol=1e-15))
