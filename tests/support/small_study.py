"""A small study on disk, and what `cohortmart check` says of it."""

from __future__ import annotations

from pathlib import Path

from cohortmart.app.check.report import check_study

#: subject, group, timepoint, batch, age
ROWS = [
    ("h1", "HP", "1st", "A", "30"),
    ("h1", "HP", "3rd", "A", "30"),
    ("h2", "HP", "1st", "A", "31"),
    ("h2", "HP", "3rd", "B", "31"),
    ("h3", "HP", "1st", "A", "32"),
    ("m1", "MS", "1st", "A", "33"),
    ("m1", "MS", "3rd", "B", "33"),
    ("m2", "MS", "1st", "B", "34"),
    ("m2", "MS", "3rd", "A", "34"),
    ("m3", "MS", "3rd", "B", "35"),
]
CONTRASTS = "{HP_3rd-1st: HP.3rd - HP.1st, MSvsHP_1st: MS.1st - HP.1st}"


#: HP is all of batch A and MS of B
WITH_GROUP = [(*r[:3], "A" if r[1] == "HP" else "B", r[4]) for r in ROWS]
CHANGES = "{HP_3rd-1st: HP.3rd - HP.1st, MS_3rd-1st: MS.3rd - MS.1st}"
#: As formulaic names the means
FORMULA = "{formula: '0 + group:timepoint'}"
HP_CHANGE = "{x: '`group[HP]:timepoint[3rd]` - `group[HP]:timepoint[1st]`'}"


def write_study(
    folder: Path,
    rows: list[tuple[str, ...]] = ROWS,
    model: str = "{means: [group, timepoint], block: subject}",
    contrasts: str = CONTRASTS,
    where: str = "true",
    unmeasured: tuple[int, ...] = (),
    factor: str = "batch",
    more: str = "",
) -> Path:
    names = [f"S{i}" for i in range(len(rows))]
    sheet = [f'sample_id,subject,group,timepoint,"{factor}",age']
    sheet += [",".join((name, *row)) for name, row in zip(names, rows, strict=True)]
    (folder / "samples.csv").write_text("\n".join(sheet) + "\n")
    measured = [name for i, name in enumerate(names) if i not in unmeasured]
    matrix = ["gene\t" + "\t".join(measured)]
    matrix += [f"G{g}\t" + "\t".join("10" for _ in measured) for g in range(50)]
    (folder / "counts.tsv").write_text("\n".join(matrix) + "\n")
    study = folder / "study.yml"
    study.write_text(
        f"""
study: small
samples:
  file: samples.csv
  sample: sample_id
  subject: subject
  group: group
  timepoint: timepoint
  factors: ["{factor}"]
  covariates: [age]
timepoints: ['1st', '3rd']
groups: [HP, MS]
assays:
  rna: {{kind: counts, files: [counts.tsv]}}
analyses:
  main:
    assay: rna
    where: "{where}"
    values: log_cpm
    model: {model}
    contrasts: {contrasts}
    {more}
"""
    )
    return study


def said(study: Path) -> str:
    """The report on one line, as its line breaks depend on the words."""
    return " ".join(check_study(study).text.split())
