"""Densities of the betas of the two probe types, before and after normalisation."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from cohortmart.core.study.kinds import BETA
from cohortmart.report.blocks import Block, Figure
from cohortmart.report.figures.density_curves import density_curves
from cohortmart.report.pages.quality.assays import Assay
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source

#: A bin that a sample has no beta in has no row and counts as 0.
_CURVES = """
    with known as (
        select layer, sample_id, design_type, bin, beta_from, beta_to, density
        from qc_beta_density where assay = $assay
    ),
    bins as (
        select bin, any_value((beta_from + beta_to) / 2) as beta from known group by bin
    ),
    types as (select distinct layer, sample_id, design_type from known)
    select
        types.layer, types.design_type, bins.beta,
        quantile_cont(coalesce(known.density, 0), 5e-2) as low,
        quantile_cont(coalesce(known.density, 0), 5e-1) as middle,
        quantile_cont(coalesce(known.density, 0), 95e-2) as high
    from types
    cross join bins
    left join known using (layer, sample_id, design_type, bin)
    group by types.layer, types.design_type, bins.bin, bins.beta
    order by types.layer <> 'raw', types.layer, types.design_type, bins.bin
"""
_SIZE = """
    select count(distinct d.sample_id) as n_samples, count(distinct s.subject) as n_people
    from qc_beta_density as d
    inner join shown_sample as s using (sample_id)
    where d.assay = $assay
"""
_DISTANCE = """
    select median(type_distance_before) as before, median(type_distance_after) as after
    from qc_sample where assay = $assay and filter_reason is null
"""
_NO_TYPES = "Without a manifest of the array nothing tells the probe types apart. "


def density_blocks(source: Source, assay: Assay) -> tuple[Block, ...]:
    """Return the densities of the betas of an assay; none where it has none."""
    if assay.kind.name != BETA or not source.has_rows("qc_beta_density"):
        return ()
    rows = source.rows(_CURVES, {"assay": assay.name})
    if not rows:
        return ()
    layers = list(dict.fromkeys(r["layer"] for r in rows))
    types = sorted({r["design_type"] for r in rows})
    called = {layer: _called(layer) for layer in layers}
    curves = pa.Table.from_pylist([r | {"layer": called[r["layer"]]} for r in rows])
    size = source.rows(_SIZE, {"assay": assay.name})[0]
    figure = Figure(
        name=f"quality-betas-{assay.key}",
        title=f"Distribution of the betas by probe type: {assay.name}",
        caption=f"{_special(layers, types)}{_distance(source, assay)}"
        f"{samples_of(source, size['n_samples'], size['n_people'])}.",
        alt=f"Density of the betas of {assay.name}; {_peaks(rows, called)}.",
        spec=density_curves(list(called.values()), types),
        data={"curves": curves},
        fit="columns",
        cell_width=350,
    )
    return (figure,)


def _called(layer: str) -> str:
    return "As measured" if layer == "raw" else f"After normalisation ({layer})"


def _special(layers: list[str], types: list[str]) -> str:
    """Say what this study's picture has not."""
    if types == ["unknown"]:
        return _NO_TYPES
    return "Values are used as measured. " if layers == ["raw"] else ""


def _distance(source: Source, assay: Assay) -> str:
    """Say how far the curves of the two types are apart, where BMIQ told it."""
    row = source.rows(_DISTANCE, {"assay": assay.name})[0]
    if row["before"] is None or row["after"] is None:
        return ""
    return (
        f"Of the two types' curves {100 * row['before']:.0f} % do not overlap before BMIQ, "
        f"{100 * row['after']:.0f} % after (median). "
    )


def _peaks(rows: list[dict[str, Any]], called: dict[str, str]) -> str:
    """Say where each curve is highest."""
    highest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = (called[row["layer"]], row["design_type"])
        if key not in highest or row["middle"] > highest[key]["middle"]:
            highest[key] = row
    return "; ".join(
        f"{layer.lower()}, type {kind}: highest at beta {row['beta']:.2f}"
        for (layer, kind), row in highest.items()
    )
