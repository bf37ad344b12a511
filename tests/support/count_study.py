"""A small RNA-seq study on disk, and what is in its lake."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from analyses.normalise.pipeline import NormaliseSummary, normalise
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.lake.matrix import read_matrix
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import Home
from ingest.pipeline import ingest

N_GENES, N_PEOPLE = 60, 6
#: Sums to nothing, so that there is nothing to fit.
EMPTY_GENE = "G005"
STEP = "{combat_seq: {batch: library_batch, keep: [group, timepoint]}}"


def _sheet() -> list[tuple[str, ...]]:
    """Sample, subject, group, timepoint, batch, column: each batch has as many of every kind."""
    people = [(f"{g}{i}".lower(), g, i) for g in ("HP", "MS") for i in range(N_PEOPLE // 2)]
    return [
        (f"{who}_{time}", who, group, time, "AB"[(i + k) % 2], f"{who}.{k}")
        for who, group, i in people
        for k, time in enumerate(("1st", "3rd"))
    ]


@dataclass
class CountStudy:
    """Raw files of counts in a folder; attributes may be changed between two commands."""

    root: Path
    steps: str = f"[{STEP}]"
    sheet: list[tuple[str, ...]] = field(default_factory=_sheet)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(20200921)
        self.home = Home(self.root / "out")
        self.samples = [row[0] for row in self.sheet]
        self.columns = [row[5] for row in self.sheet]
        in_b = np.array([row[4] == "B" for row in self.sheet])
        mean = rng.lognormal(4, 1, N_GENES)[:, None] * np.exp(rng.normal(0, 0.1, len(in_b)))
        mean = mean * np.exp(rng.normal(0, 0.7, N_GENES)[:, None] * in_b)
        counts = rng.negative_binomial(8, 8 / (8 + mean)).astype(float)
        self.genes = [f"G{i:03d}" for i in rng.permutation(N_GENES)]
        counts[self.genes.index(EMPTY_GENE)] = 0
        counts[:3, 1] = [7.5, 8.5, 3.75]  # estimated
        self.counts = counts

    @property
    def by_name(self) -> np.ndarray:
        """The counts with the genes in the order of the lake."""
        return self.counts[np.argsort(self.genes)]

    def write(self) -> Path:
        """Write the raw files and return study.yml."""
        raw = self.root / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        head = "sample,subject,group,timepoint,library_batch,library"
        (raw / "samples.csv").write_text("\n".join([head, *map(",".join, self.sheet)]) + "\n")
        lines = ["gene\t" + "\t".join(self.columns)]
        for name, row in zip(self.genes, self.counts, strict=True):
            lines.append("\t".join([name, *(f"{v:g}" for v in row)]))
        (raw / "counts.tsv").write_text("\n".join(lines) + "\n")
        study = raw / "study.yml"
        study.write_text(
            f"""
study: counted
samples:
  file: samples.csv
  sample: sample
  subject: subject
  group: group
  timepoint: timepoint
  factors: [library_batch]
timepoints: ['1st', '3rd']
groups: [HP, MS]
assays:
  rna: {{kind: counts, files: [counts.tsv], sample: library, normalise: {self.steps}}}
"""
        )
        return study

    @property
    def study(self) -> Study:
        return load_study(self.write())

    def ingest(self) -> bool:
        """Ingest; tells whether the lake changed."""
        self.said.clear()
        file = self.write()
        return ingest(load_study(file), self.home, file, self.said.append).changed

    def normalise(self) -> NormaliseSummary:
        self.said.clear()
        return normalise(self.study, self.home, self.said.append)

    def make(self) -> NormaliseSummary:
        self.ingest()
        return self.normalise()

    def current(self) -> list[str]:
        """Layers that the lake shows."""
        return [
            e.part.split(":")[1] for e in read_current(self.home.lake) if e.table_name == "matrix"
        ]

    def rows(self, table: str, layer: str) -> list[dict[str, Any]]:
        part = "" if layer == "raw" else f"rna:{layer}"
        path = next(
            e.path for e in read_current(self.home.lake) if (e.table_name, e.part) == (table, part)
        )
        found: list[dict[str, Any]] = pq.read_table(self.home.lake / path).to_pylist()
        return found

    def layer(self, layer: str) -> tuple[list[str], np.ndarray]:
        """Genes and counts of a layer."""
        path = next(
            e.path
            for e in read_current(self.home.lake)
            if (e.table_name, e.part) == ("matrix", f"rna:{layer}")
        )
        blocks = list(read_matrix(self.home.lake / path))
        ids = [name for block in blocks for name in block[0].to_pylist()]
        return ids, np.vstack([block[1] for block in blocks])

    def sha256(self, layer: str) -> dict[str, str]:
        """Content of a layer's files."""
        return {
            e.path: hashlib.sha256((self.home.lake / e.path).read_bytes()).hexdigest()
            for e in read_current(self.home.lake)
            if e.part == f"rna:{layer}"
        }
