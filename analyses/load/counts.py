"""A matrix of the warehouse as an array, features in the order of their ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.types import Floats
from cohortmart.core.warehouse.home import fetch

_MATRIX = "staging.stg_lake__count_matrix"
_BATCH = 8192


@dataclass(frozen=True, eq=False)
class FeatureMatrix:
    """Values of the features in chosen samples.

    Parameters
    ----------
    feature_ids : pyarrow.Array of string
        In byte order, whatever the order of the raw file, so that it changes no result.
    values : ndarray of shape (n_features, n_samples)
        NaN = missing.
    """

    feature_ids: pa.Array
    values: Floats


def feature_matrix(
    con: duckdb.DuckDBPyConnection, assay: str, sample_ids: Sequence[str]
) -> FeatureMatrix:
    """Read the counts of an assay; betas are streamed, see `analyses.load.streamed`.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    assay : str
    sample_ids : sequence of str
        The columns of the result; all must have been measured.
    """
    positions = fetch(
        con,
        f"""
        select sample_id, position from staging.stg_lake__matrix_samples
        where assay = $1 and layer = (select min(layer) from {_MATRIX} where assay = $1)
        """,
        [assay],
    ).to_pydict()
    at = dict(zip(positions["sample_id"], positions["position"], strict=True))
    columns = np.array([at[s] - 1 for s in sample_ids])
    ids = fetch(con, f"select feature_id from {_MATRIX} where assay = $1", [assay])["feature_id"]
    ids = pa.array(ids.combine_chunks()) if isinstance(ids, pa.ChunkedArray) else ids
    order = pc.sort_indices(ids)
    sorted_ids = ids.take(order)
    values = np.empty((len(ids), len(columns)))
    reader = (
        con.cursor()
        .sql(f"select feature_id, measured from {_MATRIX} where assay = $1", params=[assay])
        .to_arrow_reader(_BATCH)
    )
    for batch in reader:
        lists = batch.column("measured")
        block = lists.flatten().to_numpy(zero_copy_only=False).reshape(len(batch), -1)
        rows = pc.index_in(batch.column("feature_id"), value_set=sorted_ids)
        values[rows.to_numpy()] = block[:, columns]
    return FeatureMatrix(feature_ids=sorted_ids, values=values)
