"""A small study with a hit that is one and a hit that is only the batch."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from analyses.fit import prepare as prepared_module
from analyses.fit.response import ValueBlock
from cohortmart.core.study.records import Study

GENES = [f"G{i:03d}" for i in range(300)]
#: Rises from the 1st to the 3rd trimester in every woman, and is higher in MS.
TRUE = "G007"
#: Differs between batches only; most samples of the 3rd trimester are of batch B.
FAKE = "G211"
CONTRASTS = {
    "3rd-1st": "HP.3rd / 2 + MS.3rd / 2 - HP.1st / 2 - MS.1st / 2",
    "MSvsHP_1st": "MS.1st - HP.1st",
}


def samples() -> pl.DataFrame:
    """Sixteen women at two visits; `site` is the group under another name."""
    rng = np.random.default_rng(5)
    rows = []
    for woman in range(16):
        group = "HP" if woman < 8 else "MS"
        for time, other in (("1st", (2, 6, 9, 13)), ("3rd", (1, 5, 10, 14))):
            late = (time == "3rd") != (woman in other)
            rows.append(
                {
                    "sample_id": f"S{len(rows):02d}",
                    "subject_id": f"W{woman:02d}",
                    "study_group": group,
                    "timepoint": time,
                    "cell_type": None,
                    "batch": "B" if late else "A",
                    "site": "north" if group == "HP" else "south",
                    "room": "one",
                    "age": float(25 + woman * 7 % 16),
                    "viability": float(rng.uniform(60, 99)),
                    "weight": None if woman == 3 else float(woman),
                }
            )
    return pl.DataFrame(rows)


def values(sheet: pl.DataFrame) -> np.ndarray:
    """Noise, women that differ, and the two planted genes; shape (genes, samples)."""
    rng = np.random.default_rng(6)
    _, women = np.unique(sheet["subject_id"].to_numpy(), return_inverse=True)
    y = 6.0 + 0.6 * rng.normal(size=(len(GENES), 16))[:, women]
    y += rng.normal(size=(len(GENES), sheet.height)) * rng.uniform(0.3, 0.6, (len(GENES), 1))
    late = (sheet["timepoint"] == "3rd").to_numpy()
    group = (sheet["study_group"] == "MS").to_numpy()
    y[GENES.index(TRUE)] += 3.0 * late + 6.0 * group
    # every gene differs somewhat between batches, so that ComBat's prior is wide
    shift = rng.normal(0, 0.7, len(GENES))
    shift[[GENES.index(FAKE), GENES.index(TRUE)]] = 2.5, 0.0
    return y + np.outer(shift, (sheet["batch"] == "B").to_numpy())


def study(changes: dict[str, Any] | None = None, **of_assay: Any) -> Study:
    """One analysis, `main`, with the given keys changed."""
    analysis = {
        "assay": "rna",
        "values": "log_cpm",
        "model": {"means": ["group", "timepoint"], "block": "subject"},
        "thresholds": {"adj_p": 0.05},
        "contrasts": CONTRASTS,
        "sensitivity": {"batch": "batch", "top": 5, "features": [TRUE, FAKE]},
        **(changes or {}),
    }
    assay: dict[str, Any] = {"kind": "counts", "files": ["c.tsv"]}
    if analysis["assay"] == "epic":
        assay = {"kind": "beta", "files": ["b.csv"]}
    columns = {"factors": ["batch", "site", "room"], "covariates": ["age", "viability", "weight"]}
    return Study.model_validate(
        {
            "study": "small",
            "samples": [{"file": "s.csv", "subject": "subject", **columns}],
            "timepoints": ["1st", "3rd"],
            "groups": ["HP", "MS"],
            "assays": {analysis["assay"]: {**assay, **of_assay}},
            "analyses": {"main": analysis},
        }
    )


class InBlocks:
    """Values of all genes, some at a time, with betas beside them as methylation has."""

    def __init__(self, y: np.ndarray, size: int = 110, weights: np.ndarray | None = None) -> None:
        self.y, self.size, self.weights = y, size, weights

    def blocks(self) -> Any:
        for start in range(0, len(self.y), self.size):
            rows = slice(start, start + self.size)
            weights = None if self.weights is None else self.weights[rows]
            beta = 1.0 / (1.0 + np.exp2(-self.y[rows]))
            yield ValueBlock(pa.array(GENES[rows]), self.y[rows], weights, beta)


def warehouse(
    monkeypatch: pytest.MonkeyPatch, sheet: pl.DataFrame, given: Any
) -> duckdb.DuckDBPyConnection:
    """Give a warehouse of these samples, and let the analyses read these values."""
    con = duckdb.connect()
    con.register("sheet", sheet.to_arrow())
    con.execute("create table dim_sample as from sheet")
    con.execute(
        "create table qc_sample as select assay, sample_id, cast(null as varchar) as filter_reason"
        " from dim_sample cross join (values ('rna'), ('epic')) as t(assay)"
    )
    monkeypatch.setattr(prepared_module, "values_of", lambda *_: given)
    return con
