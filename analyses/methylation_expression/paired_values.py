"""Methylation and expression of the same visits."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from analyses.fit.sample_design import chosen_design
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Study
from cohortmart.core.text import Noun
from cohortmart.core.types import Floats

#: What makes a visit; the samples of its assays may be called differently.
VISIT = ("subject_id", "timepoint", "cell_type", "visit_key")


@dataclass(frozen=True)
class SharedVisits:
    """Visits that two analyses have a sample of, by subject, time, cell type and visit key.

    Parameters
    ----------
    subjects : tuple of str, length n_visits
        Whose visit it is.
    methylation, expression : tuple of str, length n_visits
        sample_id of the visit in the first and in the second analysis.
    """

    subjects: tuple[str, ...]
    methylation: tuple[str, ...]
    expression: tuple[str, ...]


def shared_visits(
    con: duckdb.DuckDBPyConnection, study: Study, methylation: str, expression: str
) -> SharedVisits:
    """Match the samples of an analysis of methylation with those of one of expression.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    study : Study
    methylation, expression : str
        Names of the analyses.

    Raises
    ------
    AnalysisError
        They share no visit, or one of them chooses no sample.
    """
    own, theirs = (
        chosen_design(con, study, name, study.analyses[name]).samples
        for name in (methylation, expression)
    )
    both = own.join(
        theirs.select(*VISIT, pl.col("sample_id").alias("expression_sample")),
        on=VISIT,
        how="inner",
        nulls_equal=True,  # a study without cell types
    ).sort("subject_id", "visit_order", "cell_type", "visit_key")
    if both.is_empty():
        visit = study.nouns.timepoint
        raise AnalysisError(
            f"analysis {methylation}: `dmp_deg` finds no {visit.one} that {expression} has "
            "measured, too",
            expected=f"{visit.many} (subject, timepoint, cell type, visit key) with a sample in "
            "both",
            found=f"{methylation} has {_said(own, visit)}; {expression} has {_said(theirs, visit)}",
            hint=f"choose the same {study.nouns.subject.many}, cell type and state in `where` of "
            "both analyses",
        )
    return SharedVisits(
        subjects=tuple(both["subject_id"]),
        methylation=tuple(both["sample_id"]),
        expression=tuple(both["expression_sample"]),
    )


def _said(samples: pl.DataFrame, visit: Noun) -> str:
    """Say how many visits there are, and name one."""
    parts = [str(part) for part in samples.select(VISIT).row(0) if part not in (None, "")]
    return f"{visit.counted(samples.height)} such as {' '.join(parts)}"


def expression_of(
    con: duckdb.DuckDBPyConnection, assay: str, gene_ids: pa.Array, visits: SharedVisits
) -> Floats:
    """Return log2 CPM of some genes at the shared visits.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    assay : str
        Of kind counts.
    gene_ids : pyarrow.Array of string, length n_genes
    visits : SharedVisits

    Returns
    -------
    ndarray of shape (n_genes, n_visits)
        NaN where the gene was not measured.
    """
    cursor = con.cursor()
    cursor.register("wanted_gene", pa.table({"gene_id": gene_ids}))
    cursor.register("wanted_sample", pa.table({"sample_id": pa.array(visits.expression)}))
    rows = cursor.sql(
        """
        select e.gene_id, e.sample_id, e.log2_cpm
        from fct_gene_expression as e
        semi join wanted_gene as g on e.gene_id = g.gene_id
        semi join wanted_sample as s on e.sample_id = s.sample_id
        where e.assay = $1
        """,
        params=[assay],
    ).to_arrow_table()
    values = np.full((len(gene_ids), len(visits.expression)), np.nan)
    gene, visit = (
        pc.index_in(rows[name], value_set=pa.array(known)).to_numpy()
        for name, known in (("gene_id", gene_ids), ("sample_id", visits.expression))
    )
    values[gene, visit] = rows["log2_cpm"].to_numpy()
    return values
