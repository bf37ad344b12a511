"""Made-up studies of people over time, clean or with exchanged samples, for identity by levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True)
class PeopleStudy:
    """Values of one assay, (n_features, n_samples), the design and whose the samples are."""

    values: Floats
    design: Floats
    said: Ints
    visit: Ints
    cells: Ints


@dataclass(frozen=True)
class Kind:
    """What a study is like."""

    people: int = 18
    visits: tuple[int, int] = (4, 6)
    features: int = 400
    bound: float = 0.3  # share of the features that differ between people
    batch_is_known: bool = True
    technical: float = 0.25  # sd of each of four factors that nobody knows of
    alike: float = 0.3  # sd of each of two factors that people share by chance, age say


def _layout(rng: np.random.Generator, kind: Kind) -> tuple[Ints, Ints, Ints]:
    """Return person, visit and cell type of every sample; one in twenty is missing."""
    rows = [
        (person, visit, cell)
        for person in range(kind.people)
        for visit in range(rng.integers(*kind.visits, endpoint=True))
        for cell in range(2)
        if rng.random() > 0.05
    ]
    person, visit, cell = np.array(rows).T
    return person, visit, cell


def people_studies(
    rng: np.random.Generator, kind: Kind, n_assays: int = 1
) -> tuple[PeopleStudy, ...]:
    """Draw a clean study, assays of which share people and variants but not their noise.

    Features share factors of each sample (technical, half of them a batch that goes with people)
    and of each person (age, say); those bound to a person have a share of variance between people
    drawn from beta(2, 2), the same features in every assay, half by a variant with three levels.
    One sample in thirty is twice as noisy.
    """
    f, bound = kind.features, rng.random(kind.features) < kind.bound
    share = np.where(bound, rng.beta(2.0, 2.0, f), 0.0)
    variant = rng.binomial(2, 0.4, (f, kind.people)).astype(float) - 0.8
    level = rng.normal(size=(f, kind.people))
    common = np.where((rng.random(f) < 0.5)[:, None], variant / 0.69, level)
    shared = rng.normal(size=(f, 2)) * kind.alike @ rng.normal(size=(2, kind.people))
    group = (np.arange(kind.people) % 2).astype(float)
    assays = []
    for _ in range(n_assays):
        person, visit, cell = _layout(rng, kind)
        n = len(person)
        batch = np.where(rng.random(n) < 0.6, person % 3, rng.integers(0, 3, n))
        own = np.where(rng.random(f) < 0.3, 1.0, 0.2)[:, None] * rng.normal(size=(f, kind.people))
        of_person = np.sqrt(share)[:, None] * (0.8 * common + 0.6 * own)
        of_cell = 0.3 * np.sqrt(share)[:, None] * rng.normal(size=(f, 2 * kind.people))
        noise = rng.normal(size=(f, n)) * np.where(rng.random(n) < 1 / 30, 2.0, 1.0)
        values = of_person[:, person] + of_cell[:, 2 * person + cell]
        values += (bound[:, None] * shared)[:, person]
        values += np.sqrt(1.0 - share)[:, None] * noise
        values += rng.normal(size=(f, 4)) * kind.technical @ rng.normal(size=(4, n))
        values += (rng.normal(size=(f, 3)) * 0.5)[:, batch] + rng.normal(size=(f, 1)) * cell
        values += np.outer(rng.normal(size=f) * 0.5, group)[:, person]
        values += (rng.normal(size=(f, 6)) * 0.3)[:, visit]
        known = [batch] if kind.batch_is_known else []
        design = _design(group[person].astype(int), visit, cell, *known)
        assays.append(PeopleStudy(values, design, person, visit, cell))
    return tuple(assays)


def _design(*kinds: Ints) -> Floats:
    """Return a column of ones and one for every level but the first of each kind."""
    columns = [np.ones(len(kinds[0]))]
    columns += [(kind == level).astype(float) for kind in kinds for level in np.unique(kind)[1:]]
    return np.column_stack(columns)


def swapped(study: PeopleStudy, one: int, other: int) -> PeopleStudy:
    """Return the study with two samples in each other's place."""
    order = np.arange(len(study.said))
    order[[one, other]] = other, one
    return PeopleStudy(study.values[:, order], study.design, study.said, study.visit, study.cells)
