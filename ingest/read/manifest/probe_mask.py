"""Lists of probes that are not to be trusted: plain lists, and tables with reasons or flags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from cohortmart.core.errors import IngestError
from cohortmart.core.schemas.tables import PROBE_MASK
from cohortmart.core.text import counted
from ingest.read.manifest.manifest import as_arrow
from ingest.read.text.delimited import split_line
from ingest.read.text.raw_file import RawFile
from ingest.read.text.text_columns import TextTable, read_text_columns, table_stem

#: Part of what decides whether a file must be read again; raise it when the rows would differ.
MASK_READER_VERSION = "mask-1"

#: Names of the column of ids, the likeliest first; upper and lower case are the same.
_ID_NAMES = ("probe_id", "probeid", "probe", "ilmnid", "name", "targetid", "cpg", "id")
#: What else stands over a plain list (x and V1 are R's words).
_LIST_NAMES = ("probes", "probe_ids", "cpgs", "ids", "x", "v1", "")
_GENERAL = re.compile(r"(mask|m)[_.]general", re.IGNORECASE)
_FLAG = re.compile(r"(MASK|Mask|mask)[_.].+|M_.+")
#: Columns with words, the one that counts first.
_WORDS = ("maskuniq", "mask", "reason")
_ID = re.compile(r"(cg|rs|mu|rp|uk|sy)\d|ch\.|nv-|ctl_", re.IGNORECASE)
_TRUE, _FALSE = ("TRUE", "T", "1", "YES"), ("FALSE", "F", "0", "NO")


@dataclass(frozen=True)
class ProbeMasks:
    """What mask files say.

    Parameters
    ----------
    table : pa.Table
        `tables.PROBE_MASK`, one row a mask and probe, sorted by probe_id and mask, several
        reasons joined with `;`, null where the file gives none.
    formats : tuple of str
        Of each file, such as `csv+gzip`.
    notes : tuple of str
        What a user may want to know about the files.
    """

    table: pa.Table
    formats: tuple[str, ...]
    notes: tuple[str, ...]


def read_masks(paths: Sequence[Path]) -> ProbeMasks:
    """Read mask files.

    A file is a plain list (one id a line, with or without a header) or a table whose column of
    ids is `probe_id`, `probeID`, `IlmnID`, `Name` ..., else the first. In a table:

    - with a column `MASK_general` or `M_general` (Zhou, Laird & Shen 2017, doi
      10.1093/nar/gkw967) the probes that are TRUE there are masked;
    - else with columns `MASK_*` or `M_*` those that are TRUE in any, each column a reason;
    - else with a column `maskUniq` or `mask` those that have an entry, or TRUE, there;
    - else every probe is, with what the column `reason` says, if there is one.

    Ids are given as written: one without EPIC v2's suffix stands for all replicates of a probe.

    Parameters
    ----------
    paths : sequence of Path
        csv, tsv or semicolons, compressed or not; the mask's name is the file's without endings.

    Raises
    ------
    IngestError
        A file cannot be read, a row has no id, a flag is neither TRUE nor FALSE, or two files
        have the same name.
    """
    stems: dict[str, Path] = {}
    parts = [pl.DataFrame(schema=dict.fromkeys(PROBE_MASK.names, pl.String))]
    formats: list[str] = []
    notes: list[str] = []
    for path in paths:
        stem = table_stem(path)
        if stem in stems:
            raise IngestError(
                f"two mask files are named `{stem}`",
                file=path,
                expected="a name of its own, because the tables name a mask by its file",
                found=f"also {stems[stem]}",
                hint="rename one of them",
            )
        stems[stem] = path
        mask = _read_mask(path)
        rows = _one_row_a_probe(mask)
        parts.append(rows.select("probe_id", mask=pl.lit(stem), reason="reason"))
        formats.append(mask.table.format.name)
        notes.extend(_notes(mask, rows.height))
    whole = pl.concat(parts).sort("probe_id", "mask")
    return ProbeMasks(as_arrow(whole, PROBE_MASK), tuple(formats), tuple(notes))


@dataclass(frozen=True)
class _Mask:
    """A mask file, its column of ids and those that say which probes are masked and why."""

    table: TextTable
    frame: pl.DataFrame  # `probe_id`, and the others as "0", "1", ...
    reasons: tuple[str, ...]  # names in the header of the columns "0", "1", ...

    def flags(self, column: int) -> pl.Series:
        """Return a column of TRUE and FALSE; null is FALSE."""
        text = self.frame[str(column)]
        upper = text.str.to_uppercase()
        wrong = (~upper.is_in(_TRUE + _FALSE)).fill_null(False)
        if wrong.any():
            row = int(wrong.arg_max() or 0)
            raise IngestError(
                "the flag is neither TRUE nor FALSE",
                file=self.table.path,
                line=self.table.line(row),
                column=self.reasons[column],
                expected="TRUE, FALSE or nothing",
                found=f"`{text[row]}`",
            )
        return upper.is_in(_TRUE).fill_null(False)


def _read_mask(path: Path) -> _Mask:
    table, like_ids = _table(path)
    id_field, reasons = _columns(table, like_ids)
    fields = {"probe_id": id_field, **{str(i): field for i, field in enumerate(reasons)}}
    frame = read_text_columns(table, fields)
    missing = frame["probe_id"].is_null()
    if missing.any():
        raise IngestError(
            "the row names no probe",
            file=path,
            line=table.line(int(missing.arg_max() or 0)),
            column=table.columns[id_field] or 1,
            expected="an id such as cg00000029",
        )
    return _Mask(table, frame, tuple(table.columns[field] for field in reasons))


def _one_row_a_probe(mask: _Mask) -> pl.DataFrame:
    rows = _masked(mask).unique().sort("probe_id", "reason")
    joined = pl.col("reason").drop_nulls().str.join(";")
    return rows.group_by("probe_id", maintain_order=True).agg(joined.replace("", None))


def _masked(mask: _Mask) -> pl.DataFrame:
    """Return one row a masked probe and reason."""
    ids = mask.frame["probe_id"]
    if not mask.reasons:
        return pl.DataFrame(
            {"probe_id": ids, "reason": pl.Series([None] * len(ids), dtype=pl.String)}
        )
    if _FLAG.fullmatch(mask.reasons[0]):
        return pl.concat(
            pl.DataFrame({"probe_id": ids.filter(mask.flags(i))}).with_columns(reason=pl.lit(name))
            for i, name in enumerate(mask.reasons)
        )
    words = mask.frame["0"]
    rows = pl.DataFrame({"probe_id": ids, "reason": words})
    if mask.reasons[0].lower() == "reason":
        return rows
    if words.drop_nulls().str.to_uppercase().is_in(_TRUE + _FALSE).all():
        flagged = rows.filter(mask.flags(0))
        return flagged.with_columns(reason=pl.lit(None, dtype=pl.String))
    return rows.filter(pl.col("reason").is_not_null())


def _notes(mask: _Mask, n_masked: int) -> list[str]:
    n_probes = mask.frame["probe_id"].n_unique()
    if mask.reasons and (n_masked < n_probes or _FLAG.fullmatch(mask.reasons[0])):
        by = ", ".join(mask.reasons[:6]) + (", ..." if len(mask.reasons) > 6 else "")
        return [
            f"{mask.table.path.name}: {n_masked:,} of {counted(n_probes, 'probe')} masked, by {by}"
        ]
    if not mask.reasons and len(mask.table.columns) > 1:
        return [
            f"{mask.table.path.name}: {counted(n_probes, 'probe')} listed, all masked: no column "
            "reason, mask or MASK_general tells more"
        ]
    return []


def _table(path: Path) -> tuple[TextTable, int]:
    """Return the table, and the first field of its first row that looks like a probe's id."""
    with RawFile(path) as file:
        form, lines = file.text_format(), file.lines(2)
    rows = [split_line(text, form.delimiter, path, n) for n, text in enumerate(lines, start=1)]
    first = [cell.strip() for cell in rows[0]]
    second = [cell.strip() for cell in rows[1]] if len(rows) > 1 else []
    if not _is_header(first, second):
        names = ("probe_id", "reason", *(f"column {n}" for n in range(3, len(first) + 1)))
        return TextTable(path, form, names[: len(first)], 0), _like_id(first)
    corner = [""] if len(second) == len(first) + 1 else []  # R leaves it out over its row names
    return TextTable(path, form, (*corner, *first), 1), _like_id(second)


def _like_id(cells: list[str]) -> int:
    return next((i for i, cell in enumerate(cells) if _ID.match(cell)), 0)


def _is_header(first: list[str], second: list[str]) -> bool:
    known = {*_ID_NAMES, *_LIST_NAMES, *_WORDS}
    if any(name.lower() in known or _FLAG.fullmatch(name) for name in first):
        return not any(_ID.match(cell) for cell in first)
    return not any(_ID.match(cell) for cell in first) and any(_ID.match(c) for c in second)


def _columns(table: TextTable, like_ids: int) -> tuple[int, list[int]]:
    """Return the index of the column of ids, and of those that tell what is masked."""
    lower = [name.lower() for name in table.columns]
    id_field = next((lower.index(name) for name in _ID_NAMES if name in lower), like_ids)
    others = [i for i in range(len(lower)) if i != id_field]
    general = [i for i in others if _GENERAL.fullmatch(lower[i])]
    flags = [i for i in others if _FLAG.fullmatch(lower[i])]
    words = [lower.index(name) for name in _WORDS if name in lower]
    return id_field, general[:1] or flags or words[:1]
