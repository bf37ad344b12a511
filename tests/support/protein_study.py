"""A study of proteins and hormones as raw files: truth planted, some of it below detection."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from analyses.normalise.pipeline import NormaliseSummary, normalise
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.lake.matrix import read_matrix
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import Home
from ingest.pipeline import IngestSummary, ingest

VISITS = ("1st", "3rd", "PP")
N_PROTEINS, N_PLANTED = 60, 12
LIMIT = 1.0
MODEL: dict[str, Any] = {"means": ["group", "timepoint"], "block": "subject"}


def _sheet() -> list[tuple[str, str, str, str]]:
    people = [(f"{g.lower()}{i}", g) for g in ("HP", "MS") for i in range(7)]
    return [(f"{who}_{visit}", who, group, visit) for who, group in people for visit in VISITS]


@dataclass
class ProteinStudy:
    """NPX as a long table, hormones as samples in rows; the first proteins rise and swing back."""

    root: Path
    sheet: list[tuple[str, str, str, str]] = field(default_factory=_sheet)
    assays: dict[str, dict[str, Any]] = field(default_factory=dict)
    analyses: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(20221003)
        self.home = Home(self.root / "out")
        self.proteins = [f"OID{i:03d}" for i in range(N_PROTEINS)]
        subjects = sorted({row[1] for row in self.sheet})
        person = rng.normal(0, 0.7, (N_PROTEINS, len(subjects)))
        at = [subjects.index(row[1]) for row in self.sheet]
        peak = np.array([row[3] == "3rd" for row in self.sheet])
        level = rng.uniform(1.5, 8, N_PROTEINS)[:, None]
        self.npx = level + person[:, at] + rng.normal(0, 0.35, (N_PROTEINS, len(at)))
        self.npx[:N_PLANTED] += 1.2 * peak
        self.npx = self.npx.round(4)
        self.hormone = rng.lognormal(3, 0.4, len(at)).round(2) * np.where(peak, 6, 1)
        self.assays = {
            "olink": {"kind": "continuous", "files": ["npx.csv"], "unit": "NPX"},
            "hormones": {
                "kind": "continuous", "files": ["hormones.tsv"], "unit": {"estradiol": "pmol/l"},
                "transform": "log2", "below_detection": "half",
            },
        }  # fmt: skip

    @property
    def samples(self) -> list[str]:
        return [row[0] for row in self.sheet]

    def write(self) -> Path:
        """Write the raw files and return study.yml."""
        raw = self.root / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        head = "sample,subject,group,visit"
        (raw / "samples.csv").write_text("\n".join([head, *map(",".join, self.sheet)]) + "\n")
        long = ["SampleID;OlinkID;UniProt;Assay;NPX;LOD;QC_Warning"]
        long += [
            f"{sample};{protein};P{i:05d};PROT{i};{self.npx[i, j]};{LIMIT};Pass"
            for j, sample in enumerate(self.samples)
            for i, protein in enumerate(self.proteins)
        ]
        (raw / "npx.csv").write_text("\n".join(long) + "\n")
        rows = ["sample\tlaboratory\testradiol\tprogesterone"]
        rows += [
            f"{sample}\tours\t{self.hormone[j]}\t{'<2' if j % 5 == 0 else 3 + j % 4}"
            for j, sample in enumerate(self.samples)
        ]
        (raw / "hormones.tsv").write_text("\n".join(rows) + "\n")
        study = raw / "study.yml"
        study.write_text(
            yaml.safe_dump(
                {
                    "study": "proteins",
                    "samples": {"file": "samples.csv", "sample": "sample", "subject": "subject",
                                "group": "group", "timepoint": "visit"},
                    "timepoints": list(VISITS),
                    "groups": ["HP", "MS"],
                    "assays": self.assays,
                    "analyses": self.analyses,
                },
                sort_keys=False,
            )
        )  # fmt: skip
        return study

    def ingest(self) -> IngestSummary:
        study = self.write()
        return ingest(load_study(study), self.home, study, self.said.append)

    def study(self) -> Study:
        return load_study(self.root / "raw" / "study.yml")

    def normalise(self) -> NormaliseSummary:
        return normalise(self.study(), self.home, self.said.append)

    def layer(self, part: str) -> dict[str, np.ndarray]:
        """Values of a layer by feature, samples in the order of the matrix."""
        entry = next(e for e in read_current(self.home.lake) if e.part == part
                     and e.table_name == "matrix")  # fmt: skip
        rows = {}
        for ids, values in read_matrix(self.home.lake / entry.path, names=("values",)):
            rows.update(zip(ids.to_pylist(), values, strict=True))
        return rows


def analysis(assay: str, **more: Any) -> dict[str, Any]:
    """An analysis of all its contrasts, with whatever is added."""
    return {
        "assay": assay, "values": "measured", "model": MODEL,
        "contrasts": {"time_within_group": "all", "interaction": "all"}, **more,
    }  # fmt: skip
