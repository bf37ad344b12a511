"""Samples that an analysis takes: those measured and kept that meet its `where`."""

from __future__ import annotations

import duckdb
import polars as pl
import pyarrow as pa

from analyses.load.where_hints import fault_hints, no_sample_hints
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.text import listed
from cohortmart.core.warehouse.home import fetch
from cohortmart.core.warehouse.read_only import is_reading_select


def chosen_samples(
    con: duckdb.DuckDBPyConnection, name: str, analysis: Analysis, study: Study | None = None
) -> pl.DataFrame:
    """Return the rows of `dim_sample` that were measured and meet `where`, by sample_id.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    name : str
        Of the analysis, for messages.
    analysis : Analysis
    study : Study, optional
        Whose names of columns are told from those of dim_sample in a message.

    Raises
    ------
    AnalysisError
        `where` is not a condition over dim_sample, or nothing meets it.
    """
    return samples_where(con, analysis.assay, analysis.where, f"analysis {name}", study)


def samples_where(
    con: duckdb.DuckDBPyConnection,
    assay: str,
    where: str | None,
    asking: str,
    study: Study | None = None,
) -> pl.DataFrame:
    """Return the rows of `dim_sample` that an assay has kept and that meet `where`.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    assay : str
    where : str or None
        SQL condition over dim_sample; None: all samples of the assay.
    asking : str
        Who asks, for messages.
    study : Study, optional
        As for `chosen_samples`.

    Raises
    ------
    AnalysisError
        As for `chosen_samples`.
    """
    # the condition stands on lines of its own, so that a comment in it ends there
    condition = f"where (\n{where}\n)" if where else ""
    query = f"""
        select chosen.* from (select * from dim_sample {condition}) as chosen
        where chosen.sample_id in (
            select sample_id from qc_sample where assay = $1 and filter_reason is null
        )
        order by chosen.sample_id
    """
    if condition:
        _refuse_more_than_a_condition(asking, where, f"select * from dim_sample {condition}")
    try:
        table = fetch(con, query, [assay])
    except duckdb.Error as error:
        message = str(error).splitlines()[0]
        samples = fetch(con, "select * from dim_sample")
        raise AnalysisError(
            f"{asking}: `where` cannot be evaluated over dim_sample",
            expected="an SQL condition over the columns of dim_sample: "
            f"{listed(samples.column_names, 20)}",
            found=f"{where}\n            {message}",
            hint=fault_hints(where or "", message, samples, study)
            or '`cohortmart sql "describe dim_sample" --out DIR` lists the columns',
        ) from error
    if table.num_rows == 0:
        samples = fetch(con, "select * from dim_sample")
        raise AnalysisError(
            f"{asking}: no sample of assay {assay} is chosen",
            found=f"where: {where}",
            hint=no_sample_hints(where or "", samples) or "loosen the condition in `where`",
        )
    return _as_frame(table)


def _refuse_more_than_a_condition(asking: str, where: str | None, query: str) -> None:
    """Raise on parameters, further statements and parts that write."""
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.ParserException:
        return  # DuckDB says better what is wrong when the condition is evaluated
    parameters = any(s.named_parameters for s in statements)
    if len(statements) != 1 or parameters or not is_reading_select(query):
        raise AnalysisError(
            f"{asking}: `where` is more than a condition over dim_sample",
            expected="one SQL condition without parameters, e.g. cell_type = 'CD8'",
            found=where,
        )


def _as_frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a table of samples became something else than a frame")
    return frame
