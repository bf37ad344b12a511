from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.counts.filter_by_expr import filter_by_expr


def library_of(counts: list[list[float]], total: float) -> np.ndarray:
    """Add one gene that lifts every library to `total`."""
    genes = np.array(counts, float)
    return np.vstack([genes, total - genes.sum(axis=0)])


def test_the_smallest_group_decides() -> None:
    counts = library_of([[10, 10, 0, 0, 0], [10, 0, 0, 0, 9], [9.9, 9.9, 0, 0, 0]], 1e6)
    groups = ["a", "a", "b", "b", "b"]
    assert filter_by_expr(counts, groups).tolist() == [True, False, False, True]
    # one group of five: five samples must reach it
    assert filter_by_expr(counts, None).tolist() == [False, False, False, True]


def test_total_of_fifteen() -> None:
    counts = library_of([[15, 0, 0, 0], [14.9, 0, 0, 0]], 1e6)
    assert filter_by_expr(counts, ["a", "b", "b", "b"]).tolist() == [True, False, True]
    tenths = library_of([[14.2, *[0.1] * 8]], 1e6)  # adds up to 15 but for rounding
    assert tenths[0].sum() < 15
    assert filter_by_expr(tenths, ["a"] + ["b"] * 8).all()


def test_large_groups_need_only_seven_in_ten_of_the_rest() -> None:
    n = 20  # 10 + 0.7 x 10 = 17 samples
    rows = [[10.0] * k + [0.0] * (n - k) for k in (16, 17)]
    assert filter_by_expr(library_of(rows, 1e6), ["a"] * n).tolist() == [False, True, True]


def test_the_median_library_sets_the_cut() -> None:
    counts = np.array([[20.0, 10, 5], [2e6 - 20, 1e6 - 10, 0.5e6 - 5]])
    assert filter_by_expr(counts, None).tolist() == [True, True]
    counts[0] = [19, 10, 5]
    assert filter_by_expr(counts, None).tolist() == [False, True]


@pytest.mark.parametrize("n_empty", [1, 2, 3])
def test_samples_without_counts(n_empty: int) -> None:
    counts = np.full((2, 3), 500.0)
    counts[:, :n_empty] = 0.0
    kept = filter_by_expr(counts, ["a", "a", "b"])
    assert kept.tolist() == [n_empty == 1] * 2
