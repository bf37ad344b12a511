"""Cis pairs: genes and CpGs nearby whose levels go together over people, between two assays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analyses.stats.identity.person_link import (
    FEWEST_FEATURES,
    at_right_angles,
    cosine_z,
    standardised,
)
from cohortmart.core.types import Bools, Floats, Ints

#: Share of false ones among the pairs that are taken.
_FDR = 0.05
#: No correlation is trusted beyond this, and each pair counts by r / (1 - r^2).
_LARGEST = 0.95
#: Fewer people in both assays leave no correlation to learn.
FEWEST_IN_BOTH = 6


@dataclass(frozen=True, eq=False)
class CisScores:
    """How alike every sample of one assay and every person of the other are.

    Parameters
    ----------
    first : ndarray of shape (n_first_samples, n_people)
        Samples of the first assay against people by the second; NaN where it does not have them,
        and for samples with less than twenty pairs.
    second : ndarray of shape (n_second_samples, n_people)
        The other way about.
    n_pairs : ndarray of int of shape (n_people,)
        Pairs that everybody but the person shows to go together.
    """

    first: Floats
    second: Floats
    n_pairs: Ints


@dataclass(frozen=True, eq=False)
class PairSide:
    """One feature of each pair.

    Parameters
    ----------
    values : ndarray of shape (n_pairs, n_samples of the assay)
        What the design leaves.
    moves : ndarray of shape (n_pairs, n_directions)
        What it took, see `BoundFeatures`.
    said : ndarray of int of shape (n_samples of the assay,)
        Person of each sample as the sheet says.
    """

    values: Floats
    moves: Floats
    said: Ints


def cis_scores(first: PairSide, second: PairSide, n_people: int) -> CisScores:
    """Compare samples of an assay with people by another one, through pairs of features in cis.

    For every person p, the pairs are those whose mean levels of people correlate over everybody
    but p (5 % false discovery rate over the pairs; the best partner of each feature). A sample of
    p then has the level of one feature, a person the mean level of the other, turned by the sign
    of the correlation: the score is Fisher's z of their cosine, at right angles to what
    the design of the sample's assay clearly moves.

    Parameters
    ----------
    first, second : PairSide
        The two features of each pair.
    n_people : int

    Returns
    -------
    CisScores

    References
    ----------
    Yoo, S. et al. (2014), PLoS Computational Biology 10:e1003790 (doi
    10.1371/journal.pcbi.1003790), match samples of two assays by cis pairs.
    """
    values, sds = zip(*(standardised(side.values) for side in (first, second)), strict=True)
    moves = tuple(side.moves / sd for side, sd in zip((first, second), sds, strict=True))
    said = first.said, second.said
    means, there = zip(
        *(_means(v, s, n_people) for v, s in zip(values, said, strict=True)), strict=True
    )
    both = there[0] & there[1]
    scores = tuple(np.full((len(s), n_people), np.nan) for s in said)
    n_pairs = np.zeros(n_people, dtype=np.int64)
    if both.sum() < FEWEST_IN_BOTH or not len(first.values):
        return CisScores(scores[0], scores[1], n_pairs)
    r, n_others = _correlations(means[0], means[1], both)
    names = _same(first.values), _same(second.values)
    for person in range(n_people):
        chosen = _chosen(r[:, person], int(n_others[person]), names)
        n_pairs[person] = len(chosen)
        if len(chosen) < FEWEST_FEATURES:
            continue
        of = np.clip(r[chosen, person], -_LARGEST, _LARGEST)
        weight = np.abs(of) / (1.0 - of**2)
        for side in (0, 1):
            own = np.flatnonzero(said[side] == person)
            other = np.sign(of)[:, None] * means[1 - side][chosen]
            mine = np.hstack([values[side][np.ix_(chosen, own)], other])
            mine = at_right_angles(mine, moves[side][chosen], weight)
            z = cosine_z(mine[:, : len(own)], mine[:, len(own) :])
            scores[side][own] = np.where(there[1 - side], z, np.nan)
    return CisScores(scores[0], scores[1], n_pairs)


def _means(values: Floats, said: Ints, n_people: int) -> tuple[Floats, Bools]:
    """Return mean levels of people in standard deviations over them, and who is there."""
    is_of = (said[:, None] == np.arange(n_people)).astype(np.float64)
    n = is_of.sum(axis=0)
    means = values @ is_of / np.maximum(n, 1.0)
    there: Bools = n > 0
    middle = means[:, there].mean(axis=1, keepdims=True)
    sd = means[:, there].std(axis=1, keepdims=True)
    return np.where(there, (means - middle) / np.where(sd > 0, sd, 1.0), 0.0), there


def _correlations(one: Floats, other: Floats, both: Bools) -> tuple[Floats, Ints]:
    """Return correlations over people in both, each person left out in turn, and their number."""
    x, y = one * both, other * both
    n: Ints = both.sum() - both.astype(np.int64)
    parts = [x, y, x * x, y * y, x * y]
    sx, sy, sxx, syy, sxy = (part.sum(axis=1, keepdims=True) - part for part in parts)
    vx, vy = sxx - sx**2 / n, syy - sy**2 / n
    length = np.sqrt(np.maximum(vx, 0.0) * np.maximum(vy, 0.0))
    r: Floats = (sxy - sx * sy / n) / np.where(length > 1e-12, length, np.inf)
    return np.clip(r, -1.0, 1.0), n


def _same(values: Floats) -> Ints:
    """Return a number for each row; equal rows are one feature, which stands in several pairs."""
    _, number = np.unique(values, axis=0, return_inverse=True)
    return np.asarray(number.ravel(), dtype=np.int64)


def _chosen(r: Floats, n_people: int, names: tuple[Ints, Ints]) -> Ints:
    """Return the pairs that go together, the best of every feature, ascending."""
    if n_people < FEWEST_IN_BOTH - 1:
        return np.zeros(0, dtype=np.int64)
    order = np.argsort(-np.abs(r), kind="stable")
    size = np.minimum(np.abs(r[order]), 1.0 - 1e-12)
    t = size * np.sqrt((n_people - 2) / (1.0 - size**2))
    p = 2.0 * stats.t.sf(t, n_people - 2)
    passed = np.flatnonzero(p <= _FDR * np.arange(1, len(p) + 1) / len(p))
    found = order[: passed[-1] + 1 if len(passed) else 0]
    for of in names:  # the first of each feature is its best
        _, first = np.unique(of[found], return_index=True)
        found = found[np.sort(first)]
    return np.sort(found)
