"""Squared estimates along permuted directions, features with and without weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.missing_plot import centred_product
from analyses.stats.numeric.parallel import rows_times
from analyses.stats.permutation.space import NONE, PermutationSpace
from cohortmart.core.types import Floats, Ints

_VALUES = 2**18  # numbers worked on at a time, so that they stay in the cache

#: Squared estimates of some features along permuted directions.
Squares = Callable[[slice], Floats]


@dataclass(frozen=True)
class SharedFeatures:
    """Features without weights: one direction for all.

    Parameters
    ----------
    coordinates : ndarray of shape (n_features, n_samples - rank + 1)
        Residuals of the model without the contrast, along `space.outside`.
    observed2 : ndarray of shape (n_features,)
        Square of the estimate along the contrast's own direction of length 1.
    total2 : ndarray of shape (n_features,)
        Sum of squares of the residuals.
    """

    space: PermutationSpace
    coordinates: Floats
    observed2: Floats
    total2: Floats

    def squares(self, orders: Ints) -> Squares:
        """Turn the direction; gives rows -> squared estimates (n_rows, n_orders)."""
        turned = self.space.turned(orders)

        def of(rows: slice) -> Floats:
            out = rows_times(self.coordinates[rows], turned)
            out *= out
            return out

        return of


def shared_features(y: Floats, space: PermutationSpace) -> SharedFeatures:
    """Express complete features, y (n_features, n_samples), as `SharedFeatures`."""
    coordinates, _ = centred_product(y, space.root @ space.outside)
    own = rows_times(coordinates, (space.outside.T @ space.direction)[:, None])[:, 0]
    return SharedFeatures(space, coordinates, own**2, (coordinates**2).sum(axis=1))


@dataclass(frozen=True)
class WeightedFeatures:
    """Features with weights: each has its own model and its own direction.

    Parameters
    ----------
    direction : ndarray of shape (n_features, n_samples)
        a of each feature, of length 1.
    table : ndarray of shape (n_features, n_samples, rank)
        Residuals of the model without the contrast, then orthonormal columns that span it.
    observed2, total2 : ndarray of shape (n_features,)
        As in `SharedFeatures`.
    """

    direction: Floats
    table: Floats
    observed2: Floats
    total2: Floats

    def squares(self, orders: Ints) -> Squares:
        """Turn the directions; gives rows -> squared estimates (n_rows, n_orders)."""
        # small products only, so that BLAS starts no threads of its own
        step = max(1, _VALUES // (self.table.shape[1] * self.table.shape[2]))

        def of(rows: slice) -> Floats:
            direction, table = self.direction[rows], self.table[rows]
            out = np.empty((len(direction), len(orders)))
            for start in range(0, len(orders), step):
                some = slice(start, start + step)
                along = np.take(direction, orders[some], axis=1) @ table
                along *= along
                left = 1.0 - along[:, :, 1:].sum(axis=2)
                known = left > NONE
                out[:, some] = np.where(known, along[:, :, 0] / np.where(known, left, 1.0), 0.0)
            return out

        return of


def weighted_features(y: Floats, w: Floats, space: PermutationSpace) -> WeightedFeatures:
    """Whiten complete features y with weights w, both (n_features, n_samples), each by its own."""
    root_w = np.sqrt(w)
    white = rows_times(root_w * without_model(y, space), space.root)
    x = space.root @ (root_w[:, :, None] * space.q)
    # the first columns span the model, the last one is what the contrast adds to it
    whole = np.linalg.qr(x @ np.column_stack([space.reduced, space.k]))[0]
    model, direction = whole[:, :, :-1], np.ascontiguousarray(whole[:, :, -1])
    for _ in range(2):
        explained = (white[:, None, :] @ model) @ model.transpose(0, 2, 1)
        white = white - explained[:, 0]
    observed = (white * direction).sum(axis=1)
    table = np.concatenate([white[:, :, None], model], axis=2)
    return WeightedFeatures(direction, table, observed**2, (white**2).sum(axis=1))


def without_model(y: Floats, space: PermutationSpace) -> Floats:
    """Take the model without the contrast off, by least squares without weights.

    It changes no permuted estimate with weights, but a large mean would cost digits there.
    """
    null = space.q @ space.reduced
    return np.asarray(y - rows_times(rows_times(y, null), null.T))
