"""What a model within people cannot take, named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analyses.stats.explained.change_fit import fit_changes
from analyses.stats.explained.within_people import VariableError, WithinPeople, within_people
from analyses.stats.mixed.blocks import make_blocks
from cohortmart.core.types import Floats
from tests.support.explained_studies import MediatedStudy, Mediation, mediated_study


@pytest.fixture
def study(rng: np.random.Generator) -> MediatedStudy:
    return mediated_study(Mediation(), 6, rng)


def faulty(study: MediatedStudy, column: Floats) -> WithinPeople:
    variables = np.column_stack([study.variables[:, 0], column])
    return within_people(study.design, study.blocks, variables)


def test_variables_that_say_nothing_are_named(study: MediatedStudy) -> None:
    constant = 1e6 + study.blocks.indicators @ np.arange(study.blocks.n_blocks)
    with pytest.raises(VariableError) as error:
        faulty(study, constant)
    assert (error.value.column, error.value.what) == (1, "constant")
    with pytest.raises(VariableError) as error:
        faulty(study, constant + study.design[:, 0] - 2 * study.design[:, 1])
    assert (error.value.column, error.value.what) == (1, "in the design")
    with pytest.raises(VariableError) as error:
        faulty(study, 5 - 3 * study.variables[:, 0] + constant)
    assert (error.value.column, error.value.what) == (1, "in the others")
    with pytest.raises(ValueError, match="finite"):
        faulty(study, np.full(len(constant), np.nan))


def test_designs_without_changes_are_refused(study: MediatedStudy) -> None:
    ones = np.ones((len(study.design), 1))
    with pytest.raises(ValueError, match="varies within people"):
        within_people(ones, study.blocks, study.variables)
    few = np.flatnonzero(study.blocks.codes < 1)
    small = make_blocks([str(c) for c in study.blocks.codes[few]])
    with pytest.raises(ValueError, match="degrees of freedom"):
        within_people(study.design[few], small, study.variables[few])


def test_values_that_cannot_be_fitted_are_refused(study: MediatedStudy) -> None:
    within = within_people(study.design, study.blocks, study.variables)
    with pytest.raises(ValueError, match="does not fit"):
        fit_changes(study.y[:, 1:], within)
    with pytest.raises(ValueError, match="infinite"):
        fit_changes(np.where(study.y > 1, np.inf, study.y), within)
    with pytest.raises(ValueError, match="positive"):
        fit_changes(study.y, within, np.zeros_like(study.y))
    with pytest.raises(ValueError, match="do not fit"):
        fit_changes(study.y, within, np.ones((1, study.y.shape[1])))


def test_columns_of_people_in_the_design_change_nothing(study: MediatedStudy) -> None:
    with_people = np.hstack([study.design, study.blocks.indicators])
    plain = within_people(study.design, study.blocks, study.variables)
    again = within_people(with_people, study.blocks, study.variables)
    assert again.basis.rank == plain.basis.rank
    assert again.noise_df == plain.noise_df == len(study.design) - 18 - 6
    padded = np.vstack([study.contrasts, np.zeros((18, study.contrasts.shape[1]))])
    a = fit_changes(study.y, plain).coefficients @ plain.contrasts(study.contrasts)
    b = fit_changes(study.y, again).coefficients @ again.contrasts(padded)
    assert b == pytest.approx(a, abs=1e-10)


def test_a_person_with_one_visit_says_nothing(study: MediatedStudy) -> None:
    """Values of such a person may be anything."""
    first = np.flatnonzero(study.blocks.codes == 0)
    kept = np.setdiff1d(np.arange(len(study.design)), first[1:])
    other = replace(
        study,
        y=study.y[:, kept],
        design=study.design[kept],
        variables=study.variables[kept],
        blocks=make_blocks([f"p{c:02d}" for c in study.blocks.codes[kept]]),
    )
    within = within_people(other.design, other.blocks, other.variables)
    k = within.contrasts(other.contrasts)
    before = fit_changes(other.y, within)
    moved = other.y.copy()
    moved[:, other.blocks.codes == 0] += 50.0
    after = fit_changes(moved, within)
    assert after.coefficients @ k == pytest.approx(before.coefficients @ k, abs=1e-9)
    assert after.sigma2_total == pytest.approx(before.sigma2_total)
