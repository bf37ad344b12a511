"""The files of `results/`: sets of tables, each written for an analysis and replaced as a whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cohortmart.core.lake.file_manifest import (
    Entry,
    read_current,
    switch_current,
    written_beside,
)
from cohortmart.core.schemas.tables import RESULT_SETS, RESULT_TABLES, THRESHOLD
from cohortmart.core.study.records import Thresholds
from cohortmart.core.warehouse.home import Home

_ROW_GROUP = 131_072
#: Columns of text are stored with a dictionary, but for the ids of features.
_IDS = frozenset({"feature_id"})
#: Columns of numbers in which few values stand many times.
_REPEATED = frozenset({"ci_quantile", "df_total", "df_prior", "s2_prior", "df1", "df2"})
CONTRASTS, THRESHOLDS, QUALITY = "contrasts", "thresholds", "quality"


def fingerprint(parts: dict[str, Any]) -> str:
    """Return the SHA-256 of what an analysis depends on (JSON with sorted keys)."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def is_current(home: Home, table_set: str, analysis: str, mark: str) -> bool:
    """Tell whether a set of tables made from exactly these inputs and parameters is there."""
    entries = _of_set(home, table_set, analysis)
    expected = {_path(analysis, table, mark) for table in RESULT_SETS[table_set]}
    return {e.path for e in entries} == expected and all(
        (home.results / e.path).exists() for e in entries
    )


def write_thresholds(home: Home, analysis: str, thresholds: Thresholds) -> None:
    """Note what counts as found; the contrasts do not depend on it."""
    values = thresholds.model_dump()
    mark = fingerprint(values)
    if not is_current(home, THRESHOLDS, analysis, mark):
        row = pa.Table.from_pylist([{"analysis": analysis, **values}], schema=THRESHOLD)
        write_set(home, THRESHOLDS, analysis, mark, {"threshold": [row]})


def write_set(
    home: Home, table_set: str, analysis: str, mark: str, tables: Mapping[str, Iterable[pa.Table]]
) -> None:
    """Write all tables of a set for one analysis and make them current in one rename.

    Parameters
    ----------
    home : Home
    table_set : str
        A key of `RESULT_SETS`.
    analysis : str
    mark : str
        Fingerprint of inputs and parameters; part of the file names.
    tables : mapping
        Every table of the set, in pieces that are written one after the other.
    """
    names = RESULT_SETS[table_set]
    for name, schema in names.items():
        with written_beside(home.results / _path(analysis, name, mark)) as temporary:
            _write(tables[name], schema, temporary)
    new = [Entry(name, analysis, _path(analysis, name, mark)) for name in names]
    switch_current(home.results, [*_without(home, table_set, analysis), *new])


def drop_set(home: Home, table_set: str, analysis: str) -> None:
    """Take a set of tables of an analysis out of the current ones, if it is there."""
    if _of_set(home, table_set, analysis):
        switch_current(home.results, _without(home, table_set, analysis))


def _of_set(home: Home, table_set: str, analysis: str) -> list[Entry]:
    entries = read_current(home.results)
    return [e for e in entries if e.part == analysis and e.table_name in RESULT_SETS[table_set]]


def _without(home: Home, table_set: str, analysis: str) -> list[Entry]:
    gone = set(_of_set(home, table_set, analysis))
    return [e for e in read_current(home.results) if e not in gone]


def keep_only(home: Home, analyses: Iterable[str], assays: Iterable[str]) -> None:
    """Take results of analyses and assays that the study no longer names out of the current ones.

    Parameters
    ----------
    home : Home
    analyses, assays : iterable of str
        Those that stay; an assay has the tables of quality, which stay with it.
    """
    of_analysis, of_assay = set(analyses), set(assays)
    entries = read_current(home.results)
    kept = [
        e
        for e in entries
        if e.part in (of_assay if e.table_name in RESULT_SETS[QUALITY] else of_analysis)
    ]
    if len(kept) < len(entries):
        switch_current(home.results, kept)


def drop_outdated(home: Home) -> list[str]:
    """Take results with other columns than this version's out of the current ones.

    An earlier version wrote them, or someone removed them: the models could not read them.

    Returns
    -------
    list of str
        The analyses and assays that lost results, sorted.
    """
    entries = read_current(home.results)
    sets = {table: name for name, tables in RESULT_SETS.items() for table in tables}
    outdated = {
        (sets.get(e.table_name), e.part)
        for e in entries
        if e.table_name not in RESULT_TABLES
        or not (home.results / e.path).exists()
        or pq.read_schema(home.results / e.path).names != RESULT_TABLES[e.table_name].names
    }
    if outdated:
        switch_current(
            home.results, [e for e in entries if (sets.get(e.table_name), e.part) not in outdated]
        )
    return sorted({part for _, part in outdated})


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
    repeated = [
        field.name
        for field in schema
        if field.name in _REPEATED or (field.type == pa.string() and field.name not in _IDS)
    ]
    ids = {name: "DELTA_BYTE_ARRAY" for name in schema.names if name in _IDS}
    with pq.ParquetWriter(
        target, schema, compression="zstd", use_dictionary=repeated, column_encoding=ids or None
    ) as writer:
        for piece in pieces:
            writer.write_table(piece.cast(schema), row_group_size=_ROW_GROUP)
