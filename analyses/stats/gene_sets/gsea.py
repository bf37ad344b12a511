"""Pre-ranked gene set enrichment analysis: where a set's genes gather in the ranking.

The weighted running sum of Subramanian et al. 2005, doi 10.1073/pnas.0506580102.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.gene_sets.membership import Membership
from analyses.stats.numeric.parallel import for_blocks
from cohortmart.core.types import Floats, Ints

#: Random orders that are scored together: small enough for the processor's cache.
_ORDERS = 64
#: Scores as near as this differ by rounding only.
TIE = 1e-12


@dataclass(frozen=True, eq=False)
class GseaResult:
    """One test a set; all NaN where the set has no gene, or every gene.

    Parameters
    ----------
    enrichment_score : ndarray of shape (n_sets,)
        From -1 to 1; above 0 = the set's genes gather among the highest.
    normalised_score : ndarray of shape (n_sets,)
        Score over the mean size of the random scores of its sign; NaN where there is none.
    p_value : ndarray of shape (n_sets,)
        Share of the random scores of the same sign that are as far from 0, the score itself
        counted among them: never 0, and 1 where no random score has its sign.
    q_value : ndarray of shape (n_sets,)
        The paper's false discovery rate over the sets given: among normalised scores of the
        same sign, the share of the random ones that are as large over the share of the sets.
        May be 0. NaN where the normalised score is.
    """

    enrichment_score: Floats
    normalised_score: Floats
    p_value: Floats
    q_value: Floats


def preranked(
    statistic: Floats,
    sets: Membership,
    n_permutations: int = 1000,
    seed: int = 1,
    weight: float = 1.0,
) -> GseaResult:
    """Score where each set's genes stand in the ranking, against random sets of its size.

    Parameters
    ----------
    statistic : ndarray of shape (n_genes,)
        Finite, and with a sign: a moderated t, say. Equal values keep the order given.
    n_permutations : int
        Number of random sets of each size.
    seed : int
        Not negative.
    weight : float
        A gene of the set counts |statistic|^weight (0: every gene alike, as in
        Kolmogorov-Smirnov's test). Genes of a set that all count 0 count alike.

    Raises
    ------
    ValueError
        A value of the statistic is missing or infinite.

    Notes
    -----
    Down the ranking the sum rises by a gene's share of its set's total and falls by
    1 / (n_genes - m) at each of the other genes; the score is the sum where it is farthest
    from 0 (the first such place). gseapy 1.3.1 finds the same to rounding, but where a whole
    set counts 0: its sum ends there.

    Random sets draw genes one by one, as if genes were independent. Genes of a real set rise
    and fall together, so the P values are too small, often by far; `camera` allows for that.

    The first m genes of one random order are a random set of every size m. So sets of equal
    size share their random scores and those of similar size nearly do, and a score or P value
    depends neither on which other sets there are nor on the number of threads.
    """
    n_genes = len(statistic)
    place, step = ranking(statistic, weight)
    tested = np.flatnonzero((sets.sizes > 0) & (sets.sizes < n_genes))
    some = sets.select(tested)
    sizes, of_size = np.unique(some.sizes, return_inverse=True)
    score = np.empty(len(tested))
    for i, size in enumerate(sizes):
        same = np.flatnonzero(of_size == i)
        places = place[some.select(same).genes].reshape(len(same), size)
        score[same] = _scores(np.sort(places, axis=1), step)
    null = _random_scores(step, sizes, n_permutations, seed)
    columns = (score, *_significance(score, of_size, null))
    out = np.full((len(columns), sets.n_sets), np.nan)
    out[:, tested] = columns
    return GseaResult(*out)


def ranking(statistic: Floats, weight: float) -> tuple[Ints, Floats]:
    """Return the place of each gene, 0 = the highest, and what each place counts, 0 to 1.

    Parameters
    ----------
    statistic : ndarray of shape (n_genes,)
    weight : float
        As `preranked` takes them.

    Raises
    ------
    ValueError
        A value of the statistic is missing or infinite.
    """
    if not np.isfinite(statistic).all():
        raise ValueError("genes cannot be ranked by a statistic that is missing or infinite")
    order = np.argsort(-statistic, kind="stable")
    place = np.empty(len(statistic), dtype=np.int64)
    place[order] = np.arange(len(statistic))
    step = np.abs(statistic[order])
    return place, (step / max(step.max(initial=0.0), np.finfo(float).tiny)) ** weight


def _scores(places: Ints, step: Floats) -> Floats:
    """Score sets of one size by their genes' places, which rise along a row.

    The sum is highest at a gene of the set and lowest just before one.

    Parameters
    ----------
    places : ndarray of shape (n, m)
        0 = the highest gene; fewer than all genes.
    step : ndarray of shape (n_genes,)
        What each gene counts, in the order of the ranking.

    Returns
    -------
    ndarray of shape (n,)
    """
    m = places.shape[1]
    steps = step[places]
    steps[~steps.any(axis=1)] = 1.0
    height = np.cumsum(steps, axis=1)
    total = height[:, -1].copy()
    # in units of the set's total; genes of other sets stand before each of these
    height -= (places - np.arange(m, dtype=float)) * (total / (len(step) - m))[:, None]
    high = height.max(axis=1) / total
    height -= steps
    low = -height.min(axis=1) / total
    upwards = high > low
    tied = np.flatnonzero(np.abs(high - low) < TIE)
    if len(tied):
        valleys = height[tied] / total[tied, None]
        peaks = valleys + steps[tied] / total[tied, None]
        upwards[tied] = first_maximum(peaks) < first_maximum(-valleys)
    return np.asarray(np.clip(np.where(upwards, high, -low), -1.0, 1.0))


def first_maximum(heights: Floats) -> Ints:
    """Return at which column each row first reaches its maximum."""
    near = heights > heights.max(axis=1, keepdims=True) - TIE
    return np.asarray(near.argmax(axis=1))


def _random_scores(step: Floats, sizes: Ints, n_permutations: int, seed: int) -> Floats:
    """Score random sets of each size.

    Parameters
    ----------
    step : ndarray of shape (n_genes,)
    sizes : ndarray of shape (n_sizes,)
        Rising.

    Returns
    -------
    ndarray of shape (n_sizes, n_permutations)
    """
    out = np.empty((len(sizes), n_permutations))
    if not len(sizes):
        return out
    every = np.arange(len(step), dtype=np.int32)

    def work(start: int, stop: int) -> None:
        rng = np.random.default_rng([seed, start])
        orders = rng.permuted(np.tile(every, (stop - start, 1)), axis=1)[:, : sizes[-1]]
        drawn = np.argsort(orders, axis=1)
        places = np.take_along_axis(orders, drawn, axis=1).astype(np.int64)
        drawn = drawn.astype(np.int32)
        # sorted once: leaving out the genes drawn last keeps the order
        for i in range(len(sizes) - 1, -1, -1):
            if sizes[i] < places.shape[1]:
                keep = drawn < sizes[i]
                places = places[keep].reshape(-1, sizes[i])
                drawn = drawn[keep].reshape(-1, sizes[i])
            out[i, start:stop] = _scores(places, step)

    for_blocks(n_permutations, _ORDERS, work)
    return out


def _significance(score: Floats, of_size: Ints, null: Floats) -> tuple[Floats, Floats, Floats]:
    """Return normalised scores, P values and false discovery rates.

    Parameters
    ----------
    score : ndarray of shape (n_sets,)
    of_size : ndarray of shape (n_sets,)
        Which row of `null` has the random scores of the set's size.
    null : ndarray of shape (n_sizes, n_permutations)
    """
    normalised, p, q = (np.full(len(score), np.nan) for _ in range(3))
    n_sets = np.bincount(of_size, minlength=len(null)).astype(float)
    for sign in (1.0, -1.0):
        mine = np.flatnonzero(score * sign > 0)
        own, row = score[mine] * sign, of_size[mine]
        random = np.where(null * sign > 0, null * sign, np.nan)
        n_same = np.isfinite(random).sum(axis=1)
        with np.errstate(invalid="ignore"):
            mean = np.nansum(random, axis=1) / n_same
        beyond = np.empty(len(mine))
        for i in np.unique(row):
            beyond[row == i] = _at_least(random[i], own[row == i])
        p[mine] = (1 + beyond) / (1 + n_same[row])
        normalised[mine] = sign * own / mean[row]
        q[mine] = _false_discovery_rate(own / mean[row], random / mean[:, None], n_sets)
    return normalised, p, q


def _at_least(random: Floats, own: Floats) -> Ints:
    """Count the random scores that reach each own one; NaN never does."""
    ordered = np.sort(random[np.isfinite(random)])
    return np.asarray(len(ordered) - np.searchsorted(ordered, own - TIE))


def _false_discovery_rate(own: Floats, random: Floats, n_sets: Floats) -> Floats:
    """Compare how many random and own normalised scores of one sign are as large as each.

    Parameters
    ----------
    own : ndarray of shape (n,)
        Above 0 or NaN.
    random : ndarray of shape (n_sizes, n_permutations)
        NaN = of the other sign.
    n_sets : ndarray of shape (n_sizes,)
        Sets that have the size: each has its own copy of the random scores.
    """
    out = np.full(len(own), np.nan)
    known = np.flatnonzero(np.isfinite(own))
    if not len(known):
        return out
    there = np.isfinite(random)
    values = random[there]
    copies = np.broadcast_to(n_sets[:, None], random.shape)[there]
    order = np.argsort(values)
    below = np.concatenate([[0.0], np.cumsum(copies[order])])
    own_ = own[known]
    by_chance = (below[-1] - below[np.searchsorted(values[order], own_ - TIE)]) / below[-1]
    reached = _at_least(own_, own_) / len(known)
    out[known] = np.minimum(by_chance / reached, 1.0)
    return out
