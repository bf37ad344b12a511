"""Person link: whose a sample is by features that are bound to people, without genotypes.

Every sample is compared with the mean of every person's other samples; how alike samples of one
person are, and of two, is read from the study itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyses.stats.identity.person_bound import BoundFeatures
from cohortmart.core.types import Bools, Floats, Ints

#: What is needed before anything is said.
FEWEST_PEOPLE, FEWEST_SAMPLES, FEWEST_FEATURES, LEAST_SEPARATION = 5, 12, 20, 3.0
#: One sample in so many is like nobody for reasons of its own (it failed, say), and one
#: comparison in so many is of two people who are as alike as one.
_ODD, _DOUBLE = 1e-3, 1e-4
CLEARLY_MOVED = 4.0


@dataclass(frozen=True, eq=False)
class PersonLink:
    """What features that are bound to people say of whose each sample is.

    Parameters
    ----------
    log_likelihood : ndarray of shape (n_samples, n_people + 1)
        Natural logarithm relative to a stranger, who is the last column; 0 where there is nothing
        to compare with, and everywhere where `reason` is not empty.
    separation : float
        How far samples of one person lie from those of two, in standard deviations; NaN where
        there are too few to tell.
    unbounded : ndarray of shape (n_samples, n_people)
        The same before it is kept within bounds; NaN where there is nothing to compare with.
    reason : str
        Why nothing can be told; empty = it can.
    """

    log_likelihood: Floats
    separation: float
    unbounded: Floats
    reason: str = ""


def within_scores(bound: BoundFeatures, said: Ints) -> Floats:
    """Compare each sample with the mean of every person's samples, itself left out.

    The score is Fisher's z of the cosine over bound features, each by its share s with the weight
    s / (1 - s^2), at right angles to what the design clearly moves: a sample in the place of
    another visit, cell type or batch is still like its person. The features of a sample are those
    that everybody but its own person shows to be bound: neither the sample nor those of its person
    had a say, so that an exchange cannot teach itself.

    Parameters
    ----------
    bound : BoundFeatures
    said : ndarray of int of shape (n_samples,)

    Returns
    -------
    ndarray of shape (n_samples, n_people)
        NaN where a person has no other sample, and for samples with less than twenty features.
    """
    n_people = bound.share.shape[1]
    values, sd = standardised(bound.values)
    moves = bound.moves / sd
    is_of = (said[:, None] == np.arange(n_people)).astype(np.float64)
    n = is_of.sum(axis=0)
    scores = np.full((len(said), n_people), np.nan)
    for person in np.flatnonzero(n):
        chosen, own = bound.share[:, person] > 0, np.flatnonzero(said == person)
        if chosen.sum() < FEWEST_FEATURES:
            continue
        weight = weights_of(bound.share[chosen, person])
        part = at_right_angles(values[chosen], moves[chosen], weight)
        sums = part @ is_of
        scores[own] = cosine_z(part[:, own], sums / np.maximum(n, 1.0))
        scores[np.ix_(own, n == 0)] = np.nan
        rest = (sums[:, [person]] - part[:, own]) / max(n[person] - 1.0, 1.0)
        scores[own, person] = _own_z(part[:, own], rest) if n[person] > 1 else np.nan
    return scores


def references_of(said: Ints, n_people: int) -> Ints:
    """Return how many samples stand behind each comparison, shape (n_samples, n_people)."""
    n = np.bincount(said, minlength=n_people)
    behind: Ints = n[None, :] - (said[:, None] == np.arange(n_people))
    return behind


def person_link(scores: Floats, references: Ints, said: Ints, n_features: Ints) -> PersonLink:
    """Turn scores into likelihoods by how alike one person's samples, and those of two, are here.

    Scores of two people are normal about their median; those of one about what a mean of m
    samples lets expect, atanh(s / sqrt(s + (1 - s) / m)), with the s that fits the study. Both
    have the larger of the two robust standard deviations (median absolute deviation), which holds
    whatever the features share: no number of features makes it smaller than the study shows. One
    sample in a thousand may be like nobody, and one comparison in ten thousand of two people like
    one: the logarithm stays between -6.9 and 9.2.

    Parameters
    ----------
    scores : ndarray of shape (n_samples, n_people)
        NaN where there is nothing to compare with.
    references : ndarray of int of shape (n_samples, n_people)
        Samples behind each comparison.
    said : ndarray of int of shape (n_samples,)
    n_features : ndarray of int of shape (n_people,)
        Features behind the scores of each person's samples.

    Returns
    -------
    PersonLink
    """
    own, others, reason = _parted(scores, said)
    most = int(n_features.max(initial=0))
    if most < FEWEST_FEATURES:
        reason = f"{most} features are bound to people, not {FEWEST_FEATURES}"
    if reason:
        return _nothing(scores, np.nan, reason)
    behind = references[np.arange(len(said)), said][own]
    of_one = scores[np.arange(len(said)), said][own]
    middle = float(np.median(scores[others]))
    share = _fitted_share(of_one, behind)
    spread = max(_robust_sd(scores[others] - middle), _robust_sd(of_one - _expected(share, behind)))
    apart = _expected(share, references) - middle
    separation = float(np.median(_expected(share, behind))) - middle
    separation = separation / spread if spread > 0 else 0.0
    if not separation >= LEAST_SEPARATION:
        return _nothing(scores, separation, _not_apart(separation))
    logs = apart * (scores - middle - apart / 2.0) / spread**2
    return PersonLink(_bounded(logs), separation, logs)


def combined_link(links: Sequence[PersonLink], said: Ints) -> PersonLink:
    """Combine what features within an assay and pairs of two assays say of the same samples.

    They are not independent, as one sample stands in both: the sum is read as a score again, by
    how it lies for one person and for two.

    Parameters
    ----------
    links : sequence of PersonLink
        At least one; those with a reason say nothing.
    said : ndarray of int of shape (n_samples,)

    Returns
    -------
    PersonLink
    """
    telling = [link for link in links if not link.reason]
    if not telling:
        return max(links, key=lambda link: np.nan_to_num(link.separation, nan=-1.0))
    if len(telling) == 1:
        return telling[0]
    logs = np.stack([link.unbounded for link in telling])
    total = np.where(np.isnan(logs).all(axis=0), np.nan, np.nan_to_num(logs).sum(axis=0))
    own, others, reason = _parted(total, said)
    if reason:
        return telling[0]
    of_one = total[np.arange(len(said)), said][own]
    high, low = float(np.median(of_one)), float(np.median(total[others]))
    spread = max(_robust_sd(of_one - high), _robust_sd(total[others] - low))
    slope = min(1.0, (high - low) / spread**2) if spread > 0 else 1.0
    again = slope * (total - (high + low) / 2.0)
    return PersonLink(_bounded(again), max(link.separation for link in telling), again)


def standardised(values: Floats) -> tuple[Floats, Floats]:
    """Return values of each feature in standard deviations, none beyond three, and these."""
    sd = values.std(axis=1, keepdims=True)
    sd = np.where(sd > 0, sd, 1.0)
    return np.clip(values / sd, -3.0, 3.0), sd


def at_right_angles(values: Floats, moves: Floats, weight: Floats) -> Floats:
    """Return values times the root of their weight, without what moves along the design.

    Parameters
    ----------
    values : ndarray of shape (n_features, n_samples)
    moves : ndarray of shape (n_features, n_directions)
        In standard deviations of the features. Those are taken that move them clearly, four times
        as much as noise does (which is the weights' sum), a quarter of the features at most.
    weight : ndarray of shape (n_features,)

    Returns
    -------
    ndarray of shape (n_features, n_samples)
    """
    root = np.sqrt(weight)[:, None]
    directions, sizes, _ = np.linalg.svd(root * moves, full_matrices=False)
    clear = int((sizes**2 > CLEARLY_MOVED * weight.sum()).sum())
    n = min(clear, len(values) // 4)
    part, basis = root * values, directions[:, :n]
    left: Floats = part - basis @ (basis.T @ part)
    return left


def weights_of(share: Floats) -> Floats:
    """Return how much features count by the share of their variance between people."""
    bounded = np.clip(share, 0.0, 0.95)
    weight: Floats = bounded / (1.0 - bounded**2)
    return weight


def cosine_z(samples: Floats, people: Floats) -> Floats:
    """Return Fisher's z of the cosine of every sample and person.

    Parameters
    ----------
    samples : ndarray of shape (n_features, n_samples)
    people : ndarray of shape (n_features, n_people)

    Returns
    -------
    ndarray of shape (n_samples, n_people)
    """
    length = np.sqrt((samples**2).sum(axis=0))
    reach = np.sqrt((people**2).sum(axis=0))
    return _fisher(samples.T @ people, np.outer(length, reach))


def _own_z(samples: Floats, rest: Floats) -> Floats:
    """Return the same of samples and what is left of their own person, column by column."""
    length = (samples**2).sum(axis=0) * (rest**2).sum(axis=0)
    return _fisher((samples * rest).sum(axis=0), np.sqrt(length))


def _fisher(product: Floats, length: Floats) -> Floats:
    cosine = product / np.where(length > 0, length, 1.0)
    z: Floats = np.arctanh(np.clip(cosine, -0.999, 0.999))
    return z


def _parted(scores: Floats, said: Ints) -> tuple[Bools, Bools, str]:
    """Tell which samples have a score of their own person and which scores are of two people."""
    known = np.isfinite(scores)
    rows = np.arange(len(said))
    own: Bools = known[rows, said]
    others = known.copy()
    others[rows, said] = False
    people = len(np.unique(said[own]))
    if people < FEWEST_PEOPLE:
        return own, others, f"{people} people can be compared with themselves, not {FEWEST_PEOPLE}"
    if own.sum() < FEWEST_SAMPLES:
        return own, others, f"{own.sum()} samples can be compared, not {FEWEST_SAMPLES}"
    return own, others, ""


def _nothing(scores: Floats, separation: float, reason: str) -> PersonLink:
    empty = np.zeros((len(scores), scores.shape[1] + 1))
    return PersonLink(empty, separation, np.full(scores.shape, np.nan), reason)


def _not_apart(separation: float) -> str:
    return (
        f"samples of one person lie {max(separation, 0.0):.1f} standard deviations from those of "
        f"two, not {LEAST_SEPARATION:g}"
    )


def _expected(share: float, behind: Ints) -> Floats:
    """Return the z that a sample has with the mean of so many others of its person."""
    of_mean = share + (1.0 - share) / np.maximum(behind, 1)
    z: Floats = np.arctanh(np.minimum(share / np.sqrt(np.maximum(of_mean, 1e-12)), 0.999))
    return z


def _fitted_share(of_one: Floats, behind: Ints) -> float:
    """Return the share of variance between people with which half lie above what is expected."""
    grid = np.linspace(0.0, 0.99, 100)
    off = [abs(float(np.median(of_one - _expected(share, behind)))) for share in grid]
    return float(grid[int(np.argmin(off))])


def _robust_sd(differences: Floats) -> float:
    return float(1.4826 * np.median(np.abs(differences - np.median(differences))))


def _bounded(logs: Floats) -> Floats:
    """Return log likelihoods with a stranger's, who is as likely as anything; NaN says nothing."""
    safe = np.clip(np.nan_to_num(logs), -700.0, 700.0)
    of_one = (1.0 - _ODD) * np.exp(safe) + _ODD
    bounded = np.log(of_one) - np.log((1.0 - _DOUBLE) + _DOUBLE * np.exp(safe))
    bounded = np.where(np.isnan(logs), 0.0, bounded)
    return np.hstack([bounded, np.zeros((len(logs), 1))])
