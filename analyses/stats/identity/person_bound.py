"""Person-bound features: genes and CpGs whose level differs more between people than within."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from cohortmart.core.types import Bools, Floats, Ints

#: Of a feature less may be missing; the others are taken by their mean.
_MOST_MISSING = 0.1
#: As many features are kept for each person that is left out.
KEPT = 500
#: Share of false ones among the features that are taken for bound.
_FDR = 0.05


@dataclass(frozen=True, eq=False)
class BoundFeatures:
    """Features that are bound to people, learnt without each person in turn.

    Parameters
    ----------
    rows : ndarray of int of shape (n_kept,)
        Their places among all features, ascending.
    values : ndarray of shape (n_kept, n_samples)
        What the design leaves of them.
    moves : ndarray of shape (n_kept, n_directions)
        What the design took out: how far each of its directions moves the features.
    share : ndarray of shape (n_kept, n_people)
        Share of the variance that lies between people, by everybody but the person of the column;
        0 where the feature is not bound by their word.
    """

    rows: Ints
    values: Floats
    moves: Floats
    share: Floats

    @property
    def counts(self) -> Ints:
        """Number of bound features by everybody but each person, shape (n_people,)."""
        found: Ints = (self.share > 0).sum(axis=0)
        return found


def bound_features(
    blocks: Iterable[Floats], design: Floats, said: Ints, n_people: int, kept: int = KEPT
) -> BoundFeatures:
    """Choose the features that tell people apart, in one pass over blocks of rows.

    The design is taken out of every feature; what is left is compared between and within the
    people other than p (analysis of variance), for every p. The features with the largest F are
    kept, of them those with a false discovery rate of 5 % among all (Benjamini-Hochberg).

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_features of the block, n_samples)
        NaN = missing.
    design : ndarray of shape (n_samples, n_columns)
        What is known to move a feature beside the person: group, timepoint, cell type, batch.
    said : ndarray of int of shape (n_samples,)
        Person of each sample as the sheet says.
    n_people : int
    kept : int
        As many at most for each person left out.

    Returns
    -------
    BoundFeatures
    """
    left = _LeftOut(design, said, n_people)
    rows, values = np.zeros(0, dtype=np.int64), np.zeros((0, len(said)))
    moves, f, n_seen = np.zeros((0, left.n_directions)), np.zeros((0, n_people)), 0
    for block in blocks:
        good = np.isnan(block).mean(axis=1) <= _MOST_MISSING
        new, of_design = left.residuals(block[good])
        of_new = left.f_statistics(new)
        mine = _largest(of_new, kept)
        rows = np.concatenate([rows, n_seen + np.flatnonzero(good)[mine]])
        values, moves = np.vstack([values, new[mine]]), np.vstack([moves, of_design[mine]])
        f = np.vstack([f, of_new[mine]])
        best = _largest(f, kept)
        rows, values, moves, f = rows[best], values[best], moves[best], f[best]
        n_seen += len(block)
    share = np.where(left.is_bound(f, n_seen, kept), left.shares(f), 0.0)
    some = (share > 0).any(axis=1)
    return BoundFeatures(rows[some], values[some], moves[some], share[some])


def _largest(f: Floats, kept: int) -> Bools:
    """Tell which rows are among the `kept` largest of any column."""
    if len(f) <= kept:
        return np.ones(len(f), dtype=np.bool_)
    least = np.partition(f, len(f) - kept, axis=0)[len(f) - kept]
    among: Bools = (f >= least).any(axis=1)
    return among


class _LeftOut:
    """Sums of squares between and within people, each person left out in turn."""

    def __init__(self, design: Floats, said: Ints, n_people: int) -> None:
        centred = design - design.mean(axis=0)
        basis, sizes, _ = np.linalg.svd(centred, full_matrices=False)
        self._basis = basis[:, sizes > 1e-9 * max(float(sizes.max(initial=0.0)), 1e-3)]
        self.n_directions = self._basis.shape[1]
        self._of_person = (said[:, None] == np.arange(n_people)).astype(np.float64)
        n = self._of_person.sum(axis=0)
        self._inverse = 1.0 / np.maximum(n, 1.0)
        self._n_others = n.sum() - n
        people = (n > 0).sum() - (n > 0)
        self.df_between = np.maximum(people - 1.0, 1.0)
        self.df_within = np.maximum(self._n_others - people - self.n_directions, 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            squares = ((n**2).sum() - n**2) / self._n_others
        self._size = np.maximum((self._n_others - squares) / self.df_between, 1.0)

    def residuals(self, block: Floats) -> tuple[Floats, Floats]:
        """Return what the design leaves and what it took, missing values by the feature's mean."""
        known = ~np.isnan(block)
        if not known.all():
            total = np.where(known, block, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
            block = np.where(known, block, total[:, None])
        moves = block @ self._basis
        left = block - block.mean(axis=1, keepdims=True) - moves @ self._basis.T
        return left, moves

    def f_statistics(self, residuals: Floats) -> Floats:
        """Return F between people, everybody but one, shape (n_features, n_people)."""
        sums = residuals @ self._of_person
        squares = residuals**2 @ self._of_person
        between = sums**2 * self._inverse
        within = squares - between
        totals = sums.sum(axis=1, keepdims=True) - sums
        others = between.sum(axis=1, keepdims=True) - between
        others -= totals**2 / np.maximum(self._n_others, 1.0)
        inside = within.sum(axis=1, keepdims=True) - within
        scale = np.maximum(squares.sum(axis=1, keepdims=True), 1e-300)
        noise = np.where(inside > 1e-9 * scale, inside, np.inf) / self.df_within
        f: Floats = np.maximum(others, 0.0) / self.df_between / noise
        return f

    def shares(self, f: Floats) -> Floats:
        """Return the share of the variance between people that F says."""
        share: Floats = np.maximum(f - 1.0, 0.0) / (np.maximum(f - 1.0, 0.0) + self._size)
        return share

    def is_bound(self, f: Floats, n_seen: int, kept: int) -> Bools:
        """Tell which are bound at a false discovery rate of 5 % among all that were seen."""
        bound = np.zeros(f.shape, dtype=np.bool_)
        for person in range(f.shape[1]):
            order = np.argsort(-f[:, person], kind="stable")[:kept]
            p = stats.f.sf(f[order, person], self.df_between[person], self.df_within[person])
            passed = np.flatnonzero(p <= _FDR * np.arange(1, len(p) + 1) / max(n_seen, 1))
            bound[order[: passed[-1] + 1 if len(passed) else 0], person] = True
        return bound
