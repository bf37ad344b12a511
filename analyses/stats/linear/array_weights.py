"""Array weights: the inverse of how much samples vary about the model, over all features.

Ritchie et al. (2006) BMC Bioinformatics 7:261; Liu et al. (2015) Nucleic Acids Res 43:e97; the
restricted likelihood of variances that differ: Smyth (2002) J Comput Graph Stat 11:836.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from analyses.stats.linear.array_weight_sums import VarianceSums, no_sums, variance_sums
from analyses.stats.linear.basis import DesignBasis
from cohortmart.core.types import Floats

#: Gives (y, weights) of all features, part by part; each call begins anew.
Parts = Callable[[], Iterable[tuple[Floats, Floats | None]]]

_PRIOR_FEATURES = 10.0
_MOST_ROUNDS = 100
_NEAR = 1e-7  # of a log weight; what is left then is the square of it, or a hundredth
_NEAR_ENOUGH = 0.01  # to begin with
_START = 4096  # features that the search begins with, before all are looked at
_LONGEST = 1.5  # of one step


def array_weights(
    y: Floats,
    basis: DesignBasis,
    weights: Floats | None = None,
    prior_features: float = _PRIOR_FEATURES,
) -> Floats:
    """Estimate how reliable each sample is.

    The variance of sample j in feature g is s2_g exp(gamma_j) / w_gj. gamma, with sum 0, maximises
    the restricted likelihood of all features (s2_g profiled out) less prior_features / 2 times
    sum_j exp(-gamma_j), which draws the weights towards each other.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        NaN = missing.
    basis : DesignBasis
        Of the design.
    weights : ndarray of shape (n_features, n_samples), optional
        Prior precision weights w, positive.
    prior_features : float
        As many features as the prior is worth; above 0.

    Returns
    -------
    ndarray of shape (n_samples,)
        exp(-gamma): weights whose logarithms have mean 0.

    Raises
    ------
    ValueError
        No feature has residual degrees of freedom and varies, or the search does not end.

    Notes
    -----
    limma's arrayWeights(method = "reml", prior.n = 10), solved to the end; limma leaves out
    features with missing values there, here their observed values count. Samples of a block are
    taken as independent, as in limma.
    """
    return array_weights_of_parts(lambda: [(y, weights)], basis, prior_features)


def array_weights_of_parts(
    parts: Parts,
    basis: DesignBasis,
    prior_features: float = _PRIOR_FEATURES,
) -> Floats:
    """Estimate the same from features that come part by part, again in each round.

    Parameters
    ----------
    parts : callable
        Yields (y, weights) as in `array_weights`; called once a round, some three to five times.
        Without weights the answer is the same to the last bit for parts of any multiple of 4,096
        features.
    basis, prior_features
        As in `array_weights`.

    Raises
    ------
    ValueError
        As in `array_weights`.
    """
    if not prior_features > 0:
        raise ValueError(f"prior_features {prior_features}: expected a number above 0")
    gamma = np.zeros(len(basis.q))
    # a small share of the features leads near the end, so that few rounds over all are needed
    first = next(iter(parts()), None)
    if first is not None:
        few = first[0][:_START], None if first[1] is None else first[1][:_START]
        near = _search(lambda: [few], basis, prior_features, gamma, _NEAR_ENOUGH)
        gamma = gamma if near is None else near
    found = _search(parts, basis, prior_features, gamma, _NEAR)
    if found is None:
        raise ValueError("no feature has residual degrees of freedom and varies")
    return np.asarray(np.exp(found.mean() - found))


def _search(
    parts: Parts, basis: DesignBasis, prior_features: float, gamma: Floats, near: float
) -> Floats | None:
    """Return the log variances that maximise the likelihood; None if no feature has a say."""
    n = len(gamma)
    step, before = np.zeros(n), np.inf
    free = np.linalg.qr(np.ones((n, 1)), mode="complete")[0][:, 1:]  # directions with sum 0
    for _ in range(_MOST_ROUNDS):
        sums = no_sums(n)
        for y, weights in parts():
            variance_sums(y, weights, basis, gamma, sums)
        if sums.n_features == 0:
            return None
        prior = prior_features * np.exp(-gamma)
        height = sums.height + prior.sum()
        if height > before + 1e-9 * abs(before):  # too far: half the way
            step = step / 2
            gamma = gamma - step
            continue
        before = height
        step = _newton_step(sums, prior, free)
        gamma = gamma + step
        if np.abs(step).max(initial=0.0) < near:
            return gamma
    raise ValueError(f"the weights of the samples did not settle in {_MOST_ROUNDS} rounds")


def _newton_step(sums: VarianceSums, prior: Floats, free: Floats) -> Floats:
    """Return the step to the minimum; where the curvature has none, by the expected curvature."""
    slope = free.T @ (sums.slope - prior)
    for curvature in (sums.curvature, sums.expected):
        along = free.T @ (curvature + np.diag(prior)) @ free
        lowest, highest = np.linalg.eigvalsh(along)[[0, -1]]
        if lowest > 1e-9 * highest:
            break
    step = -free @ np.linalg.solve(along, slope)
    return np.asarray(step * min(1.0, _LONGEST / np.abs(step).max(initial=1e-300)))
