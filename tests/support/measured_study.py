"""A small study as tables of a warehouse: counts with a planted batch, betas with holes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from cohortmart.core.study.records import Study
from cohortmart.core.types import Floats

#: Sample, subject, group, timepoint, batch, age; twelve people at two visits, batches balanced.
SAMPLES = [
    (f"s{2 * i + k:02d}", f"p{i:02d}", "HP" if i < 6 else "MS", ("1st", "3rd")[k],
     "AB"[(i + k) % 2], 25.0 + i)
    for i in range(12) for k in range(2)
]  # fmt: skip
IDS = [row[0] for row in SAMPLES]
IN_B = np.array([row[4] == "B" for row in SAMPLES])
N_GENES, N_PROBES = 300, 1200
WHERE = "study_group = 'MS'"
#: Sets of the study below.
ALL, SOME = "all samples", "ms"


def study(**changes: Any) -> Study:
    """Two assays; three analyses of the counts, the last of all samples. `changes` go into it."""
    model = {"means": ["group", "timepoint"], "block": "subject"}
    common = {"model": model, "contrasts": {"x": "MS.3rd - MS.1st"}}
    return Study.model_validate(
        {
            "study": "s",
            "samples": [{"file": "s.csv", "sample": "a", "subject": "b", "group": "c",
                         "timepoint": "d", "factors": ["batch"], "covariates": ["age"]}],
            "timepoints": ["1st", "3rd"],
            "groups": ["HP", "MS"],
            "assays": {"rna": {"kind": "counts", "files": ["r.csv"]},
                       "meth": {"kind": "beta", "files": ["m.csv"]}},
            "analyses": {
                "ms": {"assay": "rna", "values": "voom", "where": WHERE, **common},
                "ms_again": {"assay": "rna", "values": "log_cpm", "where": WHERE, **common},
                "cpg": {"assay": "meth", "values": "m_value", "where": WHERE, **common},
                "whole": {"assay": "rna", "values": "voom", **common},
                **changes,
            },
        }
    )  # fmt: skip


@dataclass
class Measured:
    """What was measured; attributes may be changed before `connect`."""

    counts: Floats = field(default_factory=lambda: np.empty(0))
    betas: Floats = field(default_factory=lambda: np.empty(0))
    ages: list[float | None] = field(default_factory=lambda: [row[5] for row in SAMPLES])
    kept: dict[str, list[str]] = field(default_factory=lambda: {"rna": IDS, "meth": IDS})

    def __post_init__(self) -> None:
        rng = np.random.default_rng(11)
        mean = rng.lognormal(4, 1, (N_GENES, 1)) * np.exp(
            rng.normal(0, 0.6, (N_GENES, 1)) * IN_B + rng.normal(0, 0.1, (N_GENES, len(IDS)))
        )
        self.counts = rng.poisson(mean).astype(float)
        self.counts[:20] = 0  # not expressed
        m = rng.normal(0, 3, (N_PROBES, 1)) + rng.normal(0, 0.4, (N_PROBES, len(IDS)))
        m[:200] += rng.normal(0, 1.5, (200, 1)) * np.array([row[2] == "MS" for row in SAMPLES])
        self.betas = 2.0**m / (1.0 + 2.0**m)
        self.betas[-100:, 3] = np.nan
        self.betas[-150:-100, 20] = np.nan  # a sample of the MS group

    @property
    def log2_cpm(self) -> Floats:
        """Log-CPM; NaN in a sample without counts."""
        library = self.counts.sum(axis=0)
        library[library == 0] = np.nan
        return np.asarray(np.log2((self.counts + 2) / library * 1e6))

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Give a database with the tables that are read."""
        con = duckdb.connect()
        dim = pa.table(
            {
                **dict(zip(
                    ("sample_id", "subject_id", "study_group", "timepoint", "batch"),
                    map(list, list(zip(*SAMPLES, strict=True))[:5]), strict=True,
                )),
                "age": pa.array(self.ages, pa.float64()),
                "cell_type": pa.nulls(len(IDS), pa.string()),
                "visit_key": [""] * len(IDS),
            }
        )  # fmt: skip
        rows = [
            {
                "assay": assay,
                "sample_id": s,
                "lib_size": float(self.counts[:, i].sum()) if assay == "rna" else None,
                "filter_reason": None if s in kept else "left out",
            }
            for assay, kept in self.kept.items()
            for i, s in enumerate(IDS)
        ]
        genes = [f"G{i:03d}" for i in range(N_GENES)]
        expression = pa.table(
            {
                "assay": ["rna"] * self.counts.size,
                "gene_id": np.repeat(genes, len(IDS)),
                "sample_id": IDS * N_GENES,
                "count": self.counts.ravel(),
                "log2_cpm": pa.array(self.log2_cpm.ravel(), from_pandas=True),
            }
        ).take(np.random.default_rng(5).permutation(self.counts.size))
        flat = self.betas.ravel()
        lists = pa.FixedSizeListArray.from_arrays(pa.array(flat, from_pandas=True), len(IDS))
        kept_rows = pa.table(
            {
                "assay": ["meth"] * N_PROBES,
                "feature_id": [f"cg{i:05d}" for i in range(N_PROBES)],
                "measured": lists.cast(pa.list_(pa.float64())),
            }
        )
        places = pa.table(
            {"assay": ["meth"] * len(IDS), "sample_id": IDS, "position": range(1, len(IDS) + 1)}
        )
        con.execute("create schema intermediate")
        for name, table in {
            "dim_sample": dim,
            "qc_sample": pa.Table.from_pylist(rows),
            "fct_gene_expression": expression,
            "intermediate.int_beta__kept": kept_rows,
            "intermediate.int_beta__kept_samples": places,
        }.items():
            con.register("given", table)
            con.execute(f"create table {name} as select * from given")
            con.unregister("given")
        return con
