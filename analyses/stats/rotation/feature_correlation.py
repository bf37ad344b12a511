"""Correlation of features with each other: its mean square, from their residuals.

Where nothing changes a feature's m residual coordinates are independent of each other, and those
of two features correlate as the features do. With each feature's coordinates u_g of length 1, two
features' r_gh = u_g'u_h is their sample correlation without a mean, E r_gh^2 = 1 / m where they
are independent, and its sum over all pairs is in one small table: sum_gh r_gh^2 = ||U'U||^2. That
table is also what the variance over random rotations of the mean product of two coordinates
follows from (`rotation`), so the two say the same of correlated features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from analyses.stats.numeric.cross_product import cross_product
from cohortmart.core.types import Floats

#: Residuals shorter than this part of a feature's values are rounding.
_ROUNDING = 1e-12
_FEWEST = 20  # features that say something of how they correlate


@dataclass(frozen=True)
class FeatureCorrelation:
    """How much features correlate with each other.

    Parameters
    ----------
    mean_square : float
        Of the correlations of all pairs of features, 0 to 1.
    df : float
        Degrees of freedom of that estimate; infinite where it is known.
    """

    mean_square: float
    df: float

    def design_effect(self, n: int) -> float:
        """Return how many times the variance of a sum over `n` features is what it seems.

        Notes
        -----
        Two normal coordinates with correlation r have squares, and products, with correlation
        r^2: 1 + (n - 1) mean r^2, at least 1.
        """
        return 1.0 + max(n - 1, 0) * self.mean_square

    def threshold(self, n: int, level: float = 0.95) -> float:
        """Return how far below its maximum twice a log-likelihood of `n` features may lie.

        Notes
        -----
        Twice what a likelihood that takes features as independent loses at the truth is the design
        effect times chi-square with 1 df (Chandler & Bate 2007, Biometrika 94:167; Pace, Salvan &
        Sartori 2011, Statistica Sinica 21:129); F with 1 and `df` where the effect is estimated.
        """
        known = np.isinf(self.df)
        point = special.chdtri(1.0, 1.0 - level) if known else special.fdtri(1.0, self.df, level)
        return self.design_effect(n) * float(point)


#: Features that have nothing to do with each other.
INDEPENDENT = FeatureCorrelation(0.0, np.inf)


class FeatureSums:
    """Sums over features that the mean square of their correlations needs.

    Parameters
    ----------
    n_residual : int
        Residual coordinates of a feature.
    """

    def __init__(self, n_residual: int) -> None:
        self._table = np.zeros((n_residual, n_residual))
        self._n = 0

    def add(self, residual: Floats, size: Floats) -> None:
        """Add a block of features.

        Parameters
        ----------
        residual : ndarray of shape (n_features, n_residual)
            Independent coordinates of a feature with equal variances.
        size : ndarray of shape (n_features,)
            Length of its values; a feature that does not vary beyond rounding is left out.
        """
        length = np.sqrt((residual**2).sum(axis=1))
        varies = length > _ROUNDING * size
        unit = residual[varies] / length[varies, None]
        self._table += cross_product(unit, unit)
        self._n += int(varies.sum())

    def correlation(self) -> FeatureCorrelation | None:
        """Return how much the features correlate; None with 1 residual df or fewer than 20.

        Notes
        -----
        E r^2 = 1/m + rho^2 (m - 1) / (m + 2) where the correlation rho is small, of normal
        coordinates. Less than none is none. U'U less its trace has (m - 1)(m + 2)/2 free entries,
        all alike in distribution: the degrees of freedom.
        """
        m, n = len(self._table), self._n
        if m < 2 or n < _FEWEST:
            return None
        mean = (float((self._table**2).sum()) - n) / (n * (n - 1.0))
        square = (mean - 1.0 / m) * (m + 2.0) / (m - 1.0)
        return FeatureCorrelation(min(max(square, 0.0), 1.0), (m - 1.0) * (m + 2.0) / 2.0)
