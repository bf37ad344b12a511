"""Long tables: one row a measurement, as Olink and laboratories export them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.censoring import CENSORING
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted
from ingest.read.continuous.column_words import LongColumns, is_control, qc_code, says_yes
from ingest.read.continuous.header import MEASURE_COLUMNS, MeasurementHeader, measure_table
from ingest.read.continuous.readings import Readings, readings
from ingest.read.continuous.table import Table
from ingest.read.matrix.records import Block
from ingest.read.text.names import strip_suffix

READER = "measurements"
ABOVE = 3.0  # a quality code: the value lies above the range of the instrument


@dataclass
class _Seen:
    """What the first pass gathers."""

    samples: dict[str, None] = field(default_factory=dict)
    measures: dict[str, dict[str, str | None]] = field(default_factory=dict)
    controls: int = 0


def read_header(table: Table, columns: LongColumns, assay: Assay) -> MeasurementHeader:
    """Pass over a long table for its samples and measures.

    Raises
    ------
    IngestError
        A measure has two units, or a row names no sample or no feature.
    """
    seen = _Seen()
    for _, _, names, ids, facts in _rows(table, columns, seen):
        seen.samples.update(dict.fromkeys(pc.unique(names).to_pylist()))
        _note_measures(table, columns, seen, ids, facts)
    raw = tuple(seen.samples)
    samples, notes = strip_suffix(raw, assay.read.strip_suffix, table.path)
    if seen.controls:
        notes += (
            f"{table.path.name}: {counted(seen.controls, 'row')} of controls of the plate left out",
        )
    measures = [seen.measures[name] for name in sorted(seen.measures, key=str.encode)]
    return MeasurementHeader(
        path=table.path,
        reader=READER,
        format_name=f"long+{table.form}",
        raw_samples=raw,
        samples=samples,
        feature_column=table.columns[columns.feature],
        header_line=table.header_line,
        further=CENSORING,
        notes=notes,
        table=table,
        shape="long",
        measures=measure_table(measures),
        long=columns,
    )


def _rows(
    table: Table, columns: LongColumns, seen: _Seen | None, more: tuple[int, ...] = ()
) -> Iterator[tuple[int, Any, Any, Any, dict[str | int, Any]]]:
    """Stream first line, rows kept (a mask), their sample names, ids and further columns."""
    wanted = {
        key: getattr(columns, key)
        for key in ("name", "gene_name", "uniprot", "unit", "sample_type", "assay_type")
        if getattr(columns, key) is not None
    }
    positions = [columns.sample, columns.feature, *wanted.values(), *more]
    for line, (names, ids, *rest) in table.batches(positions):
        facts: dict[str | int, Any] = dict(zip((*wanted, *more), rest, strict=True))
        names, ids = (pc.utf8_trim_whitespace(_as_text(x)) for x in (names, ids))
        keep = _no_controls(facts, len(names))
        if seen is not None:
            seen.controls += int((~keep).sum())
        _refuse_unnamed(table, columns, line, keep, names, ids)
        mask = pa.array(keep)
        kept = {key: column.filter(mask) for key, column in facts.items()}
        yield line, keep, names.filter(mask), ids.filter(mask), kept


def _as_text(column: Any) -> Any:
    return pc.fill_null(pc.cast(column, pa.string()), "")


def _no_controls(facts: dict[str | int, Any], n: int) -> np.ndarray:
    """Tell the rows that measure samples of the study."""
    keep = np.ones(n, bool)
    for key in ("sample_type", "assay_type"):
        if key not in facts:
            continue
        codes = _as_text(facts[key]).dictionary_encode()
        control = [
            is_control(word if key == "sample_type" else None, word if key != "sample_type" else "")
            for word in codes.dictionary.to_pylist()
        ]
        keep &= ~np.array(control, bool)[codes.indices.to_numpy()]
    return keep


def _refuse_unnamed(
    table: Table, columns: LongColumns, line: int, keep: np.ndarray, names: Any, ids: Any
) -> None:
    for what, column, texts in (
        ("sample", columns.sample, names), ("feature", columns.feature, ids)
    ):  # fmt: skip
        bare = keep & pc.equal(texts, "").to_numpy(zero_copy_only=False)
        if bare.any():
            raise IngestError(
                f"the row names no {what}",
                file=table.path,
                line=line + int(bare.argmax()),
                column=table.columns[column],
                expected=f"the name of a {what}",
                hint="name it, or remove the row",
            )


def _note_measures(
    table: Table, columns: LongColumns, seen: _Seen, ids: Any, facts: dict[str | int, Any]
) -> None:
    """Keep what is said of each measure the first time; a second unit is an error."""
    said = {"feature_id": ids}
    for key, place in (("measure_name", "name"), ("unit", "unit"), ("gene_name", "gene_name"),
                       ("uniprot", "uniprot")):  # fmt: skip
        said[key] = _as_text(facts[place]) if place in facts else pa.nulls(len(ids), pa.string())
    distinct = pa.table(said).group_by(list(said)).aggregate([])
    for row in distinct.select(list(MEASURE_COLUMNS)).to_pylist():
        row = {key: (text or "").strip() or None for key, text in row.items()}
        first = seen.measures.setdefault(str(row["feature_id"]), row)
        if first["unit"] != row["unit"]:
            assert columns.unit is not None
            raise IngestError(
                f"`{row['feature_id']}` is measured in two units",
                file=table.path,
                column=table.columns[columns.unit],
                expected="one unit for each measure",
                found=f"{first['unit'] or 'none'} and {row['unit'] or 'none'}",
                hint="convert one of them, or give the rows another feature name",
            )


def read_blocks(header: MeasurementHeader) -> Iterator[Block]:
    """Read the measurements; all features come as one block, sorted by id.

    Raises
    ------
    IngestError
        A cell is no number, or a sample has two values of a measure.
    """
    columns, table = header.long, header.table
    assert columns is not None
    ids = header.measures["feature_id"].combine_chunks()
    samples = pa.array(header.raw_samples, pa.string())
    shape = (len(ids), len(samples))
    values = np.full(shape, np.nan)
    further = {name: np.full(shape, np.nan) for name in CENSORING}
    lines = np.zeros(shape, np.int64)
    further_fields = [p for p in (columns.limit, columns.below) if p is not None]
    more = (columns.value, *further_fields, *columns.qc)
    for line, keep, names, features, facts in _rows(table, columns, None, more):
        at = (
            pc.index_in(features, value_set=ids).to_numpy(zero_copy_only=False).astype(np.int64),
            pc.index_in(names, value_set=samples).to_numpy(zero_copy_only=False).astype(np.int64),
        )
        row_lines = line + np.flatnonzero(keep)
        _refuse_twice(header, at, lines, row_lines, ids)
        lines[at] = row_lines
        read = _readings(table, columns.value, facts, row_lines)
        values[at], measured = _measured(table, columns, facts, read, row_lines)
        for name, given in measured.items():
            further[name][at] = given
    yield Block(0, ids, _gene_names(header), values, further)


def _gene_names(header: MeasurementHeader) -> Any:
    return header.measures["gene_name"].combine_chunks()


def _refuse_twice(
    header: MeasurementHeader, at: tuple[Any, Any], lines: Any, row_lines: Any, ids: Any
) -> None:
    """Raise where a sample has two rows of a measure."""
    keys = at[0] * len(header.raw_samples) + at[1]
    first_at = np.unique(keys, return_index=True)[1]
    again = np.ones(len(keys), bool)
    again[first_at] = False
    again |= lines[at] > 0
    if not again.any():
        return
    row = int(again.argmax())
    before = int(lines[at[0][row], at[1][row]]) or int(row_lines[int((keys == keys[row]).argmax())])
    sample, feature = header.raw_samples[int(at[1][row])], ids[int(at[0][row])].as_py()
    raise IngestError(
        f"`{feature}` stands twice for the sample `{sample}`",
        file=header.path,
        line=int(row_lines[row]),
        expected="one row for each sample and measure",
        found=f"another one in line {before}",
        hint="keep one of the two, or give each its own feature name",
    )


def _readings(table: Table, column: int, facts: Any, lines: np.ndarray) -> Readings:
    read = readings(facts[column], decimal_comma=table.decimal_comma)
    if read.bad is not None:
        raise not_a_number(
            table, table.columns[column], int(lines[read.bad]), facts[column][read.bad]
        )
    return read


def not_a_number(table: Table, column: str, line: int, cell: Any) -> IngestError:
    """Return the error for a cell that is no measurement."""
    return IngestError(
        "the cell is not a number",
        file=table.path,
        line=line,
        column=column,
        expected="a number, `<` and a number below detection, or NA",
        found=f"`{str(cell.as_py())[:60]}`",
        hint="correct it, or leave it empty for a missing value",
    )


def _measured(
    table: Table, columns: LongColumns, facts: Any, read: Readings, lines: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the values, and what is said of each: below the limit, the limit, quality."""
    limit = np.where(read.below, read.values, np.nan)
    below = read.below.copy()
    if columns.limit is not None:
        given = _readings(table, columns.limit, facts, lines).values
        limit = np.where(np.isnan(limit), given, limit)
    if columns.below is not None:
        below |= _coded(facts[columns.below], says_yes).astype(bool)
    elif columns.limit is not None:
        with np.errstate(invalid="ignore"):
            below |= read.values < limit
    values = np.where(below & np.isnan(read.values), limit, read.values)
    quality = np.where(read.above, ABOVE, np.nan)
    for column in columns.qc:
        quality = np.fmax(quality, _coded(facts[column], qc_code))
    return values, {
        "below_detection": np.where(np.isnan(values) & ~below, np.nan, below.astype(np.float64)),
        "detection_limit": limit,
        "qc_flag": quality,
    }


def _coded(column: Any, code: Any) -> np.ndarray:
    """Translate the words of a column, each word once."""
    words = _as_text(column).dictionary_encode()
    codes = np.array([float(code(word)) for word in words.dictionary.to_pylist()])
    return np.asarray(codes[words.indices.to_numpy()])
