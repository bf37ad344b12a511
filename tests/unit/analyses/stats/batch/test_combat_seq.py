from __future__ import annotations

import tracemalloc

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyses.stats.batch import combat_seq as module
from analyses.stats.batch.combat_design import (
    CombatError,
    ConfoundedError,
    CovariateError,
    SingleSampleBatchError,
    TooFewBatchesError,
)
from analyses.stats.batch.combat_seq import CombatSeqResult, GeneStatus, combat_seq
from analyses.stats.batch.combat_seq_design import combat_seq_design
from cohortmart.core.types import Floats, Ints
from tests.support.paths import DATA

N = 24
BATCH = ["A"] * 12 + ["B"] * 12
IN_B = np.array(BATCH) == "B"
GROUP = np.array(list("xy" * 6 + "xyz" * 4))  # z is in batch B alone
KEEP = np.column_stack([GROUP == "y", GROUP == "z"]).astype(float)


def simulated(
    rng: np.random.Generator, n_genes: int = 80, batch: float = 0.0, group: float = 0.0
) -> Floats:
    """Counts with a dispersion of 0.1; effects are logs of folds, in half the genes up."""
    sign = np.where(np.arange(n_genes) % 2, 1.0, -1.0)[:, None]
    mean = np.exp(rng.uniform(3, 7, size=(n_genes, 1)) + sign * batch * IN_B)
    mean = mean * np.exp(group * (GROUP == "y")) * np.exp(rng.normal(0, 0.2, N))
    return rng.negative_binomial(10.0, 1 / (1 + 0.1 * mean)).astype(float)


@pytest.fixture
def counts(rng: np.random.Generator) -> Floats:
    return simulated(rng)


def test_as_sva() -> None:
    """`combat_seq_synthetic.R`: three batches, two covariates, genes with every kind of trouble."""

    genes = pl.read_csv(DATA / "combat_seq_synthetic.csv", null_values="NA")
    samples = pl.read_csv(DATA / "combat_seq_synthetic_samples.csv")
    counts = genes.select("^count.*$").to_numpy().astype(float)
    keep = np.column_stack([(samples["group"] == "y").to_numpy(), samples["age"].to_numpy()])
    found = combat_seq(counts, samples["batch"].to_list(), keep)

    expected = genes.select("^adjusted.*$").to_numpy()
    off = np.abs(found.counts - expected)
    assert (expected != counts).mean() > 0.85
    assert (off > 0).mean() < 0.005
    assert (off <= np.maximum(1.0, 0.001 * expected)).all()
    assert found.own_dispersion == (True, True, False)
    assert found.batches == ("A", "B", "C")
    dispersion = genes.select("^dispersion.*$").to_numpy().astype(float)
    np.testing.assert_allclose(found.dispersion, dispersion, rtol=2e-4)
    absent = GeneStatus.ABSENT_FROM_A_BATCH
    assert found.n_by_status() == {GeneStatus.ADJUSTED: 117, absent: 3}
    assert (found.status[:3] == absent).all()
    assert found.n_capped == 0


def test_batch_goes_and_group_stays(rng: np.random.Generator) -> None:
    counts = simulated(rng, n_genes=300, batch=1.5, group=0.8)
    found = combat_seq(counts, BATCH, KEEP)
    sign = np.where(np.arange(300) % 2, 1.0, -1.0)

    def folds(y: Floats) -> tuple[float, float]:
        """Of batch B over A, with its sign, and of group y over x."""
        logs = np.log((y + 0.5) / (counts.sum(axis=0) / counts.sum(axis=0).mean()))
        x_or_y = GROUP != "z"
        in_b = logs[:, IN_B & x_or_y].mean(axis=1) - logs[:, ~IN_B].mean(axis=1)
        y_over_x = logs[:, GROUP == "y"].mean(axis=1) - logs[:, GROUP == "x"].mean(axis=1)
        return float((sign * in_b).mean()), float(y_over_x.mean())

    before, after = folds(counts), folds(found.counts.astype(float))
    assert before[0] > 1.3
    assert abs(after[0]) < 0.06
    assert after[1] == pytest.approx(before[1], abs=0.06)
    np.testing.assert_allclose(found.batch_effect.mean(axis=1), 0.0, atol=1e-9)
    assert found.n_by_status() == {GeneStatus.ADJUSTED: 300}
    assert found.n_capped == 0


@settings(max_examples=6)
@given(seed=st.integers(0, 2**32 - 1), with_keep=st.booleans())
def test_what_does_not_matter(seed: int, with_keep: bool) -> None:
    """Zeros stay; order of samples, names of batches and coding of what is kept do not matter."""
    rng = np.random.default_rng(seed)
    counts = simulated(rng, n_genes=40, batch=0.7)
    counts[rng.random(counts.shape) < 0.05] = 0.0
    keep = KEEP if with_keep else None
    found = combat_seq(counts, BATCH, keep)
    assert (found.counts[counts == 0] == 0).all()
    assert (found.counts[counts > 0] > 0).all()

    order = rng.permutation(N)
    names = np.array(["q" if b == "A" else "p" for b in BATCH])[order]
    coded = None if keep is None else keep[order] @ [[2.0, 1.0], [-0.5, 3.0]] + 7.0
    again = combat_seq(counts[:, order], names.tolist(), coded)
    same_up_to_rounding(again.counts, found.counts[:, order])
    np.testing.assert_allclose(again.dispersion, found.dispersion[:, ::-1], rtol=1e-3)


def same_up_to_rounding(a: Ints, b: Ints) -> None:
    """A quantile next to a step may fall to either side."""
    assert (a != b).mean() < 0.005
    assert (np.abs(a - b) <= np.maximum(1.0, 0.001 * a)).all()


def test_genes_do_not_depend_on_the_block_they_are_in(
    counts: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = combat_seq(counts, BATCH, KEEP)
    monkeypatch.setattr(module, "BLOCK", 7)
    monkeypatch.setattr("analyses.stats.counts.dispersion.BLOCK", 11)
    same_up_to_rounding(combat_seq(counts, BATCH, KEEP).counts, whole.counts)


def test_same_bytes_with_any_number_of_threads(
    counts: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 16)
    results = []
    for threads in ("1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        results.append(combat_seq(counts, BATCH, KEEP))
    np.testing.assert_array_equal(results[0].counts, results[1].counts)
    np.testing.assert_array_equal(results[0].batch_effect, results[1].batch_effect)


def test_a_gene_that_some_batch_lacks_stays(counts: Floats) -> None:
    counts[3, IN_B], counts[5] = 0.0, 0.0
    found = combat_seq(counts, BATCH, KEEP)
    others = np.delete(np.arange(len(counts)), [3, 5])
    np.testing.assert_array_equal(found.counts[[3, 5]], counts[[3, 5]])
    assert (found.status[[3, 5]] == GeneStatus.ABSENT_FROM_A_BATCH).all()
    assert np.isnan(found.dispersion[[3, 5]]).all()
    alone = combat_seq(counts[others], BATCH, KEEP)
    np.testing.assert_array_equal(found.counts[others], alone.counts)


def exploding(counts: Floats) -> Floats:
    """Genes whose only counts in batch B are of group z, which batch A does not have.

    sva 3.46 makes of the 4 of gene 0 about 2,000 (and 1 of all its counts in batch A), of the 4
    of gene 1 some 6,500,000, and of the 40 of gene 2 some 225,000.
    """
    counts[:3] = 0.0
    counts[0, :12] = [34, 42, 33, 25, 33, 25, 31, 25, 25, 33, 39, 28]
    counts[0, GROUP == "z"] = 4.0
    counts[1, 1:12:2] = [500, 700, 300, 400, 600, 800]
    counts[1, 14] = 4.0
    counts[2, :12], counts[2, 23] = 3000.0, 40.0
    return counts


def test_no_count_explodes(counts: Floats) -> None:
    counts = exploding(counts)
    found = combat_seq(counts, BATCH, KEEP)
    np.testing.assert_array_equal(found.counts[:3], counts[:3])
    assert (found.status[:3] == GeneStatus.BATCH_NOT_ESTIMABLE).all()
    assert (found.status[3:] == GeneStatus.ADJUSTED).all()
    assert np.isnan(found.batch_effect[:3]).all()
    assert found.n_by_status()[GeneStatus.BATCH_NOT_ESTIMABLE] == 3


def test_what_is_told_but_enormous_is_capped(counts: Floats) -> None:
    """One count tells that batch B is low, by a factor of 1e5; group z would go up with it."""
    counts[0] = 30000.0
    counts[0, IN_B] = np.where(GROUP[IN_B] == "z", 3000.0, 0.0)
    counts[0, 12] = 1.0
    found = combat_seq(counts, BATCH, KEEP)
    library = counts.sum(axis=0)
    most = np.floor(10.0 * (counts[0] / library).max() * library)
    assert found.status[0] == GeneStatus.ADJUSTED
    assert found.capped[0] == 4
    np.testing.assert_array_equal(found.counts[0, GROUP == "z"], most[GROUP == "z"])
    assert found.n_capped == found.capped.sum() == 4
    wider = combat_seq(counts, BATCH, KEEP, most_fold=1e6)
    assert wider.n_capped == 0
    assert (wider.counts[0, GROUP == "z"] > 3 * most[GROUP == "z"]).all()


def test_counts_that_are_not_whole_are_rounded_to_even(counts: Floats) -> None:
    parts = np.zeros_like(counts)
    parts[10, :4] = [0.5, -0.5, 0.25, 0.5]
    counts[10, :4] = [4.0, 8.0, 7.0, 10.0]
    found = combat_seq(counts + parts, BATCH, KEEP)
    np.testing.assert_array_equal(found.counts, combat_seq(counts, BATCH, KEEP).counts)
    assert found.n_rounded == 4
    assert found.counts.dtype == np.int64


def test_counts_far_out_stay_and_are_counted(counts: Floats) -> None:
    counts[7] = 20.0
    counts[7, 5] = 100000.0
    found = combat_seq(counts, BATCH, KEEP)
    assert found.own_dispersion == (False, True)  # batch A has no group z
    assert found.in_tail[7] == 1
    assert found.counts[7, 5] == 100000
    assert (found.counts[7] != counts[7]).any()
    assert found.n_in_tail == found.in_tail.sum() < 10


def test_when_a_batch_has_dispersions_of_its_own(rng: np.random.Generator) -> None:
    """With more samples than the model has columns (4 here), all of which it tells apart."""
    batch = ["A"] * 4 + ["B"] * 5 + ["C"] * 9
    keep = rng.normal(size=(18, 3))
    keep[9:, 2] = keep[9:, 0] - keep[9:, 1]
    design = combat_seq_design(batch, keep)
    small, own, entangled = (design.within(b) for b in range(3))
    assert small is None
    assert entangled is None
    assert own is not None
    np.testing.assert_allclose(own.T @ own, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(own @ (own.T @ keep[4:9]), keep[4:9], atol=1e-12)


def test_no_gene_in_all_batches(counts: Floats) -> None:
    counts[::2, IN_B], counts[1::2, ~IN_B] = 0.0, 0.0
    found: CombatSeqResult = combat_seq(counts, BATCH)
    np.testing.assert_array_equal(found.counts, counts)
    assert found.n_by_status() == {GeneStatus.ABSENT_FROM_A_BATCH: 80}
    assert np.isnan(found.common_dispersion).all()


def test_memory_does_not_grow_with_the_design(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held are a few times the counts, not a matrix of the model's columns for every gene."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # a thread holds a block
    monkeypatch.setattr(module, "BLOCK", 30)
    monkeypatch.setattr("analyses.stats.counts.dispersion.BLOCK", 30)
    counts = simulated(rng, n_genes=400)
    tracemalloc.start()
    combat_seq(counts, BATCH, np.hstack([KEEP, rng.normal(size=(N, 3))]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * counts.nbytes  # 40 times without blocks


@pytest.mark.parametrize(
    ("batch", "keep", "error", "said"),
    [
        (["A"] * N, KEEP, TooFewBatchesError, "at least two batches"),
        (["A"] * 11 + ["C"] + ["B"] * 12, None, SingleSampleBatchError, "batch C has one sample"),
        (BATCH[:-1], None, CombatError, "do not go with 23 batch labels"),
        (BATCH, KEEP[:-1], CovariateError, "do not go with 24 batch labels"),
        (BATCH, IN_B[:, None] * 1.0, ConfoundedError, "cannot be told from batches A, B"),
        (BATCH, np.hstack([KEEP, KEEP[:, :1]]), CovariateError, "sums of each other"),
        (BATCH, np.where(KEEP > 0, np.nan, 0.0), CovariateError, "missing or infinite"),
    ],
)
def test_designs_that_cannot_be(
    counts: Floats, batch: list[str], keep: Floats | None, error: type[CombatError], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        combat_seq(counts, batch, keep)
    assert caught.value.hint


def test_a_batch_of_one_sample_says_what_to_do(counts: Floats) -> None:
    with pytest.raises(SingleSampleBatchError) as caught:
        combat_seq(counts, ["C", "D", *BATCH[2:]])
    assert caught.value.names == ("C", "D")
    assert "merge batches" in caught.value.hint


@pytest.mark.parametrize(
    ("value", "said"), [(np.nan, "nan"), (np.inf, "inf"), (-1.0, "gene 5 in sample 3 .*: -1")]
)
def test_counts_that_are_none(counts: Floats, value: float, said: str) -> None:
    counts[4, 2] = value
    with pytest.raises(CombatError, match=said):
        combat_seq(counts, BATCH)


def test_a_sample_without_counts(counts: Floats) -> None:
    counts[:, 17] = 0.0
    with pytest.raises(CombatError, match=r"sample 18 .* has no count") as caught:
        combat_seq(counts, BATCH)
    assert caught.value.names == ("18",)


def test_a_limit_below_the_counts_there_are(counts: Floats) -> None:
    with pytest.raises(CombatError, match=r"most_fold is 0\.5"):
        combat_seq(counts, BATCH, most_fold=0.5)
