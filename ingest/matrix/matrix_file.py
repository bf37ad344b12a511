"""A matrix file of the lake: its name and what it was made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cohortmart.core.lake.file_manifest import Entry
from cohortmart.core.lake.hashed_tables import DIGITS
from cohortmart.core.lake.layers import RAW
from cohortmart.core.study.kinds import CONTINUOUS
from cohortmart.core.study.records import Assay
from ingest.forget.forgotten import hashed_column
from ingest.matrix.pools import Pool
from ingest.write.file_log import options_json

#: Key of the origin in the Parquet file's own metadata.
_KEY = b"cohortmart.origin"
#: Reading options that came later: matrices that were read without them stay as they are.
_LATER = ("keep_signals", "strandedness", "counts_from_abundance", "excel_dates")


@dataclass(frozen=True)
class Origin:
    """What a matrix was made from; stands in the metadata of its file.

    Parameters
    ----------
    assay, layer : str
        Whose values they are.
    base : str
        SHA-256 over the raw files, the reading options and the reader's version.
    files : tuple of (str, tuple of str)
        SHA-256 of each raw file and its columns that are in the matrix, in order.
    left_out : tuple of str
        Hashes of the columns of forgotten subjects, sorted.
    quality : tuple of (str, tuple of str)
        The same as `files` for those of detection p and bead counts.
    pools : tuple of Pool
        The columns of the matrix, where technical replicates were merged; else empty.
    """

    assay: str
    layer: str
    base: str
    files: tuple[tuple[str, tuple[str, ...]], ...]
    left_out: tuple[str, ...] = ()
    quality: tuple[tuple[str, tuple[str, ...]], ...] = ()
    pools: tuple[Pool, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the matrix, in order."""
        return tuple(pool.name for pool in self.pools) or self.raw_columns

    @property
    def raw_columns(self) -> tuple[str, ...]:
        """Columns of the raw files that are in the matrix, in order."""
        return tuple(name for _, columns in self.files for name in columns)

    def raw_names(self, columns: Collection[str]) -> set[str]:
        """Return the raw columns behind columns of the matrix; raw ones stay as they are."""
        merged = {pool.name: pool.columns for pool in self.pools}
        return {raw for name in columns for raw in merged.get(name, (name,))}

    @property
    def all_files(self) -> frozenset[str]:
        """SHA-256 of every raw file that the matrix is made from."""
        return frozenset(sha256 for sha256, _ in (*self.files, *self.quality))

    @property
    def entry(self) -> Entry:
        """The file's entry in the catalogue; its name holds a fingerprint of all of the above."""
        text = json.dumps([self.base, self.left_out])
        digits = hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
        part = f"{self.assay}:{self.layer}"
        return Entry("matrix", part, f"matrix-{self.assay}-{self.layer}-{digits}.parquet")

    @property
    def metadata(self) -> dict[bytes, bytes]:
        """The origin as metadata of a Parquet file."""
        told = {
            "assay": self.assay,
            "layer": self.layer,
            "base": self.base,
            "files": self.files,
            "left_out": self.left_out,
            "beside": self.quality,  # as lakes have it since the first
        }
        if self.pools:
            told["pools"] = [pool.columns for pool in self.pools]
        return {_KEY: json.dumps(told, sort_keys=True, ensure_ascii=False).encode()}

    def without(self, columns: Collection[str]) -> Origin:
        """Return the origin of the same matrix without some columns, as they are or raw."""
        columns = self.raw_names(columns)
        hashes = {hashed_column(self.assay, name) for name in columns}
        files, quality = (
            tuple((sha256, tuple(n for n in names if n not in columns)) for sha256, names in given)
            for given in (self.files, self.quality)
        )
        left_out = tuple(sorted({*self.left_out, *hashes}))
        left = (Pool(tuple(n for n in p.columns if n not in columns)) for p in self.pools)
        pools = tuple(pool for pool in left if pool.columns)
        return replace(self, files=files, quality=quality, left_out=left_out, pools=pools)


def raw_origin(
    name: str,
    assay: Assay,
    files: Sequence[tuple[str, Sequence[str]]],
    quality: Sequence[tuple[str, Sequence[str]]],
    reader_version: str,
    pools: tuple[Pool, ...] = (),
    also: Sequence[str] = (),
    genes: Sequence[str] = (),
) -> Origin:
    """Return the origin of an assay's raw matrix.

    Parameters
    ----------
    name : str
        The assay's name.
    assay : Assay
        Its reading options.
    files : sequence of (str, sequence of str)
        SHA-256 and columns of each raw file.
    quality : sequence of (str, sequence of str)
        The same for the files of detection p and bead counts; columns of other samples than
        those of `files` are left aside.
    reader_version : str
        Of what reads them.
    pools : tuple of Pool
        Columns that are merged.
    also : sequence of str
        SHA-256 of files without samples that it is made from, too.
    genes : sequence of str
        SHA-256 of the tables of genes that names of a count matrix are looked up in.
    """
    read: dict[str, object] = {
        "files": [*(sha256 for sha256, _ in (*files, *quality)), *also],
        "options": read_options(assay),
        "reader_version": reader_version,
    }
    if genes:
        read["genes"] = list(genes)
    if pools:
        read["pools"] = [pool.columns for pool in pools]
    base = hashlib.sha256(options_json(read).encode()).hexdigest()
    known = {column for _, names in files for column in names}
    of_values, of_quality = (
        tuple((sha256, tuple(n for n in names if n in known)) for sha256, names in given)
        for given in (files, quality)
    )
    return Origin(name, RAW, base, of_values, quality=of_quality, pools=pools)


def read_options(assay: Assay) -> dict[str, object]:
    """Return what decides how an assay's files are read."""
    read = assay.read.model_dump(exclude={"transcripts"})  # its content counts, not its name
    for key in _LATER:
        if read[key] == type(assay.read).model_fields[key].default:
            del read[key]
    # a value that the transform cannot take, or a column that is no feature, is refused on reading
    chosen = (
        {key: getattr(assay, key) for key in ("columns", "unit", "transform", "below_detection")}
        if assay.kind == CONTINUOUS
        else {}
    )
    return {"kind": assay.kind, "format": assay.format, **read, **chosen}


def origin_of(path: Path) -> Origin | None:
    """Return what a matrix file was made from, or None where it does not say or is no Parquet."""
    try:
        metadata: Mapping[bytes, bytes] = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return None
    if _KEY not in metadata:
        return None
    told: dict[str, Any] = json.loads(metadata[_KEY])
    return Origin(
        assay=told["assay"],
        layer=told["layer"],
        base=told["base"],
        files=tuple((sha256, tuple(names)) for sha256, names in told["files"]),
        left_out=tuple(told["left_out"]),
        quality=tuple((sha256, tuple(names)) for sha256, names in told.get("beside", ())),
        pools=tuple(Pool(tuple(columns)) for columns in told.get("pools", ())),
    )
