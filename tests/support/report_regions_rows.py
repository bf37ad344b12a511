"""Regions of a study small enough to count by hand."""

from __future__ import annotations

from typing import Any

SAMPLES = [
    ("s1", "Ada", "HP", "1st", 1), ("s2", "Ada", "HP", "3rd", 2), ("s3", "Eva", "HP", "1st", 1),
]  # fmt: skip
#: contrast, region, first and last base, direction, estimate, P, family-wise P.
REGIONS = (
    ("up", "1:1000-1040", 1000, 1040, "hyper", 0.5, 1e-9, 0.01),
    ("up", "1:9000-9020", 9000, 9020, "hypo", -0.25, 1e-6, 0.05),
    ("up", "2:1000-1020", 1000, 1020, "hyper", 0.125, 1e-3, 0.4),
    ("back", "1:1020-1060", 1020, 1060, "hypo", -0.5, 1e-8, 0.02),
)
#: probe, chromosome, base, island.
PROBES = (
    ("a1", "1", 1000, "chr1:900-1100"), ("a2", "1", 1020, "chr1:900-1100"),
    ("a3", "1", 1040, "chr1:900-1100"), ("a4", "1", 1500, None), ("a5", "1", 1641, None),
    ("b1", "1", 9000, None), ("b2", "1", 9010, None), ("b3", "1", 9020, None),
    ("c1", "2", 1010, None),
)  # fmt: skip


def study() -> dict[str, Any]:
    """Return the tables of the study by name."""
    names = {"1:1000-1040": "<b>TNF</b>;IL2", "1:1020-1060": "<b>TNF</b>"}
    return {
        "dim_contrast": [
            {"analysis": "meth", "contrast": c, "assay": "m", "values_used": "m_value"}
            for c in ("up", "back")
        ],
        "dim_rebound_pair": [
            {"analysis": "meth", "pair": "up/back", "study_group": "HP", "first_contrast": "up",
             "second_contrast": "back"}
        ],
        "dim_probe": [
            {"probe_id": p, "chromosome": c, "position": b, "island_name": i}
            for p, c, b, i in PROBES
        ],
        "bridge_probe_gene": [
            {"probe_id": "a1", "gene_name": "<b>TNF</b>", "region": "TSS200"},
            {"probe_id": "a3", "gene_name": "<b>TNF</b>", "region": "TSS1500"},
            {"probe_id": "a4", "gene_name": "<b>TNF</b>", "region": "Body"},
        ],
        "fct_contrast_result": [
            {"analysis": "meth", "contrast": contrast, "feature_id": p, "log_fc": sign * 0.5,
             "ci_low": sign * 0.5 - 0.1, "ci_high": sign * 0.5 + 0.1}
            for contrast, sign in (("up", 1), ("back", -1))
            for p, *_ in PROBES
        ],
        "dmr": [_region(*row, names.get(row[1])) for row in REGIONS],
        "dmr_summary": [
            {"analysis": "meth", "contrast": c, "n_tested": 9, "n_regions": n, "n_found": found,
             "n_by_chance": 0.5, "found_below": 1e-5, "note": None}
            for c, n, found in (("up", 3, 2), ("back", 1, 1))
        ],
        "rebound_region": [
            _second("1:1000-1040", "up-down", True, 0.5, -0.25, 0.02),
            _second("1:9000-9020", "down-down", False, -0.25, -0.125, 1.0),
        ],
    }  # fmt: skip


def _region(
    contrast: str, region: str, start: int, end: int, direction: str, estimate: float, p: float,
    adjusted: float, genes: str | None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "analysis": "meth", "contrast": contrast, "region_id": region,
        "chromosome": region.split(":")[0], "start_position": start, "end_position": end,
        "n_probes": 3, "direction": direction, "estimate": estimate, "se": 0.1,
        "delta_beta": estimate / 8, "p_value": p, "adj_p_value": adjusted, "fdr": p,
        "gene_names": genes, "promoter_genes": None, "top_probe_id": "a1",
    }  # fmt: skip


def _second(
    region: str, kind: str, found: bool, first: float, second: float, p: float
) -> dict[str, Any]:
    return {
        "analysis": "meth", "pair": "up/back", "study_group": "HP", "first_contrast": "up",
        "second_contrast": "back", "region_id": region, "n_probes": 3, "gene_names": None,
        "class": kind, "is_found": found, "estimate_first": first, "ci_low_first": first - 0.1,
        "ci_high_first": first + 0.1, "adj_p_first": 0.01, "estimate_second": second,
        "ci_low_second": second - 0.1, "ci_high_second": second + 0.1, "p_second": 0.001,
        "adj_p_second": 0.02, "adj_p_rebound": p,
    }  # fmt: skip
