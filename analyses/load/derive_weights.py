"""What derived assays are made with, and the gene names of an assay, as the lake has them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import read_part


def derive_weights(lake: Path, name: str) -> pl.DataFrame:
    """Return component, feature_id and weight of a derived assay's file.

    Parameters
    ----------
    lake : Path
        The lake's folder.
    name : str
        Of the derived assay.

    Raises
    ------
    AnalysisError
        The lake does not have them.
    """
    table = read_part(lake, "derive_weight")
    own = pl.DataFrame() if table is None else pl.DataFrame(table).filter(pl.col("assay") == name)
    if own.is_empty():
        raise AnalysisError(
            f"the lake does not have the file of the derived assay {name}",
            file=lake,
            hint="read it first: cohortmart ingest STUDY.yml --out DIR",
        )
    return own.select("component", "feature_id", "weight")


def gene_names(lake: Path, assay: str) -> dict[str, str]:
    """Return the gene name of each feature of an assay that has one."""
    table = read_part(lake, "feature")
    if table is None:
        return {}
    own = pl.DataFrame(table).filter(pl.col("assay") == assay)
    return dict(own.select("feature_id", "gene_name").drop_nulls().iter_rows())
