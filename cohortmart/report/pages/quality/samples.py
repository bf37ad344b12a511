"""Sample quality: library sizes, missing values, failed detections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from cohortmart.core.text import capital
from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Block, Column, Figure, Table
from cohortmart.report.figures.sample_values import sample_values, value_tooltip
from cohortmart.report.pages.quality.assays import SAMPLE_ORDER, Assay
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source

#: A library below this share of the median is told of.
SMALL_LIBRARY = 0.25

#: `measure` is one of the expressions below, never a text from the study.
_VALUES = """
    with ordered as (
        select s.sample, s.study_group, s.timepoint, s.cell_type,
            concat_ws(', ', s.timepoint, s.cell_type, nullif(s.visit_key, '')) as visit,
            {measure} as value, q.norm_factor, q.n_detected,
            coalesce(q.filter_reason, 'kept') as use, q.filter_reason is not null as left_out,
            row_number() over (order by {order}) as place,
            dense_rank() over (order by list_position($groups, s.study_group)) as block
        from qc_sample as q
        inner join shown_sample as s using (sample_id)
        where q.assay = $assay
    )
    select * exclude (block, place), place + 2 * (block - 1) as place
    from ordered order by place
"""
_FIRST = """q.filter_reason is null, q.lib_size nulls last,
    greatest(coalesce(q.missing_share, 0), coalesce(q.detection_failed_share, 0)) desc"""
_ROWS = f"""
    select s.sample, s.subject, s.study_group, s.timepoint, s.cell_type,
        q.lib_size / 1e6 as lib_size, q.norm_factor, q.n_detected, q.missing_share,
        q.detection_failed_share, q.filter_reason
    from qc_sample as q
    inner join shown_sample as s using (sample_id)
    where q.assay = $assay
    order by {_FIRST}, length(s.sample), s.sample
    limit $n
"""
_COLUMNS = (
    Column("sample", "Sample"),
    Column("subject", "{subject}"),
    Column("study_group", "Group"),
    Column("timepoint", "{timepoint}"),
    Column("cell_type", "Cell type"),
    Column("lib_size", "Million reads", "number"),
    Column("norm_factor", "TMM factor", "number"),
    Column("n_detected", "Detected {features}s", "integer"),
    Column("missing_share", "Missing", "percent"),
    Column("detection_failed_share", "Not detected", "percent"),
    Column("filter_reason", "Left out because"),
)


@dataclass(frozen=True)
class _Measure:
    """A number of qc_sample that is drawn for every sample."""

    key: str
    expression: str
    title: str
    axis: str
    number_format: str


_LIBRARY = _Measure(
    "library",
    "q.lib_size / 1e6",
    "Reads counted in each sample",
    "Library size (million reads)",
    ".3~r",
)
_MISSING = _Measure(
    "missing",
    "q.missing_share",
    "Missing values in each sample",
    "Missing ({features}s of the sample, %)",
    "~%",
)
_FAILED = _Measure(
    "failed",
    "q.detection_failed_share",
    "Probes not told from background in each sample",
    "Not detected (probes of the sample, %)",
    "~%",
)


def sample_blocks(source: Source, assay: Assay) -> tuple[Block, ...]:
    """Return what was measured of each sample of an assay, as pictures and as a table."""
    return (*_figures(source, assay), _table(source, assay))


def _figures(source: Source, assay: Assay) -> Iterator[Figure]:
    if assay.is_counts:
        yield from _figure(source, assay, _LIBRARY)
    yield from _figure(source, assay, _MISSING)
    yield from _figure(source, assay, _FAILED)


def _figure(source: Source, assay: Assay, measure: _Measure) -> Iterator[Figure]:
    """Yield the picture of a measure; none where nothing is known, or nothing is missing."""
    rows = _values(source, assay, measure)
    known = [r for r in rows if r["value"] is not None]
    if not known or (measure is _MISSING and all(r["value"] == 0 for r in known)):
        return
    lines = _level_lines(source, assay, measure)
    tooltip = value_tooltip(
        measure.axis.format(features=assay.features), ".3~r" if measure is _LIBRARY else ".2~%",
        source.timepoint, source.has_groups, ("norm_factor", "TMM factor", ".3f"),
        ("n_detected", f"{assay.features}s detected", ",d"), ("use", "Use", ""),
    )  # fmt: skip
    lowest, highest = (f(known, key=lambda r: r["value"]) for f in (min, max))
    left_out = sum(r["left_out"] for r in rows)
    yield Figure(
        name=f"quality-{measure.key}-{assay.key}",
        title=f"{measure.title}: {assay.name}",
        caption=f"{'A cross marks a sample that was left out. ' if left_out else ''}"
        f"{samples_of(source, assay.n_samples, assay.n_people)}.",
        alt=f"{measure.title}: from {_written(lowest['value'], measure)} ({lowest['sample']}) to "
        f"{_written(highest['value'], measure)} ({highest['sample']}), "
        f"{lines[0]['words']}; {left_out} of {len(rows)} samples left out.",
        spec=sample_values(
            source.groups, source.timepoints, measure.axis.format(features=assay.features),
            tooltip, source.timepoint, number_format=measure.number_format,
            some_left_out=left_out > 0,
        ),
        data={"samples": pa.Table.from_pylist(rows), "lines": pa.Table.from_pylist(lines)},
        max_width=1080,
    )  # fmt: skip


def _values(source: Source, assay: Assay, measure: _Measure) -> list[dict[str, Any]]:
    query = _VALUES.format(measure=measure.expression, order=SAMPLE_ORDER)
    rows = source.rows(query, {"groups": list(source.groups), "assay": assay.name})
    return [row | {"use": source.names.words(row["use"])} for row in rows]


def _level_lines(source: Source, assay: Assay, measure: _Measure) -> list[dict[str, Any]]:
    """Return the median, and for libraries what counts as small."""
    middle = source.value(
        f"select median({measure.expression}) from qc_sample as q where q.assay = ?", [assay.name]
    )
    lines = [{"value": middle, "words": f"median {_written(middle, measure)}"}]
    if measure is _LIBRARY:
        lines.append({"value": middle * SMALL_LIBRARY, "words": "a quarter of the median"})
    return lines


def _written(value: float, measure: _Measure) -> str:
    return f"{value:.3g} million" if measure is _LIBRARY else f"{100 * value:.2g} %"


def _table(source: Source, assay: Assay) -> Table:
    rows = source.table(_ROWS, {"assay": assay.name, "n": source.detail.top_features})
    reasons = [
        None if r is None else source.names.words(r) for r in rows["filter_reason"].to_pylist()
    ]
    place = rows.column_names.index("filter_reason")
    rows = rows.set_column(place, "filter_reason", pa.array(reasons, pa.string()))
    words = {
        "features": assay.features,
        "subject": capital(source.subject.one),
        "timepoint": capital(source.timepoint.one),
    }
    shown = {
        "subject": not source.pseudonymised,
        "study_group": source.has_groups,
        "cell_type": source.has_cell_types,
    }
    columns = tuple(
        replace(c, label=c.label.format(**words))
        for c in _COLUMNS
        if shown.get(c.name, True) and says_something(rows, c)
    )
    order = "fewest reads" if assay.is_counts else "most missing values"
    return Table(
        name=f"quality-samples-{assay.key}",
        title=f"Samples of {assay.name}",
        caption=f"Those left out first, then those with the {order}: {rows.num_rows:,} of "
        f"{assay.n_samples:,}.",
        columns=columns,
        rows=rows.select([c.name for c in columns]),
        query="select q.*, s.subject_id, s.study_group, s.timepoint, s.cell_type\n"
        "from qc_sample as q\ninner join dim_sample as s using (sample_id)\n"
        f"where q.assay = {literal(assay.name)}\norder by {_FIRST},\n"
        "    length(sample_id), sample_id",
    )


def says_something(rows: pa.Table, column: Column) -> bool:
    """Tell whether anything is known in a column, and of shares, whether any is above zero."""
    values = [v for v in rows[column.name].to_pylist() if v is not None]
    return any(values) if column.kind == "percent" else bool(values)
