"""Logarithms, CPM and TPM given as counts are refused; estimated and small counts are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cohortmart.core.count_scale import CountScale
from cohortmart.core.errors import IngestError
from tests.support.count_files import put, read_counts

NAMES = ["A", "B", "C", "D"]


def drawn(rng: np.random.Generator, genes: int = 300) -> np.ndarray:
    mean = rng.lognormal(3, 2, genes)[:, None] * np.array([1.0, 1.7, 0.6, 1.2])
    return rng.negative_binomial(4, 4 / (4 + mean)).astype(float)


def scale_of(values: np.ndarray) -> CountScale:
    scale = CountScale()
    for start in range(0, len(values), 37):
        scale.add(values[start : start + 37])
    return scale


def per_million(counts: np.ndarray) -> np.ndarray:
    return np.asarray(1e6 * counts / counts.sum(axis=0))


LOGARITHMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "log2 of CPM": lambda c: np.log2(per_million(c) + 1),
    "log2 of counts": lambda c: np.log2(c + 1),
    "log2, two decimals": lambda c: np.round(np.log2(per_million(c) + 1), 2),
    "natural": lambda c: np.log1p(per_million(c)),
    "log10": lambda c: np.log10(c + 1),
    "per 10,000, natural": lambda c: np.log1p(1e4 * c / c.sum(axis=0)),
}
COUNTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "counts": lambda c: c,
    "salmon": lambda c: c + np.where(np.arange(len(c))[:, None] % 3, 0, 0.37 * (c > 0)),
    "length scaled": lambda c: 1.01734 * c,
    "tiny": lambda c: np.minimum(c, 12),
    "zeros and ones": lambda c: np.minimum(c, 1),
    "few": lambda c: c[:3] / 7,
    "tiny, some estimated": lambda c: np.minimum(c, 15) + np.eye(len(c), 4) / 2,
    "all zero": lambda c: 0 * c,
}
PER_MILLION: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "CPM": per_million,
    "CPM, two decimals": lambda c: np.round(per_million(c), 2),
    "CPM, rounded": lambda c: np.round(per_million(c)),
    "per 10,000": lambda c: per_million(c) / 100,
}


@pytest.mark.parametrize("name", LOGARITHMS)
def test_logarithms(rng: np.random.Generator, name: str) -> None:
    assert scale_of(LOGARITHMS[name](drawn(rng))).are_logarithms


@pytest.mark.parametrize("name", COUNTS)
def test_counts(rng: np.random.Generator, name: str) -> None:
    scale = scale_of(COUNTS[name](drawn(rng)))
    assert not scale.are_logarithms
    assert not scale.are_per_million


@pytest.mark.parametrize("name", PER_MILLION)
def test_per_million(rng: np.random.Generator, name: str) -> None:
    scale = scale_of(PER_MILLION[name](drawn(rng)))
    assert scale.are_per_million
    assert not scale.are_logarithms


def test_rarefied_counts_have_equal_sums_and_are_counts(rng: np.random.Generator) -> None:
    share = rng.dirichlet(np.full(200, 0.3))
    values = np.array([rng.multinomial(50_000, share) for _ in NAMES], float).T
    assert not scale_of(values).are_per_million


def files_of(folder: Path, values: np.ndarray, each: bool) -> list[Path]:
    rows = [[f"g{i:04d}", *(f"{v:.6g}" for v in row)] for i, row in enumerate(values)]
    if not each:
        text = "\n".join("\t".join(row) for row in [["gene", *NAMES], *rows])
        return [put(folder / "x.tsv", text + "\n")]
    return [
        put(folder / f"{name}.tsv", "".join(f"{row[0]}\t{row[j]}\n" for row in rows))
        for j, name in enumerate(NAMES, start=1)
    ]


@pytest.mark.parametrize("each", [True, False])
def test_logarithms_are_refused_and_leave_no_matrix(
    tmp_path: Path, rng: np.random.Generator, each: bool
) -> None:
    files = files_of(tmp_path, np.log2(drawn(rng) + 1), each)
    with pytest.raises(IngestError, match="are logarithms, not counts") as caught:
        read_counts(files, NAMES)
    assert caught.value.file == files[0]
    assert "no value above" in str(caught.value.found)
    assert "kind: continuous" in str(caught.value.hint)
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize("each", [True, False])
def test_cpm_are_noted_and_refused_where_counts_are_needed(
    tmp_path: Path, rng: np.random.Generator, each: bool
) -> None:
    files = files_of(tmp_path, per_million(drawn(rng)), each)
    report, *_ = read_counts(files, NAMES)
    assert any("look like TPM or CPM" in note for note in report.notes)
    with pytest.raises(IngestError, match=r"needs counts") as caught:
        read_counts(files, NAMES, needs_counts=("`values: voom` (analysis e)",))
    assert "1,000,000" in str(caught.value.found)


@pytest.mark.parametrize("name", ["log2 of CPM", "log10"])
def test_some_samples_of_logarithms(rng: np.random.Generator, name: str) -> None:
    counts = drawn(rng)
    scale = CountScale()
    scale.add(counts)
    assert not scale.are_logarithms
    scale.add(LOGARITHMS[name](counts), counts.shape[1])
    assert scale.are_logarithms
    assert scale.words.startswith("in 4 of 8 samples (first number 5) no value above")


def test_some_samples_per_million(rng: np.random.Generator) -> None:
    counts = drawn(rng)
    scale = CountScale()
    scale.add(np.hstack([counts, per_million(counts)]))
    assert scale.are_per_million
    assert "in 4 of 8 samples (first number 5) every sample sums to 1,000,000" in scale.words


def test_some_samples_divided_by_size_factors(rng: np.random.Generator) -> None:
    scale = scale_of(drawn(rng) / [1, 1.7313, 0.6119, 1.2077])
    assert scale.hardly_whole
    assert scale.fractional_words.startswith("in 3 of 4 samples (first number 2) 0.")


def test_what_counts_may_be_is_a_note(tmp_path: Path, rng: np.random.Generator) -> None:
    counts = drawn(rng)
    for values, words in (
        (np.round(np.log2(counts + 1)), "rounded to whole numbers"),
        (np.sort(counts, axis=0).mean(axis=1, keepdims=True).round() * np.ones((1, 4)), "to one"),
        (counts / 7.3, "FPKM, TPM"),
    ):
        report, *_ = read_counts(files_of(tmp_path, values, each=False), NAMES)
        assert any(words in note for note in report.notes), words
