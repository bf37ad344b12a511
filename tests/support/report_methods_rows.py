"""Rows of a study with one analysis, for the page that says how it was done."""

from __future__ import annotations

import json
from typing import Any

SAMPLES = [("S1", "P1", "MS", "1st", 1), ("S2", "P1", "MS", "3rd", 2), ("S3", "P2", "HP", "1st", 1)]
PARAMETERS: dict[str, Any] = {
    "values": "voom", "voom": {"rounds": 2}, "array_weights": True, "filter": "filter_by_expr",
    "where": "cell_type = 'CD8' and subject_id <> 'P9'", "contrast_errors": "exact",
    "moderation": {"trend": True, "robust": True, "minimum_log_fc": 0.5},
    "model": {"means": ["group", "timepoint"], "covariates": ["age"], "block": "subject",
              "correlation": "consensus", "within": None, "formula": None, "curve": None,
              "baseline": None},
    "rebound": {"preset": "paper"}, "modules": {"mode": "fixed", "seed_weight": 1},
    "thresholds": {"p": None, "adj_p": 0.05},
}  # fmt: skip


def tables() -> dict[str, Any]:
    """Return the tables of the study by name."""
    cells = [
        {"analysis": "a", "sample_id": s[0], "sample_order": i, "coefficient": c,
         "coefficient_order": j, "value": v}
        for i, s in enumerate(SAMPLES, 1)
        for j, (c, v) in enumerate({"MS.1st": float(i == 1), "age": 20.0 + i}.items(), 1)
    ]  # fmt: skip
    return {
        "analysis_run": [
            {"analysis": "a", "cohortmart_version": "9.9", "library_versions": '{"numpy": "2"}',
             "parameters": json.dumps(PARAMETERS)}
        ],
        "ingested_file": [
            {"file": f"P1_{n}.csv", "role": "rna", "format": "csv", "bytes": 10, "rows": 2,
             "columns": 3, "sha256": n * 8, "reader_version": "1", "status": status}
            for n, status in (("ab", "current"), ("cd", "replaced"))
        ],
        "design_matrix": cells,
        "dim_contrast": [
            {"analysis": "a", "contrast": "c", "contrast_order": 1, "expression": "MS.1st",
             "meaning": "mean", "kind": "within", "n_samples": 2, "n_subjects": 1,
             "n_complete": 1, "consensus_correlation": 0.25}
        ],
        "contrast_weight": [
            {"analysis": "a", "contrast": "c", "coefficient": "MS.1st", "coefficient_order": 1,
             "weight": -1.0}
        ],
        "analysis_note": [
            {"analysis": "a", "note_order": 1, "kind": "note", "note": "P1 has no PP"},
            {"analysis": "a", "note_order": 2, "kind": "preset", "note": "preset paper: x"},
        ],
    }  # fmt: skip
