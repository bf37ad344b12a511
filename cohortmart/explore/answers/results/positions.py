"""Positions of features: the number of a feature's row within each contrast of its analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.source import Source

#: Feature and position (from 0) by layout: analyses with the same features share one.
POSITIONS = "memory.main.feature_position"

_FILES = """
    select part as analysis, path from staging.stg_results__built_files
    where table_name = 'contrast_result' order by part, path
"""
#: A row a group of rows, which has rows of one contrast only if its smallest name is its largest.
_GROUPS = """
    select row_group_id, row_group_num_rows as n,
        max(case when path_in_schema = 'contrast' then stats_min_value end) as contrast,
        max(case when path_in_schema = 'contrast' then stats_max_value end) as last_contrast,
        max(case when path_in_schema = 'feature_id' then stats_min_value end) as first_feature,
        max(case when path_in_schema = 'feature_id' then stats_max_value end) as last_feature
    from parquet_metadata({file})
    where path_in_schema in ('contrast', 'feature_id')
    group by all order by row_group_id
"""


@dataclass(frozen=True)
class Layout:
    """How the rows of an analysis lie in its file of results.

    Parameters
    ----------
    file : str
        Its path.
    contrasts : tuple of str
        In the order of the file.
    n : int
        Rows, and so features, of each contrast. The row of a feature in contrast k, both from 0,
        is k * n + its position.
    number : int
        Of the layout in `POSITIONS`.
    """

    file: str
    contrasts: tuple[str, ...]
    n: int
    number: int


def layouts(source: Source) -> Mapping[str, Layout]:
    """Make the table of positions; return how each analysis lies in its file.

    The fit writes a contrast after the other, each with the same features in the same order (see
    `analyses.contrasts.result_tables`). It is looked at here: every contrast must have as many
    rows, in groups of the same sizes with the same first and last features. An analysis where
    that does not hold is not returned; its features have to be looked for.

    Parameters
    ----------
    source : Source
    """
    con = source.con
    columns = "layout tinyint, feature_id varchar, position integer"
    con.execute(f"create or replace table {POSITIONS} ({columns})")
    if not _is_built_by_files(source):
        return {}
    found: dict[str, Layout] = {}
    numbers: dict[tuple[int, int], int] = {}
    for row in source.rows(_FILES):
        file = str(source.home.results / row["path"])
        shape = contrasts_in(source.table(_GROUPS.format(file=literal(file))))
        if shape is None or row["analysis"] in found:
            found.pop(row["analysis"], None)
            continue
        contrasts, n = shape
        mark = source.value(f"select bit_xor(hash(feature_id, file_row_number)) {_ids(file, n)}")
        if (n, mark) not in numbers:
            numbers[n, mark] = len(numbers)
            con.execute(
                f"insert into {POSITIONS} select {numbers[n, mark]}, feature_id, file_row_number "
                f"{_ids(file, n)}"
            )
        found[row["analysis"]] = Layout(file, contrasts, n, numbers[n, mark])
    return found


def contrasts_in(groups: pa.Table) -> tuple[tuple[str, ...], int] | None:
    """Return the contrasts of a file and the number of features of each.

    Parameters
    ----------
    groups : pyarrow.Table
        Its groups of rows in order: n, contrast, last_contrast, first_feature, last_feature.

    Returns
    -------
    (contrasts, n) or None
        None where the contrasts do not follow each other, or their features differ.
    """
    blocks: dict[str, list[tuple[int, str, str]]] = {}
    last = None
    for row in groups.to_pylist():
        name, ends = row["contrast"], (row["first_feature"], row["last_feature"])
        if name is None or name != row["last_contrast"] or None in ends:
            return None
        if name != last and name in blocks:
            return None
        blocks.setdefault(name, []).append((row["n"], *ends))
        last = name
    shapes = list(blocks.values())
    if not shapes or any(shape != shapes[0] for shape in shapes):
        return None
    return tuple(blocks), sum(n for n, _, _ in shapes[0])


def _ids(file: str, n: int) -> str:
    """Return where the ids of the first contrast come from."""
    return f"from read_parquet({literal(file)}, file_row_number = true) where file_row_number < {n}"


def _is_built_by_files(source: Source) -> bool:
    return bool(
        source.value(
            "select count(*) > 0 from duckdb_tables() where schema_name = 'staging' "
            "and table_name = 'stg_results__built_files'"
        )
    )
