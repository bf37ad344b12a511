"""Cells of a heat map: values centred by feature, people side by side within their group."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

#: Between two people and between two groups, in widths of a column.
_BETWEEN_PEOPLE, _BETWEEN_GROUPS = 0.35, 1.0
#: Decimals of a value in standard deviations: more cannot be seen.
_DECIMALS = 2
_CELLS = pa.schema([("row", pa.int64()), ("column", pa.int64()), ("value", pa.float64())])
_ROWS = pa.schema(
    [("row", pa.int64()), ("feature", pa.string()), ("y", pa.float64()), ("y2", pa.float64()),
     ("mid", pa.float64()), ("mean", pa.float64()), ("sd", pa.float64())]
)  # fmt: skip
_COLUMNS = pa.schema(
    [("column", pa.int64()), ("x", pa.float64()), ("x2", pa.float64()), ("sample", pa.string()),
     ("subject", pa.string()), ("study_group", pa.string()), ("timepoint", pa.string())]
)  # fmt: skip
_PEOPLE = pa.schema([("subject", pa.string()), ("mid", pa.float64())])
#: What places a sample, beside its value.
_OF_SAMPLE = ("sample", "subject", "study_group", "timepoint", "visit_order")


def heat_map_data(
    values: pa.Table, groups: Sequence[str], *, strips: Sequence[str] = ()
) -> dict[str, pa.Table]:
    """Return the data sets of `heat_map_spec`.

    Parameters
    ----------
    values : pyarrow.Table
        A row per feature and sample: feature (what it is called, one of a kind), row (its place,
        from 0), sample, subject (empty: the mean of a group), study_group, timepoint,
        visit_order, value (null: not measured).
    groups : sequence of str
        Of the study, in its order.
    strips : sequence of str
        What the stripes above the features are called; none: no stripe.

    Returns
    -------
    dict of pyarrow.Table
        `cells` (row, column, value: standard deviations from the mean of the feature), `rows`,
        `columns` and `people` with their places, in columns and rows of the map.

    Raises
    ------
    ValueError
        Two values of one feature in one sample.
    """
    rows = values.to_pylist()
    features = dict(sorted({(r["row"], r["feature"]) for r in rows}))
    samples = _ordered_samples(rows, groups)
    place = {s["sample"]: j for j, s in enumerate(samples)}
    matrix = np.full((len(features), len(samples)), np.nan)
    at = {row: i for i, row in enumerate(features)}
    seen = {(r["row"], r["sample"]) for r in rows}
    if len(seen) < len(rows):
        raise ValueError("a feature has two values in one sample")
    for r in rows:
        if r["value"] is not None:
            matrix[at[r["row"]], place[r["sample"]]] = r["value"]
    mean, sd = _mean_and_sd(matrix)
    columns = _columns(samples)
    return {
        "cells": _cells((matrix - mean[:, None]) / sd[:, None]),
        "rows": _rows(list(features.values()), mean, sd, strips),
        "columns": columns,
        "people": _people(columns),
    }


def _ordered_samples(rows: Sequence[dict[str, Any]], groups: Sequence[str]) -> list[dict[str, Any]]:
    """Return the samples by group, person and timepoint."""
    samples = {r["sample"]: {name: r[name] for name in _OF_SAMPLE} for r in rows}
    rank = {group: i for i, group in enumerate(groups)}

    def place(s: dict[str, Any]) -> tuple[Any, ...]:
        group, who = s["study_group"], s["subject"]
        order = s["visit_order"] if s["visit_order"] is not None else 0
        return (rank.get(group, len(rank)), group, len(who), who, order, s["sample"])

    return sorted(samples.values(), key=place)


def _mean_and_sd(matrix: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[Any, Any]:
    """Return mean and standard deviation of every row; 1 for a row of equal values."""
    there = ~np.isnan(matrix)
    n = there.sum(axis=1)
    mean = np.where(there, matrix, 0.0).sum(axis=1) / np.maximum(n, 1)
    squares = np.where(there, (matrix - mean[:, None]) ** 2, 0.0).sum(axis=1)
    sd = np.sqrt(squares / np.maximum(n - 1, 1))
    return mean, np.where(sd > 1e-12 * np.maximum(np.abs(mean), 1.0), sd, 1.0)


def _cells(scaled: np.ndarray[Any, np.dtype[np.float64]]) -> pa.Table:
    n_rows, n_columns = scaled.shape
    row, column = np.divmod(np.arange(n_rows * n_columns), max(n_columns, 1))
    value = np.round(scaled.ravel(), _DECIMALS) + 0.0  # no minus zero
    return pa.table(
        [pa.array(row), pa.array(column), pa.array(value, from_pandas=True)], schema=_CELLS
    )


def _rows(features: Sequence[str], mean: Any, sd: Any, strips: Sequence[str]) -> pa.Table:
    """Return the features and above them the stripes, which have no number."""
    found: list[dict[str, Any]] = []
    for i, name in enumerate(strips):
        found.append({"row": i - len(strips), "feature": name, "y": float(i), "y2": i + 0.8})
    top = len(strips) + 0.2 if strips else 0.0
    for i, name in enumerate(features):
        found.append(
            {"row": i, "feature": name, "y": top + i, "y2": top + i + 1.0, "mean": float(mean[i]),
             "sd": float(sd[i])}
        )  # fmt: skip
    return pa.Table.from_pylist([r | {"mid": (r["y"] + r["y2"]) / 2} for r in found], _ROWS)


def _columns(samples: Sequence[dict[str, Any]]) -> pa.Table:
    """Return the samples with their left and right edges."""
    several = len({(s["study_group"], s["subject"]) for s in samples}) < len(samples)
    left = [0.0]
    for one, other in pairwise(samples):
        gap = 0.0
        if one["study_group"] != other["study_group"]:
            gap = _BETWEEN_GROUPS
        elif several and one["subject"] != other["subject"]:
            gap = _BETWEEN_PEOPLE
        left.append(round(left[-1] + 1 + gap, 2))
    found = [
        {name: s[name] for name in _OF_SAMPLE[:-1]} | {"column": j, "x": left[j], "x2": left[j] + 1}
        for j, s in enumerate(samples)
    ]
    return pa.Table.from_pylist(found, _COLUMNS)


def _people(columns: pa.Table) -> pa.Table:
    """Return the people, or the groups where there are only means, with the middle of each."""
    blocks: dict[tuple[str, str], list[float]] = {}
    for c in columns.to_pylist():
        blocks.setdefault((c["study_group"], c["subject"]), []).extend((c["x"], c["x2"]))
    found = [
        {"subject": subject or group, "mid": (min(edges) + max(edges)) / 2}
        for (group, subject), edges in blocks.items()
    ]
    return pa.Table.from_pylist(found, _PEOPLE)
