"""A small study as raw files: three subjects, two visits each, counts and betas."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.study.records import Assay, SampleSheet, Study
from cohortmart.core.warehouse.home import Home
from ingest.pipeline import IngestSummary, ingest

GENES = [f"G{n}" for n in range(7, 0, -1)]  # not in the order of their names
PROBES = [f"cg{n:03d}" for n in range(5)]
#: sample, subject, group, timepoint, name in the beta matrix
SAMPLES = [
    ("S1", "anna", "MS", "BP", "M1"),
    ("S2", "anna", "MS", "1st", "M2"),
    ("S3", "berta", "HP", "BP", "M3"),
    ("S4", "berta", "HP", "1st", "NA"),
    ("S5", "clara", "HP", "BP", "M5"),
    ("S6", "clara", "HP", "1st", "M6"),
]


@dataclass
class RawStudy:
    """Raw files in a folder, and how to ingest them."""

    root: Path
    sheet: list[tuple[str, ...]] = field(default_factory=lambda: list(SAMPLES))
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    block: dict[str, Any] = field(default_factory=dict)
    assays: tuple[str, ...] = ("rna", "methylation")
    describe: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.raw = self.root / "raw"
        self.raw.mkdir(parents=True, exist_ok=True)
        self.home = Home(self.root / "out")
        self.study_file = self.raw / "study.yml"
        self.study_file.write_text("study: small\n")
        self.write_sheet()
        self.counts = counts_of([s for s, *_ in SAMPLES])
        self.write_counts()
        betas = np.linspace(0.1, 0.9, 5 * 5).round(3).reshape(5, 5)
        lines = ["probe," + ",".join(s[4] for s in SAMPLES if s[4] != "NA")]
        lines += [f"{p}," + ",".join(map(str, row)) for p, row in zip(PROBES, betas, strict=True)]
        lines[2] = lines[2].rsplit(",", 1)[0] + ",NA"
        (self.raw / "betas.csv").write_text("\n".join(lines) + "\n")

    def write_sheet(self) -> None:
        lines = [",".join(("sample", "who", "arm", "visit", "array")), *map(",".join, self.sheet)]
        (self.raw / "samples.csv").write_text("\n".join(lines) + "\n")

    def write_counts(self) -> None:
        lines = ["gene," + ",".join(self.counts)]
        for n, gene in enumerate(GENES):
            lines.append(f"{gene}," + ",".join(f"{v[n]}" for v in self.counts.values()))
        (self.raw / "counts.csv").write_text("\n".join(lines) + "\n")

    @property
    def study(self) -> Study:
        known: dict[str, dict[str, Any]] = {
            "rna": {"kind": "counts", "files": [self.raw / "counts.csv"]},
            "methylation": {"kind": "beta", "files": [self.raw / "betas.csv"], "sample": "array"},
        }
        return Study(
            study="small",
            samples=(
                SampleSheet(
                    file=self.raw / "samples.csv",
                    sample="sample",
                    subject="who",
                    group="arm",
                    timepoint="visit",
                    **self.block,
                ),
            ),
            timepoints=("BP", "1st"),
            groups=("HP", "MS"),
            describe=self.describe,
            assays={
                a: Assay(**{**known.get(a, {}), **self.options.get(a, {})}) for a in self.assays
            },
        )

    def ingest(self) -> IngestSummary:
        self.said.clear()
        return ingest(self.study, self.home, self.study_file, self.said.append)

    def table(self, name: str) -> list[dict[str, Any]]:
        """Rows of a table of the lake."""
        entries = [e for e in read_current(self.home.lake) if e.table_name == name]
        return [r for e in entries for r in pq.read_table(self.home.lake / e.path).to_pylist()]

    def values(self, assay: str) -> dict[str, dict[str, float | None]]:
        """Sample to feature to value, as the lake shows them."""
        entry = next(e for e in read_current(self.home.lake) if e.part == f"{assay}:raw")
        rows = pq.read_table(self.home.lake / entry.path).to_pylist()
        positions = {
            r["sample_id"]: r["position"] - 1
            for r in self.table("matrix_sample")
            if r["assay"] == assay
        }
        return {
            s: {row["feature_id"]: row["values"][p] for row in rows} for s, p in positions.items()
        }


def counts_of(samples: list[str], start: int = 1) -> dict[str, list[float]]:
    """Counts that tell by their value which gene of which sample they are."""
    return {
        s: [1000.0 * (start + i) + n + 0.25 for n in range(len(GENES))]
        for i, s in enumerate(samples)
    }


def lake_bytes(lake: Path) -> dict[str, bytes]:
    """Content of every Parquet file of a lake."""
    return {p.name: p.read_bytes() for p in sorted(lake.glob("*.parquet"))}
