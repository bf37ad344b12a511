from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.stats.gene_sets.probe_number_bias import chance_by_probes


@given(st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=80))
def test_rises_with_the_probes_and_has_the_right_mean(genes: list[tuple[int, bool]]) -> None:
    n_probes = np.array([n for n, _ in genes])
    found = np.array([f for _, f in genes])
    chance = chance_by_probes(n_probes, found)
    order = np.argsort(n_probes, kind="stable")
    assert (np.diff(chance[order]) >= -1e-12).all()
    assert chance.mean() == pytest.approx(found.mean(), rel=1e-9)
    assert ((chance > 0) == found.any()).all()
    assert (chance <= 1 + 1e-12).all()


def test_many_found_genes_show_the_curve() -> None:
    rng = np.random.default_rng(1)
    n_probes = rng.integers(1, 101, 40_000)
    truth = 0.02 + 0.3 * (n_probes > 50)  # nothing like the prior
    chance = chance_by_probes(n_probes, rng.random(40_000) < truth)
    assert np.abs(chance - truth).mean() < 0.01


def test_few_found_genes_leave_the_prior() -> None:
    n_probes = np.array([1, 2, 4, 8] * 500)
    found = np.zeros(2000, dtype=bool)
    found[3] = True  # a gene of 8 probes: by itself it would leave 0 for all others
    chance = chance_by_probes(n_probes, found)
    assert chance[0] / chance[1] == pytest.approx(0.5, rel=1e-3)  # each probe equally likely
    assert chance[3] / chance[0] < 8 * 1.2
