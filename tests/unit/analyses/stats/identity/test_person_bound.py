"""Features that are bound to people are those that everybody but one person shows to be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analyses.stats.identity.person_bound import bound_features
from tests.support.people_studies import Kind, PeopleStudy, people_studies

PEOPLE = 8
KIND = Kind(people=PEOPLE, visits=(3, 4), features=60)


@pytest.fixture
def study(rng: np.random.Generator) -> PeopleStudy:
    (study,) = people_studies(rng, KIND)
    return study


def naive_f(values: np.ndarray, said: np.ndarray, lost: int) -> float:
    """Analysis of variance of one feature, with the degrees of freedom that the design took."""
    groups = [values[said == p] for p in np.unique(said)]
    n, k = len(values), len(groups)
    middle = values.mean()
    between = sum(len(g) * (g.mean() - middle) ** 2 for g in groups) / (k - 1)
    within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (n - k - lost)
    return between / within


def test_the_share_is_that_of_an_analysis_of_variance_without_the_person(
    study: PeopleStudy,
) -> None:
    found = bound_features([study.values], study.design, study.said, PEOPLE)
    fitted = study.design @ np.linalg.lstsq(study.design, study.values.T, rcond=None)[0]
    residuals = study.values - fitted.T
    lost = np.linalg.matrix_rank(study.design) - 1
    assert len(found.rows) >= 10
    assert np.allclose(found.values, residuals[found.rows], atol=1e-9)
    # what the design takes out is all between it and the mean
    taken = (study.values - residuals)[found.rows]
    taken -= taken.mean(axis=1, keepdims=True)
    assert found.moves.shape == (len(found.rows), lost)
    assert np.allclose((found.moves**2).sum(axis=1), (taken**2).sum(axis=1))
    for person in (0, 3, PEOPLE - 1):
        others = study.said != person
        said = study.said[others]
        n = np.bincount(said)[np.unique(said)]
        size = (n.sum() - (n**2).sum() / n.sum()) / (len(n) - 1)
        every = np.array([naive_f(r[others], said, lost) for r in residuals])
        p = stats.f.sf(every, len(n) - 1, len(said) - len(n) - lost)
        bound = stats.false_discovery_control(p) <= 0.05
        share = np.maximum(every - 1, 0) / (np.maximum(every - 1, 0) + size)
        expected = np.where(bound, share, 0.0)
        assert np.allclose(found.share[:, person], expected[found.rows], atol=1e-9)
        assert expected[np.setdiff1d(np.arange(60), found.rows)].max() == 0


def test_blocks_of_any_size_give_the_same(study: PeopleStudy) -> None:
    whole = bound_features([study.values], study.design, study.said, PEOPLE, kept=10)
    parts = np.array_split(study.values, 7)
    blocks = bound_features(iter(parts), study.design, study.said, PEOPLE, kept=10)
    assert (whole.rows == blocks.rows).all()
    assert np.allclose(whole.share, blocks.share, atol=1e-12)
    assert whole.counts.max() <= 10
    assert (np.diff(whole.rows) > 0).all()


def test_a_persons_own_samples_have_no_say(study: PeopleStudy) -> None:
    """Whatever is done to two samples of a person, their features stay those of the others."""
    values = study.values - study.values.mean(axis=1, keepdims=True)
    mine = np.flatnonzero(study.said == 2)
    free = np.ones((len(study.said), 1))
    before = bound_features([values], free, study.said, PEOPLE)
    turned = values.copy()
    turned[:, mine[:2]] = -5 * values[:, mine[:2]]
    turned -= turned.mean(axis=1, keepdims=True)
    after = bound_features([turned], free, study.said, PEOPLE)
    both = np.intersect1d(before.rows, after.rows)
    assert len(both) >= 10
    one = before.share[np.isin(before.rows, both), 2]
    other = after.share[np.isin(after.rows, both), 2]
    assert np.allclose(one, other, atol=1e-9)
    assert not np.allclose(
        before.share[np.isin(before.rows, both), 3], after.share[np.isin(after.rows, both), 3]
    )


def test_features_with_too_many_missing_values_and_constant_ones_are_left_out(
    study: PeopleStudy,
) -> None:
    values = study.values.copy()
    every = bound_features([values], study.design, study.said, PEOPLE)
    first, second, third = every.rows[:3]
    values[first, ::5] = np.nan
    values[second] = 3.0
    values[third, 4] = np.nan
    found = bound_features([values], study.design, study.said, PEOPLE)
    assert not {first, second} & set(found.rows)
    assert third in found.rows
    assert np.isfinite(found.values).all()


def test_nothing_is_bound_in_noise(rng: np.random.Generator) -> None:
    said = np.repeat(np.arange(10), 6)
    noise = rng.normal(size=(2000, 60))
    found = bound_features([noise], np.ones((60, 1)), said, 10)
    assert found.counts.max() <= 2
    nobody = bound_features([], np.ones((60, 1)), said, 10)
    assert nobody.rows.shape == (0,)
    assert nobody.values.shape == (0, 60)
