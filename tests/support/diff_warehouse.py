"""Small warehouses with the tables that `cohortmart diff` reads, written without dbt."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from cohortmart.core.warehouse.home import Home

Row = dict[str, Any]
COLUMNS = ("feature_id", "log_fc", "t", "p_value", "adj_p_value", "delta_beta")
FILE: Row = {
    "file": "a/counts.tsv", "role": "rna", "sha256": "1" * 64, "bytes": 10, "rows": 3, "columns": 2,
    "format": "tsv", "options": '{"sum_by":null}', "reader_version": "matrix-1",
    "status": "current",
}  # fmt: skip
TYPES = {
    "dim_subject": "subject_id varchar",
    "dim_sample": "sample_id varchar, subject_id varchar, study_group varchar, age double",
    "qc_sample": "assay varchar, sample_id varchar, filter_reason varchar",
    "dim_contrast": "analysis varchar, contrast varchar, n_samples bigint",
    "fct_contrast_result": "analysis varchar, contrast varchar, feature_id varchar, log_fc double, "
    "t double, p_value double, adj_p_value double, delta_beta double",
    "staging.stg_results__thresholds": "analysis varchar, p double, adj_p double, "
    "delta_beta double, log_fc double",
    "dim_rebound_pair": "analysis varchar, pair varchar, study_group varchar, preset varchar",
    "rebound": "analysis varchar, pair varchar, study_group varchar, feature_id varchar, "
    "log_fc_first double, log_fc_second double, p_first double, p_second double, "
    "delta_beta_first double, delta_beta_second double, p_rebound double, "
    "adj_p_rebound double, amplitude double, amplitude_se double",
    "dim_feature": "assay varchar, feature_id varchar, feature_name varchar",
    "analysis_run": "analysis varchar, assay varchar, cohortmart_version varchar, "
    "library_versions varchar, parameters varchar, inputs varchar, coefficients varchar, "
    "n_features bigint",
    "ingested_file": "file varchar, role varchar, sha256 varchar, bytes bigint, rows bigint, "
    "columns bigint, format varchar, options varchar, reader_version varchar, status varchar",
}


@dataclass
class Content:
    """What a run holds; every field can be changed for a second run."""

    results: dict[tuple[str, str], list[tuple[Any, ...]]] = field(default_factory=dict)
    thresholds: dict[str, Row] = field(default_factory=dict)
    rebounds: dict[tuple[str, str, str | None, str], list[Row]] = field(default_factory=dict)
    samples: list[Row] = field(
        default_factory=lambda: [
            {"sample_id": f"S{i}", "subject_id": f"P{i}", "study_group": "HP", "age": 30.0 + i}
            for i in range(3)
        ]
    )
    dropped: list[Row] = field(default_factory=list)
    names: dict[str, str | None] = field(default_factory=dict)
    files: list[Row] = field(default_factory=lambda: [dict(FILE)])
    parameters: dict[str, Any] = field(default_factory=lambda: {"model": {"block": "subject"}})
    libraries: dict[str, str] = field(default_factory=lambda: {"numpy": "2.0"})
    study: str | None = "study: small\nsamples: {file: a/samples.csv}\n"

    def tables(self) -> dict[str, list[Row]]:
        """Give the rows of every table."""
        analyses = sorted({analysis for analysis, _ in self.results})
        return {
            "dim_subject": [{"subject_id": s["subject_id"]} for s in self.samples],
            "dim_sample": self.samples,
            "qc_sample": self.dropped,
            "dim_contrast": [
                {"analysis": a, "contrast": c, "n_samples": len(self.samples)}
                for a, c in self.results
            ],
            "fct_contrast_result": [
                {"analysis": a, "contrast": c, **dict(zip(COLUMNS, row, strict=True))}
                for (a, c), rows in self.results.items()
                for row in rows
            ],
            "staging.stg_results__thresholds": [
                {"analysis": a, **row} for a, row in self.thresholds.items()
            ],
            "dim_rebound_pair": [
                {"analysis": a, "pair": pair, "study_group": group, "preset": preset}
                for a, pair, group, preset in self.rebounds
            ],
            "rebound": [
                {"analysis": a, "pair": pair, "study_group": group, **row}
                for (a, pair, group, _), rows in self.rebounds.items()
                for row in rows
            ],
            "dim_feature": [
                {"assay": assay, "feature_id": feature, "feature_name": name}
                for assay in ("rna", "other")
                for feature, name in (self.names if assay == "rna" else {"gone": "no"}).items()
            ],
            "analysis_run": [
                {
                    "analysis": a,
                    "assay": "rna",
                    "cohortmart_version": "0.1.0",
                    "library_versions": json.dumps(self.libraries),
                    "parameters": json.dumps(self.parameters),
                    "inputs": json.dumps({"sample:": "sample-1.parquet"}),
                    "coefficients": '["HP"]',
                    "n_features": 3,
                }
                for a in analyses
            ],
            "ingested_file": self.files,
        }


def write_run(folder: Path, content: Content) -> Home:
    """Write the warehouse of a run into `folder`."""
    home = Home(folder)
    home.lake.mkdir(parents=True)
    home.results.mkdir()
    if content.study is not None:
        home.study_copy.write_text(content.study)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create schema staging")
        for name, rows in content.tables().items():
            con.execute(f"create table {name} ({TYPES[name]})")
            for row in rows:
                columns, marks = ", ".join(row), ", ".join("?" * len(row))
                con.execute(f"insert into {name} ({columns}) values ({marks})", list(row.values()))
    return home
