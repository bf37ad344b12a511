"""Values of an assay, streamed from the warehouse in blocks of features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.progress import counted_off, is_heard
from cohortmart.core.types import Floats
from cohortmart.core.warehouse.home import fetch
from cohortmart.core.warehouse.macros import rendered

#: Rows of a block are a multiple of this: the statistics work in such steps, so that a block's
#: size changes no bit of the results.
STEP = 4096
#: Values in a block: 32 MB of doubles.
BLOCK_VALUES = 4_000_000
_BATCH = 8192


class StreamedMatrix:
    """Values of an assay in chosen samples.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    assay : str
    sample_ids : sequence of str
        The columns; all must have been measured and kept.
    features : sequence of str, optional
        Only these features; all of the assay if not given.
    """

    #: Tables of the lists, and of the place of each sample in them.
    rows: str
    samples: ClassVar[str]

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        assay: str,
        sample_ids: Sequence[str],
        features: Sequence[str] | None = None,
    ) -> None:
        self._con = con
        self._assay = assay
        self._features = None if features is None else sorted(set(features), key=str.encode)
        rows = fetch(
            con,
            f"select sample_id, position from {self.samples} where assay = $1",
            [assay],
        ).to_pydict()
        at = dict(zip(rows["sample_id"], rows["position"], strict=True))
        self._columns = np.array([at[s] - 1 for s in sample_ids])
        self._n_lists = len(at)

    def count(self) -> int:
        """Return how many features `blocks` gives."""
        query, params = self._query("count(*) as n")
        return int(fetch(self._con, query, params)["n"][0].as_py())

    def blocks(self, n_rows: int | None = None) -> Iterator[tuple[pa.Array, Floats]]:
        """Stream the matrix; every call begins anew.

        Parameters
        ----------
        n_rows : int, optional
            Features in a block; if not given, as many as the statistics work on at a time.

        Yields
        ------
        tuple of pyarrow.StringArray and ndarray of shape (n_features, n_samples)
            Features in byte order of their ids; NaN = missing.

        Raises
        ------
        RuntimeError
            The warehouse does not give the features in ascending order, as the lake has them.
        """
        size = n_rows or STEP * max(1, BLOCK_VALUES // (STEP * len(self._columns)))
        group = np.empty((size, len(self._columns)))
        ids: list[pa.Array] = []
        filled = 0
        passing = counted_off(
            self._batches(), f"features of {self._assay}", self._n_features(), lambda b: len(b[0])
        )
        for names, values in passing:
            start = 0
            while start < len(names):
                n = min(size - filled, len(names) - start)
                group[filled : filled + n] = values[start : start + n]
                ids.append(names.slice(start, n))
                filled, start = filled + n, start + n
                if filled == size:
                    yield pa.concat_arrays(ids), group
                    group = np.empty_like(group)
                    ids, filled = [], 0
        if filled:
            yield pa.concat_arrays(ids), group[:filled]

    def _n_features(self) -> float | None:
        """Return how many features there are, if someone wants to know."""
        if not is_heard():
            return None
        count = f"select count(*) as n from {self.rows} where assay = $1"
        return float(fetch(self._con.cursor(), count, [self._assay])["n"][0].as_py())

    def _batches(self) -> Iterator[tuple[pa.Array, Floats]]:
        query, params = self._query("feature_id, measured")
        reader = self._con.cursor().sql(query, params=params).to_arrow_reader(_BATCH)
        last = ""
        for batch in reader:
            if not len(batch):
                continue
            names = batch.column("feature_id")
            if not _ascending(last, names):
                raise RuntimeError(f"the features of {self._assay} do not come in ascending order")
            last = names[-1].as_py()
            flat = batch.column("measured").flatten().to_numpy(zero_copy_only=False)
            yield names, flat.reshape(len(batch), self._n_lists)[:, self._columns]

    def _query(self, chosen: str) -> tuple[str, list[Any]]:
        """Return the query that gives the rows in the order of the lake, and its parameters."""
        query = f"select {chosen} from {self.rows} where assay = $1"
        if self._features is None:
            return query, [self._assay]
        if not self._features:
            return f"{query} and false", [self._assay]
        # a join would lose the order; the bounds let the scan pass over row groups
        query += " and feature_id between $2 and $3 and list_contains($4::varchar[], feature_id)"
        return query, [self._assay, self._features[0], self._features[-1], self._features]


class Counts(StreamedMatrix):
    """Counts as they are in the last layer."""

    rows = "staging.stg_lake__count_matrix"
    samples = (
        "(select * from staging.stg_lake__matrix_samples where (assay, layer) in "
        "(select (assay, layer) from staging.stg_lake__count_matrix))"
    )


class Expression(StreamedMatrix):
    """Counts per million, as TMM over all samples of the assay makes them.

    Parameters
    ----------
    con, assay, sample_ids, features
        As for `StreamedMatrix`.
    column : {"cpm", "log2_cpm"}
    """

    samples = (
        "(select assay, sample_id, row_number() over (partition by assay order by sample_id) "
        "as position from qc_sample)"
    )

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        assay: str,
        sample_ids: Sequence[str],
        features: Sequence[str] | None = None,
        *,
        column: Literal["cpm", "log2_cpm"],
    ) -> None:
        self.rows = (
            f"(select assay, gene_id as feature_id, list({column} order by sample_id) as measured "
            "from fct_gene_expression group by assay, gene_id order by assay, gene_id)"
        )
        super().__init__(con, assay, sample_ids, features)


class KeptBetas(StreamedMatrix):
    """Betas of the probes that passed the filters."""

    rows = "intermediate.int_beta__kept"
    samples = "intermediate.int_beta__kept_samples"


class KeptMValues(KeptBetas):
    """M-values of the betas that passed the filters, by the SQL that makes the long table's."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        assay: str,
        sample_ids: Sequence[str],
        features: Sequence[str] | None = None,
    ) -> None:
        query = "select m_value_clip as clip from staging.stg_lake__assays where assay = $1"
        (clip,) = fetch(con, query, [assay])["clip"].to_pylist()
        made = rendered("list_m_values", "measured", f"cast('{clip!r}' as double)")
        self.rows = f"(select assay, feature_id, {made} as measured from {KeptBetas.rows})"
        super().__init__(con, assay, sample_ids, features)


class RawMeasurements(StreamedMatrix):
    """Measurements as the raw file has them."""

    rows = "staging.stg_lake__raw_measure_matrix"
    samples = "intermediate.int_measure__samples"


class Measurements(StreamedMatrix):
    """Measurements as they are analysed: transformed where the study asks for it."""

    rows = "staging.stg_lake__measure_matrix"
    samples = "intermediate.int_measure__samples"


def _ascending(last: str, names: pa.Array) -> bool:
    if not last.encode() < names[0].as_py().encode():
        return False
    return len(names) < 2 or bool(
        pc.all(pc.less(names.slice(0, len(names) - 1), names.slice(1))).as_py()
    )
