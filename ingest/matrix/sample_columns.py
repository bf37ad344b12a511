"""Files of one sample each, gathered to scratch files of many: hundreds cost what one table costs.

A file is one column. Columns with the same features are held until there are enough, and written
side by side with their features sorted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.progress import counted_off
from ingest.matrix.assay_run import AssayRun
from ingest.read.matrix.joined import Scratch, spill
from ingest.read.matrix.records import Block, MatrixHeader

#: Values held in memory before they are written, of each matrix.
HELD_VALUES = 4_000_000


def spilled_parts(
    run: AssayRun, headers: Sequence[MatrixHeader], folder: Path
) -> tuple[list[Scratch], list[MatrixHeader]]:
    """Write the values of all files of an assay to scratch files.

    Parameters
    ----------
    run : AssayRun
        Reads and checks them.
    headers : sequence of MatrixHeader
        One a file.
    folder : Path
        For the scratch files.

    Returns
    -------
    tuple of list of Scratch and list of MatrixHeader
        The parts, whose samples follow each other in the order of the files; and the header of
        the first file of each.

    Raises
    ------
    IngestError
        A file cannot be read or breaks a check.
    """
    parts: list[Scratch] = []
    firsts: list[MatrixHeader] = []
    columns = _Columns(folder)
    counted = counted_off(headers, f"files of {run.name}", name=lambda header: header.path.name)
    for i, header in enumerate(counted):
        if len(header.samples) > 1 or len(headers) == 1:
            parts += columns.written()
            firsts.append(header)
            target = folder / f"{i}.f64"
            parts.append(spill(run.blocks(header), len(run.kept(header)), target, header.further))
            continue
        column = _column(run.blocks(header), header.further)
        if not columns.takes(column):
            parts += columns.written()
        if columns.empty:
            firsts.append(header)
        columns.add(column)
    return [*parts, *columns.written()], firsts


class _Column:
    """The values of one sample, features sorted."""

    def __init__(self, ids: Any, names: Any, values: dict[str, np.ndarray]) -> None:
        self.ids, self.names, self.values = ids, names, values


def _column(blocks: Iterable[Block], further: Sequence[str]) -> _Column:
    ids, names = [pa.array([], pa.string())], [pa.array([], pa.string())]
    values: dict[str, list[np.ndarray]] = {name: [] for name in ("values", *further)}
    for block in blocks:
        n = len(block.feature_ids)
        ids.append(block.feature_ids)
        names.append(pa.nulls(n, pa.string()) if block.gene_names is None else block.gene_names)
        for name, given in {"values": block.values, **block.further}.items():
            values[name].append(given[:, 0].copy())
    all_ids = pa.concat_arrays(ids)
    order = pc.sort_indices(all_ids)
    at = order.to_numpy()
    sorted_values = {name: np.concatenate([np.empty(0), *v])[at] for name, v in values.items()}
    return _Column(all_ids.take(order), pa.concat_arrays(names).take(order), sorted_values)


class _Columns:
    """Columns that share their features, until they are written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[_Column] = []
        self._ids: Any = None
        self._written = 0

    @property
    def empty(self) -> bool:
        return not self._held

    def takes(self, column: _Column) -> bool:
        """Whether a column has the features of those held, and there is room for it."""
        if not self._held:
            return True
        first = self._held[0]
        fits = first.values.keys() == column.values.keys() and column.ids.equals(first.ids)
        return fits and (len(self._held) + 1) * len(first.ids) <= HELD_VALUES

    def add(self, column: _Column) -> None:
        # one object for the ids of all parts, however many files there are
        if self._ids is not None and column.ids.equals(self._ids):
            column.ids = self._ids
        self._ids = column.ids
        self._held.append(column)

    def written(self) -> list[Scratch]:
        """Write what is held; one part, or none."""
        if not self._held:
            return []
        held, self._held = self._held, []
        self._written += 1
        paths = {}
        for name in held[0].values:
            paths[name] = self._folder / f"columns{self._written}.{name}"
            side_by_side = np.column_stack([column.values[name] for column in held])
            paths[name].write_bytes(np.ascontiguousarray(side_by_side).data)
        return [Scratch(paths, len(held), held[0].ids, held[0].names)]
