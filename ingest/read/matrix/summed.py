"""Counts summed over the features with the same gene name."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.read.matrix.records import Block


class GeneSums:
    """One row a gene name, in the order in which the names are first seen.

    The rows are held in memory (60,000 genes x 200 samples are 100 MB), because the rows of one
    gene may stand anywhere in the file.

    Parameters
    ----------
    blocks : iterable of Block
        Values must be complete. A feature without a gene name keeps its id as name.

    Attributes
    ----------
    names : list of str
        Gene names, or ids where there was no name.
    has_name : list of bool
        Whether the gene has a name of its own.
    values : np.ndarray
        (genes, samples)
    features : int
        Rows that were summed.
    """

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._index: dict[str, int] = {}
        self.has_name: list[bool] = []
        self.features = 0
        self._values: np.ndarray | None = None
        for block in blocks:
            self._add(block)

    @property
    def names(self) -> list[str]:
        """Gene names in order."""
        return list(self._index)

    @property
    def values(self) -> np.ndarray:
        """Sums, (genes, samples)."""
        return np.empty((0, 0)) if self._values is None else self._values[: len(self._index)]

    @property
    def unnamed(self) -> int:
        """Genes that had no name."""
        return len(self.has_name) - sum(self.has_name)

    def blocks(self) -> list[Block]:
        """Return the sums as one block, sorted by name; its lines mean nothing."""
        names = pa.array(self.names, pa.string())
        own = pc.if_else(pa.array(self.has_name, pa.bool_()), names, pa.scalar(None, pa.string()))
        order = pc.sort_indices(names)
        return [Block(0, names.take(order), own.take(order), self.values[order.to_numpy()])]

    def _add(self, block: Block) -> None:
        ids = block.feature_ids
        names = pa.nulls(len(ids), pa.string()) if block.gene_names is None else block.gene_names
        codes = pc.coalesce(names, ids).dictionary_encode()
        known = set(pc.unique(names).to_pylist())
        places = np.empty(len(codes.dictionary), np.int64)
        for k, name in enumerate(codes.dictionary.to_pylist()):
            places[k] = self._index.setdefault(name, len(self._index))
            if places[k] == len(self.has_name):
                self.has_name.append(name in known)
        sums = self._grown(block.values.shape[1])
        np.add.at(sums, places[codes.indices.to_numpy()], block.values)
        self.features += len(ids)

    def _grown(self, n_samples: int) -> np.ndarray:
        """Return the sums with a row for every name known so far."""
        have = 0 if self._values is None else len(self._values)
        if self._values is None or have < len(self._index):
            larger = np.zeros((max(1024, 2 * have, len(self._index)), n_samples))
            if self._values is not None:
                larger[:have] = self._values
            self._values = larger
        return self._values
