"""ComBat against R's sva 3.46: the real log-CPM, and a small matrix with every kind of trouble."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analyses.stats.batch.combat import CombatFit, combat, combat_design
from analyses.stats.batch.combat_summary import FeatureStatus
from cohortmart.core.types import Floats
from tests.support.paths import DATA
from tests.support.real_data import r_table, read_table

SMALL = DATA


@dataclass(frozen=True)
class Cells:
    """All 84 CD8+ samples of the study."""

    log_cpm: Floats
    features: list[str]
    samples: list[str]
    batch: list[str]
    keep: Floats
    expected: Path


def indicators(labels: pl.Series) -> Floats:
    """Treatment coding without intercept."""
    values = labels.to_numpy()
    return (values[:, None] == np.unique(values)[None, 1:]).astype(float)


@pytest.fixture(scope="module")
def cells(shared_data: Path) -> Cells:
    folder = shared_data / "grams_cd8_rna"
    table = pl.read_csv(folder / "gene_counts.tsv.gz", separator="\t")
    samples = table.columns[1:]
    counts = table.select(pl.exclude("gene_name").cast(pl.Float64)).to_numpy()
    sheet = pl.DataFrame({"sample_id": samples}).join(
        read_table(folder / "samples.csv"), on="sample_id", how="left", maintain_order="left"
    )
    library = counts.sum(axis=0) * r_table(folder / "expected" / "tmm.csv.gz")["norm_factor"]
    prior = 2.0 * library / library.mean()
    cell = sheet.select(pl.col("group") + "." + pl.col("timepoint")).to_series()
    return Cells(
        log_cpm=np.log2((counts + prior) / (library + 2.0 * prior) * 1e6),
        features=table["gene_name"].to_list(),
        samples=samples,
        batch=sheet["library_batch"].to_list(),
        keep=np.hstack([indicators(cell), indicators(sheet["state"])]),
        expected=folder / "expected",
    )


def assert_as_r_says(cells: Cells, found: Floats, name: str) -> None:
    expected = r_table(cells.expected / f"{name}.csv.gz")
    row = {feature: i for i, feature in enumerate(cells.features)}
    rows = [row[feature] for feature in expected.features]
    assert len(rows) == 400
    wanted = np.column_stack([expected[s] for s in cells.samples])
    np.testing.assert_allclose(found[rows], wanted, rtol=0, atol=1e-9)


def test_real_log_cpm_with_what_the_study_keeps(cells: Cells) -> None:
    found = combat(cells.log_cpm, cells.batch, cells.keep)
    assert_as_r_says(cells, found, "combat_logcpm_400genes")


def test_real_log_cpm_means_only_in_blocks(cells: Cells) -> None:
    fit = CombatFit(combat_design(cells.batch, None, mean_only=True))
    blocks = [slice(i, i + 5000) for i in range(0, len(cells.log_cpm), 5000)]
    for block in blocks:
        fit.add(cells.log_cpm[block])
    adjustment = fit.finish()
    found = np.vstack([adjustment.apply(cells.log_cpm[b], b) for b in blocks])
    assert_as_r_says(cells, found, "combat_logcpm_meanonly_400genes")


def rows_of(name: str) -> list[dict[str, str]]:
    with (SMALL / f"combat_missing_{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def numbers(row: dict[str, str]) -> list[float]:
    return [float("nan") if row[f"s{i}"] == "NA" else float(row[f"s{i}"]) for i in range(1, 18)]


Rule = Callable[[dict[str, Floats]], dict[str, Floats]]


def all_but_f4(values: dict[str, Floats]) -> dict[str, Floats]:
    return {f: v for f, v in values.items() if f != "f4"}


def with_first_sample(values: dict[str, Floats]) -> dict[str, Floats]:
    return {f: v for f, v in values.items() if not np.isnan(v[0])}


def complete(values: dict[str, Floats]) -> dict[str, Floats]:
    return {f: v for f, v in values.items() if not np.isnan(v).any()}


def one_hole(values: dict[str, Floats]) -> dict[str, Floats]:
    some = complete(values)
    some["f1"][9] = np.nan
    return some


#: case of combat_missing.R: features, whether covariates are kept, whether means only
CASES: dict[str, tuple[Rule, bool, bool]] = {
    "missing": (all_but_f4, False, False),
    "missing_keep": (all_but_f4, True, False),
    "missing_mean_only": (dict, False, True),
    "missing_mean_only_keep": (dict, True, True),
    "single_mean_only": (with_first_sample, False, True),
    "complete_keep": (complete, True, False),
    "complete_mean_only": (complete, False, True),
    "hole_in_unchanged_mean_only": (one_hole, False, True),
}


@pytest.mark.parametrize("case", CASES)
def test_missing_and_constant_values(case: str) -> None:
    rule, keep, mean_only = CASES[case]
    samples = rows_of("samples")
    values = rule({row["feature"]: np.array(numbers(row)) for row in rows_of("values")})
    batch = [s["with_single" if case.startswith("single") else "batch"] for s in samples]
    covariates = np.array([[float(s["age"]), float(s["treated"])] for s in samples])
    fit = CombatFit(combat_design(batch, covariates if keep else None, mean_only))
    y = np.array(list(values.values()))
    fit.add(y)
    adjustment = fit.finish()
    found = dict(zip(values, adjustment.apply(y), strict=True))

    expected = {r["feature"]: numbers(r) for r in rows_of("expected") if r["case"] == case}
    assert set(expected) == {*values} & {"f1", "f2", "f3", "f4", "f10", "f22", "f23", "f38", "f40"}
    for feature, wanted in expected.items():
        np.testing.assert_allclose(found[feature], wanted, rtol=0, atol=1e-9, err_msg=feature)
    status = dict(zip(values, adjustment.status, strict=True))
    assert status.pop("f1") == FeatureStatus.CONSTANT_IN_A_BATCH
    assert set(status.values()) == {FeatureStatus.ADJUSTED}


def test_what_r_cannot_do_leaves_the_others_as_they_are() -> None:
    """Features that are left unchanged, for which R stops, have no part in the priors."""
    values = {row["feature"]: np.array(numbers(row)) for row in rows_of("values")}
    lone = np.where(np.arange(17) < 5, np.arange(17.0), np.nan)
    y = np.vstack([*all_but_f4(values).values(), lone, np.full(17, np.nan)])
    found = combat(y, [s["batch"] for s in rows_of("samples")])
    expected = {r["feature"]: numbers(r) for r in rows_of("expected") if r["case"] == "missing"}
    for feature, row in zip(all_but_f4(values), found, strict=False):
        if feature in expected:
            np.testing.assert_allclose(row, expected[feature], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(found[-2:], y[-2:])
