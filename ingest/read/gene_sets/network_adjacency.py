"""Adjacency matrices: a row and a column a gene, numbers where both meet; not a list of pairs."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted

_NUMBER = r"^\s*[+-]?[0-9.]+([eE][+-]?[0-9]+)?\s*$"
#: Genes from which a table can be told from a list of interactions with a few numbers behind.
_FEWEST = 4


def refuse_adjacency(path: Path, line: int, fields: pl.Series) -> None:
    """Raise if a network is a matrix of genes by genes.

    Parameters
    ----------
    path : Path
    line : int
        Of the first row of `fields`.
    fields : pl.Series of List(String), shape (rows,)
        Of the first lines, the header among them.

    Raises
    ------
    IngestError
        All cells but those of the first line and column are numbers.
    """
    if len(fields) <= _FEWEST:
        return
    header = [cell.strip().strip('"') for cell in fields[0].to_list()]
    cells = fields[1:].list.slice(1)
    width = int(cells.list.len().max() or 0)  # type: ignore[arg-type]
    first = fields[1:].list.first()
    genes = set(header[-width:]) if width >= _FEWEST else set()
    if not genes or len(genes & set(first.str.strip_chars(' "'))) < _FEWEST:
        return
    if cells.explode().drop_nulls().str.contains(_NUMBER).all():
        raise IngestError(
            "this is a matrix of genes by genes, not a list of interactions",
            file=path,
            line=line,
            expected="two genes a line",
            found=f"{counted(width, 'gene')} in the header, and numbers below them",
            hint="write the pairs whose number is not 0, one a line; in R: which(m != 0, "
            "arr.ind = TRUE)",
        )
