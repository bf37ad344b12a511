"""Genotype person: which person's other arrays an array has the genotypes of."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.special import logsumexp

from analyses.stats.identity.person_posterior import SHEET_RIGHT
from cohortmart.core.types import Bools, Floats, Ints

#: How often another person has the genotypes of one: twins, or the same person under two names.
_TWINS = 1e-6
#: No evidence against a person is stronger than that of their worst group and this.
_FAR = 100.0


def genotype_groups(log_ratio: Floats) -> Ints:
    """Return groups of arrays with the same genotypes: who is one person, whatever the sheet says.

    Average linkage over the log likelihood ratios, cut where one person and two are as likely.

    Parameters
    ----------
    log_ratio : ndarray of shape (n_arrays, n_arrays)

    Returns
    -------
    ndarray of int of shape (n_arrays,)
        Numbers of the groups, from 0.
    """
    n = len(log_ratio)
    if n < 2:
        return np.zeros(n, dtype=np.int64)
    highest = max(float(log_ratio.max()), 1.0)
    distance = highest - log_ratio
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), "average")
    groups = fcluster(tree, highest, "distance")
    return np.asarray(np.unique(groups, return_inverse=True)[1], dtype=np.int64)


def person_likelihood(
    relative: Floats, frequencies: Floats, groups: Ints, said: Ints, n_people: int
) -> Floats:
    """Return how likely the genotypes of an array are if it is of a person.

    A person is one of the groups, or none of them; the names of the other arrays say which. A
    name is wrong as often as `SHEET_RIGHT` says, and then as likely that of anyone else. The array
    itself and its name are left out, so that it cannot speak for itself. Two people with the same
    genotypes (twins) share a group.

    Parameters
    ----------
    relative : ndarray of shape (3, n_snps, n_arrays)
        See `relative_density`.
    frequencies : ndarray of shape (3, n_snps)
    groups : ndarray of int of shape (n_arrays,)
        See `genotype_groups`.
    said : ndarray of int of shape (n_arrays,)
        Number of the person that the sheet names.
    n_people : int

    Returns
    -------
    ndarray of shape (n_arrays, n_people + 1)
        Natural logarithms relative to a stranger, who is the last column.
    """
    n_groups = int(groups.max(initial=-1)) + 1
    reached = np.zeros((len(groups), n_groups + 1))  # in none of the groups: a stranger so far
    reached[:, :-1] = _group_likelihood(relative, frequencies, groups, n_groups)
    names = np.zeros((n_people, n_groups))
    np.add.at(names, (said, groups), 1.0)
    which = _which_group(names)
    highest = reached.max(axis=1, keepdims=True)
    scaled, shares = np.exp(reached - highest), np.exp(which)
    # without its own name, the group of the array holds one foreign name less for all others
    rows = np.arange(len(groups))
    own_names = names[said, groups]
    fewer = _foreign(own_names - 1.0, n_people) - _foreign(own_names, n_people)
    more = shares[:, groups].T * np.expm1(fewer)[:, None]
    own = scaled[rows, groups][:, None]
    result = np.zeros((len(groups), n_people + 1))
    with np.errstate(divide="ignore"):
        result[:, :-1] = np.log(scaled @ shares.T + own * more) + highest - np.log1p(more)
    for i, (person, group) in enumerate(zip(said, groups, strict=True)):
        names[person, group] -= 1.0
        result[i, person] = logsumexp(_which_group(names, person)[0] + reached[i])
        names[person, group] += 1.0
    bounded: Floats = np.maximum(result, reached.min(axis=1, keepdims=True) - _FAR)
    return bounded


def _wrong(n_people: int) -> float:
    """Return how often an array of a person has the name of one other person."""
    return (1.0 - SHEET_RIGHT) / max(n_people, 2)


def _foreign(names: Floats, n_people: int) -> Floats:
    """Return how likely so many names of a person are in the group of another: all wrong, or twins.

    Natural logarithms; 0 where there is no name.
    """
    logs: Floats = np.logaddexp(names * np.log(_wrong(n_people)), np.log(_TWINS))
    return np.where(names > 0, logs, 0.0)


def _which_group(names: Floats, person: int | None = None) -> Floats:
    """Return log probabilities that a person is each group, or none: (n_people, n_groups + 1)."""
    own = names if person is None else names[person : person + 1]
    of_person = own.sum(axis=1, keepdims=True)
    # every array of the person elsewhere is wrong, and in the group whoever else has names there
    foreign = _foreign(names, len(names))
    others = foreign.sum(axis=0, keepdims=True) - _foreign(own, len(names))
    log_wrong = np.log(_wrong(len(names)))
    logs = (of_person - own) * log_wrong + others + own * np.log(SHEET_RIGHT)
    logs = np.hstack([logs, of_person * log_wrong])
    shares: Floats = logs - logsumexp(logs, axis=1, keepdims=True)
    return shares


def _group_likelihood(relative: Floats, frequencies: Floats, groups: Ints, n_groups: int) -> Floats:
    """Return log likelihoods of arrays by the genotypes of a group without themselves."""
    logs = np.log(relative)
    result = np.zeros((len(groups), n_groups))
    for g in range(n_groups):
        inside: Bools = groups == g
        known = np.log(frequencies) + logs[:, :, inside].sum(axis=2)
        expected = known[:, :, None] - np.where(inside, logs, 0.0)
        expected -= logsumexp(expected, axis=0)
        result[:, g] = logsumexp(expected + logs, axis=0).sum(axis=0)
    # alone in its group: nothing but itself is known of it
    alone = np.bincount(groups, minlength=n_groups)[groups] == 1
    result[np.arange(len(groups))[alone], groups[alone]] = 0.0
    return result
