"""Arrays of people with planted genotypes, as their rs probes would show them."""

from __future__ import annotations

import numpy as np

from cohortmart.core.types import Floats, Ints

#: Shapes of the betas of AA, AB and BB.
SHAPES = ((2.5, 50.0), (80.0, 80.0), (60.0, 3.3))


def planted_genotypes(rng: np.random.Generator, n_people: int, n_snps: int = 59) -> Ints:
    """Return genotypes 0, 1, 2 of people who are not related: (n_snps, n_people)."""
    frequency = rng.uniform(0.2, 0.5, n_snps)
    return rng.binomial(2, frequency[:, None], (n_snps, n_people)).astype(np.int64)


def betas_of(rng: np.random.Generator, genotypes: Ints) -> Floats:
    """Return betas of arrays with these genotypes, the same shape."""
    first, second = np.array(SHAPES).T
    return np.asarray(rng.beta(first[genotypes], second[genotypes]))
