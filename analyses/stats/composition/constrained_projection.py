"""Cell fractions by constrained least squares (Houseman et al. 2012, BMC Bioinformatics 13:86).

A sample is a sum of the types' profiles, weighted by fractions that are not negative and add up
to 1 or less. All samples are solved at once by an active set method: a sample starts with no
cells, takes in the type that lowers its residual most, and drops a type on its way to the next
minimum whose fraction reaches 0. The rest of the sum is a type of its own without a profile. The
minimum is exact and, the profiles being independent, the only one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.composition.cell_fractions import (
    CellFractions,
    ProfileError,
    check_reference,
)
from cohortmart.core.types import Bools, Floats, Ints

#: A slope below this share of the largest is rounding.
_SLOPE = 1e-12
#: A Gram matrix with a smaller share of its largest eigenvalue has no unique minimum.
_SMALLEST = 1e-14
#: Samples solved at a time.
_SAMPLES = 4096


def constrained_projection(values: Floats, reference: Floats, whole: bool) -> CellFractions:
    """Return the fractions with the smallest sum of squared residuals.

    A feature that is missing in a sample is left out for that sample.

    Parameters
    ----------
    values : ndarray of shape (n_features, n_samples)
        Betas of the mixtures; NaN where missing.
    reference : ndarray of shape (n_features, n_types)
        Betas of the pure types.
    whole : bool
        The fractions add up to 1, not to 1 or less.

    Raises
    ------
    ProfileError
        The reference does not tell the types apart.
    """
    check_reference(values, reference, intercept=False)
    measured = np.isfinite(values)
    n_samples = values.shape[1]
    fractions = np.full((n_samples, reference.shape[1]), np.nan)
    cross = np.where(measured, values, 0.0).T @ reference
    grams, of = _grams(reference, measured)
    definite = _definite(grams)[of]
    for start in range(0, n_samples, _SAMPLES):
        rows = np.arange(start, min(start + _SAMPLES, n_samples))
        rows = rows[definite[rows]]
        fractions[rows] = _minimum(_Samples(grams[of[rows]], cross[rows], whole))
    return CellFractions(
        fractions, measured.sum(axis=0, dtype=np.int64), np.ones(n_samples, np.bool_)
    )


def _grams(reference: Floats, measured: Bools) -> tuple[Floats, Ints]:
    """Return the Gram matrix of every pattern of missing features, and each sample's pattern."""
    patterns, of = np.unique(measured, axis=1, return_inverse=True)
    full = reference.T @ reference
    grams = np.repeat(full[None], patterns.shape[1], axis=0)
    for index, pattern in enumerate(patterns.T):
        lacking = reference[~pattern]
        if len(lacking):
            kept = reference[pattern]
            fewer = len(lacking) < len(kept)
            grams[index] = full - lacking.T @ lacking if fewer else kept.T @ kept
    return grams, np.asarray(of, np.int64).reshape(-1)


def _definite(grams: Floats) -> Bools:
    """Say which Gram matrices have one minimum only."""
    eigenvalues = np.linalg.eigvalsh(grams)
    return np.asarray(eigenvalues[:, 0] > _SMALLEST * eigenvalues[:, -1])


@dataclass(frozen=True)
class _Samples:
    """Quadratic programs of one size.

    Parameters
    ----------
    gram : ndarray of shape (n_samples, n_types, n_types)
    cross : ndarray of shape (n_samples, n_types)
        Products of profiles and values.
    whole : bool
        The fractions add up to 1.
    """

    gram: Floats
    cross: Floats
    whole: bool


def _minimum(samples: _Samples) -> Floats:
    """Return the fractions of each sample, shape (n_samples, n_types)."""
    gram, cross = _with_rest(samples)
    n_samples, n_parts = cross.shape
    at, free = _start(gram, cross, samples.whole)
    tolerance = _SLOPE * np.maximum(np.abs(gram).max(axis=(1, 2)), np.abs(cross).max(axis=1))
    running = np.arange(n_samples)
    for _ in range(20 * n_parts):
        g, c, f, w = gram[running], cross[running], free[running], at[running]
        goal, multiplier = _solve_free(g, c, f)
        inside: Bools = np.asarray((goal > 0.0) | ~f)
        arrived: Bools = np.asarray(inside.all(axis=1))
        stopped_at, stopped = _step(w, goal, inside)
        w = np.where(arrived[:, None], goal, stopped_at)
        f = np.where(arrived[:, None], f, f & ~stopped)
        slope = np.einsum("sij,sj->si", g, w) - c + multiplier[:, None]
        slope[f] = np.inf
        steepest = slope.argmin(axis=1)
        more = arrived & (slope.min(axis=1) < -tolerance[running])
        f[more, steepest[more]] = True
        at[running], free[running] = w, f
        running = running[~arrived | more]
        if not running.size:
            return at[:, : samples.gram.shape[1]]
    raise ProfileError(
        "the profiles of the cell types are too much alike for the fractions to settle",
        "leave one of the types out",
    )


def _with_rest(samples: _Samples) -> tuple[Floats, Floats]:
    """Return the programs with what is left of a sum below 1 as a part without a profile."""
    if samples.whole:
        return samples.gram, samples.cross
    gram = np.pad(samples.gram, ((0, 0), (0, 1), (0, 1)))
    return gram, np.pad(samples.cross, ((0, 0), (0, 1)))


def _start(gram: Floats, cross: Floats, whole: bool) -> tuple[Floats, Bools]:
    """Return a start of one part: the rest, or the type that alone fits best."""
    n_samples, n_parts = cross.shape
    alone = np.einsum("sii->si", gram) / 2 - cross
    part = alone.argmin(axis=1) if whole else np.full(n_samples, n_parts - 1)
    at = np.zeros((n_samples, n_parts))
    at[np.arange(n_samples), part] = 1.0
    return at, at > 0.0


def _solve_free(gram: Floats, cross: Floats, free: Bools) -> tuple[Floats, Floats]:
    """Return the minimum over the free parts, which add up to 1, and its multiplier."""
    n_samples, n_parts = cross.shape
    system = np.zeros((n_samples, n_parts + 1, n_parts + 1))
    system[:, :-1, :-1] = np.where(free[:, :, None] & free[:, None, :], gram, 0.0)
    diagonal = np.arange(n_parts)
    system[:, diagonal, diagonal] += ~free
    system[:, :-1, -1] = system[:, -1, :-1] = free
    right = np.column_stack([np.where(free, cross, 0.0), np.ones(n_samples)])
    solved = np.linalg.solve(system, right[:, :, None])[:, :, 0]
    return solved[:, :-1], solved[:, -1]


def _step(at: Floats, goal: Floats, inside: Bools) -> tuple[Floats, Bools]:
    """Go towards the goal until a part is used up.

    Returns
    -------
    at : ndarray of shape (n_samples, n_parts)
    stopped : ndarray of shape (n_samples, n_parts)
        The parts that are used up.
    """
    way = np.where(inside, 1.0, at - goal)
    length = np.where(inside, np.inf, at / np.where(way > 0.0, way, 1.0))
    share = length.min(axis=1, keepdims=True)
    stopped = ~inside & (length == share)
    moved = at + np.where(np.isfinite(share), share, 0.0) * (goal - at)
    return np.where(stopped, 0.0, np.maximum(moved, 0.0)), stopped
