"""A small methylation study on disk, and what is in its lake."""

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

#: sample, subject, group, timepoint, slide, age; each slide has one of every kind
SHEET = [
    ("A1", "anna", "HP", "1st", "S1", "31"),
    ("A2", "anna", "HP", "3rd", "S2", "31"),
    ("B1", "berta", "MS", "1st", "S2", "27"),
    ("B2", "berta", "MS", "3rd", "S1", "27"),
    ("C1", "clara", "HP", "1st", "S2", "35"),
    ("C2", "clara", "HP", "3rd", "S1", "36"),
    ("D1", "dora", "MS", "1st", "S1", "40"),
    ("D2", "dora", "MS", "3rd", "S2", "41"),
]
TYPE_I = ((2.0, 40.0), (3.0, 3.0), (40.0, 4.0))
TYPE_II = ((3.0, 24.0), (4.0, 4.0), (24.0, 5.0))
N_TYPE_I, N_TYPE_II = 150, 250
N = N_TYPE_I + N_TYPE_II
#: Dropped by the filters: on X, and no CpG.
ON_X, NO_CPG = "cg00000003", "ch.1.5F"
COMBAT = "{combat: {batch: slide, keep: [group, timepoint]}}"


@dataclass
class ArrayStudy:
    """Raw files of an array in a folder; attributes may be changed between two commands."""

    root: Path
    normalise_steps: str = f"[bmiq, {COMBAT}]"
    impute: str = "none"
    filters: str = "{}"
    more: str = ""
    analyses: str = "{}"
    masked: list[str] = field(default_factory=list)
    on_x: set[str] = field(default_factory=lambda: {ON_X})
    sheet: list[tuple[str, ...]] = field(default_factory=lambda: list(SHEET))
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(20230626)
        self.home = Home(self.root / "out")
        self.samples = [row[0] for row in SHEET]
        state = rng.choice(3, size=N, p=[0.4, 0.25, 0.35])
        one = np.array(TYPE_I)[state[:N_TYPE_I]]
        two = np.array(TYPE_II)[state[N_TYPE_I:]]
        a, b = np.concatenate([one, two]).T
        betas = rng.beta(a[:, None], b[:, None], (N, len(SHEET)))
        logit = np.log2(betas / (1 - betas)) + 0.4 * np.array([row[4] == "S2" for row in SHEET])
        betas = np.round(1 / (1 + np.exp2(-logit)), 4)
        self.is_type_ii = np.arange(N) >= N_TYPE_I
        order = rng.permutation(N)
        self.is_type_ii = self.is_type_ii[order]
        self.betas = betas[order]
        self.betas[rng.random(self.betas.shape) < 0.01] = np.nan
        self.probes = [f"cg{i:08d}" for i in range(N - 1)] + [NO_CPG]
        self.detection_p = np.where(rng.random(self.betas.shape) < 0.01, 0.5, 0.001)
        self.typed = np.ones(N, dtype=bool)

    @property
    def kept(self) -> np.ndarray:
        """Probes that the filters keep."""
        drop = {ON_X, NO_CPG}
        return np.array([p not in drop for p in self.probes]) & (
            np.isnan(self.seen).mean(axis=1) <= 0.2
        )

    @property
    def seen(self) -> np.ndarray:
        """Betas without those that have a large detection p."""
        return np.where(self.detection_p > 0.01, np.nan, self.betas)

    def write(self) -> Path:
        """Write the raw files and return study.yml."""
        raw = self.root / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        head = "sample,subject,group,timepoint,slide,age"
        (raw / "samples.csv").write_text("\n".join([head, *map(",".join, self.sheet)]) + "\n")
        _write_matrix(raw / "betas.csv", self.probes, self.samples, self.betas)
        _write_matrix(raw / "p.csv", self.probes, self.samples, self.detection_p)
        manifest = ["Name,Infinium_Design_Type,CHR,MAPINFO,Genome_Build"]
        for probe, two, known in zip(self.probes, self.is_type_ii, self.typed, strict=True):
            design = "" if not known else "II" if two else "I"
            manifest.append(f"{probe},{design},{'X' if probe in self.on_x else '1'},100,37")
        (raw / "manifest.csv").write_text("\n".join(manifest) + "\n")
        (raw / "masks.csv").write_text("\n".join(["probe_id", *self.masked]) + "\n")
        masks = ", masks: masks.csv" if self.masked else ""
        study = raw / "study.yml"
        study.write_text(
            f"""
study: arrays
samples:
  file: samples.csv
  sample: sample
  subject: subject
  group: group
  timepoint: timepoint
  factors: [slide]
  covariates: [age]
timepoints: ['1st', '3rd']
groups: [HP, MS]
assays:
  meth:
    kind: beta
    files: [betas.csv]
    detection_p: p.csv
    filter: {self.filters}
    normalise: {self.normalise_steps}
    impute: {self.impute}
    {self.more}
reference: {{manifest: manifest.csv{masks}}}
analyses: {self.analyses}
"""
        )
        return study

    @property
    def study(self) -> Study:
        return load_study(self.write())

    def ingest(self) -> bool:
        """Ingest; tells whether the lake changed."""
        self.said.clear()
        study_file = self.write()
        return ingest(load_study(study_file), self.home, study_file, self.said.append).changed

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

    def path(self, table: str, layer: str) -> Path:
        parts = {f"meth:{layer}", "" if layer == "raw" else f"meth:{layer}"}
        entries = read_current(self.home.lake)
        return next(
            self.home.lake / e.path for e in entries if e.table_name == table and e.part in parts
        )

    def rows(self, table: str, layer: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.path(table, layer)).to_pylist()
        return rows

    def layer(self, layer: str) -> tuple[list[str], list[str], np.ndarray]:
        """Probes, samples and betas of a layer."""
        blocks = list(read_matrix(self.path("matrix", layer)))
        ids = [name for block in blocks for name in block[0].to_pylist()]
        samples = [r["sample_id"] for r in self.rows("matrix_sample", layer)]
        return ids, samples, np.vstack([block[1] for block in blocks])

    def sha256(self, *layers: str) -> dict[str, str]:
        """Content of the layers' files."""
        return {
            e.path: hashlib.sha256((self.home.lake / e.path).read_bytes()).hexdigest()
            for e in read_current(self.home.lake)
            if e.part in [f"meth:{layer}" for layer in layers]
        }

    def leftovers(self) -> list[str]:
        return [p.name for p in self.home.lake.glob(".*") if p.name != ".lock"]


def _write_matrix(path: Path, ids: list[str], samples: list[str], values: np.ndarray) -> None:
    lines = ["probe," + ",".join(samples)]
    for name, row in zip(ids, values, strict=True):
        lines.append(",".join([name, *("NA" if np.isnan(v) else f"{v:.4g}" for v in row)]))
    path.write_text("\n".join(lines) + "\n")
