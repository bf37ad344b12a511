"""Pictures of signatures: the correlations of all contrasts, and the clearest pair."""

from __future__ import annotations

from dataclasses import asdict

import pyarrow as pa

from cohortmart.report.blocks import Figure
from cohortmart.report.figures.label_places import placed_labels
from cohortmart.report.figures.pair_scatter import pair_scatter
from cohortmart.report.figures.signature_cells import signature_cells
from cohortmart.report.pages.signatures.words import Compared
from cohortmart.report.source import Source

#: Points of a scatter: of more features evenly spaced ones, and all that are found in both.
_POINTS = 4000
_LABELS = 12
#: Width and height of the scatter.
_PIXELS = (640.0, 430.0)

_CELLS = """
    select s.contrast, d.contrast_order, s.signature, s.r,
        -- 0 has no sign
        printf('%.2f  (±%.2f)', round(s.r, 2) + 0e0, s.no_effect_high) as said,
        coalesce(s.adj_p_value < 5e-2, false) as beyond,
        s.no_effect_low as low, s.no_effect_high as high,
        s.p_value as p, s.adj_p_value as adj_p, s.n_features as n
    from signature_correlation as s
    inner join dim_contrast as d on s.analysis = d.analysis and s.contrast = d.contrast
    where s.analysis = ? and s.r is not null
    order by d.contrast_order, s.signature
"""
_CLEAREST = """
    select contrast, signature, r, no_effect_low, no_effect_high, n_features
    from signature_correlation
    where analysis = ? and r is not null
    order by p_value nulls last, abs(r) desc, contrast, signature
    limit 1
"""
_PAIRED = """
    with paired as (
        select m.feature_id, coalesce(m.feature_name, m.feature_id) as name,
            m.estimate as x, r.log_fc as y, coalesce(m.is_signature_found, false) as there,
            f.feature_id is not null as here,
            row_number() over (order by m.feature_id) as place, count(*) over () as n
        from signature_match as m
        inner join fct_contrast_result as r
            on m.analysis = r.analysis and m.feature_id = r.feature_id and r.contrast = $contrast
        left join (
            select {feature} as feature_id from {found}
            where analysis = $analysis and contrast = $contrast
        ) as f on m.feature_id = f.feature_id
        where m.analysis = $analysis and m.signature = $signature and m.is_used
            and r.log_fc is not null
    )
    select feature_id, name, x, y,
        case
            when here and there and x * y > 0 then 'both'
            when here and there then 'opposite'
            when there then 'first'
            when here then 'second'
            else 'neither'
        end as class
    from paired
    where (here and there) or place % cast(ceil(n / {points}e0) as bigint) = 0
    order by feature_id
"""


def cells_figure(source: Source, compared: Compared) -> Figure | None:
    """Return the heat map, None where nothing could be correlated."""
    cells = source.table(_CELLS, [compared.analysis])
    if cells.num_rows == 0:
        return None
    n = len(set(cells["signature"].to_pylist()))
    beyond = sum(cells["beyond"].to_pylist())
    contrasts = len(set(cells["contrast"].to_pylist()))
    return Figure(
        name=f"signatures-{compared.slug}",
        title=f"How alike contrasts and signatures are: {compared.analysis}",
        caption=f"r, and how far from 0 95 % lie without effect. Bold: adjusted P below 0.05. "
        f"{compared.people}",
        alt=f"A grid of {contrasts} contrasts and {n} published tables; {beyond} of "
        f"{cells.num_rows} correlations are beyond chance.",
        spec=signature_cells(),
        data={"cells": cells},
        fit="scroll",
    )


def scatter_figure(source: Source, compared: Compared) -> Figure | None:
    """Return the features of the clearest contrast and signature, None where there is none."""
    rows = source.rows(_CLEAREST, [compared.analysis])
    if not rows:
        return None
    (clearest,) = rows
    contrast, signature = clearest["contrast"], clearest["signature"]
    kind = compared.kind
    feature = "feature_id" if kind.name == "continuous" else kind.feature_column
    points = source.table(
        _PAIRED.format(feature=feature, found=kind.found, points=_POINTS),
        {"analysis": compared.analysis, "contrast": contrast, "signature": signature},
    )
    if points.num_rows < 2:
        return None
    words = {
        "both": "in both, same direction",
        "opposite": "in both, opposite directions",
        "first": f"in {signature} alone",
        "second": "in the contrast alone",
        "neither": "in neither",
    }
    classes = points["class"].to_pylist()
    occurring = {name: said for name, said in words.items() if name in classes}
    shown = points.set_column(
        points.schema.get_field_index("class"), "class", pa.array([words[c] for c in classes])
    )
    called, frame = source.names.words(contrast), _frame(points)
    part = points.num_rows < clearest["n_features"]
    some = f"{points.num_rows:,} of {clearest['n_features']:,} are drawn. " if part else ""
    return Figure(
        name=f"signatures-scatter-{compared.slug}",
        title=f"{called} beside {signature}: {compared.analysis}",
        caption=f"The clearest of all. {some}{compared.people}",
        alt=f"A scatter of {points.num_rows:,} {kind.many_shown}: the estimate of {signature} "
        f"across, the change in {called} upwards; r = {clearest['r']:.2f}.",
        spec=pair_scatter(
            f"Estimate of {signature}", f"{called} ({compared.unit})", kind.shown, occurring,
            dots=True,
        ),
        data={"frame": frame, "points": shown, "labels": _labels(points, frame)},
    )  # fmt: skip


def _frame(points: pa.Table) -> pa.Table:
    row: dict[str, list[float]] = {}
    for axis in ("x", "y"):
        values = points[axis].to_pylist()
        low, high = min(0.0, *values), max(0.0, *values)
        edge = 0.05 * (high - low) or 1.0
        row |= {f"{axis}_low": [low - edge], f"{axis}_high": [high + edge]}
    return pa.table(row)


def _labels(points: pa.Table, frame: pa.Table) -> pa.Table:
    """Name the features that are found in both and lie furthest out, where there is room."""
    rows = [r for r in points.to_pylist() if r["class"] in ("both", "opposite")]
    rows.sort(key=lambda r: (-abs(r["x"] * r["y"]), r["feature_id"]))
    (edges,) = frame.to_pylist()
    labels = placed_labels(
        [(r["x"], r["y"], r["name"]) for r in rows],
        (edges["x_low"], edges["x_high"]),
        (edges["y_low"], edges["y_high"]),
        most=_LABELS,
        size=_PIXELS,
    )
    schema = pa.schema(
        [("x", pa.float64()), ("y", pa.float64()), ("text", pa.string()), ("side", pa.string())]
    )
    return pa.Table.from_pylist([asdict(one) for one in labels], schema=schema)
