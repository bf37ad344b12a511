"""A sample is linked to the person whose other samples have its levels, or to nobody."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.identity.person_bound import BoundFeatures, bound_features
from analyses.stats.identity.person_link import (
    FEWEST_FEATURES,
    PersonLink,
    combined_link,
    person_link,
    references_of,
    within_scores,
)
from analyses.stats.identity.person_posterior import PersonEvidence, person_posterior
from tests.support.people_studies import Kind, PeopleStudy, people_studies, swapped

KIND = Kind(people=16, features=300, bound=0.6, technical=0.1, alike=0.1)


def linked(study: PeopleStudy, n_people: int) -> PersonLink:
    bound = bound_features([study.values], study.design, study.said, n_people)
    references = references_of(study.said, n_people)
    return person_link(within_scores(bound, study.said), references, study.said, bound.counts)


@pytest.mark.parametrize("seed", range(4))
def test_two_exchanged_samples_are_found_and_no_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    (clean,) = people_studies(rng, KIND)
    one = int(rng.integers(len(clean.said)))
    other = int(rng.choice(np.flatnonzero(clean.said != clean.said[one])))  # of any visit
    study = swapped(clean, one, other)
    link = linked(study, KIND.people)
    assert link.reason == ""
    posterior = person_posterior(
        [PersonEvidence("levels", link.log_likelihood)], study.said, KIND.people
    )
    assert set(np.flatnonzero(posterior.said < 0.01)) == {one, other}
    assert posterior.likely[one] == study.said[other]
    assert posterior.likely[other] == study.said[one]
    assert (posterior.said_alone >= 0.95).mean() > 0.9


def test_the_score_is_the_weighted_cosine_with_the_others_of_a_person() -> None:
    rng = np.random.default_rng(5)
    said = np.array([0, 0, 0, 1, 1, 2])
    n = FEWEST_FEATURES + 4
    values = rng.normal(size=(n, 6))
    share = rng.uniform(0.2, 0.8, (n, 3))
    share[0, 1] = 0.0
    moves = 10 * rng.normal(size=(n, 2))
    scores = within_scores(BoundFeatures(np.arange(n), values, moves, share), said)
    x = np.clip(values / values.std(axis=1, keepdims=True), -3, 3)
    along = moves / values.std(axis=1, keepdims=True)

    def expected(sample: int, samples: list[int], person: int) -> float:
        used = share[:, person] > 0
        s = share[used, person]
        root = np.sqrt(s / (1 - s**2))
        a, b = root * x[used, sample], root * x[used][:, samples].mean(axis=1)
        design = root[:, None] * along[used]
        a, b = (v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (a, b))
        return float(np.arctanh((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())))

    assert scores[1, 0] == pytest.approx(expected(1, [0, 2], 0))  # itself left out
    assert scores[1, 1] == pytest.approx(expected(1, [3, 4], 0))
    assert scores[3, 0] == pytest.approx(expected(3, [0, 1, 2], 1))
    assert scores[3, 2] == pytest.approx(expected(3, [5], 1))
    assert np.isnan(scores[5, 2])  # no other sample of this person
    share[4:, 0] = 0.0
    few = within_scores(BoundFeatures(np.arange(n), values, moves, share), said)
    assert np.isnan(few[:3]).all()
    assert np.isfinite(few[3:5]).all()


def scores_of(apart: float, rng: np.random.Generator, n_people: int = 10) -> tuple[np.ndarray, ...]:
    """Scores with a spread of 0.1; own ones higher by so many times that."""
    said = np.repeat(np.arange(n_people), 5)
    scores = rng.normal(0, 0.1, (len(said), n_people))
    scores[np.arange(len(said)), said] += 0.1 * apart
    return scores, said


def test_likelihoods_are_those_of_two_normal_distributions_within_bounds() -> None:
    scores, said = scores_of(6.0, np.random.default_rng(1))
    n = np.full(10, 100)
    link = person_link(scores, np.full(scores.shape, 4), said, n)
    assert link.separation == pytest.approx(6.0, abs=0.8)
    logs = link.log_likelihood
    assert logs.shape == (50, 11)
    assert (logs[:, -1] == 0).all()
    assert logs.min() >= np.log(1e-3) - 1e-9
    assert logs.max() <= np.log(1e4) + 1e-9
    # in the middle the exact ratio: linear in the score, with slope apart / spread^2
    order = np.argsort(scores[:, 0])
    assert (np.diff(logs[order, 0]) >= 0).all()
    middle = np.flatnonzero(np.abs(logs[:, :-1].ravel()) < 2)
    slope = np.polyfit(scores.ravel()[middle], logs[:, :-1].ravel()[middle], 1)[0]
    assert slope == pytest.approx(6.0 / 0.1, rel=0.25)


def test_more_features_do_not_make_it_surer_than_the_study_shows() -> None:
    """Every feature twice: the same likelihoods."""
    (study,) = people_studies(np.random.default_rng(3), KIND)
    bound = bound_features([study.values], study.design, study.said, KIND.people)
    twice = BoundFeatures(
        np.arange(2 * len(bound.rows)),
        *(np.tile(a, (2, 1)) for a in (bound.values, bound.moves, bound.share)),
    )
    references = references_of(study.said, KIND.people)
    once, doubled = (
        person_link(within_scores(b, study.said), references, study.said, b.counts)
        for b in (bound, twice)
    )
    assert np.allclose(once.log_likelihood, doubled.log_likelihood, atol=1e-8)


def test_a_study_that_is_too_small_says_why() -> None:
    rng = np.random.default_rng(2)
    many, references = np.full(10, 100), np.full((50, 10), 4)
    scores, said = scores_of(1.5, rng)
    near = person_link(scores, references, said, many)
    assert "standard deviations" in near.reason
    assert not near.log_likelihood.any()
    scores, said = scores_of(8.0, rng)
    few = person_link(scores, references, said, np.full(10, 7))
    assert few.reason == "7 features are bound to people, not 20"
    scores[said > 3] = np.nan
    small = person_link(scores, references, said, many)
    assert small.reason == "4 people can be compared with themselves, not 5"
    one_each = person_link(rng.normal(size=(10, 10)), references[:10], np.arange(10), many)
    assert one_each.reason == "10 samples can be compared, not 12"


def test_two_links_that_are_the_same_count_once() -> None:
    scores, said = scores_of(5.0, np.random.default_rng(4))
    link = person_link(scores, np.full(scores.shape, 4), said, np.full(10, 100))
    both = combined_link([link, link], said)
    inner = np.abs(link.log_likelihood[:, :-1]) < 3
    ratio = both.log_likelihood[:, :-1][inner].std() / link.log_likelihood[:, :-1][inner].std()
    assert ratio < 1.4  # the sum would be 2
    silent = PersonLink(np.zeros((50, 11)), 1.0, np.full((50, 10), np.nan), "too few")
    assert combined_link([link, silent], said) is link
    assert combined_link([silent], said).reason == "too few"
