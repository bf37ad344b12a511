"""Small studies in the shapes of public ones, with planted changes: sheet, counts, study.yml."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

#: Genes of each study; the first `PLANTED` of them change, half up and half down.
GENES, PLANTED = 300, 20
_DISPERSION = 0.03
_EFFECT = 1.2  # log2


@dataclass(frozen=True)
class Sample:
    """One sample: its cells in the sheet, its person, and whether its genes are changed."""

    cells: Mapping[str, str]
    person: str
    changed: float = 0.0

    @property
    def name(self) -> str:
        return self.cells["sample"]


def gene(i: int) -> str:
    return f"GENE{i:03d}"


#: The planted genes, and the sign of their change.
TRUTH = {gene(i): 1 if i % 2 == 0 else -1 for i in range(PLANTED)}


def write_study(folder: Path, samples: list[Sample], study: str, seed: int = 1) -> Path:
    """Write sheet, counts and study.yml; return the last.

    Counts are negative binomial around a level of each gene and person.
    """
    rng = np.random.default_rng(seed)
    level = rng.normal(6.5, 1.5, GENES)
    people = {p: rng.normal(0, 0.3, GENES) for p in dict.fromkeys(s.person for s in samples)}
    effect = np.array([_EFFECT * TRUTH.get(gene(i), 0) for i in range(GENES)])
    depth = rng.uniform(0.7, 1.4, len(samples))
    counts = [
        _counts(rng, d * 2 ** (level + people[s.person] + effect * s.changed))
        for s, d in zip(samples, depth, strict=True)
    ]
    lines = ["\t".join(["gene_id", *(s.name for s in samples)])]
    lines += ["\t".join([gene(i), *(str(c[i]) for c in counts)]) for i in range(GENES)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "counts.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "samples.csv").write_text(sheet_text(samples), encoding="utf-8")
    file = folder / "study.yml"
    file.write_text(study, encoding="utf-8")
    return file


def sheet_text(samples: Iterable[Sample]) -> str:
    rows = [s.cells for s in samples]
    return "\n".join([",".join(rows[0]), *(",".join(r.values()) for r in rows)]) + "\n"


def _counts(rng: np.random.Generator, mean: np.ndarray) -> np.ndarray:
    n = 1 / _DISPERSION
    return rng.negative_binomial(n, n / (n + mean))


def drug_trial() -> tuple[list[Sample], str]:
    """Placebo and drug, eight each, at weeks 0, 4 and 12; the drug works at 4 and wears off."""
    strength = {"0": 0.0, "4.0": 1.0, "12": 0.0}
    samples = [
        Sample(
            {"sample": f"{arm[0].upper()}{i}w{n}", "patient": f"{arm[0].upper()}{i}", "arm": arm,
             "week": week, "sex": "fm"[i % 2]},
            f"{arm}{i}",
            strength[week] * (arm == "drug"),
        )
        for arm in ("placebo", "drug")
        for i in range(8)
        for n, week in enumerate(strength)
    ]  # fmt: skip
    study = """\
study: trial
samples:
  {file: samples.csv, sample: sample, subject: patient, group: arm, timepoint: week, factors: [sex]}
timepoints: [0, 4, 12]
groups: [placebo, drug]
subject_noun: [patient, patients]
timepoint_noun: [week, weeks]
assays:
  rna: {kind: counts, files: [counts.tsv]}
analyses:
  means:
    assay: rna
    values: log_cpm
    model: {means: [group, timepoint], block: subject}
    contrasts: {time_within_group: all, group_within_time: all, interaction: all}
    rebound: {pairs: [[4-0, 12-4]]}
  weeks:
    assay: rna
    values: voom
    model: {curve: {of: timepoint, knots: [0, 4, 12]}, block: subject}
    contrasts: {interaction: all}
"""
    return samples, study


def case_control() -> tuple[list[Sample], str]:
    """Twelve patients and twelve controls who came once."""
    samples = [
        Sample({"sample": f"{arm}{i:02d}", "donor": f"{arm}{i:02d}", "diagnosis": arm,
                "age": str(30 + (7 * i) % 25)}, f"{arm}{i}", float(arm == "case"))
        for arm in ("control", "case")
        for i in range(12)
    ]  # fmt: skip
    study = """\
study: case_control
samples: {file: samples.csv, sample: sample, subject: donor, group: diagnosis, covariates: [age]}
groups: [control, case]
assays:
  rna: {kind: counts, files: [counts.tsv]}
analyses:
  main:
    assay: rna
    values: voom
    model: {means: [group], covariates: [age]}
    contrasts: {group_within_time: all}
"""
    return samples, study


def tumour_normal() -> tuple[list[Sample], str]:
    """Tumour and normal tissue of the same ten people, who are of one group and came once."""
    samples = [
        Sample({"sample": f"T{i:02d}{tissue[0]}", "patient": f"T{i:02d}", "tissue": tissue},
               f"T{i}", float(tissue == "tumour"))
        for i in range(10)
        for tissue in ("normal", "tumour")
    ]  # fmt: skip
    study = """\
study: tumours
samples: {file: samples.csv, sample: sample, subject: patient, visit_key: [tissue]}
assays:
  rna: {kind: counts, files: [counts.tsv]}
analyses:
  paired:
    assay: rna
    values: log_cpm
    model: {means: [tissue], within: subject}
    contrasts: {tumour-normal: tumour - normal}
"""
    return samples, study


def one_group() -> tuple[list[Sample], str]:
    """Nine people of no group before, at and after a vaccination."""
    strength = {"-7": 0.0, "0": 0.0, "1": 1.0, "28": 0.0}
    samples = [
        Sample({"sample": f"V{i}d{n}", "who": f"V{i}", "day": day}, f"V{i}", changed)
        for i in range(9)
        for n, (day, changed) in enumerate(strength.items())
    ]
    study = """\
study: vaccine
samples: {file: samples.csv, sample: sample, subject: who, timepoint: day}
timepoints: [-7, 0, 1, 28]
assays:
  rna: {kind: counts, files: [counts.tsv]}
analyses:
  main:
    assay: rna
    values: log_cpm
    model: {means: [timepoint], block: subject}
    contrasts: {time_within_group: all}
    rebound: {pairs: [[1-0, 28-1]]}
    permutations: {contrasts: [1-0], n: 99, seed: 1}
  curve:
    assay: rna
    values: log_cpm
    model: {curve: {of: timepoint, knots: [-7, 0, 1, 28]}, block: subject}
    contrasts: {time_within_group: all}
"""
    return samples, study


def cross_over() -> tuple[list[Sample], str]:
    """Ten people who take placebo and drug, one in each of two periods, half of them first."""
    samples = [
        Sample({"sample": f"X{i}p{period}", "who": f"X{i}", "treatment": arm, "period": period},
               f"X{i}", float(arm == "drug"))
        for i in range(10)
        for period, arm in zip(
            ("first", "second"), ("placebo", "drug") if i % 2 else ("drug", "placebo"), strict=True
        )
    ]  # fmt: skip
    study = """\
study: cross_over
samples: {file: samples.csv, sample: sample, subject: who, group: treatment, timepoint: period}
timepoints: [first, second]
groups: [placebo, drug]
assays:
  rna: {kind: counts, files: [counts.tsv]}
analyses:
  main:
    assay: rna
    values: log_cpm
    model: {means: [group, timepoint], block: subject}
    contrasts:
      group_within_time: all
      drug: (drug.first + drug.second - placebo.first - placebo.second) / 2
  simple:
    assay: rna
    values: log_cpm
    model: {means: [group], covariates: [timepoint], within: subject}
    contrasts: {drug: drug - placebo}
"""
    return samples, study


SHAPES: Mapping[str, Callable[[], tuple[list[Sample], str]]] = {
    made.__name__: made for made in (drug_trial, case_control, tumour_normal, one_group, cross_over)
}
