"""A beta assay on which every filter has work, its annotation, and the rules again in NumPy."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tests.support.lake_writer import Matrix

FILTERS: dict[str, float | bool] = {
    "detection_p": 0.01,
    "sample_missing": 0.1,
    "probe_missing": 0.2,
    "bead_minimum": 3.0,
    "bead_share": 0.25,
    "non_cpg": True,
    "masks": True,
    "sex_chromosomes": True,
}
#: Name of the probe in the lake -> what drops it first; the rest of the assay is kept.
PLANTED = {
    "cg00000001_BC21": "sex_chromosome",
    "cg00000002_TC21": "mask: snp",  # the mask names all replicates
    "cg00000003_TC21": "mask: cross",  # in two masks, and on Y
    "cg00000004_TC21": "probe_missing",  # with too few beads and in a mask as well
    "cg00000005_TC21": "bead_count",
    "cg00000009_TC21": "sex_chromosome",
    "ch.1.5F_TC21": "non_cpg",  # on X as well
    "nv-GRCh38-chr1-7-A-C_TC21": "non_cpg",
    "rs00000001_TC11": "non_cpg",
}
#: Found by their own name, by the name all arrays share (first replicate), and nowhere.
FOUND = ["cg00000001_TC21", "cg00000006", "cg00000007", "cg00000008_TC21"]


@dataclass(frozen=True)
class Reasons:
    """What drops each sample and probe; None = kept."""

    samples: list[str | None]
    probes: list[str | None]
    missing: np.ndarray  # (probes, samples): absent, or detection failed


def filtered_matrix(samples: list[str]) -> Matrix:
    """Betas of 61 probes; the second sample fails detection in too many of them."""
    rng = np.random.default_rng(8)
    ordinary = [f"cg000001{i:02d}_TC21" for i in range(48)]
    probes = sorted([*PLANTED, *FOUND, *ordinary], key=str.encode)
    at = {p: i for i, p in enumerate(probes)}
    shape = len(probes), len(samples)
    betas = rng.beta(0.5, 0.5, shape).round(4)
    p, beads = np.zeros(shape), rng.integers(3, 20, shape).astype(float)
    p[rng.permutation(len(probes))[:9], 1] = 0.5
    p[at[ordinary[0]], 0] = 0.01  # not above it
    p[at[ordinary[1]], 3:5] = 0.02, 0.01
    p[at[ordinary[2]], 3] = beads[at[ordinary[2]], 3] = np.nan  # says nothing
    betas[at[ordinary[3]], 2] = np.nan
    betas[at[ordinary[3]], 1] = np.nan  # of the dropped sample, so it does not count
    betas[at[ordinary[5]], 4], p[at[ordinary[5]], 4] = np.nan, 0.5  # counts once
    betas[at["cg00000004_TC21"], 3], p[at["cg00000004_TC21"], 4] = np.nan, 0.02
    beads[at["cg00000004_TC21"]] = beads[at["cg00000005_TC21"], 2:4] = 2
    beads[at[ordinary[4]], :2] = 2  # one of them in the dropped sample
    return Matrix(
        "v2", "beta", probes, samples, betas, m_value_clip=0.001,
        detection_p=p, bead_count=beads, filters=FILTERS,
    )  # fmt: skip


def annotation(matrix: Matrix) -> dict[str, list[dict[str, object]]]:
    """Two manifests, genes and masks; the second manifest has its say where the first is silent."""
    places = {p: ("1", "EPICv2") for p in matrix.features if p not in FOUND[1:]}
    places |= {
        "cg00000001_BC21": ("X", "EPICv2"),
        "cg00000009_TC21": ("Y", "EPICv2"),
        "cg00000003_TC21": ("Y", "EPICv2"),
        "ch.1.5F_TC21": ("X", "EPICv2"),
        "cg00000006_TC21": ("X", "EPICv2"),
        "cg00000006": ("6", "EPIC"),
        "cg00000007_BC21": ("7", "EPICv2"),
        "cg00000007_TC21": ("X", "EPICv2"),
    }
    rows: list[dict[str, object]] = [
        {
            "manifest": manifest,
            "manifest_order": 1 if manifest == "EPICv2" else 2,
            "probe_id": probe,
            "common_probe_id": common(probe),
            "chromosome": chromosome,
            "position": 1000 + i,
            "genome_build": "hg38" if manifest == "EPICv2" else "hg19",
            "design_type": "I" if i % 3 else "II",
            "island": "OpenSea",
        }
        for i, (probe, (chromosome, manifest)) in enumerate(sorted(places.items()))
    ]
    twice = next(r for r in rows if r["probe_id"] == "cg00000001_TC21")
    rows.append(twice | {"manifest": "EPIC", "manifest_order": 2, "chromosome": "Y"})
    genes = [
        ("cg00000001_TC21", "GENE1", "Body", "EPICv2"),
        ("cg00000001_TC21", "GENE1", "TSS200", "EPICv2"),
        ("cg00000001_TC21", "OLD1", "Body", "EPIC"),  # of a manifest that is not followed
        ("cg00000006", "GENE6", None, "EPIC"),
        ("cg00000007_BC21", "GENE7", "Body", "EPICv2"),
        ("cg00000007_TC21", "GENE7X", "Body", "EPICv2"),
        ("cg09999999_TC21", "GENE1", "Body", "EPICv2"),  # not measured here
    ]
    masks = [
        ("cg00000002", "snp"),
        ("cg00000002", "snp_2"),
        ("cg00000003_TC21", "snp"),
        ("cg00000003", "cross"),
        ("cg00000004_TC21", "snp"),
    ]
    return {
        "probe": rows,
        "probe_gene": [
            dict(zip(("probe_id", "gene_name", "region", "manifest"), g, strict=True))
            for g in genes
        ],
        "probe_mask": [{"probe_id": p, "mask": m} for p, m in masks],
    }


def common(probe: str) -> str:
    """Strip EPIC v2's suffix."""
    return re.sub(r"_[TB][CO][12]\d+$", "", probe)


def place(probe: str, rows: list[dict[str, object]]) -> dict[str, object]:
    """Look a probe up: by its name, else by the common one, in the first manifest that has it."""
    found = [r for r in rows if r["probe_id"] == probe]
    found = found or [r for r in rows if r["common_probe_id"] == probe]
    return min(found, key=lambda r: (r["manifest_order"], r["probe_id"]), default={})


def reasons(m: Matrix, tables: dict[str, list[dict[str, object]]]) -> Reasons:
    """Apply the filters step by step, probe by probe."""
    assert m.detection_p is not None
    assert m.bead_count is not None
    missing = np.isnan(m.values) | (m.detection_p > m.filters["detection_p"])
    too_many = missing.mean(axis=0) > m.filters["sample_missing"]
    kept = ~too_many
    few = (m.bead_count < m.filters["bead_minimum"])[:, kept].mean(axis=1)
    masks: dict[str, list[str]] = {}
    for row in tables["probe_mask"]:
        masks.setdefault(str(row["probe_id"]), []).append(str(row["mask"]))
    found: list[str | None] = []
    for i, probe in enumerate(m.features):
        named = sorted(masks.get(probe, []) + masks.get(common(probe), []))
        steps = [
            ("probe_missing", missing[i, kept].mean() > m.filters["probe_missing"]),
            ("bead_count", few[i] > m.filters["bead_share"]),
            ("non_cpg", not probe.startswith("cg")),
            (f"mask: {named[0] if named else ''}", bool(named)),
            ("sex_chromosome", place(probe, tables["probe"]).get("chromosome") in ("X", "Y")),
        ]
        found.append(next((name for name, drops in steps if drops), None))
    return Reasons(["sample_missing" if t else None for t in too_many], found, missing)
