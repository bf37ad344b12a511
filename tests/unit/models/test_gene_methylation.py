"""Promoter means, against the rules in NumPy."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np

from tests.support.filtered_assay import annotation, reasons


def test_promoter_means(built: Any, full: duckdb.DuckDBPyConnection) -> None:
    """Of kept probes and samples, with what detection left of the betas."""
    matrix = built.matrices["v2"]
    tables = annotation(matrix)
    expected = reasons(matrix, tables)
    betas = np.where(expected.missing, np.nan, matrix.values)
    means = {}
    for gene in ("GENE1", "GENE6", "GENE7"):
        promoter = {
            r["probe_id"]
            for r in tables["probe_gene"]
            if r["gene_name"] == gene and r["region"] in ("TSS200", "TSS1500")
        }
        at = [
            i for i, p in enumerate(matrix.features) if p in promoter and expected.probes[i] is None
        ]
        for j, sample in enumerate(matrix.samples):
            seen = betas[at, j][np.isfinite(betas[at, j])]
            if at and expected.samples[j] is None:
                means[gene, sample] = (len(seen), seen.mean() if len(seen) else None)
    assert {gene for gene, _ in means} == {"GENE1"}
    rows = full.sql("select * from gene_methylation where assay = 'v2'").fetchall()
    found = {(gene, sample): (n, mean) for _, gene, sample, _, n, mean in rows}
    assert found == means
    assert {row[3] for row in rows} == {"promoter"}
    assert rows == sorted(rows)
