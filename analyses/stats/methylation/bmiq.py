"""BMIQ: type II betas on the scale of type I (Teschendorff et al. 2013, Bioinformatics 29:189).

Infinium type II probes have a narrower range than type I probes. Within one sample, a three-state
beta mixture is fitted to either type. Unmethylated type II values, and methylated ones above their
state's mean, keep their tail probability and take the type I state's quantile; what lies between
is stretched linearly, so that its distances to the two sides stay as they were.

Every probe takes part in the fit, where the published program draws a subset to save time. So
nothing is random, and the order of the probes changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from analyses.stats.methylation.beta_mixture import (
    BetaMixture,
    MixtureError,
    crossings,
    fit_mixture,
)
from analyses.stats.methylation.density import density, density_distance, mode
from cohortmart.core.types import Bools, Floats

Cuts = tuple[int, int]

#: First classes of type I: unmethylated up to, methylated above.
FIRST_THRESHOLDS = (0.2, 0.75)
#: Below and above, the modes of the unmethylated and the methylated side are looked for.
SIDES = (0.4, 0.6)
#: Eight parameters are fitted to either type.
MIN_PROBES = 100

#: Step in logit(beta) of the grid on which the quantile map is evaluated.
_STEP = 2.0**-11
#: Smallest tail probability: the inverse of the incomplete beta function fails below 1e-150.
_TAIL = 1e-100
#: Distance to 0 and 1 that a mapped value keeps.
_EDGE = 2.0**-53


class BmiqError(ValueError):
    """A sample that cannot be normalised; the message says why."""


@dataclass(frozen=True, eq=False)
class BmiqSample:
    """One normalised sample and how it was done.

    Parameters
    ----------
    beta : ndarray of shape (n_probes,)
        Normalised betas; NaN where the raw beta is missing.
    n_moved : int
        Exact 0 and 1 that were first moved to the nearest inner value of the sample.
    distance_before, distance_after : float
        Share of the type I and type II densities that does not overlap, 0 to 1.
    thresholds_type_i, thresholds_type_ii : tuple of float
        Raw betas at which the state changes.
    means_type_i, means_type_ii : ndarray of shape (3,)
        Means of the states: unmethylated, half-methylated, methylated.
    dilation : float
        Factor by which the middle of type II was stretched.
    """

    beta: Floats
    n_moved: int
    distance_before: float
    distance_after: float
    thresholds_type_i: tuple[float, float]
    thresholds_type_ii: tuple[float, float]
    means_type_i: Floats
    means_type_ii: Floats
    dilation: float


def bmiq(beta: Floats, is_type_ii: Bools) -> BmiqSample:
    """Bring the type II betas of one sample onto the distribution of its type I betas.

    Type I betas stay as they are. Within a type the order of the probes is kept. The result of
    a probe depends on the set of values only, not on their order.

    Parameters
    ----------
    beta : ndarray of shape (n_probes,)
        Raw betas of one sample, 0 to 1; NaN where missing.
    is_type_ii : ndarray of bool of shape (n_probes,)
        Infinium design type of every probe.

    Raises
    ------
    BmiqError
        The sample cannot be fitted: too few probes of a type, a state that is empty, or states
        that cannot be told apart.
    ValueError
        The arrays do not belong together.
    """
    values = np.array(beta, dtype=np.float64)
    type_ii = np.asarray(is_type_ii, dtype=np.bool_)
    if values.ndim != 1 or values.shape != type_ii.shape:
        raise ValueError("beta and is_type_ii must be one-dimensional and of the same length")
    seen = ~np.isnan(values)
    n_moved = _move_inside(values, seen)
    one = np.sort(values[seen & ~type_ii])
    two_at = np.flatnonzero(seen & type_ii)
    two_at = two_at[np.argsort(values[two_at], kind="stable")]
    two = values[two_at]
    for name, of_type in (("I", one), ("II", two)):
        if len(of_type) < MIN_PROBES:
            raise BmiqError(
                f"too few probes: {len(of_type)} of type {name} have a value, "
                f"at least {MIN_PROBES} are needed"
            )

    mixture_one, cuts_one = _fit(one, FIRST_THRESHOLDS, "I")
    thresholds_one = _thresholds(one, cuts_one)
    mixture_two, cuts_two = _fit(two, _shifted(thresholds_one, one, two), "II")
    mapped, dilation = _map(two, mixture_two, cuts_two, mixture_one)
    values[two_at] = mapped
    density_one = density(one)
    return BmiqSample(
        beta=values,
        n_moved=n_moved,
        distance_before=density_distance(density_one, density(two)),
        distance_after=density_distance(density_one, density(mapped)),
        thresholds_type_i=thresholds_one,
        thresholds_type_ii=_thresholds(two, cuts_two),
        means_type_i=mixture_one.mean,
        means_type_ii=mixture_two.mean,
        dilation=dilation,
    )


def _move_inside(values: Floats, seen: Bools) -> int:
    """Move exact 0 and 1, in place, to the nearest value inside; return how many."""
    present = values[seen]
    outside = (present < 0) | (present > 1)
    if outside.any():
        raise BmiqError(
            f"{int(outside.sum())} values are outside 0..1, one is {present[outside].min()}"
        )
    inner = present[(present > 0) & (present < 1)]
    if not len(inner):
        raise BmiqError("no value lies between 0 and 1")
    at_0, at_1 = values == 0, values == 1
    values[at_0] = inner.min()
    values[at_1] = inner.max()
    return int(at_0.sum() + at_1.sum())


def _fit(x: Floats, first: tuple[float, float], name: str) -> tuple[BetaMixture, Cuts]:
    """Mixture of one type, and how many of its sorted values are below either change of state."""
    try:
        mixture = fit_mixture(x, first)
        low, high = np.searchsorted(x, crossings(mixture), side="right").tolist()
    except MixtureError as error:
        raise BmiqError(f"type {name} probes: {error}") from error
    if not 0 < low < high < len(x):
        raise BmiqError(f"type {name} probes: not every methylation state has values")
    return mixture, (low, high)


def _thresholds(x: Floats, cuts: Cuts) -> tuple[float, float]:
    """Where the state changes: midway between neighbouring values."""
    low, high = ((x[cut - 1] + x[cut]) / 2 for cut in cuts)
    return float(low), float(high)


def _shifted(thresholds: tuple[float, float], one: Floats, two: Floats) -> tuple[float, float]:
    """First thresholds of type II: those of type I, moved as the modes of the two sides are."""
    sides = []
    for name, x in (("I", one), ("II", two)):
        low, high = x[x < SIDES[0]], x[x > SIDES[1]]
        if not (len(low) and len(high)):
            raise BmiqError(
                f"type {name} probes: all values are on one side "
                f"({len(low)} below {SIDES[0]}, {len(high)} above {SIDES[1]})"
            )
        sides.append((mode(low), mode(high)))
    (low_one, high_one), (low_two, high_two) = sides
    return thresholds[0] + low_two - low_one, thresholds[1] + high_two - high_one


def _map(two: Floats, of_two: BetaMixture, cuts: Cuts, of_one: BetaMixture) -> tuple[Floats, float]:
    """Map sorted type II values; return them and the factor of the middle's stretch.

    The middle is the half-methylated values and, as the published program has it, the methylated
    ones below their mean, which a beta distribution describes badly.
    """
    start, end = cuts[0], max(cuts[1], int(np.searchsorted(two, of_two.mean[2])))
    if end == len(two):
        raise BmiqError("type II probes: no value is above the mean of the methylated state")
    out = np.empty_like(two)
    out[:start] = _on_grid(two[:start], of_two, of_one, 0)
    out[end:] = _on_grid(two[end:], of_two, of_one, 2)
    # the distances to the neighbours on both sides stay
    lowest = out[start - 1] + (two[start] - two[start - 1])
    highest = out[end] - (two[end] - two[end - 1])
    if not lowest <= highest:
        raise BmiqError(
            "the states overlap after the mapping: "
            f"unmethylated up to {out[start - 1]:.3g}, methylated from {out[end]:.3g}"
        )
    width = two[end - 1] - two[start]
    dilation = float((highest - lowest) / width) if width > 0 else 1.0
    out[start:end] = lowest + (two[start:end] - two[start]) * dilation
    # rounding must not turn the order of neighbours
    np.maximum.accumulate(out, out=out)
    return np.clip(out, _EDGE, 1 - _EDGE), dilation


def _on_grid(x: Floats, of_two: BetaMixture, of_one: BetaMixture, state: int) -> Floats:
    """Quantile map of sorted values, linear between the points of a fine grid in logit(beta).

    The map is smooth in logit(beta): the error is below step^2 / 8 times its second derivative.
    Only grid points beside a value are evaluated; where they are not fewer, the values are.
    """
    logit = np.log(x) - np.log1p(-x)
    cell = np.floor(logit / _STEP)
    cell = cell[np.append(True, np.diff(cell) > 0)]
    nodes = np.union1d(cell, cell + 1) * _STEP
    if len(nodes) >= len(x):
        return _quantile_map(x, of_two, of_one, state)
    mapped = _quantile_map(special.expit(nodes), of_two, of_one, state)
    return np.asarray(np.interp(logit, nodes, mapped))


def _quantile_map(x: Floats, of_two: BetaMixture, of_one: BetaMixture, state: int) -> Floats:
    """Type I quantile of the type II tail probability, by the smaller of the two tails."""
    a2, b2, a1, b1 = of_two.a[state], of_two.b[state], of_one.a[state], of_one.b[state]
    out = np.empty_like(x)
    lower = special.betainc(a2, b2, x)
    left = lower < 0.5
    out[left] = special.betaincinv(a1, b1, np.maximum(lower[left], _TAIL))
    upper = special.betaincc(a2, b2, x[~left])
    out[~left] = special.betainccinv(a1, b1, np.maximum(upper, _TAIL))
    return out
