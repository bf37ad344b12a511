from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyses.stats.gene_sets.membership import membership

N_SETS, N_GENES = 5, 7
PAIRS = st.lists(st.tuples(st.integers(0, N_SETS - 1), st.integers(-1, N_GENES - 1)), max_size=40)


@given(PAIRS, st.lists(st.integers(0, N_SETS - 1), max_size=6))
def test_same_as_sets_of_python(pairs: list[tuple[int, int]], chosen: list[int]) -> None:
    expected = [sorted({g for s, g in pairs if s == i and g >= 0}) for i in range(N_SETS)]
    given_pairs = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    sets = membership(given_pairs[:, 0], given_pairs[:, 1], N_SETS, N_GENES)
    assert sets.n_sets == N_SETS
    assert sets.sizes.tolist() == [len(genes) for genes in expected]
    assert np.split(sets.genes, sets.indptr[1:-1])[2].tolist() == expected[2]

    values = np.arange(1.0, N_GENES + 1)
    np.testing.assert_array_equal(sets.sums(values), [sum(values[g]) for g in expected])
    both = sets.sums(np.column_stack([values, -values]))
    np.testing.assert_array_equal(both, np.column_stack([sets.sums(values), -sets.sums(values)]))

    some = sets.select(np.array(chosen, dtype=np.int64))
    assert some.n_genes == N_GENES
    assert [some.genes[a:b].tolist() for a, b in pairwise(some.indptr)] == [
        expected[i] for i in chosen
    ]


def test_a_universe_without_genes() -> None:
    nothing = np.array([], dtype=np.int64)
    assert membership(nothing, nothing, 2, 0).sizes.tolist() == [0, 0]
