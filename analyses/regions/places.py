"""Places of CpGs: chromosome and position of the features of an analysis."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.types import Ints
from cohortmart.core.warehouse.home import fetch

#: Chromosomes that have a letter, behind those with a number.
_LETTERS = ("X", "Y", "M", "MT")


@dataclass(frozen=True, eq=False)
class Places:
    """Where CpGs lie.

    Parameters
    ----------
    chromosomes : tuple of str
        As the manifest calls them, in the order of the genome.
    chromosome : ndarray of shape (n_cpgs,), int
        Which of them; -1 = not known.
    position : ndarray of shape (n_cpgs,), int
        In bases; 0 where the chromosome is not known.
    """

    chromosomes: tuple[str, ...]
    chromosome: Ints
    position: Ints

    @property
    def n_unplaced(self) -> int:
        """CpGs whose place is not known."""
        return int((self.chromosome < 0).sum())


def places_of(con: duckdb.DuckDBPyConnection, probe_ids: pa.Array) -> Places:
    """Look up where CpGs lie.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    probe_ids : pyarrow.Array of string
    """
    known = fetch(
        con,
        "select probe_id, chromosome, position from dim_probe "
        "where chromosome is not null and position is not null",
        [],
    )
    names = tuple(sorted(pc.unique(known["chromosome"]).to_pylist(), key=chromosome_order))
    at = pc.index_in(probe_ids, value_set=known["probe_id"].combine_chunks())
    there = at.is_valid().to_numpy(zero_copy_only=False)
    if not there.any():
        return Places(names, np.full(len(at), -1), np.zeros(len(at), np.int64))
    row = at.fill_null(0).to_numpy(zero_copy_only=False)
    number = pc.index_in(known["chromosome"], value_set=pa.array(names, pa.string()))
    chromosome = number.to_numpy().astype(np.int64)[row]
    position = known["position"].to_numpy().astype(np.int64)[row]
    return Places(names, np.where(there, chromosome, -1), np.where(there, position, 0))


def chromosome_order(name: str) -> tuple[int, int, str]:
    """Sort chromosomes: numbers, then X, Y and M, then whatever else there is."""
    short = re.sub(r"^chr(om)?_?", "", name, flags=re.IGNORECASE)
    if short.isdigit():
        return (0, int(short), name)
    if short.upper() in _LETTERS:
        return (1, _LETTERS.index(short.upper()), name)
    return (2, 0, name)
