"""Rotation test of the correlation of a contrast with fixed values of the same features.

The values are those of another study. Without effects the estimates of a contrast are rotated as
in `rotation`, the same for all features, which leaves the correlation between features as it is;
the values stay. With centred values w of length 1 and H the coordinates of the features, a rotated
contrast H x has r = a'x / sqrt(x'Gx), a = H'w and G = H'(I - 11'/n)H: two small tables hold all
that the features say, and the P value of every rotation there is follows exactly, without drawing
any (`quadratic_tail`). Langsrud 2005, doi 10.1007/s11222-005-4789-5; Wu et al. 2010, doi
10.1093/bioinformatics/btq401.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.numeric.cross_product import cross_product
from analyses.stats.rotation.contrast_coordinates import ContrastCoordinates
from analyses.stats.rotation.quadratic_tail import RotatedRatio
from cohortmart.core.types import Floats

_FEWEST = 3  # features that a correlation needs
_TAIL = 0.05


@dataclass(frozen=True)
class FixedCorrelation:
    """A contrast's correlation with fixed values, beside what rotations make of it.

    Parameters
    ----------
    r : float
        Pearson, over the features added.
    no_effect_sd : float
        Standard deviation of r over all rotations; its mean is 0.
    no_effect_high : float
        95 % of the rotations lie between its negative and it.
    p_value : float
        Two-sided: the share of rotations with at least |r|.
    n_features : int
        Numbers are NaN with fewer than three, or where one side does not vary.
    """

    r: float
    no_effect_sd: float
    no_effect_high: float
    p_value: float
    n_features: int


class FixedSums:
    """Sums over features that the correlations of contrasts with fixed values need.

    Parameters
    ----------
    n_residual, n_contrasts : int
    centre : float
        Near to the mean of the values, so that it costs no digits.
    """

    def __init__(self, n_residual: int, n_contrasts: int, centre: float = 0.0) -> None:
        self._m, self._k, self._centre = n_residual, n_contrasts, centre
        self._n, self._total, self._square = 0, 0.0, 0.0
        self._parts: list[_Sums] = []

    def add(self, found: ContrastCoordinates, values: Floats) -> None:
        """Add features.

        Parameters
        ----------
        found : ContrastCoordinates
            Of complete features; all with a scale of their own, or none.
        values : ndarray of shape (n_features,)
            Finite.
        """
        s = values - self._centre
        self._n += len(s)
        self._total += float(s.sum())
        self._square += float((s**2).sum())
        if found.scale is None:
            tables = [np.hstack([found.residual, found.own])]
        else:
            tables = [
                found.scale[:, [j]] * np.hstack([found.residual, found.own[:, [j]]])
                for j in range(self._k)
            ]
        if not self._parts:
            self._parts = [_Sums(table.shape[1]) for table in tables]
        if len(tables) != len(self._parts):
            raise ValueError("either all features have a scale of their own, or none")
        for part, table in zip(self._parts, tables, strict=True):
            part.add(table, s)

    def correlation(self, j: int, r: float | None = None) -> FixedCorrelation:
        """Test a contrast.

        Parameters
        ----------
        j : int
            Its number.
        r : float, optional
            Its correlation where that is over more features than were added.
        """
        nothing = FixedCorrelation(np.nan, np.nan, np.nan, np.nan, self._n)
        if self._n < _FEWEST or not self._parts:
            return nothing
        a, gram = self._of(j)
        spread = self._square - self._total**2 / self._n
        varies = spread > 1e-13 * self._square and gram[-1, -1] > 0.0
        if not varies:
            return nothing
        a = a / np.sqrt(spread)
        own = float(np.clip(a[-1] / np.sqrt(gram[-1, -1]), -1.0, 1.0))
        tested = own if r is None else r
        ratio = RotatedRatio(a, gram)
        return FixedCorrelation(
            r=own,
            no_effect_sd=float(np.sqrt(ratio.mean_square())),
            no_effect_high=ratio.quantile(_TAIL),
            p_value=ratio.two_sided(tested),
            n_features=self._n,
        )

    def _of(self, j: int) -> tuple[Floats, Floats]:
        """Centred products of a contrast's coordinates with the values, and with each other."""
        shared = len(self._parts) == 1 and self._k + self._m == len(self._parts[0].total)
        part = self._parts[0 if shared else j]
        at = np.append(np.arange(self._m), self._m + (j if shared else 0))
        total = part.total[at]
        a = part.product[at] - total * (self._total / self._n)
        gram = part.gram[np.ix_(at, at)] - np.outer(total, total) / self._n
        return a, (gram + gram.T) / 2.0


class _Sums:
    def __init__(self, width: int) -> None:
        self.gram = np.zeros((width, width))
        self.total, self.product = np.zeros(width), np.zeros(width)

    def add(self, table: Floats, values: Floats) -> None:
        self.gram += cross_product(table, table)
        self.total += table.sum(axis=0)
        self.product += cross_product(table, values[:, None])[:, 0]
