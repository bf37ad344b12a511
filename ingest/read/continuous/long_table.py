"""Long tables: one row a measurement, as Olink and laboratories export them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.censoring import CENSORING, QC_FLAGS, same_unit
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted
from ingest.read.continuous.cell_style import CellStyle, not_a_number
from ingest.read.continuous.column_words import LongColumns, loose, qc_flag, says_yes
from ingest.read.continuous.header import MEASURE_COLUMNS, MeasurementHeader, measure_table
from ingest.read.continuous.plate_controls import measures_samples, named_controls
from ingest.read.continuous.readings import Readings, as_text, readings
from ingest.read.continuous.table import Table
from ingest.read.matrix.records import Block
from ingest.read.text.names import strip_suffix
from ingest.read.text.number_style import NumberStyle

READER = "measurements"
#: The code of a value above the range of the instrument.
ABOVE = float(QC_FLAGS.index("above"))


@dataclass
class _Seen:
    """What the first pass gathers."""

    samples: Counter[str] = field(default_factory=Counter)
    measures: dict[str, dict[str, str | None]] = field(default_factory=dict)
    controls: int = 0


def read_header(
    table: Table, columns: LongColumns, assay: Assay, known: Collection[str] = ()
) -> MeasurementHeader:
    """Pass over a long table for its samples and measures.

    Parameters
    ----------
    table : Table
    columns : LongColumns
    assay : Assay
    known : collection of str
        Names that the sheets give to the samples. In a table of Olink others that are called like
        a control of the plate are left out.

    Raises
    ------
    IngestError
        A measure has two units, or a row names no sample or no feature.
    """
    seen = _Seen()
    for _, _, names, ids, facts in _rows(table, columns, seen):
        counts = pc.value_counts(names).to_pylist()
        seen.samples.update({row["values"]: row["counts"] for row in counts})
        _note_measures(table, columns, seen, ids, facts)
    olink = loose(table.columns[columns.feature]) == "olinkid"
    controls = (
        named_controls(seen.samples, known, assay.read.strip_suffix) if olink else frozenset()
    )
    seen.controls += sum(seen.samples[name] for name in controls)
    raw = tuple(name for name in seen.samples if name not in controls)
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
        controls=controls,
    )


def _rows(
    table: Table,
    columns: LongColumns,
    seen: _Seen | None,
    more: tuple[int, ...] = (),
    controls: Collection[str] = (),
) -> Iterator[tuple[int, Any, Any, Any, dict[str | int, Any]]]:
    """Stream first row, rows kept (a mask), their sample names, ids and further columns."""
    row = 0
    wanted = {
        key: getattr(columns, key)
        for key in ("name", "gene_name", "uniprot", "unit", "sample_type", "assay_type")
        if getattr(columns, key) is not None
    }
    positions = [columns.sample, columns.feature, *wanted.values(), *more]
    of_controls = pa.array(sorted(controls), pa.string())
    for _, (names, ids, *rest) in table.batches(positions):
        facts: dict[str | int, Any] = dict(zip((*wanted, *more), rest, strict=True))
        names, ids = (pc.utf8_trim_whitespace(as_text(x)) for x in (names, ids))
        keep = measures_samples(facts, len(names))
        if seen is not None:
            seen.controls += int((~keep).sum())
        _refuse_unnamed(table, columns, row, keep, names, ids)
        keep &= ~pc.is_in(names, value_set=of_controls).to_numpy(zero_copy_only=False)
        mask = pa.array(keep)
        kept = {key: column.filter(mask) for key, column in facts.items()}
        yield row, keep, names.filter(mask), ids.filter(mask), kept
        row += len(keep)


def _refuse_unnamed(
    table: Table, columns: LongColumns, row: int, keep: np.ndarray, names: Any, ids: Any
) -> None:
    for what, column, texts in (
        ("sample", columns.sample, names), ("feature", columns.feature, ids)
    ):  # fmt: skip
        bare = keep & pc.equal(texts, "").to_numpy(zero_copy_only=False)
        if bare.any():
            raise IngestError(
                f"the row names no {what}",
                file=table.path,
                line=table.line_of(row + int(bare.argmax())),
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
        said[key] = as_text(facts[place]) if place in facts else pa.nulls(len(ids), pa.string())
    distinct = pa.table(said).group_by(list(said)).aggregate([])
    for row in distinct.select(list(MEASURE_COLUMNS)).to_pylist():
        row = {key: (text or "").strip() or None for key, text in row.items()}
        first = seen.measures.setdefault(str(row["feature_id"]), row)
        if not same_unit(first["unit"] or "", row["unit"] or ""):
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
    before = np.zeros(shape, np.int64)  # row of each measurement that was read, from 1
    further_fields = [p for p in (columns.limit, columns.below) if p is not None]
    more = (columns.value, *further_fields, *columns.qc)
    written = CellStyle(table)
    batches = _rows(table, columns, None, more, header.controls)
    for row, keep, names, features, facts in batches:
        at = (
            pc.index_in(features, value_set=ids).to_numpy(zero_copy_only=False).astype(np.int64),
            pc.index_in(names, value_set=samples).to_numpy(zero_copy_only=False).astype(np.int64),
        )
        rows = row + np.flatnonzero(keep)
        _refuse_twice(header, at, before, rows, ids)
        before[at] = rows + 1
        values[at], measured = _measured(table, columns, facts, rows, written)
        for name, given in measured.items():
            further[name][at] = given
    yield Block(0, ids, _gene_names(header), values, further)


def _gene_names(header: MeasurementHeader) -> Any:
    return header.measures["gene_name"].combine_chunks()


def _refuse_twice(
    header: MeasurementHeader, at: tuple[Any, Any], before: Any, rows: Any, ids: Any
) -> None:
    """Raise where a sample has two rows of a measure."""
    keys = at[0] * len(header.raw_samples) + at[1]
    first_at = np.unique(keys, return_index=True)[1]
    again = np.ones(len(keys), bool)
    again[first_at] = False
    again |= before[at] > 0
    if not again.any():
        return
    i = int(again.argmax())
    first = int(before[at[0][i], at[1][i]]) - 1
    first = first if first >= 0 else int(rows[int((keys == keys[i]).argmax())])
    sample, feature = header.raw_samples[int(at[1][i])], ids[int(at[0][i])].as_py()
    raise IngestError(
        f"`{feature}` stands twice for the sample `{sample}`",
        file=header.path,
        line=header.table.line_of(int(rows[i])),
        expected="one row for each sample and measure",
        found=f"another one in line {header.table.line_of(first)}",
        hint="keep one of the two, or give each its own feature name",
    )


def _readings(
    table: Table, column: int, facts: Any, rows: np.ndarray, style: NumberStyle
) -> Readings:
    read = readings(facts[column], style)
    if read.bad is not None:
        line = table.line_of(int(rows[read.bad]))
        raise not_a_number(table, table.columns[column], line, facts[column][read.bad])
    return read


def _measured(
    table: Table, columns: LongColumns, facts: Any, rows: np.ndarray, written: CellStyle
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the values, and what is said of each: below the limit, the limit, quality."""
    numbers = [c for c in (columns.value, columns.limit) if c is not None]
    style = written.of([facts[c] for c in numbers])
    read = _readings(table, columns.value, facts, rows, style)
    limit = np.where(read.below, read.values, np.nan)
    below = read.below.copy()
    if columns.limit is not None:
        given = _readings(table, columns.limit, facts, rows, style).values
        limit = np.where(np.isnan(limit), given, limit)
    if columns.below is not None:
        below |= _coded(facts[columns.below], says_yes).astype(bool)
    elif columns.limit is not None:
        with np.errstate(invalid="ignore"):
            below |= read.values < limit
    values = np.where(below & np.isnan(read.values), limit, read.values)
    quality = np.where(read.above, ABOVE, np.nan)
    for column in columns.qc:
        quality = np.fmax(
            quality, _coded(facts[column], lambda word: QC_FLAGS.index(qc_flag(word)))
        )
    return values, {
        "below_detection": np.where(np.isnan(values) & ~below, np.nan, below.astype(np.float64)),
        "detection_limit": limit,
        "qc_flag": quality,
    }


def _coded(column: Any, code: Any) -> np.ndarray:
    """Translate the words of a column, each word once."""
    words = as_text(column).dictionary_encode()
    codes = np.array([float(code(word)) for word in words.dictionary.to_pylist()])
    return np.asarray(codes[words.indices.to_numpy()])
