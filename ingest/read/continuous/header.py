"""The header of a table of measurements: which way round it is, its samples and its measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from ingest.read.continuous.column_words import LongColumns
from ingest.read.continuous.table import Table
from ingest.read.matrix.records import Block, MatrixHeader

Shape = Literal["long", "samples in rows", "features in rows"]
#: What a file says of a measure beside its id; null where it says nothing.
MEASURE_COLUMNS = ("feature_id", "measure_name", "unit", "gene_name", "uniprot")


def measure_table(rows: list[dict[str, str | None]]) -> pa.Table:
    """Return what a file says of its measures."""
    schema = pa.schema([(name, pa.string()) for name in MEASURE_COLUMNS])
    return pa.Table.from_pylist(rows, schema=schema)


@dataclass(frozen=True, kw_only=True)
class MeasurementHeader(MatrixHeader):
    """A table of measurements.

    Parameters
    ----------
    table : Table
        The file as a table.
    shape : {"long", "samples in rows", "features in rows"}
    measures : pyarrow.Table
        feature_id, measure_name, unit, gene_name, uniprot; empty where the file says nothing.
    sample_fields : tuple of int
        With features in rows: the column of each sample, from 0.
    id_field : int
        The column of the feature ids (features in rows) or of the sample names, from 0.
    name_field : int or None
        The column of gene names, with features in rows.
    features : tuple of (str, int)
        With samples in rows: each feature and its column.
    sample_rows : tuple of int
        With samples in rows: the row of each sample, from 0.
    long : LongColumns or None
        The columns of a long table.
    controls : frozenset of str
        Samples of a long table that are controls of the plate, by their names.
    """

    table: Table
    shape: Shape
    measures: pa.Table
    sample_fields: tuple[int, ...] = ()
    id_field: int = 0
    name_field: int | None = None
    features: tuple[tuple[str, int], ...] = ()
    sample_rows: tuple[int, ...] = ()
    long: LongColumns | None = None
    controls: frozenset[str] = frozenset()

    def header_place(self, sample: int) -> tuple[int | None, int | str]:
        """Return line and column of a sample's name."""
        if self.shape == "samples in rows":
            row = self.sample_rows[sample]
            return self.table.line_of(row), self.table.columns[self.id_field] or self.id_field + 1
        if self.shape == "features in rows":
            return self.header_line, self.sample_fields[sample] + 1
        assert self.long is not None
        return None, self.table.columns[self.long.sample]

    def place(self, block: Block, row: int, sample: int) -> tuple[int | None, int | str]:
        """Return line and column of a value."""
        feature = block.feature_ids[row].as_py()
        if self.shape == "features in rows":
            return self.table.line_of(block.first_line + row), self.raw_samples[sample]
        if self.shape == "samples in rows":
            return self.table.line_of(self.sample_rows[sample]), feature
        return self._line_in_long(feature, self.raw_samples[sample]), self._value_column

    def feature_place(self, first_line: int, row: int) -> tuple[int | None, int | str]:
        """Return line and column of a feature's id."""
        if self.shape == "features in rows":
            return self.table.line_of(first_line + row), self.id_field + 1
        return self.header_line or None, "feature"

    @property
    def _value_column(self) -> str:
        assert self.long is not None
        return self.table.columns[self.long.value]

    def _line_in_long(self, feature: str, sample: str) -> int | None:
        """Look for the line of a measurement: only messages ask for it."""
        assert self.long is not None
        row = 0
        for _, (names, ids) in self.table.batches([self.long.sample, self.long.feature]):
            pairs = zip(names.to_pylist(), ids.to_pylist(), strict=True)
            for i, (one, other) in enumerate(pairs):
                if (str(one).strip(), str(other).strip()) == (sample, feature):
                    return self.table.line_of(row + i)
            row += len(names)
        return None
