"""Files of results in an output folder, as an analysis writes them, and tables that read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from analyses.write.columns import table_of
from analyses.write.results import write_set
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.quoting import literal, literals

_MARK = "1" * 64


def contrast_rows(
    analysis: str, contrast: str, features: Sequence[str], seed: int = 1, **given: Any
) -> pa.Table:
    """Rows of one contrast; numbers that tell features and contrasts apart, unless given."""
    n = len(features)
    steps = [(seed * 31 + i * 7) % 97 / 97 for i in range(n)]
    columns: dict[str, Any] = {
        "analysis": analysis, "contrast": contrast, "feature_id": list(features),
        "log_fc": [s - 0.4 for s in steps], "se": [0.1 + s / 9 for s in steps],
        "ci_quantile": 2.0, "p_value": [s / 2 for s in steps],
        "adj_p_value": list(steps), "delta_beta": [s / 5 for s in steps],
    }  # fmt: skip
    return table_of("contrast_result", columns | given)


def write_results(home: Home, pieces: Mapping[str, Sequence[pa.Table]]) -> None:
    """Write the contrasts of analyses; `pieces`: their rows by analysis, one table a contrast."""
    for analysis, tables in pieces.items():
        write_set(home, ["contrast_result"], analysis, _MARK, {"contrast_result": tables})


def tables_of_results(home: Home, con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that dbt makes of these files: which there are, and `fct_contrast_result`."""
    files = [e for e in read_current(home.results) if e.table_name == "contrast_result"]
    con.execute("create schema if not exists staging")
    con.execute(
        "create or replace table staging.stg_results__built_files "
        "(table_name varchar, part varchar, path varchar)"
    )
    con.executemany(
        "insert into staging.stg_results__built_files values ('contrast_result', ?, ?)",
        [(e.part, e.path) for e in files],
    )
    paths = literals(str(home.results / e.path) for e in files)
    con.execute("drop table if exists fct_contrast_result")
    con.execute(
        "create or replace view fct_contrast_result as select analysis, contrast, feature_id, "
        "feature_id as feature_name, log_fc, se, log_fc - ci_quantile * se as ci_low, "
        "log_fc + ci_quantile * se as ci_high, ave_expr, log_fc / nullif(se, 0) as t, df_total, "
        f"p_value, adj_p_value, b, delta_beta from read_parquet({paths})"
    )


def rewritten(home: Home, analysis: str, order: str) -> None:
    """Write the file of an analysis anew, its rows in another order."""
    entry = next(e for e in read_current(home.results) if e.part == analysis)
    file = literal(str(home.results / entry.path))
    with duckdb.connect() as con:
        con.execute(f"create table rows as select * from read_parquet({file}) order by {order}")
        con.execute(f"copy rows to {file} (format parquet, row_group_size 2048)")
