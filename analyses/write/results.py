"""Result files: tables that belong together, of an analysis or assay, replaced as a whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
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
from cohortmart.core.schemas.tables import RESULT_SETS, RESULT_TABLES
from cohortmart.core.warehouse.home import Home

_ROW_GROUP = 131_072
#: Columns of text are stored with a dictionary, but for the ids of features.
_IDS = frozenset({"feature_id"})
#: Columns of numbers in which few values stand many times.
_REPEATED = frozenset({"ci_quantile", "df_total", "df_prior", "s2_prior", "df1", "df2"})
#: Tables of which a reader wants single rows: small pages, as a page is decoded as a whole. In
#: `contrast_result` rows are by contrast, and each contrast has the same features in the same
#: order, so that a row of a feature is known by its number.
_BY_ROW = frozenset({"contrast_result"})
#: Bytes of such a page, and how many values are written between two looks at its size.
_SMALL_PAGE, _SMALL_BATCH = 16_384, 1_024
#: Digits of the fingerprint in a file name.
_DIGITS = 12


def fingerprint(parts: dict[str, Any]) -> str:
    """Return the SHA-256 of what an analysis depends on (JSON with sorted keys)."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def is_current(home: Home, tables: Collection[str], part: str, mark: str) -> bool:
    """Tell whether tables made from exactly these inputs and parameters are there.

    Parameters
    ----------
    home : Home
    tables : collection of str
        Those that are written together.
    part : str
        The analysis or assay.
    mark : str
        See `write_set`.
    """
    entries = _of_set(home, tables, part)
    expected = {_path(part, table, mark) for table in tables}
    return {e.path for e in entries} == expected and all(
        (home.results / e.path).exists() for e in entries
    )


def write_set(
    home: Home,
    names: Collection[str],
    part: str,
    mark: str,
    tables: Mapping[str, Iterable[pa.Table]],
) -> None:
    """Write tables that belong together and make them current in one rename.

    Parameters
    ----------
    home : Home
    names : collection of str
        Of the tables.
    part : str
        The analysis or assay that they are of.
    mark : str
        Fingerprint of inputs and parameters; part of the file names.
    tables : mapping
        Every one of them, in pieces that are written one after the other.
    """
    for name in names:
        with written_beside(home.results / _path(part, name, mark)) as temporary:
            _write(tables[name], RESULT_TABLES[name], temporary, small_pages=name in _BY_ROW)
    new = [Entry(name, part, _path(part, name, mark)) for name in names]
    switch_current(home.results, [*_without(home, names, part), *new])


def drop_set(home: Home, tables: Collection[str], part: str) -> None:
    """Take tables of an analysis or assay out of the current ones, if they are there."""
    if _of_set(home, tables, part):
        switch_current(home.results, _without(home, tables, part))


def _of_set(home: Home, tables: Collection[str], part: str) -> list[Entry]:
    entries = read_current(home.results)
    return [e for e in entries if e.part == part and e.table_name in tables]


def _without(home: Home, tables: Collection[str], part: str) -> list[Entry]:
    gone = set(_of_set(home, tables, part))
    return [e for e in read_current(home.results) if e not in gone]


def keep_only(home: Home, parts: Mapping[str, Collection[str]]) -> None:
    """Take results of analyses and assays that the study no longer names out of the current ones.

    Parameters
    ----------
    home : Home
    parts : mapping of str to collection of str
        Table to the analyses, or assays, that stay.
    """
    entries = read_current(home.results)
    kept = [e for e in entries if e.part in parts.get(e.table_name, ())]
    if len(kept) < len(entries):
        switch_current(home.results, kept)


def drop_outdated(home: Home) -> list[str]:
    """Take results with other columns than this version's out of the current ones.

    An earlier version wrote them, or someone removed them: the models could not read them. What
    was written together with them goes, too, and with the contrasts of an analysis all that was
    found behind them: it names contrasts that would not be there.

    Returns
    -------
    list of str
        The analyses and assays that lost results, sorted.
    """
    entries = read_current(home.results)
    unknown = {e for e in entries if e.table_name not in RESULT_TABLES}
    broken = {
        (e.part, _mark_of(e))
        for e in set(entries) - unknown
        if not (home.results / e.path).exists()
        or pq.read_schema(home.results / e.path).names != RESULT_TABLES[e.table_name].names
    }
    gone = unknown | {e for e in entries if (e.part, _mark_of(e)) in broken}
    # what is found behind contrasts names them; the quality of an assay does not
    refitted = {e.part for e in gone if e.table_name in RESULT_SETS["contrasts"]}
    gone |= {
        e for e in entries if e.part in refitted and e.table_name not in RESULT_SETS["quality"]
    }
    if gone:
        switch_current(home.results, [e for e in entries if e not in gone])
    return sorted({e.part for e in gone})


def shown_results(home: Home) -> frozenset[Entry]:
    """Return the current result files, to be kept for readers once others take their place."""
    return frozenset(read_current(home.results))


def sweep_results(home: Home, shown: Collection[Entry] = ()) -> None:
    """Delete result files that are not current; call it once the warehouse shows the new ones.

    Parameters
    ----------
    home : Home
    shown : collection of Entry
        Files that the warehouse before showed. They stay until the next sweep: a client that is
        connected to that warehouse still reads them.
    """
    kept = {e.path for e in (*read_current(home.results), *shown)}
    for path in _files(home.results):
        if path.relative_to(home.results).as_posix() not in kept:
            path.unlink()
    for folder in home.results.glob("*/"):
        if not any(folder.iterdir()):
            shutil.rmtree(folder)


def _files(room: Path) -> Iterator[Path]:
    for path in sorted(room.glob("*/*")):
        if path.name.endswith((".parquet", ".tmp")):
            yield path


def _path(part: str, table: str, mark: str) -> str:
    return f"{part}/{table}-{mark[:_DIGITS]}.parquet"


def _mark_of(entry: Entry) -> str:
    """Return the part of the fingerprint that a file's name has."""
    return entry.path.removesuffix(".parquet")[-_DIGITS:]


def _write(
    pieces: Iterable[pa.Table], schema: pa.Schema, target: Path, *, small_pages: bool = False
) -> None:
    """Write pieces as Parquet; columns of numbers that hardly repeat get no dictionary."""
    repeated = [
        field.name
        for field in schema
        if field.name in _REPEATED or (field.type == pa.string() and field.name not in _IDS)
    ]
    ids = {name: "DELTA_BYTE_ARRAY" for name in schema.names if name in _IDS}
    pages = {"data_page_size": _SMALL_PAGE, "write_batch_size": _SMALL_BATCH} if small_pages else {}
    with pq.ParquetWriter(
        target,
        schema,
        compression="zstd",
        use_dictionary=repeated,
        column_encoding=ids or None,
        **pages,
    ) as writer:
        for piece in pieces:
            writer.write_table(piece.cast(schema), row_group_size=_ROW_GROUP)
