"""Matrices: the values of an assay as an array, with its features and its samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from analyses.load.samples import samples_where
from analyses.load.streamed import (
    Counts,
    Expression,
    KeptBetas,
    KeptMValues,
    Measurements,
    RawMeasurements,
    StreamedMatrix,
)
from cohortmart.api.names import features_meant, no_such
from cohortmart.api.relation import frame_of
from cohortmart.core.errors import InputError
from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS
from cohortmart.core.types import Floats
from cohortmart.core.warehouse.query import answer

#: What reads each of the values that a kind of assay has; the first are given if none are named.
READERS: Mapping[str, Mapping[str, Callable[..., StreamedMatrix]]] = {
    COUNTS: {
        "log2_cpm": partial(Expression, column="log2_cpm"),
        "cpm": partial(Expression, column="cpm"),
        "count": Counts,
    },
    BETA: {"beta": KeptBetas, "m_value": KeptMValues},
    CONTINUOUS: {"transformed": Measurements, "value": RawMeasurements},
}
#: Columns of a feature besides its id and its name.
_KNOWN = {
    COUNTS: "select gene_id as feature_id, * exclude (gene_id, gene_name) from dim_gene",
    BETA: "select probe_id as feature_id, * exclude (probe_id) from dim_probe",
    CONTINUOUS: """
        select * exclude (assay, measure_name) from dim_measure where assay = $assay
    """,
}


@dataclass(frozen=True, eq=False)
class Matrix:
    """Values of an assay.

    Parameters
    ----------
    assay, kind : str
    unit : str
        Which values: count, cpm, log2_cpm, beta, m_value, value or transformed.
    values : ndarray of shape (n_features, n_samples)
        float64; NaN = missing.
    features : polars.DataFrame
        A row for each row of `values`, in the order of the ids: feature_id,
        feature_name (of a CpG the names of its genes), and what is known of it.
    samples : polars.DataFrame
        A row for each column of `values`, as in dim_sample, in the order of the ids.
    """

    assay: str
    kind: str
    unit: str
    values: Floats
    features: pl.DataFrame
    samples: pl.DataFrame

    @property
    def shape(self) -> tuple[int, int]:
        """Number of features and number of samples."""
        return self.features.height, self.samples.height

    def pl(self) -> pl.DataFrame:
        """Return one wide frame: feature_id, feature_name, then a column a sample by its id."""
        named = self.features.select("feature_id", "feature_name")
        ids = [i if i not in named.columns else f"{i}_" for i in self.samples["sample_id"]]
        return named.hstack(pl.DataFrame(self.values, schema=ids, orient="row"))

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"{self.assay}, {self.unit}: {rows:,} features x {columns:,} samples"


@dataclass(frozen=True, eq=False)
class MatrixReader:
    """What reads a matrix, in blocks or as a whole.

    Parameters
    ----------
    con : DuckDBPyConnection
    assay, kind, unit : str
    samples : polars.DataFrame
    stream : StreamedMatrix
    """

    con: duckdb.DuckDBPyConnection
    assay: str
    kind: str
    unit: str
    samples: pl.DataFrame
    stream: StreamedMatrix

    def blocks(self, rows: int) -> Iterator[Matrix]:
        """Stream matrices of at most `rows` features.

        Yields
        ------
        Matrix
        """
        for ids, values in self.stream.blocks(rows):
            yield self._matrix(ids, values)

    def whole(self) -> Matrix:
        """Return all features at once."""
        values = np.empty((self.stream.count(), self.samples.height))
        ids: list[pa.Array] = []
        begin = 0
        for names, block in self.stream.blocks():
            values[begin : begin + len(names)] = block
            ids.append(names)
            begin += len(names)
        return self._matrix(pa.concat_arrays(ids) if ids else pa.array([], pa.string()), values)

    def _matrix(self, ids: pa.Array, values: Floats) -> Matrix:
        params = {"ids": ids.to_pylist(), "assay": self.assay}
        features = answer(
            self.con,
            f"""
            select w.feature_id, n.feature_name, k.* exclude (feature_id)
            from (
                select unnest($ids::varchar[]) as feature_id,
                    generate_subscripts($ids::varchar[], 1) as place
            ) as w
            left join dim_feature as n on n.assay = $assay and n.feature_id = w.feature_id
            left join ({_KNOWN[self.kind]}) as k on k.feature_id = w.feature_id
            order by w.place
            """,
            params,
        )
        return Matrix(
            self.assay,
            self.kind,
            self.unit,
            values,
            frame_of(features.to_arrow_table()),
            self.samples,
        )


def matrix_reader(
    con: duckdb.DuckDBPyConnection,
    assay: str,
    values: str | None,
    where: str | None,
    features: Sequence[str] | None,
) -> MatrixReader:
    """Return what reads the values of an assay.

    Parameters
    ----------
    con : DuckDBPyConnection
    assay : str
    values : str or None
        One of `READERS` of its kind; None: the first.
    where : str or None
        SQL condition over dim_sample.
    features : sequence of str or None
        Ids or names.

    Raises
    ------
    InputError
        There is no such assay, value, sample or feature.
    """
    kinds = dict(answer(con, "select assay, kind from staging.stg_lake__assays").fetchall())
    if assay not in kinds:
        raise no_such("assay", [assay], sorted(kinds))
    kind = kinds[assay]
    there = READERS[kind]
    unit = next(iter(there)) if values is None else values
    if unit not in there:
        raise no_such(f"value of {assay}", [unit], list(there))
    samples = samples_where(con, assay, where, f"matrix of {assay}")
    if isinstance(features, str):
        raise InputError("features come as a list", found=f"`{features}`", hint=f"['{features}']")
    ids = None if features is None else features_meant(con, assay, kind, list(features))
    stream = there[unit](con, assay, samples["sample_id"].to_list(), ids)
    return MatrixReader(con, assay, kind, unit, samples, stream)
