"""Wide tables of measurements: samples x features, or features x samples."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.censoring import CENSORING
from cohortmart.core.study.records import Assay
from cohortmart.core.text import did_you_mean, listed
from ingest.read.continuous.cell_style import CellStyle, like_numbers, not_a_number
from ingest.read.continuous.column_words import WORDS, loose
from ingest.read.continuous.header import MeasurementHeader, measure_table
from ingest.read.continuous.long_table import ABOVE, READER
from ingest.read.continuous.readings import Readings, as_text, readings
from ingest.read.continuous.table import Table
from ingest.read.matrix.records import Block
from ingest.read.text.names import is_gene_name_column, strip_suffix, tidy_ids, tidy_names

#: What a table with features in rows may say of them.
_FACTS = ("unit", "uniprot")


def features_in_rows(table: Table, known: Collection[str], assay: Assay) -> MeasurementHeader:
    """Read the header of a table with a column a sample.

    Parameters
    ----------
    table : Table
    known : collection of str
        Names that the sheets give to the samples; others that stand between them are samples,
        too, unless their name is that of a fact about the features.
    assay : Assay
    """
    columns = table.columns
    name_field = next((i for i, c in enumerate(columns) if i and is_gene_name_column(c)), None)
    facts = {
        key: next((i for i, c in enumerate(columns) if i and loose(c) in WORDS[key]), None)
        for key in (*_FACTS, "name")
    }
    taken = {0, name_field, *facts.values()}
    suffix = assay.read.strip_suffix or ""
    fields = tuple(
        i
        for i, c in enumerate(columns)
        if i not in taken or (i and c.removesuffix(suffix) in known)
    )
    raw = tuple(columns[i] for i in fields)
    if not raw:
        raise IngestError(
            "the table has no sample columns",
            file=table.path,
            line=table.header_line or None,
            expected="feature ids, then one column a sample",
            found=listed(columns, most=5),
        )
    samples, notes = strip_suffix(raw, assay.read.strip_suffix, table.path)
    return MeasurementHeader(
        path=table.path,
        reader=READER,
        format_name=f"features_in_rows+{table.form}",
        raw_samples=raw,
        samples=samples,
        feature_column=columns[0],
        gene_name_column=None if name_field is None else columns[name_field],
        header_line=table.header_line,
        further=CENSORING,
        notes=notes,
        table=table,
        shape="features in rows",
        measures=_facts_of_rows(table, facts),
        sample_fields=fields,
        name_field=name_field,
    )


def _facts_of_rows(table: Table, facts: dict[str, int | None]) -> pa.Table:
    there = {key: i for key, i in facts.items() if i is not None}
    if not there:
        return measure_table([])
    rows: list[dict[str, str | None]] = []
    for _, (ids, *given) in table.batches([0, *there.values()]):
        texts = [[str(x).strip() or None for x in column.to_pylist()] for column in given]
        for row, feature in enumerate(ids.to_pylist()):
            said = {key: text[row] for key, text in zip(there, texts, strict=True)}
            said["measure_name"] = said.pop("name", None)
            rows.append({"feature_id": str(feature).strip(), **said})
    return measure_table(rows)


def samples_in_rows(table: Table, sample_column: int, assay: Assay) -> MeasurementHeader:
    """Read the header of a table with a row a sample: its names pass, no value is parsed.

    Raises
    ------
    IngestError
        study.yml names a column that the table lacks, or none holds numbers.
    """
    raw = tuple(
        str(x).strip()
        for _, (column,) in table.batches([sample_column])
        for x in pc.cast(column, pa.string()).to_pylist()
    )
    samples, notes = strip_suffix(raw, assay.read.strip_suffix, table.path)
    features, more = _feature_columns(table, sample_column, assay)
    return MeasurementHeader(
        path=table.path,
        reader=READER,
        format_name=f"samples_in_rows+{table.form}",
        raw_samples=raw,
        samples=samples,
        header_line=table.header_line,
        further=CENSORING,
        notes=(*notes, *more),
        table=table,
        shape="samples in rows",
        measures=measure_table([]),
        id_field=sample_column,
        features=features,
        sample_rows=tuple(range(len(raw))),
    )


def _feature_columns(
    table: Table, sample_column: int, assay: Assay
) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    """Return the columns that are features, and a note on those that are not."""
    columns = table.columns
    if assay.columns:
        for name in assay.columns:
            if name not in columns:
                raise IngestError(
                    f"the table has no column `{name}`, which `columns` in study.yml names",
                    file=table.path,
                    line=table.header_line or None,
                    expected=f"a column `{name}`",
                    found=listed([c for c in columns if c], most=20),
                    hint=did_you_mean(name, columns) or "correct `columns`",
                )
        return tuple((name, columns.index(name)) for name in assay.columns), ()
    others = [i for i, c in enumerate(columns) if i != sample_column and c]
    numeric = {
        i: _is_numeric(column, table) for i, column in zip(others, table.head(others), strict=True)
    }
    features = tuple((columns[i], i) for i in others if numeric[i])
    text = [columns[i] for i in others if not numeric[i]]
    if not features:
        raise IngestError(
            "no column of the table holds numbers",
            file=table.path,
            line=table.header_line or None,
            expected="sample names, then one column a measure",
            found=listed(columns, most=10),
        )
    note = f"{table.path.name}: passed over, as they hold words or nothing: {listed(text, most=5)}"
    return features, (note,) if text else ()


def _is_numeric(column: Any, table: Table) -> bool:
    """Whether the first rows of a column are measurements, all of them or nearly."""
    read = readings(column, CellStyle(table).of([column]))
    n = int((~np.isnan(read.values) | read.below).sum())
    return n > 0 if read.bad is None else max(n, like_numbers(column)) >= 0.8 * len(column)


def blocks_of_rows(header: MeasurementHeader, assay: Assay) -> Iterator[Block]:
    """Stream a table with features in rows.

    Raises
    ------
    IngestError
        A cell is no number.
    """
    table = header.table
    extra = () if header.name_field is None else (header.name_field,)
    written = CellStyle(table)
    row = 0
    for line, (ids, *rest) in table.batches([0, *extra, *header.sample_fields]):
        names = tidy_names(as_text(rest.pop(0))) if extra else None
        style = written.of(rest)
        read = []
        for field, column in zip(header.sample_fields, rest, strict=True):
            one = readings(column, style)
            if one.bad is not None:
                at = table.line_of(row + one.bad)
                raise not_a_number(table, table.columns[field], at, column[one.bad])
            read.append(one)
        feature_ids = tidy_ids(as_text(ids), assay.read.strip_version)
        yield _block(row, feature_ids, names, read)
        row += len(ids)
        del line


def blocks_of_columns(header: MeasurementHeader) -> Iterator[Block]:
    """Read a table with samples in rows; its features come as one block, sorted by id.

    Raises
    ------
    IngestError
        A cell is no number.
    """
    table = header.table
    ordered = sorted(header.features, key=lambda f: f[0].encode())
    fields = [field for _, field in ordered]
    parts: list[list[Readings]] = [[] for _ in ordered]
    written = CellStyle(table)
    row = 0
    for _, columns in table.batches(fields):
        style = written.of(columns)
        for i, column in enumerate(columns):
            one = readings(column, style)
            if one.bad is not None:
                at = table.line_of(row + one.bad)
                raise not_a_number(table, ordered[i][0], at, column[one.bad])
            parts[i].append(one)
        row += len(columns[0])
    ids = pa.array([name for name, _ in ordered], pa.string())
    by_feature = [_joined(of) for of in parts]
    block = _block(0, ids, None, by_feature)
    yield Block(
        0, ids, None, np.ascontiguousarray(block.values.T),
        {name: np.ascontiguousarray(v.T) for name, v in block.further.items()},
    )  # fmt: skip


def _joined(parts: Sequence[Readings]) -> Readings:
    return Readings(
        np.concatenate([p.values for p in parts]),
        np.concatenate([p.below for p in parts]),
        np.concatenate([p.above for p in parts]),
    )


def _block(row: int, ids: Any, names: Any, read: Sequence[Readings]) -> Block:
    """Put columns side by side, with what is said of each cell."""
    values, below, above = (
        np.column_stack([getattr(one, name) for one in read])
        for name in ("values", "below", "above")
    )
    said = np.isnan(values) & ~below
    return Block(
        row,
        ids,
        names,
        values,
        {
            "below_detection": np.where(said, np.nan, below.astype(np.float64)),
            "detection_limit": np.where(below, values, np.nan),
            "qc_flag": np.where(above, ABOVE, np.nan),
        },
    )
