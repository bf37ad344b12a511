"""Activities of regulators by a univariate linear model (Badia-i-Mompel et al. 2022).

The values of a sample over all features are regressed on the signed weights of one source, 0 for
features that are no targets of it; the activity is the t value of the slope (decoupler's `ulm`,
Bioinformatics Advances 2:vbac016). A column may as well be a contrast: its t or log fold changes
over the features. All is done by sums over the features, which may pass by in blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohortmart.core.types import Bools, Floats, Ints

#: A sum of squares below this share of the one about 0 is rounding.
_NOTHING = 1e-12
#: Weights that are held at a time.
_CHUNK = 1 << 21


@dataclass(frozen=True, eq=False)
class Activities:
    """Activities of the sources in the columns.

    Parameters
    ----------
    t : ndarray of shape (n_sources, n_columns)
        NaN where a source has too few targets, or weights or values do not vary.
    n_targets : ndarray of shape (n_sources, n_columns)
        Targets with a value.
    n_features : ndarray of shape (n_columns,)
        Features with a value.
    """

    t: Floats
    n_targets: Ints
    n_features: Ints


class ActivitySums:
    """Sums over the features, block by block.

    A feature that is 0 in every column is left out, as decoupler does.

    Parameters
    ----------
    n_sources, n_columns : int
    """

    def __init__(self, n_sources: int, n_columns: int) -> None:
        self._shift: Floats | None = None
        self._n = np.zeros(n_columns)
        self._y, self._yy = np.zeros(n_columns), np.zeros(n_columns)
        shape = (n_sources, n_columns)
        self._targets, self._x = np.zeros(shape), np.zeros(shape)
        self._xx, self._xy = np.zeros(shape), np.zeros(shape)

    def add(self, values: Floats, weights: Floats, targets: Bools) -> None:
        """Take in the next features.

        Parameters
        ----------
        values : ndarray of shape (n_features, n_columns)
            NaN where missing.
        weights : ndarray of shape (n_features, n_sources)
            0 where the feature is no target.
        targets : ndarray of shape (n_features, n_sources)
            True where the network names the feature; its weight may be 0.
        """
        kept = np.nan_to_num(values).any(axis=1)
        if not kept.any():
            return
        values, weights = values[kept], weights[kept]
        measured = np.isfinite(values)
        if self._shift is None:
            # sums about a value near the mean do not cancel
            self._shift = np.where(measured, values, 0.0).sum(axis=0) / np.maximum(
                measured.sum(axis=0), 1
            )
        y = np.where(measured, values - self._shift, 0.0)
        ones = measured.astype(np.float64)
        self._n += ones.sum(axis=0)
        self._y += y.sum(axis=0)
        self._yy += np.square(y).sum(axis=0)
        self._targets += targets[kept].T.astype(np.float64) @ ones
        self._x += weights.T @ ones
        self._xx += np.square(weights).T @ ones
        self._xy += weights.T @ y

    def add_targets(self, values: Floats, rows: Ints, sources: Ints, weights: Floats) -> None:
        """Take in the next features, with their targets as a list.

        Parameters
        ----------
        values : ndarray of shape (n_features, n_columns)
            NaN where missing.
        rows, sources : ndarray of int of shape (n_targets,)
            Feature among these, and source, of each target; no pair stands twice.
        weights : ndarray of shape (n_targets,)
        """
        n_sources = len(self._x)
        step = max(1, _CHUNK // max(1, n_sources))
        for start in range(0, len(values), step):
            block = values[start : start + step]
            inside = (rows >= start) & (rows < start + len(block))
            at = rows[inside] - start, sources[inside]
            dense = np.zeros((len(block), n_sources))
            dense[at] = weights[inside]
            targets: Bools = np.zeros(dense.shape, np.bool_)
            targets[at] = True
            self.add(block, dense, targets)

    def finish(self, minimum_targets: int) -> Activities:
        """Return the activities of sources with enough targets.

        Parameters
        ----------
        minimum_targets : int
        """
        n = np.maximum(self._n, 1.0)
        xx = self._xx - np.square(self._x) / n
        yy = self._yy - np.square(self._y) / n
        xy = self._xy - self._x * self._y / n
        wanted = (self._targets >= minimum_targets) & (self._n > 2.0)
        wanted &= (xx > _NOTHING * self._xx) & (yy > _NOTHING * self._yy)
        with np.errstate(divide="ignore", invalid="ignore"):
            rest = np.maximum(xx * yy - np.square(xy), 0.0)
            t = xy * np.sqrt((n - 2.0) / rest)
        return Activities(
            np.where(wanted, t, np.nan), self._targets.astype(np.int64), self._n.astype(np.int64)
        )


def univariate_activity(
    values: Floats, weights: Floats, targets: Bools, minimum_targets: int = 5
) -> Activities:
    """Return the t value of the slope of each column on the weights of each source.

    Parameters
    ----------
    values : ndarray of shape (n_features, n_columns)
        Of samples, or t or log fold changes of contrasts; NaN where missing.
    weights : ndarray of shape (n_features, n_sources)
        0 where the feature is no target.
    targets : ndarray of shape (n_features, n_sources)
        True where the network names the feature; its weight may be 0.
    minimum_targets : int
        Fewest targets with a value.
    """
    sums = ActivitySums(weights.shape[1], values.shape[1])
    sums.add(values, weights, targets)
    return sums.finish(minimum_targets)
