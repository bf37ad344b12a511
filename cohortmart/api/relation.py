"""A relation: the rows of a query, asked when they are wanted, as Arrow, polars or pandas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy
import polars
import pyarrow as pa

from cohortmart.api.open_warehouse import OpenWarehouse
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.query import (
    BATCH_ROWS,
    Parameters,
    answer,
    check_query,
    distinct_names,
    said_plainly,
)

if TYPE_CHECKING:
    import pandas as pd

#: Rows that a notebook shows of a relation.
ROWS_SHOWN = 10


class Relation:
    """Rows of one query that only reads.

    It is asked anew every time its rows are wanted, each time on a cursor of its own, so that
    threads can share it and a rebuilt warehouse answers with its new rows. `pl()` and `arrow()`
    give rows to keep. polars, pyarrow, pandas and Altair also take a relation as it is (it has
    the Arrow C stream interface).

    Parameters
    ----------
    warehouse : OpenWarehouse
    query : str
        One SQL statement.
    params : sequence or mapping, optional
        Values of its `?` in order, or of its `$name` by name.

    Attributes
    ----------
    query : str
    params : sequence or mapping or None

    Raises
    ------
    InputError
        The query is faulty or writes, or the parameters do not fit it.
    """

    def __init__(
        self, warehouse: OpenWarehouse, query: str, params: Parameters | None = None
    ) -> None:
        self._warehouse = warehouse
        self.query = query
        self.params = params = _plain(params)
        with said_plainly(warehouse.home):
            check_query(query, params)
            self._names = tuple(
                distinct_names(answer(warehouse.connection(), query, params).columns)
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self._names

    def batches(self, rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Stream the rows, at most `rows` at a time: memory stays flat however many there are.

        Parameters
        ----------
        rows : int

        Yields
        ------
        pyarrow.RecordBatch
        """
        if rows < 1:
            raise InputError(f"batches of {rows} rows", expected="1 row or more")
        with said_plainly(self._warehouse.home):
            for batch in self._reader(rows):
                yield batch.rename_columns(list(self._names))

    def arrow(self) -> pa.Table:
        """Return all rows as an Arrow table."""
        with said_plainly(self._warehouse.home):
            return self._reader(BATCH_ROWS).read_all().rename_columns(list(self._names))

    def pl(self) -> polars.DataFrame:
        """Return all rows as a polars frame."""
        return frame_of(self.arrow())

    def df(self) -> pd.DataFrame:
        """Return all rows as a pandas frame.

        Raises
        ------
        InputError
            pandas is not installed.
        """
        try:
            import pandas  # noqa: F401
        except ImportError as error:
            raise InputError(
                "pandas is not installed", hint="install it, or take .pl() for a polars frame"
            ) from error
        frame: pd.DataFrame = self.arrow().to_pandas()
        return frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.arrow().__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return self._shown(str)

    def _repr_html_(self) -> str:
        return self._shown(lambda frame: str(frame._repr_html_()))

    def _shown(self, how: Callable[[polars.DataFrame], str]) -> str:
        """Return the first rows as text, which says so where there are more."""
        found: list[pa.RecordBatch] = []
        for batch in self.batches(ROWS_SHOWN + 1):
            found.append(batch)
            if sum(b.num_rows for b in found) > ROWS_SHOWN:
                break
        rows = frame_of(pa.Table.from_batches(found)) if found else self.pl()
        first = rows.head(ROWS_SHOWN)
        if rows.height <= ROWS_SHOWN:
            return how(first)
        said = f"the first {ROWS_SHOWN} rows; .pl() and .arrow() give all"
        return how(first).replace(f"shape: {first.shape}", said, 1)

    def _reader(self, rows: int) -> Any:
        return answer(self._warehouse.connection(), self.query, self.params).to_arrow_reader(rows)


def frame_of(table: pa.Table) -> polars.DataFrame:
    """Return an Arrow table as a polars frame.

    Parameters
    ----------
    table : pyarrow.Table
        Whose columns have different names.
    """
    frame = polars.from_arrow(table)
    assert isinstance(frame, polars.DataFrame)
    return frame


def _plain(params: Parameters | None) -> Parameters | None:
    """Return parameters as DuckDB takes them: numbers of numpy and columns of polars are not."""
    if isinstance(params, Mapping):
        return {name: _plain_value(value) for name, value in params.items()}
    if isinstance(params, (list, tuple)):
        return [_plain_value(value) for value in params]
    return params


def _plain_value(value: Any) -> Any:
    if isinstance(value, polars.Series):
        return value.to_list()
    return value.item() if isinstance(value, numpy.generic) else value
