"""Samples of two assays are linked by pairs of features whose levels go together over people."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analyses.stats.identity.cis_pairs import cis_scores
from analyses.stats.identity.person_link import PersonLink, person_link
from analyses.stats.identity.person_posterior import PersonEvidence, person_posterior
from tests.support.people_studies import Kind, PeopleStudy, people_studies, swapped

KIND = Kind(people=16, features=300, bound=0.6, technical=0.1, alike=0.1)


def residuals(study: PeopleStudy) -> np.ndarray:
    fitted = study.design @ np.linalg.lstsq(study.design, study.values.T, rcond=None)[0]
    return study.values - fitted.T


def between(one: PeopleStudy, other: PeopleStudy, n_people: int) -> tuple[PersonLink, PersonLink]:
    found = cis_scores(residuals(one), residuals(other), one.said, other.said, n_people)
    links = []
    for scores, mine, theirs in ((found.first, one, other), (found.second, other, one)):
        behind = np.broadcast_to(np.bincount(theirs.said, minlength=n_people), scores.shape)
        links.append(person_link(scores, behind, mine.said, found.n_pairs))
    return links[0], links[1]


@pytest.mark.parametrize("side", [0, 1])
def test_an_exchange_in_one_assay_is_found_by_the_other(side: int) -> None:
    rng = np.random.default_rng(7)
    assays = list(people_studies(rng, KIND, 2))
    said = assays[side].said
    one = int(rng.integers(len(said)))
    other = int(rng.choice(np.flatnonzero(said != said[one])))
    assays[side] = swapped(assays[side], one, other)
    links = between(assays[0], assays[1], KIND.people)
    odd = []
    for study, link in zip(assays, links, strict=True):
        assert link.reason == ""
        evidence = PersonEvidence("levels", link.log_likelihood)
        odd.append(person_posterior([evidence], study.said, KIND.people).said < 0.01)
    assert set(np.flatnonzero(odd[side])) == {one, other}
    assert not odd[1 - side].any()


def test_pairs_are_those_that_everybody_but_the_person_shows() -> None:
    rng = np.random.default_rng(8)
    one, other = people_studies(rng, KIND, 2)
    values = residuals(one), residuals(other)
    found = cis_scores(*values, one.said, other.said, KIND.people)
    x, y = (np.clip(v / v.std(axis=1, keepdims=True), -3, 3) for v in values)
    means = [
        np.stack([v[:, s == p].mean(axis=1) for p in range(KIND.people)], axis=1)
        for v, s in ((x, one.said), (y, other.said))
    ]
    for person in (0, 9):
        others = np.arange(KIND.people) != person
        r = np.array([np.corrcoef(a[others], b[others])[0, 1] for a, b in zip(*means, strict=True)])
        t = r * np.sqrt((others.sum() - 2) / (1 - r**2))
        p = 2 * stats.t.sf(np.abs(t), others.sum() - 2)
        chosen = stats.false_discovery_control(p) <= 0.05
        assert found.n_pairs[person] == chosen.sum() >= 20
        a, b = means[1][chosen], np.clip(r[chosen], -0.95, 0.95)
        a = (a - a.mean(axis=1, keepdims=True)) / a.std(axis=1, keepdims=True)
        weight = np.abs(b) / (1 - b**2)
        sample = np.flatnonzero(one.said == person)[1]
        for q in (person, 4):
            u, v = x[chosen, sample], np.sign(b) * a[:, q]
            cosine = (weight * u * v).sum() / np.sqrt(
                (weight * u * u).sum() * (weight * v * v).sum()
            )
            assert found.first[sample, q] == pytest.approx(np.arctanh(cosine))


def test_a_feature_of_several_pairs_counts_once() -> None:
    one, other = people_studies(np.random.default_rng(9), KIND, 2)
    x, y = residuals(one), residuals(other)
    once = cis_scores(x, y, one.said, other.said, KIND.people)
    again = cis_scores(np.vstack([x, x]), np.vstack([y, y]), one.said, other.said, KIND.people)
    assert (once.n_pairs == again.n_pairs).all()
    assert np.allclose(once.first, again.first)


def test_who_is_in_one_assay_only_is_not_compared() -> None:
    one, other = people_studies(np.random.default_rng(10), KIND, 2)
    there = other.said != 3
    values = residuals(other)[:, there]
    found = cis_scores(residuals(one), values, one.said, other.said[there], KIND.people)
    assert np.isnan(found.first[:, 3]).all()
    assert np.isfinite(found.first[one.said == 3][:, :3]).all()
    none = cis_scores(residuals(one)[:0], values[:0], one.said, other.said[there], KIND.people)
    assert not none.n_pairs.any()
    assert np.isnan(none.second).all()
