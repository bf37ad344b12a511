"""Wide CSV files: the values of an assay by sample, the results of an analysis by contrast."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from cohortmart.app.export.assays import AssayMatrices, assay_matrices, sample_table
from cohortmart.app.export.contrasts import Contrast, contrasts_of
from cohortmart.app.export.format import Format
from cohortmart.app.export.group_means import MEANS, group_means
from cohortmart.app.export.selection import Selection
from cohortmart.core.rows.text_files import write_csv
from cohortmart.core.types import Floats

#: Features of an analysis that are turned from rows to columns at once.
_FEATURES = 20_000
#: Columns of each contrast.
_SHOWN = ("log_fc", "p_value", "adj_p_value")


def write_csv_files(chosen: Selection, folder: Path) -> None:
    """Write all values and results as CSV, numbers exact, missing values empty.

    `ASSAY.QUANTITY.csv` has a row a feature and a column a sample, `ASSAY.features.csv` what is
    known of the features, `samples.csv` the samples, `ANALYSIS.contrasts.csv` a row a feature
    and three columns a contrast. With pseudonyms `group_….csv` stand in place of the first
    three.

    Parameters
    ----------
    chosen : Selection
    folder : Path
    """
    if chosen.pseudonymised:
        for name in MEANS:
            if (means := group_means(chosen, name)).num_rows:
                _write(chosen, folder / name, means)
    else:
        _write_values(chosen, folder)
    for analysis in chosen.analyses:
        contrasts = contrasts_of(chosen, analysis)
        if contrasts:
            name = f"{contrasts[0].shown_analysis}.contrasts"
            with _opened(chosen, folder / name) as file:
                write_csv(_results(chosen, analysis, contrasts), file)


def _write_values(chosen: Selection, folder: Path) -> None:
    samples: set[str] = set()
    for assay in chosen.assays:
        matrices = assay_matrices(chosen.source, assay)
        samples |= set(matrices.samples)
        _write(chosen, folder / f"{assay}.features", matrices.features)
        for quantity, _ in matrices.kind.quantities:
            with _opened(chosen, folder / f"{assay}.{quantity}") as file:
                write_csv(_wide(matrices, quantity), file)
    _write(chosen, folder / "samples", sample_table(chosen.source, sorted(samples))[0])


def _wide(matrices: AssayMatrices, quantity: str) -> pa.RecordBatchReader:
    """Return one matrix as rows of features, a column a sample."""
    numbers = [pa.field(sample, pa.float64()) for sample in matrices.samples]
    schema = pa.schema([pa.field(matrices.kind.feature, pa.string()), *numbers])
    batches = (
        pa.record_batch([ids, *_columns(blocks[quantity])], schema=schema)
        for ids, blocks in matrices.blocks([quantity])
    )
    return pa.RecordBatchReader.from_batches(schema, batches)


def _columns(values: Floats) -> list[pa.Array]:
    return [pa.array(column, from_pandas=True) for column in values.T]  # NaN is missing


def _results(chosen: Selection, analysis: str, contrasts: list[Contrast]) -> pa.RecordBatchReader:
    """Return the results of an analysis as rows of features, three columns a contrast."""
    source = chosen.source
    source.con.execute(
        "create or replace temp table exported_feature as "
        "select r.feature_id, l.label as gene_name, "
        f"(row_number() over (order by r.feature_id) - 1) // {_FEATURES} as block "
        "from (select distinct feature_id from fct_contrast_result where analysis = $1) as r "
        "left join feature_label as l on l.feature_id = r.feature_id and l.assay = $2",
        [analysis, contrasts[0].assay],
    )
    cells = ", ".join(
        f'max({name}) filter (where contrast = ${i + 3}) as "{i}_{name}"'
        for i in range(len(contrasts))
        for name in _SHOWN
    )
    query = (
        f"select f.feature_id, any_value(f.gene_name) as gene_name, {cells} "
        "from exported_feature as f inner join fct_contrast_result as r "
        "on f.feature_id = r.feature_id and r.analysis = $1 "
        "where f.block = $2 group by f.feature_id order by f.feature_id"
    )
    numbers = [(f"{c.shown} {name}", pa.float64()) for c in contrasts for name in _SHOWN]
    schema = pa.schema([("feature_id", pa.string()), ("gene_name", pa.string()), *numbers])
    last = source.value("select max(block) from exported_feature")

    def batches() -> Iterator[pa.RecordBatch]:
        for block in range(0 if last is None else last + 1):
            rows = source.table(query, [analysis, block, *(c.name for c in contrasts)])
            yield from rows.rename_columns(schema.names).cast(schema).to_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())


def _write(chosen: Selection, path: Path, table: pa.Table) -> None:
    with _opened(chosen, path) as file:
        write_csv(table.to_reader(), file)


@contextmanager
def _opened(chosen: Selection, path: Path) -> Iterator[BinaryIO]:
    """Open `PATH.csv`, or `PATH.csv.gz` without name and time in its header."""
    if not chosen.gzip:
        with path.with_name(f"{path.name}.csv").open("wb") as file:
            yield file
        return
    with (
        path.with_name(f"{path.name}.csv.gz").open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
    ):
        yield packed  # type: ignore[misc]


CSV = Format("csv", "wide CSV: values by sample, results by contrast", write_csv_files)
