"""The first line of a network: whether its shape says that it is a header, whatever its words."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ingest.read.gene_sets.network_cells import gene_cells

#: So many rows below say what a column holds.
_FEWEST = 5
_MOST_COLUMNS = 40


def lacks_corner(fields: pl.Series) -> bool:
    """Whether the first line has one field less than all others: R leaves out its row names'.

    Parameters
    ----------
    fields : pl.Series of List(String), shape (rows,)
        Of the first lines.
    """
    lengths = fields.list.len()
    n_first = int(lengths[0])
    return n_first > 1 and len(fields) > _FEWEST and bool((lengths[1:] == n_first + 1).all())


def is_over_numbers(first_line: Sequence[str], fields: pl.Series) -> bool:
    """Whether the first line holds a word where all further rows hold numbers, as headers do.

    Parameters
    ----------
    first_line : sequence of str
        Its cells.
    fields : pl.Series of List(String), shape (rows,)
        Of the first lines, that one first.
    """
    if len(fields) <= _FEWEST:
        return False
    for k, word in enumerate(first_line[:_MOST_COLUMNS]):
        numbers = gene_cells(fields[1:], k).cast(pl.Float64, strict=False)
        if not numbers.null_count() and word and not _is_number(word):
            return True
    return False


def _is_number(word: str) -> bool:
    try:
        float(word.strip('"'))
    except ValueError:
        return False
    return True
