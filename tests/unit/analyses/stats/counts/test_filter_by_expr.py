from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
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


@pytest.mark.parametrize("times", [1, 2, 3, 7])
def test_a_count_that_ties_with_the_threshold_is_kept(times: int) -> None:
    """10 in the median library, 30 in one of three times its size: all three samples reach it.

    edgeR 3.40 drops the first in a fifth of the sizes, as its CPM is rounded below the cut.
    """
    for middle in range(20_011, 60_000, 97):
        library = np.array([0.5, 1.0, times]) * middle
        gene = np.array([20.0, 10.0, 10.0 * times])
        assert np.median(library) == middle
        assert filter_by_expr(np.array([gene, library - gene]), None)[0]
        gene -= [0.0, 0.0, 1e-6]
        assert not filter_by_expr(np.array([gene, library - gene]), None)[0]


def test_the_case_of_a_tie(shared_data: Path) -> None:
    """146 of 150 genes by the rule; edgeR 3.40 keeps 145, without SYN150."""
    case = shared_data.parent / "cases" / "filter_tie"
    if not case.is_dir():
        pytest.skip(f"no {case}")
    table = pl.read_csv(case / "counts.tsv", separator="\t")
    sheet = pl.read_csv(case / "samples.csv")
    group = dict(zip(sheet["sample"], sheet["group"], strict=True))
    counts = table[:, 1:].cast(pl.Float64).to_numpy()
    kept = filter_by_expr(counts, [group[name] for name in table.columns[1:]])
    assert kept.sum() == 146
    assert "SYN150" in table[table.columns[0]].filter(pl.Series(kept)).to_list()
