"""BMIQ against the values of its authors' program on eight real blood samples.

The published fit has details that the paper leaves open (where the search for a mode starts, how
far a maximum likelihood search goes), so the bar is agreement and not equality: over the type II
probes of every sample a mean absolute difference of at most 0.01 and a correlation of at least
0.999. What is reached is better, and held to a tighter bar of our own.
"""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analyses.stats.methylation.bmiq import BmiqSample, bmiq
from cohortmart.core.types import Bools, Floats
from tests.support.real_data import read_table

SAMPLES = [f"6057825008_R0{row}C0{column}" for row in (1, 2, 3, 4) for column in (1, 2)]
MEAN_DIFFERENCE = 0.01
CORRELATION = 0.999
#: What is reached, with some room for other versions of numpy and scipy.
OWN_MEAN_DIFFERENCE = 0.002
OWN_LARGEST_DIFFERENCE = 0.012
OWN_CORRELATION = 0.99995


@dataclass(frozen=True)
class Array450k:
    """Betas by sample, of the probes of the reference; the reference; which probes are type II."""

    beta: dict[str, Floats]
    expected: dict[str, Floats]
    is_type_ii: Bools
    all_beta: dict[str, Floats]
    all_is_type_ii: Bools


def manifest_types(path: Path) -> pl.DataFrame:
    """Probe and design type, from between the manifest's `[Assay]` and `[Controls]` lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = file.read().splitlines()
    marks = [line.split(",")[0] for line in lines]
    end = marks.index("[Controls]") if "[Controls]" in marks else len(lines)
    inside = "\n".join(lines[marks.index("[Assay]") + 1 : end])
    table = pl.read_csv(io.StringIO(inside), infer_schema=False)
    return table.select(probe="IlmnID", design="Infinium_Design_Type")


@pytest.fixture(scope="module")
def array(shared_data: Path) -> Array450k:
    folder = shared_data / "hm450_genomestudio"
    profile = pl.read_csv(
        folder / "TableControl_SampleMethylationProfile.txt.gz", separator="\t", infer_schema=False
    )
    types = manifest_types(folder / "manifest_excerpt.csv.gz")
    everything = profile.rename({"TargetID": "probe"}).join(types, on="probe", how="inner")
    assert len(everything) == len(profile)
    expected = read_table(folder / "expected" / "bmiq.csv.gz")
    fitted = expected.select(probe="probe_id").join(
        everything, on="probe", how="left", maintain_order="left"
    )

    def betas(table: pl.DataFrame) -> dict[str, Floats]:
        columns = {name: table[f"{name}.AVG_Beta"] for name in SAMPLES}
        return {
            name: column.replace({"": None}).cast(pl.Float64).fill_null(np.nan).to_numpy()
            for name, column in columns.items()
        }

    return Array450k(
        beta=betas(fitted),
        expected={name: expected[name].to_numpy() for name in SAMPLES},
        is_type_ii=(fitted["design"] == "II").to_numpy(),
        all_beta=betas(everything),
        all_is_type_ii=(everything["design"] == "II").to_numpy(),
    )


@pytest.fixture(scope="module")
def normalised(array: Array450k) -> dict[str, BmiqSample]:
    return {name: bmiq(beta, array.is_type_ii) for name, beta in array.beta.items()}


def test_the_data_are_what_the_reference_was_fitted_on(array: Array450k) -> None:
    assert len(array.is_type_ii) == 3291
    assert array.is_type_ii.sum() == 2694
    assert not any(np.isnan(beta).any() for beta in array.beta.values())
    missing = sum(int(np.isnan(beta).sum()) for beta in array.all_beta.values())
    assert missing > 0


@pytest.mark.parametrize("sample", SAMPLES)
def test_type_ii_values_agree(
    array: Array450k, normalised: dict[str, BmiqSample], sample: str
) -> None:
    mine = normalised[sample].beta[array.is_type_ii]
    theirs = array.expected[sample][array.is_type_ii]
    difference = np.abs(mine - theirs)
    correlation = np.corrcoef(mine, theirs)[0, 1]
    assert difference.mean() <= MEAN_DIFFERENCE
    assert correlation >= CORRELATION
    assert difference.mean() <= OWN_MEAN_DIFFERENCE
    assert difference.max() <= OWN_LARGEST_DIFFERENCE
    assert correlation >= OWN_CORRELATION


@pytest.mark.parametrize("sample", SAMPLES)
def test_type_i_values_stay(
    array: Array450k, normalised: dict[str, BmiqSample], sample: str
) -> None:
    type_i = ~array.is_type_ii
    np.testing.assert_array_equal(normalised[sample].beta[type_i], array.beta[sample][type_i])
    np.testing.assert_allclose(
        normalised[sample].beta[type_i], array.expected[sample][type_i], rtol=1e-12
    )


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_two_types_come_closer(normalised: dict[str, BmiqSample], sample: str) -> None:
    found = normalised[sample]
    assert found.distance_after < 0.6 * found.distance_before


@pytest.mark.parametrize("sample", SAMPLES)
def test_missing_values_are_skipped(
    array: Array450k, normalised: dict[str, BmiqSample], sample: str
) -> None:
    """With all 3,363 probes the fit moves little, and only what is missing stays missing."""
    found = bmiq(array.all_beta[sample], array.all_is_type_ii)
    np.testing.assert_array_equal(np.isnan(found.beta), np.isnan(array.all_beta[sample]))
    mapped = array.all_is_type_ii & np.isfinite(found.beta)
    whole = np.sort(found.beta[mapped])
    part = np.sort(normalised[sample].beta[array.is_type_ii])
    levels = np.linspace(0.01, 0.99, 99)
    assert np.abs(np.quantile(whole, levels) - np.quantile(part, levels)).max() < 0.01
