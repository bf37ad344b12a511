"""Stored contrasts of an analysis, read again column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from cohortmart.core.types import Floats

_QUERY = "select {} from new_contrast_result where analysis = $1 and contrast = $2"


@dataclass(frozen=True, eq=False)
class StoredContrast:
    """What a contrast says of every CpG; arrays of shape (n_cpgs,), NaN = not tested.

    Parameters
    ----------
    estimate, se, df : ndarray
        log_fc, moderated, and its degrees of freedom.
    delta_beta : ndarray
    """

    estimate: Floats
    se: Floats
    df: Floats
    delta_beta: Floats


@dataclass(frozen=True, eq=False)
class StoredFeatures:
    """What all contrasts of an analysis share.

    Parameters
    ----------
    contrasts : tuple of str
        In the order of the analysis.
    feature_ids : pyarrow.StringArray
    s2_post, df_prior, s2_prior : ndarray of shape (n_cpgs,)
    """

    contrasts: tuple[str, ...]
    feature_ids: pa.Array
    s2_post: Floats
    df_prior: Floats
    s2_prior: Floats


def stored_features(con: duckdb.DuckDBPyConnection, name: str) -> StoredFeatures:
    """Read the CpGs of an analysis and the prior of their variances.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse, with the views of the new results.
    name : str
        Of the analysis.
    """
    order = "select contrast from new_contrast where analysis = $1 order by contrast_order"
    contrasts = tuple(row for (row,) in con.sql(order, params=[name]).fetchall())
    table = _read(con, name, contrasts[0], ("feature_id", "s2_post", "df_prior", "s2_prior"))
    ids = table["feature_id"].combine_chunks()
    return StoredFeatures(contrasts, ids, *(_numbers(table, c) for c in table.column_names[1:]))


def stored_contrast(
    con: duckdb.DuckDBPyConnection, name: str, contrast: str, features: StoredFeatures
) -> StoredContrast:
    """Read one contrast; its CpGs stand in the order of every other.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse, with the views of the new results.
    name : str
        Of the analysis.
    contrast : str
    features : StoredFeatures

    Raises
    ------
    RuntimeError
        The rows are not those of the other contrasts.
    """
    columns = ("log_fc", "se", "df_total", "delta_beta", "s2_post")
    table = _read(con, name, contrast, columns)
    *values, s2_post = (_numbers(table, c) for c in columns)
    if not np.array_equal(s2_post, features.s2_post, equal_nan=True):
        raise RuntimeError(f"the CpGs of {contrast} do not come in the order of the others")
    return StoredContrast(*values)


def _read(con: duckdb.DuckDBPyConnection, name: str, contrast: str, columns: Sequence[str]) -> Any:
    # on `con` itself: temporary views are not seen by its cursors
    query = _QUERY.format(", ".join(columns))
    return con.sql(query, params=[name, contrast]).to_arrow_table()


def _numbers(table: pa.Table, column: str) -> Floats:
    """Numbers of a column; null becomes NaN."""
    return np.asarray(table[column].to_numpy(), dtype=float)
