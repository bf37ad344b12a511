"""A small methylation study on disk, with slides."""

from __future__ import annotations

from pathlib import Path

#: subject, group, timepoint, slide, age: each slide has as many of every kind
EVEN = [
    (f"{group[0].lower()}{i}", group, timepoint, f"S{i % 2 + 1}", str(25 + 3 * i + len(timepoint)))
    for group in ("HP", "MS")
    for i in range(4)
    for timepoint in ("1st", "3rd")
]
#: all healthy women of the 1st trimester lie on slide S1
UNEVEN = [(*r[:3], "S1" if r[1:3] == ("HP", "1st") else r[3], r[4]) for r in EVEN]
#: healthy women on S1, those with MS on S2
BY_GROUP = [(*r[:3], "S1" if r[1] == "HP" else "S2", r[4]) for r in EVEN]

MODEL = "{means: [group, timepoint], block: subject}"
CONTRASTS = "{MSvsHP_1st: MS.1st - HP.1st}"
COMBAT = "[{combat: {batch: slide, keep: [group, timepoint]}}]"


def analysis(name: str, model: str = MODEL, contrasts: str = CONTRASTS, where: str = "") -> str:
    chosen = f'    where: "{where}"\n' if where else ""
    return (
        f"  {name}:\n    assay: meth\n{chosen}    values: m_value\n    model: {model}\n"
        f"    contrasts: {contrasts}\n"
    )


def write_betas_study(
    folder: Path,
    rows: list[tuple[str, ...]] = EVEN,
    normalise: str = COMBAT,
    analyses: str | None = None,
    more: str = "",
    reference: str = "{}",
    sheet: tuple[str, ...] = ("subject", "group", "timepoint", "slide", "age"),
    keys: str = "",
    factors: str = "[slide]",
    files: str = "[betas.csv]",
) -> Path:
    """Write the sheet, the matrix (unless `files` names another) and study.yml."""
    names = [f"B{i}" for i in range(len(rows))]
    text = ["sample_id," + ",".join(sheet)]
    text += [",".join((name, *row)) for name, row in zip(names, rows, strict=True)]
    (folder / "samples.csv").write_text("\n".join(text) + "\n")
    betas = ["probe," + ",".join(names)]
    betas += [f"cg{p:08d}," + ",".join("0.1234" for _ in names) for p in range(40)]
    (folder / "betas.csv").write_text("\n".join(betas) + "\n")
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
  factors: {factors}
  covariates: [age]
  {keys}
timepoints: ['1st', '3rd']
groups: [HP, MS]
assays:
  meth:
    kind: beta
    files: {files}
    normalise: {normalise}
    {more}
reference: {reference}
analyses:
{analysis("main") if analyses is None else analyses}
"""
    )
    return study
