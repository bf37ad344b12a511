"""The files of `results/`: one set an analysis, replaced as a whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cohortmart.catalogue import (
    Entry,
    read_current,
    switch_current,
    write_table,
    written_beside,
)
from cohortmart.study import Thresholds
from cohortmart.tables import RESULT_TABLES, THRESHOLD
from cohortmart.warehouse import Home

_ROW_GROUP = 131_072
#: Columns in which few values stand many times.
_REPEATED = frozenset(
    {"analysis", "contrast", "test", "ci_quantile", "df_total", "df_prior", "s2_prior"}
    | {"df1", "df2"}
)
_NOTED = "threshold"
_COMPUTED = {name: schema for name, schema in RESULT_TABLES.items() if name != _NOTED}


def fingerprint(parts: dict[str, Any]) -> str:
    """Return the SHA-256 of what an analysis depends on (JSON with sorted keys)."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def is_current(home: Home, analysis: str, mark: str) -> bool:
    """Tell whether the results of exactly these inputs and parameters are there."""
    entries = [e for e in _of_analysis(home, analysis) if e.table_name in _COMPUTED]
    expected = {_path(analysis, table, mark) for table in _COMPUTED}
    return {e.path for e in entries} == expected and all(
        (home.results / e.path).exists() for e in entries
    )


def write_thresholds(home: Home, analysis: str, thresholds: Thresholds) -> None:
    """Note what counts as found; the results themselves do not depend on it."""
    values = thresholds.model_dump()
    target = _path(analysis, _NOTED, fingerprint(values))
    current = read_current(home.results)
    entry = Entry(_NOTED, analysis, target)
    if entry in current:
        return
    row = {"analysis": analysis, **values}
    write_table(pa.Table.from_pylist([row], schema=THRESHOLD), home.results / target)
    kept = [e for e in current if (e.table_name, e.part) != (_NOTED, analysis)]
    switch_current(home.results, [*kept, entry])


def _of_analysis(home: Home, analysis: str) -> list[Entry]:
    return [e for e in read_current(home.results) if e.part == analysis]


def write_results(
    home: Home, analysis: str, mark: str, tables: dict[str, Iterable[pa.Table]]
) -> None:
    """Write all tables of one analysis and make them current in one rename.

    Parameters
    ----------
    home : Home
    analysis : str
    mark : str
        Fingerprint of inputs and parameters; part of the file names.
    tables : dict
        Every computed table of `RESULT_TABLES`, in pieces that are written one after the other.
    """
    for name, schema in _COMPUTED.items():
        target = home.results / _path(analysis, name, mark)
        with written_beside(target) as temporary:
            _write(tables[name], schema, temporary)
    kept = [
        e for e in read_current(home.results) if e.part != analysis or e.table_name not in _COMPUTED
    ]
    new = [Entry(name, analysis, _path(analysis, name, mark)) for name in _COMPUTED]
    switch_current(home.results, [*kept, *new])


def keep_only(home: Home, analyses: Iterable[str]) -> None:
    """Take results of analyses that the study no longer names out of the current ones."""
    entries = read_current(home.results)
    wanted = set(analyses)
    kept = [e for e in entries if e.part in wanted]
    if len(kept) < len(entries):
        switch_current(home.results, kept)


def sweep_results(home: Home) -> None:
    """Delete result files that are not current; call it once the warehouse shows the new ones."""
    current = {e.path for e in read_current(home.results)}
    for path in _files(home.results):
        if path.relative_to(home.results).as_posix() not in current:
            path.unlink()
    for folder in home.results.glob("*/"):
        if not any(folder.iterdir()):
            shutil.rmtree(folder)


def _files(room: Path) -> Iterator[Path]:
    for path in sorted(room.glob("*/*")):
        if path.name.endswith((".parquet", ".tmp")):
            yield path


def _path(analysis: str, table: str, mark: str) -> str:
    return f"{analysis}/{table}-{mark[:12]}.parquet"


def _write(pieces: Iterable[pa.Table], schema: pa.Schema, target: Path) -> None:
    """Write pieces as Parquet; columns of numbers that hardly repeat get no dictionary."""
    repeated = [name for name in schema.names if name in _REPEATED]
    ids = {name: "DELTA_BYTE_ARRAY" for name in schema.names if name == "feature_id"}
    with pq.ParquetWriter(
        target, schema, compression="zstd", use_dictionary=repeated, column_encoding=ids or None
    ) as writer:
        for piece in pieces:
            writer.write_table(piece.cast(schema), row_group_size=_ROW_GROUP)
