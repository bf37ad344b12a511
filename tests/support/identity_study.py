"""A small study with genotypes and sexes as tables of a warehouse; names can be exchanged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from analyses.stats.identity.sex_call import Y_GENE_NAMES
from cohortmart.core.study.records import Study
from tests.support.genotyped import betas_of, planted_genotypes

N_PEOPLE, N_VISITS, N_SNPS, N_ON_X, N_ON_Y = 8, 3, 40, 60, 40
PEOPLE = [f"p{i}" for i in range(N_PEOPLE)]
#: Sample, subject, visit.
SAMPLES = [
    (f"s{i}{v}", PEOPLE[i], ("1st", "2nd", "3rd")[v])
    for i in range(N_PEOPLE) for v in range(N_VISITS)
]  # fmt: skip
IDS = [row[0] for row in SAMPLES]
#: The first half have two X.
XX = np.array([i < N_PEOPLE // 2 for i in range(N_PEOPLE) for _ in range(N_VISITS)])


def study(**changes: Any) -> Study:
    """Betas and counts of the same samples; `changes` go into it."""
    return Study.model_validate(
        {
            "study": "s",
            "samples": [{"file": "s.csv", "sample": "a", "subject": "b", "timepoint": "d",
                         "factors": ["Sex", "other"]}],
            "timepoints": ["1st", "2nd", "3rd"],
            "assays": {"meth": {"kind": "beta", "files": ["m.csv"]},
                       "rna": {"kind": "counts", "files": ["r.csv"]}},
            **changes,
        }
    )  # fmt: skip


@dataclass
class IdentityStudy:
    """What was measured of whom; attributes may be changed before `connect`.

    Parameters
    ----------
    exchanged : list of (str, str, str)
        An assay and two samples whose values stand under each other's name.
    sex : dict of str to str
        What the sheet says of people.
    """

    exchanged: list[tuple[str, str, str]] = field(default_factory=list)
    sex: dict[str, str | None] = field(
        default_factory=lambda: {p: ("F", "M")[i >= N_PEOPLE // 2] for i, p in enumerate(PEOPLE)}
    )
    mixed: tuple[str, str] | None = None
    n_snps: int = N_SNPS
    with_sex: bool = True

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Give a database with the tables that are read."""
        con = duckdb.connect()
        con.execute("create schema staging; create schema intermediate;")
        for name, table in self._tables().items():
            con.register("given", table)
            con.execute(f"create table {name} as select * from given")
            con.unregister("given")
        return con

    def _order(self, assay: str) -> list[int]:
        order = list(range(len(IDS)))
        for _, a, b in (e for e in self.exchanged if e[0] == assay):
            i, j = IDS.index(a), IDS.index(b)
            order[i], order[j] = order[j], order[i]
        return order

    def _tables(self) -> dict[str, pa.Table]:
        rng = np.random.default_rng(17)
        of = np.repeat(np.arange(N_PEOPLE), N_VISITS)
        snps = betas_of(rng, planted_genotypes(rng, N_PEOPLE, N_SNPS)[:, of])[: self.n_snps]
        if self.mixed:
            i, j = map(IDS.index, self.mixed)
            snps[:, i] = 0.6 * snps[:, i] + 0.4 * snps[:, j]
        snps = snps[:, self._order("meth")]
        on_sex = np.vstack([
            np.where(XX, rng.normal(0.5, 0.05, (N_ON_X, len(IDS))),
                     np.where(rng.random((N_ON_X, 1)) < 0.8, 0.1, 0.5)),
            np.where(XX, rng.uniform(0.2, 0.8, (N_ON_Y, len(IDS))), 0.9),
        ])[:, self._order("meth")]  # fmt: skip
        probes = [f"cg{i:03d}" for i in range(N_ON_X + N_ON_Y)]
        measured = pa.FixedSizeListArray.from_arrays(pa.array(on_sex.ravel()), len(IDS))
        genes = ["XIST", *(symbol for symbol, _, _ in Y_GENE_NAMES[:3]), "ACTB"]
        cpm = np.array([[90.0 if xx else 0.1, *[0.05 if xx else 30.0] * 3, 500.0] for xx in XX]).T
        cpm = cpm[:, self._order("rna")]
        places = [(a, k, s, i + 1) for a, k in (("meth", "beta"), ("rna", "counts"))
                  for i, s in enumerate(IDS)]  # fmt: skip
        if not self.with_sex:
            genes, probes = [f"G{g}" for g in genes], [f"ch{p}" for p in probes]
        return {
            "dim_sample": pa.table({
                "sample_id": IDS, "subject_id": [r[1] for r in SAMPLES],
                "timepoint": [r[2] for r in SAMPLES], "study_group": ["g"] * len(IDS),
                "cell_type": pa.nulls(len(IDS), pa.string()),
                "Sex": pa.array([self.sex[r[1]] for r in SAMPLES], pa.string()),
                "other": ["1"] * len(IDS),
            }),
            "staging.stg_lake__matrix_samples": pa.table({
                "assay": [p[0] for p in places], "kind": [p[1] for p in places],
                "layer": ["raw"] * len(places), "sample_id": [p[2] for p in places],
                "position": [p[3] for p in places],
            }),
            "fct_identity_probe": pa.table({
                "assay": ["meth"] * snps.size,
                "probe_id": np.repeat([f"rs{i}_TC11" for i in range(len(snps))], len(IDS)),
                "sample_id": IDS * len(snps), "beta": snps.ravel(),
            }),
            "staging.stg_lake__raw_beta_matrix": pa.table({
                "assay": ["meth"] * len(probes), "feature_id": probes,
                "measured": measured.cast(pa.list_(pa.float64())),
                "detection_p": pa.nulls(len(probes), pa.list_(pa.float64())),
            }),
            "intermediate.int_probe__annotated": pa.table({
                "probe_id": probes, "chromosome": ["X"] * N_ON_X + ["Y"] * N_ON_Y,
            }),
            "fct_gene_expression": pa.table({
                "assay": ["rna"] * cpm.size,
                "gene_id": np.repeat([f"id_{g}" for g in genes], len(IDS)),
                "sample_id": IDS * len(genes), "cpm": cpm.ravel(),
                "log2_cpm": np.log2(cpm.ravel() + 0.5),
            }),
            "qc_sample": pa.table({"assay": ["rna"] * len(IDS), "sample_id": IDS}),
            "intermediate.int_beta__kept_samples": pa.table({  # no array passed the filters
                "assay": pa.array([], pa.string()), "sample_id": pa.array([], pa.string()),
                "position": pa.array([], pa.int64()),
            }),
            "dim_gene": pa.table({"gene_id": [f"id_{g}" for g in genes], "gene_name": genes}),
        }  # fmt: skip
