"""Principal components and correlations of samples, from sums over blocks of features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.ordination.principal_axes import principal_axes
from cohortmart.core.types import Floats

#: A sample that varies less than this share of all samples together is constant but for rounding.
_CONSTANT = 1e-12


@dataclass(frozen=True, eq=False)
class SampleSums:
    """Sums over features, each value split into its feature's mean and what differs from it.

    Sums of two blocks of features add up (Chan, Golub & LeVeque 1983).

    Parameters
    ----------
    n_features : int
        Features without a missing value; the others do not count.
    mean : float
        Mean of the features' means.
    squares : float
        Sum of squares of the features' means about `mean`.
    differences : ndarray of shape (n_samples,)
        Sums of the differences of each sample.
    products : ndarray of shape (n_samples,)
        Sums of the differences times the features' means about `mean`.
    gram : ndarray of shape (n_samples, n_samples)
        Sums of products of the differences of two samples.
    """

    n_features: int
    mean: float
    squares: float
    differences: Floats
    products: Floats
    gram: Floats

    def __add__(self, other: SampleSums) -> SampleSums:
        n = self.n_features + other.n_features
        if n == 0:
            return self
        gap = other.mean - self.mean
        mean = self.mean + gap * other.n_features / n
        return SampleSums(
            n_features=n,
            mean=mean,
            squares=self.squares
            + other.squares
            + gap**2 * (self.n_features * other.n_features / n),
            differences=self.differences + other.differences,
            products=self.products
            + other.products
            + (self.mean - mean) * self.differences
            + (other.mean - mean) * other.differences,
            gram=self.gram + other.gram,
        )


@dataclass(frozen=True, eq=False)
class PrincipalComponents:
    """The first components of a set of samples.

    Parameters
    ----------
    scores : ndarray of shape (n_samples, n_components)
        In units of the values.
    shares : ndarray of shape (n_components,)
        Share of the variance of all features, 0 to 1, falling.
    """

    scores: Floats
    shares: Floats


def complete_about_mean(values: Floats) -> tuple[Floats, Floats]:
    """Split the features without a missing value into mean and differences from it.

    Parameters
    ----------
    values : ndarray of shape (n_features, n_samples)
        NaN = missing.

    Returns
    -------
    differences : ndarray of shape (n_complete, n_samples)
    means : ndarray of shape (n_complete,)
    """
    means = values.mean(axis=1)
    complete = np.isfinite(means)
    if not complete.all():
        values, means = values[complete], means[complete]
    return values - means[:, None], means


def sample_sums(differences: Floats, means: Floats) -> SampleSums:
    """Sum over a block of features.

    Parameters
    ----------
    differences : ndarray of shape (n_features, n_samples)
    means : ndarray of shape (n_features,)
        See `complete_about_mean`.
    """
    mean = float(means.mean()) if len(means) else 0.0
    about = means - mean
    return SampleSums(
        n_features=len(means),
        mean=mean,
        squares=float(about @ about),
        differences=differences.sum(axis=0),
        products=about @ differences,
        gram=differences.T @ differences,
    )


def principal_components(sums: SampleSums, most: int = 10) -> PrincipalComponents:
    """Return the components of the samples, features centred and not scaled.

    Equal to R's ``prcomp(t(x))``, but for the sign: the largest score of each is positive.

    Parameters
    ----------
    most : int
        Largest number of components; there are never more than samples - 1, and fewer where the
        samples differ in fewer directions.
    """
    axes = principal_axes(sums.gram, min(most, len(sums.gram) - 1))
    return PrincipalComponents(axes.coordinates, axes.eigenvalues / np.trace(sums.gram))


def sample_correlation(sums: SampleSums) -> Floats:
    """Return Pearson's correlation of every two samples over the features.

    Returns
    -------
    ndarray of shape (n_samples, n_samples)
        NaN in rows and columns of a sample with the same value in every feature.
    """
    s, n = sums.differences, max(sums.n_features, 1)
    covariance = (
        sums.squares
        + sums.products[:, None]
        + sums.products[None, :]
        + sums.gram
        - np.outer(s, s) / n
    )
    variance = np.diag(covariance).copy()
    variance[variance <= _CONSTANT * (sums.squares + np.diag(sums.gram))] = np.nan
    scale = np.sqrt(variance)
    r = np.clip(covariance / np.outer(scale, scale), -1.0, 1.0)
    np.fill_diagonal(r, np.where(np.isnan(scale), np.nan, 1.0))
    return np.asarray(r)
