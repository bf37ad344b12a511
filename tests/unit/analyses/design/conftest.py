"""A small study, and samples of it, for the tests of models and contrasts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from cohortmart.core.study.records import Assay, SampleSheet, Study


@pytest.fixture
def study() -> Study:
    return Study(
        study="small",
        samples=(
            SampleSheet(
                file=Path("samples.csv"),
                subject="subject",
                factors=("state", "library_batch"),
                covariates=("age", "proportion_memory", "cell_viability"),
            ),
        ),
        timepoints=("NP", "BP", "1st", "2nd", "3rd", "PP"),
        groups=("HP", "MS", "HC"),
        assays={"rna": Assay(kind="counts", files=(Path("counts.tsv"),))},
    )


@pytest.fixture
def make_samples() -> Callable[..., pl.DataFrame]:
    """Make `dim_sample` from `(subject, group, timepoint)` rows; further columns by name."""

    def make(rows: list[tuple[str, str, str]], **columns: list[object]) -> pl.DataFrame:
        subjects, groups, timepoints = zip(*rows, strict=True)
        return pl.DataFrame(
            {
                "sample_id": [f"s{i:02d}" for i in range(len(rows))],
                "subject_id": subjects,
                "study_group": groups,
                "timepoint": timepoints,
                "cell_type": ["CD8"] * len(rows),
                "state": ["Resting"] * len(rows),
                "library_batch": ["AB"[i % 2] for i in range(len(rows))],
                "age": [20.0 + (i * 7) % 11 for i in range(len(rows))],
                **columns,
            }
        )

    return make


@pytest.fixture
def samples(make_samples: Callable[..., pl.DataFrame]) -> pl.DataFrame:
    """Three women of each group at three visits; p1 misses the 2nd, m3 the 3rd."""
    people = [("p1", "HP"), ("p2", "HP"), ("p3", "HP"), ("m1", "MS"), ("m2", "MS"), ("m3", "MS")]
    rows = [(p, g, t) for t in ("3rd", "1st", "2nd") for p, g in people]
    return make_samples([r for r in rows if (r[0], r[2]) not in {("p1", "2nd"), ("m3", "3rd")}])


@pytest.fixture
def real_samples(shared_data: Path) -> pl.DataFrame:
    """The 60 resting CD8+ samples of the two groups with pregnancies."""
    sheet = pl.read_csv(
        shared_data / "grams_cd8_rna" / "samples.csv", schema_overrides={"subject": pl.String}
    )
    chosen = (
        (pl.col("cell_type") == "CD8") & (pl.col("state") == "Resting") & (pl.col("group") != "HC")
    )
    return sheet.filter(chosen).rename({"subject": "subject_id", "group": "study_group"})
