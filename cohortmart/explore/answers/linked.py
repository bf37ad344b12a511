"""Rows that lead on: a column with the address of what a row is about."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa


def linked(table: pa.Table, column: str, make: Callable[..., str | None], *names: str) -> pa.Table:
    """Return rows with a further column of addresses, for `Column.link` or a point of a figure.

    Parameters
    ----------
    table : pyarrow.Table
        Few rows: those that are shown.
    column : str
        Name of the new column; a figure's click follows `address`.
    make : callable
        Takes the values of the named columns; returns an address or None.
    *names : str
    """
    values = zip(*(table[name].to_pylist() for name in names), strict=True)
    addresses = [None if None in row else make(*row) for row in values]
    return table.append_column(column, pa.array(addresses, pa.string()))
