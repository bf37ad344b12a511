"""Linear scores of samples: clocks, EpiScores, risk scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.special import expit

from cohortmart.core.types import Floats, Ints

#: The age at which the clock's scale turns from logarithmic to linear (Horvath 2013).
ADULT_AGE = 20.0


def anti_log_linear(score: Floats) -> Floats:
    """Return ages in years from a clock's sum (Horvath 2013, Genome Biology 14:R115).

    Below 0 the scale is logarithmic, above it one unit is 21 years.
    """
    child = (1.0 + ADULT_AGE) * np.exp(np.minimum(score, 0.0)) - 1.0
    adult = (1.0 + ADULT_AGE) * score + ADULT_AGE
    return np.asarray(np.where(score < 0.0, child, adult))


def _unchanged(score: Floats) -> Floats:
    return score


def _logistic(score: Floats) -> Floats:
    return np.asarray(expit(score))


def _exponential(score: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(score))


#: What is done to a sum to make it the score.
TRANSFORMS: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {
        "none": _unchanged,
        "anti_log_linear": anti_log_linear,
        "logistic": _logistic,
        "exponential": _exponential,
    }
)


@dataclass(frozen=True, eq=False)
class LinearScores:
    """Scores and what went into them.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        NaN where a sample lacks too many features.
    n_missing : ndarray of shape (n_samples,)
        Features of which the mean was taken in place of the sample's own value.
    """

    scores: Floats
    n_missing: Ints


def linear_score(
    values: Floats,
    weights: Floats,
    intercept: float = 0.0,
    transform: str = "none",
    most_missing: float = 0.5,
) -> LinearScores:
    """Return intercept + sum of weight times value, transformed.

    A missing value is the mean of its feature over the samples that have it, so that the feature
    moves the sample neither way. A feature that no sample has adds nothing.

    Parameters
    ----------
    values : ndarray of shape (n_features, n_samples)
        NaN where missing.
    weights : ndarray of shape (n_features,)
    intercept : float
    transform : str
        A key of TRANSFORMS.
    most_missing : float
        A sample that lacks a larger share of the features that some sample has gets no score.
    """
    measured = np.isfinite(values)
    counts = measured.sum(axis=1)
    known = counts > 0
    present = np.where(measured, values, 0.0)[known]
    means = present.sum(axis=1) / counts[known]
    present = np.where(measured[known], present, means[:, None])
    n_missing = (~measured[known]).sum(axis=0, dtype=np.int64)
    scores = TRANSFORMS[transform](intercept + weights[known] @ present)
    scores = np.where(n_missing > most_missing * known.sum(), np.nan, scores)
    return LinearScores(scores if known.any() else np.full(len(scores), np.nan), n_missing)
