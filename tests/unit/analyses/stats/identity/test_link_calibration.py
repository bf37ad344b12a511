"""No sample of a clean study is said to be another person's: 200 made-up studies."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.identity.cis_pairs import PairSide, cis_scores
from analyses.stats.identity.person_bound import bound_features
from analyses.stats.identity.person_link import (
    PersonLink,
    combined_link,
    person_link,
    references_of,
    within_scores,
)
from analyses.stats.identity.person_posterior import (
    ALONE,
    OTHER_BELOW,
    PersonEvidence,
    person_posterior,
)
from tests.support.people_studies import Kind, people_studies

#: Part of the clean studies that may have a sample said to be another person's.
LEVEL = 0.01
#: What the studies are like, how many of each, and the share of samples that are told at least.
KINDS = {
    "as the demo": (Kind(), 60, 0.8),
    "a batch nobody knows of": (Kind(batch_is_known=False), 40, 0.8),
    "few features are bound": (Kind(bound=0.05), 30, 0.0),
    "six people": (Kind(people=6), 40, 0.0),
    "no feature is bound": (Kind(bound=0.0, batch_is_known=False), 30, 0.0),
}


def both_links(kind: Kind, seed: int) -> list[tuple[np.ndarray, PersonLink]]:
    """Two assays of a clean study: whose the samples are, and their links."""
    n = kind.people
    assays = people_studies(np.random.default_rng([16, seed]), kind, 2)
    bound = [bound_features([a.values], a.design, a.said, n) for a in assays]
    common = np.intersect1d(bound[0].rows, bound[1].rows)
    at = [np.searchsorted(b.rows, common) for b in bound]
    one, other = (
        PairSide(b.values[rows], b.moves[rows], a.said)
        for a, b, rows in zip(assays, bound, at, strict=True)
    )
    cis = cis_scores(one, other, n)
    out = []
    for i, scores in enumerate((cis.first, cis.second)):
        said, theirs = assays[i].said, np.bincount(assays[1 - i].said, minlength=n)
        within = within_scores(bound[i], said)
        links = [
            person_link(within, references_of(said, n), said, bound[i].counts),
            person_link(scores, np.broadcast_to(theirs, scores.shape), said, cis.n_pairs),
        ]
        out.append((said, combined_link(links, said)))
    return out


@pytest.mark.slow
def test_clean_studies_have_no_false_alarm_at_the_level() -> None:
    alarmed, n_studies = 0, 0
    for name, (kind, n, least) in KINDS.items():
        told: list[np.ndarray] = []
        reasons: list[str] = []
        for k in range(n):
            odd = 0
            for said, link in both_links(kind, n_studies + k):
                evidence = PersonEvidence("levels", link.log_likelihood)
                posterior = person_posterior([evidence], said, kind.people)
                odd += int((posterior.said < OTHER_BELOW).sum())
                told.append(posterior.said_alone >= ALONE)
                reasons.append(link.reason)
            alarmed += odd > 0
        n_studies += n
        share = np.concatenate(told).mean()
        assert share >= least, name
        if kind.bound == 0.0 or kind.people == 6:
            assert share < 0.05, name
            assert all(reasons), name
    assert n_studies == 200
    assert alarmed <= LEVEL * n_studies
