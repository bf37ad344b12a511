"""What derived assays are made with, and the gene names of an assay, as the lake has them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import polars as pl

from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import read_part
from cohortmart.core.schemas.tables import LAKE_TABLES


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
    """Return the gene name of each feature of an assay that has one: the reference's comes first.

    Parameters
    ----------
    lake : Path
        The lake's folder.
    assay : str
    """
    own = _of_assay(lake, "feature", assay, ("feature_id", "gene_name"))
    matches = _of_assay(lake, "gene_match", assay, ("feature_id", "reference_gene"))
    genes = read_part(lake, "gene")
    if genes is not None:
        symbols = pl.DataFrame(genes).select("reference_gene", "symbol")
        own = (
            own.join(matches, on="feature_id", how="left")
            .join(symbols, on="reference_gene", how="left")
            .select("feature_id", gene_name=pl.coalesce("symbol", "gene_name"))
        )
    return dict(own.drop_nulls().sort("feature_id").iter_rows())


def _of_assay(lake: Path, name: str, assay: str, columns: Sequence[str]) -> pl.DataFrame:
    schema = LAKE_TABLES[name].empty_table()
    table = read_part(lake, name)
    frame = pl.DataFrame(schema if table is None else table)
    return frame.filter(pl.col("assay") == assay).select(columns)


def gene_words(lake: Path, words: Collection[str]) -> dict[str, str]:
    """Return the current symbol of ids, symbols and aliases that mean one gene of the reference.

    Parameters
    ----------
    lake : Path
        The lake's folder.
    words : collection of str
        As a file has them; those without a certain meaning are left out.
    """
    table = read_part(lake, "gene_alias")
    if table is None:
        return {}
    known = pl.DataFrame(table).filter(
        pl.col("is_certain") & pl.col("alias").is_in(pl.Series(sorted(words)).implode())
    )
    found = known.select("alias", "gene_name").drop_nulls().sort("alias", "gene_name")
    return dict(found.unique("alias", keep="first", maintain_order=True).iter_rows())
