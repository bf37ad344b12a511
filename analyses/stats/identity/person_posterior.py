"""Person posterior: whose each sample is, by the sample sheet and every kind of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from cohortmart.core.types import Bools, Floats, Ints

#: How often a sample sheet is right of a sample; what is left is shared by all others.
SHEET_RIGHT = 0.99
#: A sample is of another person where the posterior of the one it is said to be of is below.
OTHER_BELOW = 0.01
#: The data alone, before the sheet is asked, single out the person it is said to be of.
ALONE = 0.95


@dataclass(frozen=True, eq=False)
class PersonEvidence:
    """What one kind of data says of whose each sample is.

    Parameters
    ----------
    name : str
        In the words of the tables: genotype, sex, levels.
    log_likelihood : ndarray of shape (n_samples, n_people + 1)
        Natural logarithm of how likely the data of a sample are if it is of a person, up to a
        constant of each sample; the last column stands for someone who is not in the study. A row
        of one value says nothing.
    reasons : tuple of str
        Why it says nothing of a sample, in plain words; empty where it says something, or where
        it was not asked. No tuple at all: of none.
    """

    name: str
    log_likelihood: Floats
    reasons: tuple[str, ...] = ()

    @property
    def says(self) -> Bools:
        """Which samples it says something of, by a factor of e or more: shape (n_samples,)."""
        found: Bools = np.ptp(self.log_likelihood, axis=1) > 1.0
        return found


@dataclass(frozen=True, eq=False)
class PersonPosterior:
    """Whose each sample is; the last person is someone who is not in the study.

    Parameters
    ----------
    of_person : ndarray of shape (n_samples, n_people + 1)
        Posterior by the sheet and the evidence; rows add up to 1.
    said : ndarray of float of shape (n_samples,)
        Of the person that the sheet names.
    said_alone : ndarray of float of shape (n_samples,)
        The same by the evidence alone, with all people as likely before.
    likely : ndarray of int of shape (n_samples,)
        The most likely person.
    """

    of_person: Floats
    said: Floats
    said_alone: Floats
    likely: Ints


def person_posterior(
    evidence: Sequence[PersonEvidence], said: Ints, n_people: int
) -> PersonPosterior:
    """Combine the sheet and all evidence by Bayes' rule; kinds of evidence are independent.

    Before any data, a sample is of the person of the sheet with probability `SHEET_RIGHT`, and of
    any of the others or of someone else with equal parts of the rest. For a sample that is
    right, data that bring the posterior of its person below `OTHER_BELOW` have a likelihood
    ratio against it of (1 - OTHER_BELOW) / OTHER_BELOW * SHEET_RIGHT / (1 - SHEET_RIGHT) = 9801 or
    more, which happens with a probability of at most 1 / 9801 where the likelihoods are right
    (Markov's inequality).

    Parameters
    ----------
    evidence : sequence of PersonEvidence
    said : ndarray of int of shape (n_samples,)
        Number of the person that the sheet names.
    n_people : int

    Returns
    -------
    PersonPosterior
    """
    rows = np.arange(len(said))
    data = np.zeros((len(said), n_people + 1))
    for one in evidence:
        data += one.log_likelihood
    prior = np.full(data.shape, np.log((1.0 - SHEET_RIGHT) / n_people))
    prior[rows, said] = np.log(SHEET_RIGHT)
    of_person = _shares(prior + data)
    return PersonPosterior(
        of_person=of_person,
        said=of_person[rows, said],
        said_alone=_shares(data)[rows, said],
        likely=np.argmax(of_person, axis=1),
    )


def _shares(logs: Floats) -> Floats:
    shares: Floats = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
    return shares
