"""Probe and sample filters of a raw beta matrix, before there is a warehouse.

The rules live once, as SQL in macros/probe_filters.sql; dbt runs the same text over the same
files to say in the tables what was dropped and why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.lake.layers import RAW, part_of
from cohortmart.core.lake.matrix import extras_of
from cohortmart.core.schemas.tables import ASSAY, FEATURE, MATRIX_SAMPLE, PROBE, PROBE_MASK
from cohortmart.core.types import Ints
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.macros import rendered
from cohortmart.core.warehouse.quoting import literal

_SMALL = {
    "assay": ASSAY,
    "feature": FEATURE,
    "matrix_sample": MATRIX_SAMPLE,
    "probe": PROBE,
    "probe_mask": PROBE_MASK,
}
_MEMORY = "1GB"


@dataclass(frozen=True, eq=False)
class Kept:
    """What of a raw beta matrix counts.

    Parameters
    ----------
    probe_ids : pyarrow.StringArray
        Sorted byte by byte.
    positions : ndarray of int
        Columns of the kept samples in the raw matrix, from 0, ascending.
    sample_ids, columns : tuple of str
        Their samples, and what the columns are called in the raw file.
    mark : str
        Fingerprint of all of this.
    """

    probe_ids: pa.Array
    positions: Ints
    sample_ids: tuple[str, ...]
    columns: tuple[str, ...]
    mark: str


def kept_in_lake(home: Home, assay: str) -> Kept:
    """Apply the filters of an assay to its raw matrix.

    Parameters
    ----------
    home : Home
        With a lake; its warehouse is not needed.
    assay : str
        Of kind beta.

    Raises
    ------
    AnalysisError
        The filters leave no probe or no sample.
    """
    with _lake_tables(home.lake, assay) as con:
        for name, macro, *given in (
            ("flags", "probe_flags", "betas", "assay"),
            ("samples", "sample_quality", "flags", "raw_sample", "assay"),
            ("annotation", "probe_annotation", "feature", "probe"),
            ("quality", "probe_quality", "flags", "samples", "assay", "annotation", "probe_mask"),
        ):
            con.execute(f"create temp table {name} as {rendered(macro, *given)}")
        probes = _fetched(
            con, "select feature_id from quality where filter_reason is null order by feature_id"
        )["feature_id"]
        samples = _fetched(
            con,
            """
            select s.position, s.sample_id, m.column_name
            from samples as s
            inner join raw_sample as m on m.assay = s.assay and m.sample_id = s.sample_id
            where s.filter_reason is null
            order by s.position
            """,
        ).to_pydict()
    if not len(probes) or not samples["position"]:
        raise AnalysisError(
            f"the filters leave no {'sample' if len(probes) else 'probe'} of the assay {assay}",
            file=home.lake,
            hint=f"loosen `assays.{assay}.filter` in study.yml",
        )
    ids = pa.concat_arrays(probes.chunks)
    seen = hashlib.sha256(repr(samples).encode())
    for part in ids.buffers():
        if part is not None:
            seen.update(part)
    return Kept(
        probe_ids=ids,
        positions=np.array(samples["position"], dtype=np.int64) - 1,
        sample_ids=tuple(samples["sample_id"]),
        columns=tuple(samples["column_name"]),
        mark=seen.hexdigest(),
    )


@contextmanager
def _lake_tables(lake: Path, assay: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the lake's tables as relations of a database in memory, of one assay only."""
    current = read_current(lake)
    con = duckdb.connect()
    try:
        con.execute(f"set memory_limit = '{_MEMORY}'")
        con.execute(f"set temp_directory = {literal(str(lake / '.kept.parquet.x.tmp'))}")
        for name, schema in _SMALL.items():
            files = [e for e in current if e.table_name == name and e.part in ("", assay)]
            _as_table(con, name, [lake / e.path for e in files], schema)
        con.execute(
            f"create temp view raw_sample as select * from matrix_sample "
            f"where assay = {literal(assay)} and layer = {literal(RAW)}"
        )
        raw = next(lake / e.path for e in current if e.part == part_of(assay, RAW))
        beside = extras_of(raw)
        lists = [
            f"cast({name} as double[]) as {name}"
            if name in beside
            else f"cast(null as double[]) as {name}"
            for name in ("detection_p", "bead_count")
        ]
        con.execute(
            f"create temp view betas as select {literal(assay)} as assay, feature_id, "
            f'cast("values" as double[]) as measured, {", ".join(lists)} '
            f"from read_parquet({literal(str(raw))})"
        )
        yield con
    finally:
        con.close()


def _as_table(
    con: duckdb.DuckDBPyConnection, name: str, files: Sequence[Path], schema: pa.Schema
) -> None:
    if files:
        names = ", ".join(literal(str(path)) for path in files)
        con.execute(f"create temp view {name} as select * from read_parquet([{names}])")
    else:
        con.register(f"{name}_empty", schema.empty_table())
        con.execute(f"create temp table {name} as select * from {name}_empty")


def _fetched(con: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    # on `con` itself: temporary tables are not seen by its cursors
    return con.sql(query).to_arrow_table()
