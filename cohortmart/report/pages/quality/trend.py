"""Mean-variance trend of the analyses that weight by voom."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.report.blocks import Block, Figure
from cohortmart.report.figures.voom_trend import voom_trend
from cohortmart.report.pages.quality.assays import Assay
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source

#: More analyses than these are not drawn.
MOST_ANALYSES = 12
#: As many show the curve.
CURVE_POINTS = 100

_ANALYSES = """
    select r.analysis from analysis_run as r
    where r.assay = $assay and r.analysis in (select analysis from qc_voom_trend)
    order by list_position($analyses, r.analysis), r.analysis limit $n
"""
#: Equal bins over the range of each analysis.
_CELLS = """
    with known as (
        select analysis, mean_log2_count as mean, sqrt_sd from qc_voom_trend
        where list_contains($analyses, analysis)
            and mean_log2_count is not null and sqrt_sd is not null
    ),
    steps as (
        select analysis, min(mean) as x_from, min(sqrt_sd) as y_from,
            greatest((max(mean) - min(mean)) / $bins, 1e-9) as x_step,
            greatest((max(sqrt_sd) - min(sqrt_sd)) / $bins, 1e-9) as y_step
        from known group by analysis
    ),
    binned as (
        select analysis, least(floor((mean - x_from) / x_step), $bins - 1) as i,
            least(floor((sqrt_sd - y_from) / y_step), $bins - 1) as j, count(*) as n
        from known inner join steps using (analysis) group by all
    )
    select analysis, 'cell' as kind, x_from + i * x_step as x, x_from + (i + 1) * x_step as x2,
        y_from + j * y_step as y, y_from + (j + 1) * y_step as y2, n
    from binned inner join steps using (analysis)
    order by list_position($analyses, analysis), i, j
"""
_CURVE = """
    with placed as (
        select analysis, mean_log2_count as x, trend as y, feature_id,
            row_number() over (partition by analysis order by mean_log2_count, feature_id) as place,
            count(*) over (partition by analysis) as n
        from qc_voom_trend
        where list_contains($analyses, analysis)
            and mean_log2_count is not null and trend is not null
    )
    select analysis, 'curve' as kind, x, null::double as x2, y, null::double as y2,
        null::bigint as n
    from placed
    where place = n or (place - 1) % greatest(n // $points, 1) = 0
    order by list_position($analyses, analysis), place
"""
_SIZE = """
    select any_value(n_samples) as n_samples, any_value(n_subjects) as n_people
    from (
        select analysis, count(distinct d.sample_id) as n_samples,
            count(distinct s.subject) as n_subjects
        from design_matrix as d inner join shown_sample as s using (sample_id)
        where analysis = $analysis group by analysis
    )
"""
_ENDS = """
    select analysis, count(*) as n, min_by(trend, mean_log2_count) as first,
        max_by(trend, mean_log2_count) as last
    from qc_voom_trend where list_contains($analyses, analysis) group by analysis
    order by list_position($analyses, analysis)
"""


def trend_blocks(source: Source, assay: Assay) -> tuple[Block, ...]:
    """Return the trend of each analysis of an assay that uses voom; none without any."""
    if not (assay.is_counts and source.has_rows("qc_voom_trend")):
        return ()
    given = {"assay": assay.name, "analyses": list(source.analyses), "n": MOST_ANALYSES}
    names = [row["analysis"] for row in source.rows(_ANALYSES, given)]
    if not names:
        return ()
    cells = source.table(_CELLS, {"analyses": names, "bins": source.detail.bins})
    curve = source.table(_CURVE, {"analyses": names, "points": CURVE_POINTS})
    figure = Figure(
        name=f"quality-trend-{assay.key}",
        title=f"Noise of genes by their abundance (voom): {assay.name}",
        caption=_sizes(source, names),
        alt=_alt(source, names),
        spec=voom_trend(names),
        data={"points": pa.concat_tables([cells, curve.cast(cells.schema)])},
        fit="columns",
        cell_width=320,
    )
    return (figure,)


def _sizes(source: Source, names: list[str]) -> str:
    if not source.has_rows("design_matrix"):
        return ""
    said = []
    for name in names:
        row = source.rows(_SIZE, {"analysis": name})[0]
        if row["n_samples"]:
            said.append(f"{name}: {samples_of(source, row['n_samples'], row['n_people'])}")
    return "; ".join(said) + ("." if said else "")


def _alt(source: Source, names: list[str]) -> str:
    said = [
        f"{row['analysis']}, {row['n']:,} genes: the trend goes from {row['first']:.2f} for the "
        f"least to {row['last']:.2f} for the most abundant"
        for row in source.rows(_ENDS, {"analyses": names})
        if row["first"] is not None
    ]
    return "; ".join(said) + "."
