"""Principal components against the sample sheet, and variables that go together."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Block, Choice, Column, Figure, Panel, Table
from cohortmart.report.figures.component_map import component_map
from cohortmart.report.pages.quality.assays import ALL_SAMPLES, Assay, SampleSet, label
from cohortmart.report.source import Source

_CELLS = """
    with cells as (
        select v.component, v.variable, v.r_squared, v.p_value, v.n_samples, c.variance_share,
            max(v.r_squared) over (partition by v.variable) as strongest
        from qc_pca_covariate as v
        left join qc_pca_component as c using (assay, sample_set, component)
        where v.assay = $assay and v.sample_set = $sample_set and v.component <= 10
    )
    select component, variable, r_squared, p_value, n_samples,
        dense_rank() over (order by strongest desc nulls last, variable) as row,
        component || coalesce(format(' {:.1f}%', 100 * variance_share), '') as component_words,
        case
            when p_value is null then '–'
            when p_value = 0 then '<1e-300'
            when p_value < 1e-3 then replace(format('{:.0e}', p_value), 'e-0', 'e-')
            else format('{:.2g}', p_value)
        end as p_words
    from cells
    order by row, component
"""
_PAIRS = """
    select first_variable, second_variable, statistic, strength, n_samples, p_value
    from qc_association
    where assay = $assay and sample_set = $sample_set
    order by strength desc nulls last, first_variable, second_variable
    limit $n
"""
_COLUMNS = (
    Column("first_variable", "Variable"),
    Column("second_variable", "goes with"),
    Column("strength", "Strength, 0 to 1", "number"),
    Column("statistic", "Measured by"),
    Column("n_samples", "Samples", "integer"),
    Column("p_value", "P", "p"),
)


def axes_blocks(source: Source, assay: Assay, sets: Sequence[SampleSet]) -> tuple[Block, ...]:
    """Return components against variables, and variables against each other, for each set."""
    parts = []
    if source.has_rows("qc_pca_covariate") and source.has_rows("qc_pca_component"):
        parts.append(_heat_map)
    if source.has_rows("qc_association"):
        parts.append(_associations)
    made = {one.title: tuple(b for part in parts for b in part(source, assay, one)) for one in sets}
    panels = tuple(Panel(title, blocks) for title, blocks in made.items() if blocks)
    if not panels:
        return ()
    return (Choice(f"quality-axes-{assay.key}", "Samples", panels),)


def _heat_map(source: Source, assay: Assay, one: SampleSet) -> tuple[Block, ...]:
    cells = source.table(_CELLS, {"assay": assay.name, "sample_set": one.name})
    if not cells.num_rows:
        return ()
    cells = _named(source, cells, "variable")
    first = [r for r in cells.to_pylist() if r["component"] == 1 and r["r_squared"] is not None]
    first.sort(key=lambda r: (-r["r_squared"], r["variable"]))
    said = "; ".join(f"{r['variable']} {r['r_squared']:.2f}" for r in first[:3])
    return (
        Figure(
            name=f"quality-components-{assay.key}--{one.key}",
            title=f"What the main differences between samples go with: {assay.name}",
            caption=f"{one.people}.",
            alt="Share of the first component that goes with each variable (R squared): "
            f"{said or 'none known'}.",
            spec=component_map(),
            data={"cells": cells},
            where="both" if one.name == ALL_SAMPLES else "page",
            fit="scroll",
        ),
    )


def _associations(source: Source, assay: Assay, one: SampleSet) -> tuple[Block, ...]:
    rows = source.table(
        _PAIRS, {"assay": assay.name, "sample_set": one.name, "n": source.detail.top_features}
    )
    if not rows.num_rows:
        return ()
    return (
        Table(
            name=f"quality-associations-{assay.key}--{one.key}",
            title=f"Variables that go together: {assay.name}",
            caption=f"{one.people}.",
            columns=_COLUMNS,
            rows=_named(source, _named(source, rows, "first_variable"), "second_variable"),
            query="select * from qc_association\n"
            f"where assay = {literal(assay.name)} and sample_set = {literal(one.name)}\n"
            "order by strength desc nulls last, first_variable, second_variable",
        ),
    )


def _named(source: Source, table: pa.Table, column: str) -> pa.Table:
    """Put what variables are called for the reader in place of their names."""
    names = pa.array([label(source, v) for v in table[column].to_pylist()], pa.string())
    return table.set_column(table.column_names.index(column), column, names)
