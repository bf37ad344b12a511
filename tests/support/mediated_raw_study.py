"""Raw files of a small study in which a shift of cells makes most of the changes of genes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

N_GENES = 600
#: Genes that follow the share of memory cells, those that change by themselves, and both.
BY_CELLS = [f"G{i:04d}" for i in range(60)]
BY_ITSELF = [f"G{i:04d}" for i in range(60, 100)]
HALF = [f"G{i:04d}" for i in range(100, 130)]
#: Change of the share from the 1st to the 3rd visit, and log2 counts a unit of it.
SHIFT, SLOPE = -0.15, 10.0
VISITS = ("1st", "3rd", "PP")
CONTRASTS = {
    "3rd-1st": "(HP.3rd + MS.3rd) / 2 - (HP.1st + MS.1st) / 2",
    "MS_3rd-1st": "MS.3rd - MS.1st",
    "MSvsHP_3rd-1st": "(MS.3rd - MS.1st) - (HP.3rd - HP.1st)",
    "MSvsHP_3rd": "MS.3rd - HP.3rd",
}


def write_study(
    folder: Path,
    changes: dict[str, Any] | None = None,
    others: dict[str, dict[str, Any]] | None = None,
) -> Path:
    """Write sheet, counts and study.yml; two groups of ten people at three visits, some missed.

    Parameters
    ----------
    folder : Path
    changes : dict, optional
        Keys of the analysis `cells`.
    others : dict, optional
        Further analyses, and the keys in which they differ from it.
    """
    rng = np.random.default_rng(13)
    rows = [
        (f"{g}{i:02d}", g, v)
        for g in ("HP", "MS")
        for i in range(10)
        for v in VISITS
        if rng.random() > 0.08 or v == "1st"
    ]
    people = sorted({r[0] for r in rows})
    level = dict(zip(people, 0.5 + 0.08 * rng.standard_normal(len(people)), strict=True))
    late = np.array([v == "3rd" for _, _, v in rows], float)
    memory = np.array([level[p] for p, _, _ in rows]) + SHIFT * late
    memory += 0.04 * rng.standard_normal(len(rows))
    hormone = np.exp(rng.normal(1.0, 0.5, len(rows)) + late)
    own = {p: 0.4 * rng.standard_normal(N_GENES) for p in people}
    mean = rng.uniform(7, 11, N_GENES)
    genes = [f"G{i:04d}" for i in range(N_GENES)]
    slope = np.array([SLOPE if g in BY_CELLS else SLOPE / 2 if g in HALF else 0.0 for g in genes])
    effect = np.array(
        [1.5 if g in BY_ITSELF else SLOPE / 2 * SHIFT if g in HALF else 0.0 for g in genes]
    )
    # as many genes rise as fall, so that the libraries stay as they are
    sign = np.where(np.arange(N_GENES) % 2 == 0, 1.0, -1.0)
    log2 = mean[:, None] + np.array([own[p] for p, _, _ in rows]).T
    log2 += (sign * slope)[:, None] * (memory - 0.5) + (sign * effect)[:, None] * late
    log2 += 0.3 * rng.standard_normal(log2.shape)
    counts = rng.poisson(np.exp2(log2))
    names = [f"S{i:03d}" for i in range(len(rows))]
    sheet = ["sample_id,subject,group,timepoint,memory,hormone,age,room"]
    for name, (person, group, visit), m, h in zip(names, rows, memory, hormone, strict=True):
        age = 25 + people.index(person)
        sheet.append(f"{name},{person},{group},{visit},{m:.5f},{h:.4f},{age},A")
    (folder / "samples.csv").write_text("\n".join(sheet) + "\n")
    lines = ["gene_id\t" + "\t".join(names)]
    lines += ["\t".join([g, *map(str, c)]) for g, c in zip(genes, counts.tolist(), strict=True)]
    (folder / "counts.tsv").write_text("\n".join(lines) + "\n")
    # the share once more, as a continuous assay that lacks the last sample
    flow = [
        "marker," + ",".join(names[:-1]),
        ",".join(["memory", *(f"{m:.5f}" for m in memory[:-1])]),
    ]
    flow.append(",".join(["naive", *(f"{1 - m:.5f}" for m in memory[:-1])]))
    (folder / "flow.csv").write_text("\n".join(flow) + "\n")
    analysis = {
        "assay": "rna", "values": "voom",
        "model": {"means": ["group", "timepoint"], "block": "subject"},
        "contrasts": CONTRASTS,
        "explained_by": {"variables": ["memory", "hormone"]},
    }  # fmt: skip
    study = {
        "study": "mediated",
        "samples": {
            "file": "samples.csv", "sample": "sample_id", "subject": "subject", "group": "group",
            "timepoint": "timepoint", "factors": ["room"],
            "covariates": ["memory", "hormone", "age"],
        },
        "timepoints": list(VISITS),
        "groups": ["HP", "MS"],
        "assays": {
            "rna": {"kind": "counts", "files": ["counts.tsv"]},
            "flow": {"kind": "continuous", "files": ["flow.csv"], "unit": "share"},
        },
        "analyses": {"cells": {**analysis, **(changes or {})}, **{
            name: {**analysis, **of} for name, of in (others or {}).items()
        }},
    }  # fmt: skip
    path = folder / "study.yml"
    path.write_text(yaml.safe_dump(study, sort_keys=False))
    return path
