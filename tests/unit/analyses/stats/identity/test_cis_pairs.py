"""Samples of two assays are linked by pairs of features whose levels go together over people."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analyses.stats.identity.cis_pairs import PairSide, cis_scores
from analyses.stats.identity.person_link import PersonLink, person_link
from analyses.stats.identity.person_posterior import PersonEvidence, person_posterior
from tests.support.people_studies import Kind, PeopleStudy, people_studies, swapped

KIND = Kind(people=16, features=300, bound=0.6, technical=0.1, alike=0.1)


def side(study: PeopleStudy) -> PairSide:
    """One feature a pair; the design without its mean."""
    centred = study.design[:, 1:] - study.design[:, 1:].mean(axis=0)
    basis = np.linalg.qr(centred)[0]
    moves = study.values @ basis
    values = study.values - study.values.mean(axis=1, keepdims=True) - moves @ basis.T
    return PairSide(values, moves, study.said)


def of_pairs(one: PairSide, rows: object) -> PairSide:
    return PairSide(one.values[rows], one.moves[rows], one.said)


def between(one: PeopleStudy, other: PeopleStudy, n_people: int) -> tuple[PersonLink, PersonLink]:
    found = cis_scores(side(one), side(other), n_people)
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
    sides = side(one), side(other)
    found = cis_scores(*sides, KIND.people)
    sds = [s.values.std(axis=1, keepdims=True) for s in sides]
    x, y = (np.clip(s.values / sd, -3, 3) for s, sd in zip(sides, sds, strict=True))
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
        root = np.sqrt(np.abs(b) / (1 - b**2))
        every, sizes, _ = np.linalg.svd(root[:, None] * (sides[0].moves / sds[0])[chosen], False)
        design = every[:, sizes**2 > 4 * (root**2).sum()]  # what moves them clearly
        assert 1 <= design.shape[1] < len(sizes)
        sample = np.flatnonzero(one.said == person)[1]
        for q in (person, 4):
            u, v = root * x[chosen, sample], root * np.sign(b) * a[:, q]
            u, v = (w - design @ np.linalg.lstsq(design, w, rcond=None)[0] for w in (u, v))
            cosine = (u * v).sum() / np.sqrt((u * u).sum() * (v * v).sum())
            assert found.first[sample, q] == pytest.approx(np.arctanh(cosine))


def test_a_feature_of_several_pairs_counts_once() -> None:
    one, other = people_studies(np.random.default_rng(9), KIND, 2)
    x, y = side(one), side(other)
    twice = np.tile(np.arange(KIND.features), 2)
    once = cis_scores(x, y, KIND.people)
    again = cis_scores(of_pairs(x, twice), of_pairs(y, twice), KIND.people)
    assert (once.n_pairs == again.n_pairs).all()
    assert np.allclose(once.first, again.first)


def test_who_is_in_one_assay_only_is_not_compared() -> None:
    one, other = people_studies(np.random.default_rng(10), KIND, 2)
    x, y, there = side(one), side(other), other.said != 3
    y = PairSide(y.values[:, there], y.moves, y.said[there])
    found = cis_scores(x, y, KIND.people)
    assert np.isnan(found.first[:, 3]).all()
    assert np.isfinite(found.first[one.said == 3][:, :3]).all()
    none = cis_scores(of_pairs(x, slice(0)), of_pairs(y, slice(0)), KIND.people)
    assert not none.n_pairs.any()
    assert np.isnan(none.second).all()
