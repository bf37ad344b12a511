"""Variation beside the planted effects: cell type, covariates, batch, the person."""

from __future__ import annotations

import numpy as np

from cohortmart.app.demo.effects import Planted
from cohortmart.app.demo.people import GROUPS, TIMEPOINTS, Samples, Text
from cohortmart.core.types import Floats

#: Parameters of the beta distribution of the correlation between visits of a person: mean 0.35.
_CORRELATION = (4.9, 9.1)
#: Covariate: (share of the features it moves, sd of the slope per unit in log2 or M-value units).
_SLOPES = {
    "age": (0.10, 0.02),
    "proportion_memory": (0.25, 1.5),
    "cell_viability": (0.05, 0.02),
}


def planted_shift(planted: Planted, samples: Samples) -> Floats:
    """Return the planted effects, shape (n_features, n_samples)."""
    group = [GROUPS.index(g) for g in samples.group]
    timepoint = [TIMEPOINTS.index(t) for t in samples.timepoint]
    return planted.shift[:, group, timepoint]


def covariate_shift(rng: np.random.Generator, samples: Samples, n_features: int) -> Floats:
    """Return what cell type and covariates add, shape (n_features, n_samples)."""
    differs = rng.random(n_features) < 0.15
    between_cells = np.where(differs, rng.normal(0, 1.0, n_features), 0.0)
    shift = between_cells[:, None] * (samples.cell_type == "CD8")
    for name, (share, sd) in _SLOPES.items():
        slope = rng.normal(0, sd, n_features) * (rng.random(n_features) < share)
        value: Floats = getattr(samples, name)
        shift = shift + slope[:, None] * (value - value.mean())
    return np.asarray(shift)


def level_shift(rng: np.random.Generator, level: Text, n_features: int, sd: Floats) -> Floats:
    """Return a random effect of each level of a category, shape (n_features, n_samples).

    Parameters
    ----------
    rng : numpy.random.Generator
        The stream.
    level : array of str, shape (n_samples,)
        Batch or slide.
    n_features : int
        Number of features.
    sd : array, shape (n_features,)
        Standard deviation over the levels.
    """
    levels, which = np.unique(level, return_inverse=True)
    return (rng.normal(size=(n_features, len(levels))) * sd[:, None])[:, which]


def subject_shift(rng: np.random.Generator, samples: Samples, sd_within: Floats) -> Floats:
    """Return each person's own level, shape (n_features, n_samples).

    Parameters
    ----------
    rng : numpy.random.Generator
        The stream.
    samples : Samples
        For who gave which sample.
    sd_within : array, shape (n_features,)
        Standard deviation between samples of one person. Their own level is drawn so that the
        correlation between their samples is about 0.35, and differs from feature to feature.
    """
    n_features = len(sd_within)
    correlation = rng.beta(*_CORRELATION, n_features)
    sd = sd_within * np.sqrt(correlation / (1 - correlation))
    people = int(samples.subject.max()) + 1
    return (rng.normal(size=(n_features, people)) * sd[:, None])[:, samples.subject]


def scattered(rng: np.random.Generator, value: Floats, df: float) -> Floats:
    """Scatter variances around `value` as a scaled inverse chi-square with `df` does."""
    return value * df / rng.chisquare(df, len(value))
