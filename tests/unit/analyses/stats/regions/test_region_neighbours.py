"""Neighbours along the genome and runs of them, against loops."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyses.stats.regions.neighbours import Neighbours, find_runs, neighbours
from cohortmart.core.types import Bools, Ints


def runs_by_hand(chosen: Bools, beside: Neighbours) -> list[tuple[int, int, int]]:
    """Walk along the CpGs of each column."""
    out = []
    for column in range(chosen.shape[1]):
        start = None
        for i in range(len(chosen) + 1):
            goes_on = (
                start is not None and i < len(chosen) and chosen[i, column] and beside.linked[i - 1]
            )
            if start is not None and not goes_on:
                if len(set(beside.position[start:i].tolist())) >= beside.minimum:
                    out.append((column, start, i))
                start = None
            if start is None and i < len(chosen) and chosen[i, column]:
                start = i
    return out


@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
def test_like_a_walk_along_the_genome(seed: int, minimum: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 60))
    chromosome, position = rng.integers(-1, 3, n), rng.integers(0, 40, n)
    beside = neighbours(chromosome, position, 2, minimum)
    assert kept_by_hand(chromosome, position, 2, minimum) == set(beside.rows.tolist())
    order = list(zip(chromosome[beside.rows], beside.position, beside.rows, strict=True))
    assert order == sorted(order)
    chosen = rng.random((len(beside.rows), 3)) < 0.7
    runs = find_runs(chosen, beside)
    found = list(zip(runs.column, runs.start, runs.stop, strict=True))
    assert found == runs_by_hand(chosen, beside)


def kept_by_hand(chromosome: Ints, position: Ints, gap: int, minimum: int) -> set[int]:
    kept: set[int] = set()
    for one in set(chromosome[chromosome >= 0].tolist()):
        rows = sorted(np.flatnonzero(chromosome == one), key=lambda i: position[i])
        chain: list[int] = []
        for i in [*rows, None]:
            if chain and (i is None or position[i] - position[chain[-1]] > gap):
                if len({int(position[j]) for j in chain}) >= minimum:
                    kept |= {int(j) for j in chain}
                chain = []
            if i is not None:
                chain.append(i)
    return kept


def test_probes_at_one_position_are_one_cpg() -> None:
    """Three probes, two positions: no region of three; a fourth elsewhere makes one."""
    position = np.array([100, 100, 300, 500])
    alone = neighbours(np.zeros(3, int), position[:3], 500, 3)
    assert len(alone.rows) == 0
    beside = neighbours(np.zeros(4, int), position, 500, 3)
    chosen = np.array([[True, True, True, False], [True, True, True, True]]).T
    runs = find_runs(chosen, beside)
    assert (runs.column.tolist(), runs.start.tolist(), runs.stop.tolist()) == ([1], [0], [4])


def test_a_region_ends_with_its_chromosome_and_at_a_gap() -> None:
    chromosome = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1])
    position = np.array([10, 20, 30, 31, 40, 50, 551, 560, 570])
    beside = neighbours(chromosome, position, 500, 3)
    runs = find_runs(np.ones((9, 1), bool), beside)
    assert list(zip(runs.start, runs.stop, strict=True)) == [(0, 3), (3, 6), (6, 9)]
    wider = neighbours(chromosome, position, 501, 3)
    runs = find_runs(np.ones((9, 1), bool), wider)
    assert list(zip(runs.start, runs.stop, strict=True)) == [(0, 3), (3, 9)]
