"""Parquet files: every table of the warehouse, with its comments as metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from cohortmart.app.export.format import Format
from cohortmart.app.export.selection import Selection
from cohortmart.core.errors import InputError
from cohortmart.core.schemas.model_yaml import model_block
from cohortmart.core.text import did_you_mean
from cohortmart.core.warehouse.of_several import (
    NAMED_BY_AUTHORS,
    TABLES_OF_SEVERAL,
    conditions_of_several,
)
from cohortmart.core.warehouse.quoting import literal, literals

#: Tables that only join others: written where they are named, as they are as large as a matrix.
_JOINED = frozenset({"visit_expression", "visit_methylation", "visit_measurement"})
#: Tables with a row for each probe and sample: sorted a few probes at a time.
_OF_PROBES = frozenset({"fct_probe_methylation", "visit_methylation"})
_PROBES = 5_000
_BATCH = 100_000


def write_parquet_files(chosen: Selection, folder: Path) -> None:
    """Write tables as `TABLE.parquet`, the rows in the order of their keys.

    The schema's metadata has `description`, the comment of the table, and that of each field
    the comment of the column.

    Parameters
    ----------
    chosen : Selection
        With pseudonyms: contrasts, means of groups of two or more, and features.
    folder : Path

    Raises
    ------
    InputError
        A table that was named is not there, or does not leave the house.
    """
    import pyarrow.parquet as pq

    for table in _tables(chosen):
        schema = _described(chosen, table)
        with pq.ParquetWriter(folder / f"{table}.parquet", schema, compression="zstd") as writer:
            for batch in _batches(chosen, table):
                writer.write_table(pa.Table.from_batches([batch]).cast(schema))


def _tables(chosen: Selection) -> list[str]:
    known = [
        str(row["table_name"])
        for row in chosen.source.rows(
            "select distinct table_name from duckdb_columns() "
            "where schema_name = 'main' and not internal and database_name = current_database() "
            "order by table_name"
        )
    ]
    shown = [t for t in known if t in TABLES_OF_SEVERAL] if chosen.pseudonymised else known
    for name in chosen.tables:
        if name not in known:
            raise InputError(
                f"the warehouse has no table `{name}`",
                file=chosen.source.home.warehouse,
                expected="a table of the schema main, as docs/tables.md lists them",
                hint=did_you_mean(name, known),
            )
        if name not in shown:
            raise InputError(
                f"`{name}` holds more of people than --pseudonymise lets out",
                expected=", ".join(shown),
            )
    return [t for t in shown if t in chosen.tables or not (chosen.tables or t in _JOINED)]


def _columns(chosen: Selection, table: str) -> dict[str, str | None]:
    """Return the columns of a table, each with its comment."""
    rows = chosen.source.rows(
        "select column_name, comment from duckdb_columns() where schema_name = 'main' "
        "and database_name = current_database() and table_name = $1 order by column_index",
        [table],
    )
    return {row["column_name"]: row["comment"] for row in rows}


def _described(chosen: Selection, table: str) -> pa.Schema:
    """Return the Arrow schema of a table with its comments."""
    comments = _columns(chosen, table)
    schema = chosen.source.table(f'select * from "{table}" limit 0').schema
    fields = [f.with_metadata({"description": c}) if (c := comments[f.name]) else f for f in schema]
    said = chosen.source.value(
        "select comment from duckdb_tables() where schema_name = 'main' and table_name = $1 "
        "union all "
        "select comment from duckdb_views() where schema_name = 'main' and view_name = $1 "
        "and not temporary",
        [table],
    )
    return pa.schema(fields, metadata={"description": said} if said else None)


def _batches(chosen: Selection, table: str) -> Iterator[pa.RecordBatch]:
    columns = list(_columns(chosen, table))
    conditions = [f"{name} in (select unnest({literals(names)}))" for name, names in (
        ("analysis", chosen.analyses), ("assay", chosen.assays),
    ) if name in columns and not chosen.is_whole]  # fmt: skip
    if chosen.pseudonymised:
        conditions += conditions_of_several(columns)
    order = _order(table, columns)
    for condition in _parts(chosen, table):
        where = " and ".join([*conditions, *condition])
        query = f'select * from "{table}" {f"where {where}" if where else ""} order by {order}'
        for batch in chosen.source.con.sql(query).to_arrow_reader(_BATCH):
            yield _renamed(chosen, batch) if chosen.pseudonymised else batch


def _parts(chosen: Selection, table: str) -> Iterator[list[str]]:
    """Give the conditions of the parts of a table that are sorted one after the other."""
    if table not in _OF_PROBES:
        yield []
        return
    starts = chosen.source.rows(
        f"select assay, probe_id from (select assay, probe_id, row_number() over "
        f"(partition by assay order by probe_id) - 1 as place from qc_probe "
        f"where filter_reason is null) where place % {_PROBES} = 0 order by assay, probe_id"
    )
    for here, following in zip(starts, [*starts[1:], None], strict=True):
        part = [f"assay = {literal(here['assay'])}", f"probe_id >= {literal(here['probe_id'])}"]
        if following is not None and following["assay"] == here["assay"]:
            part.append(f"probe_id < {literal(following['probe_id'])}")
        yield part


def _order(table: str, columns: Sequence[str]) -> str:
    """Return what to sort by: the keys of the table, or everything of one that is not ours."""
    try:
        grain = model_block(table)["config"]["meta"]["grain"]
    except KeyError:
        grain = columns
    known = [name for name in grain if name in columns]
    return ", ".join(f'"{name}"' for name in known)


def _renamed(chosen: Selection, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return rows without ids in the names that a study's author gave."""
    for i, name in enumerate(batch.schema.names):
        if name in NAMED_BY_AUTHORS:
            coded = batch.column(i).dictionary_encode()
            shown = [chosen.words(level) for level in coded.dictionary.to_pylist()]
            column = pa.array(shown, pa.string()).take(coded.indices)
            batch = batch.set_column(i, batch.schema.field(i), column)
    return batch


PARQUET = Format("parquet", "each table as Parquet, comments as metadata", write_parquet_files)
