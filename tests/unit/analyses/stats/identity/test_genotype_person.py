"""Arrays are of the person whose genotypes they have; where none can be told, nothing is said."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.identity import genotype_person
from analyses.stats.identity.genotype_agreement import (
    GenotypeAgreement,
    agreement,
    genotype_frequencies,
    relative_density,
)
from analyses.stats.identity.genotype_mixture import GenotypeCalls, call_genotypes, fit_genotypes
from analyses.stats.identity.genotype_person import genotype_groups, person_likelihood
from analyses.stats.identity.person_posterior import (
    ALONE,
    OTHER_BELOW,
    PersonEvidence,
    PersonPosterior,
    person_posterior,
)
from cohortmart.core.types import Floats, Ints
from tests.support.genotyped import betas_of, planted_genotypes

PEOPLE = 12


def asked(betas: Floats, said: Ints) -> tuple[GenotypeAgreement, Ints, Floats, PersonPosterior]:
    """Go from betas to the posterior."""
    n_people = int(said.max()) + 1
    calls = call_genotypes(betas, fit_genotypes(betas))
    frequencies = genotype_frequencies(calls, 1.0 / np.bincount(said)[said])
    compared = agreement(calls, frequencies)
    groups = genotype_groups(compared.log_ratio)
    relative = relative_density(calls, frequencies)
    likelihood = person_likelihood(relative, frequencies, groups, said, n_people)
    posterior = person_posterior([PersonEvidence("genotype", likelihood)], said, n_people)
    return compared, groups, likelihood, posterior


def arrays(
    seed: int, n_arrays: int = 3, n_snps: int = 59, n_people: int = PEOPLE
) -> tuple[Floats, Ints]:
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(n_people), n_arrays)
    return betas_of(rng, planted_genotypes(rng, n_people, n_snps)[:, of]), of


def test_agreement_and_ratio_of_one_snp_by_hand() -> None:
    genotype = np.array([[[0.9, 0.2]], [[0.1, 0.5]], [[0.0, 0.3]]])
    density = np.array([[[8.0, 1.0]], [[1.0, 2.0]], [[0.5, 4.0]]])
    calls = GenotypeCalls(genotype, np.array([[0.1, 0.2]]), density)
    frequencies = np.array([[0.5], [0.3], [0.2]])
    found = agreement(calls, frequencies)
    np.testing.assert_allclose(found.share[0, 1], 0.9 * 0.2 + 0.1 * 0.5, rtol=1e-12)
    together = 0.5 * 8 * 1 + 0.3 * 1 * 2 + 0.2 * 0.5 * 4
    apart = (0.5 * 8 + 0.3 * 1 + 0.2 * 0.5) * (0.5 * 1 + 0.3 * 2 + 0.2 * 4)
    np.testing.assert_allclose(found.log_ratio[0, 1], np.log(together / apart), rtol=1e-12)
    assert found.n_snps.tolist() == [[1, 1], [1, 1]]


def test_a_missing_beta_counts_for_nothing() -> None:
    betas, of = arrays(1)
    whole = asked(betas, of)[0]
    betas[3, 0] = np.nan
    found = asked(betas, of)[0]
    assert whole.n_snps[0, 1] == 59
    assert found.n_snps[0, 1] == 58
    betas[:, 0] = np.nan
    found, _, likelihood, _ = asked(betas, of)
    assert np.isnan(found.share[0, 1:]).all()
    assert found.n_snps[0].max() == 0
    np.testing.assert_allclose(found.log_ratio[0], 0.0, atol=1e-12)
    assert np.ptp(likelihood[0, :-1]) < 1.0


def test_who_all_are_as_said_where_nothing_is_wrong() -> None:
    betas, of = arrays(2)
    compared, groups, _, posterior = asked(betas, of)
    same = of[:, None] == of[None, :]
    assert compared.share[same].min() > 0.9 > compared.share[~same].max()
    assert len(set(zip(of, groups, strict=True))) == PEOPLE == len(set(groups))
    assert posterior.said_alone.min() > ALONE
    assert (posterior.likely == of).all()
    np.testing.assert_allclose(posterior.of_person.sum(axis=1), 1.0, rtol=1e-12)


def test_an_exchange_is_told_of_both_and_of_no_other() -> None:
    betas, of = arrays(3)
    said = of.copy()
    said[[4, 10]] = said[[10, 4]]
    posterior = asked(betas, said)[3]
    assert np.flatnonzero(posterior.said < OTHER_BELOW).tolist() == [4, 10]
    assert posterior.likely[[4, 10]].tolist() == [1, 3]


def test_two_arrays_each_leave_open_which_are_exchanged() -> None:
    """Either the second arrays of two people are exchanged, or the first ones."""
    betas, of = arrays(4, n_arrays=2)
    said = of.copy()
    said[[3, 9]] = said[[9, 3]]
    posterior = asked(betas, said)[3]
    four = [2, 3, 8, 9]
    assert ((posterior.said[four] > OTHER_BELOW) & (posterior.said_alone[four] < ALONE)).all()
    others = np.delete(posterior.said_alone, four)
    assert others.min() > ALONE


def test_a_stranger_is_nobody_of_the_study() -> None:
    betas, of = arrays(5)
    rng = np.random.default_rng(50)
    betas[:, 7] = betas_of(rng, planted_genotypes(rng, 1))[:, 0]
    posterior = asked(betas, of)[3]
    assert posterior.said[7] < OTHER_BELOW
    assert posterior.likely[7] == PEOPLE


@pytest.mark.parametrize(("of_one", "of_other"), [(3, 3), (2, 6), (6, 2)])
def test_twins_are_not_taken_for_an_exchange(of_one: int, of_other: int) -> None:
    rng = np.random.default_rng(6)
    genotypes = planted_genotypes(rng, PEOPLE)
    genotypes[:, 1] = genotypes[:, 0]
    of = np.repeat(np.arange(PEOPLE), [of_one, of_other, *[3] * (PEOPLE - 2)])
    posterior = asked(betas_of(rng, genotypes[:, of]), of)[3]
    twins = of < 2
    assert posterior.said[twins].min() > 0.5
    assert posterior.said_alone[twins].max() < ALONE
    assert posterior.said_alone[~twins].min() > ALONE


def test_the_fast_sums_are_those_of_leaving_out_one_name_at_a_time() -> None:
    betas, of = arrays(9, n_arrays=3, n_people=5)
    said = of.copy()
    said[[1, 7, 8]] = [2, 0, 0]
    calls = call_genotypes(betas, fit_genotypes(betas))
    frequencies = genotype_frequencies(calls, 1.0 / np.bincount(said)[said])
    groups = genotype_groups(agreement(calls, frequencies).log_ratio)
    relative = relative_density(calls, frequencies)
    found = person_likelihood(relative, frequencies, groups, said, 5)
    of_groups = genotype_person._group_likelihood(relative, frequencies, groups, groups.max() + 1)
    for i in range(len(said)):
        names = np.zeros((5, groups.max() + 1))
        for j in range(len(said)):
            names[said[j], groups[j]] += j != i
        which = genotype_person._which_group(names)
        slow = np.log((np.exp(which) * np.exp(np.append(of_groups[i], 0.0))).sum(axis=1))
        near = slow > of_groups[i].min() - 50
        np.testing.assert_allclose(found[i, :-1][near], slow[near], rtol=1e-9)


def test_single_arrays_and_few_snps_tell_nothing() -> None:
    betas, of = arrays(7, n_arrays=1)
    posterior = asked(betas, of)[3]
    assert posterior.said.min() > 0.9
    assert posterior.said_alone.max() < ALONE
    betas, of = arrays(8, n_snps=3)
    posterior = asked(betas, of)[3]
    assert posterior.said.min() > OTHER_BELOW


def test_one_array_alone_is_no_group_with_others() -> None:
    assert genotype_groups(np.zeros((0, 0))).tolist() == []
    assert genotype_groups(np.array([[5.0]])).tolist() == [0]
    ratio = np.array([[9.0, 4.0, -3.0], [4.0, 9.0, -2.0], [-3.0, -2.0, 9.0]])
    a, b, c = genotype_groups(ratio)
    assert a == b != c


@pytest.mark.slow
def test_no_false_alarm_in_200_clean_studies() -> None:
    """By a bound of 1 / 9801 a sample, 5,000 samples give less than one; there are none."""
    odd = alone = n = 0
    for seed in range(200):
        n_arrays = 2 + seed % 2
        betas, of = arrays(1000 + seed, n_arrays=n_arrays, n_people=10)
        betas[np.random.default_rng(seed).random(betas.shape) < 0.02] = np.nan
        posterior = asked(betas, of)[3]
        odd += int((posterior.said < OTHER_BELOW).sum())
        alone += int((posterior.said_alone > ALONE).sum())
        n += len(of)
    assert n == 5000
    assert odd == 0
    assert alone == n
