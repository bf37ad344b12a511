"""Heat maps of contrasts: their strongest features by person and timepoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.study.kinds import BETA, COUNTS
from cohortmart.report.blocks import Figure
from cohortmart.report.figures.heat_map import heat_map
from cohortmart.report.pages.contrasts.clouds import feature_name
from cohortmart.report.pages.contrasts.scan import Scan
from cohortmart.report.pages.contrasts.words import Manner, Row
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source

#: Rows of a heat map at most, and at least.
_MOST, _FEWEST = 12, 3
#: Of more samples, columns would be too narrow to see.
_MOST_SAMPLES = 240
#: What a value is called, by the kind of the assay; of measures it is the unit of the changes.
_UNITS = {COUNTS: "log2 CPM", BETA: "beta"}
_VALUES = """
with features as (
    select unnest($features::varchar[]) as feature_id
)

select
    v.{feature} as feature_id, s.sample, s.subject, s.study_group, s.timepoint, s.visit_order,
    v.{value} as value
from {view} as v
inner join shown_sample as s on s.sample_id = v.sample_id
where
    v.assay = $assay
    and v.{feature} in (select feature_id from features)
    and v.sample_id in (select sample_id from design_matrix where analysis = $analysis)
order by 1, 2
"""


def heat_maps(source: Source, manner: Manner, scan: Scan, first: int) -> dict[int, Figure]:
    """Return the heat maps of an analysis by place of the contrast.

    There is none in a report that leaves the house, none where fewer than three features are
    found, and none of more than 240 samples. All are in the page; that of the first contrast is
    a file too.

    Parameters
    ----------
    source : Source
    manner : Manner
    scan : Scan
    first : int
        Place of the contrast that the page opens with.
    """
    chosen = {r["place"]: _strongest(scan, r["place"]) for r in scan.contrasts if r["in_page"]}
    chosen = {place: rows for place, rows in chosen.items() if len(rows) >= _FEWEST}
    kind = manner.kind
    if source.pseudonymised or not chosen or not source.is_there(kind.visits, "design_matrix"):
        return {}
    query = _VALUES.format(feature=kind.feature_column, value=kind.value, view=kind.visits)
    features = sorted({f["feature_id"] for rows in chosen.values() for f in rows})
    assay = source.value(
        "select assay from dim_contrast where analysis = ? limit 1", [manner.analysis]
    )
    values = source.table(
        query, {"features": features, "assay": assay, "analysis": manner.analysis}
    )
    n_samples, n_people = (pc.count_distinct(values[c]).as_py() for c in ("sample", "subject"))
    if not 0 < n_samples <= _MOST_SAMPLES:
        return {}
    people = samples_of(source, n_samples, n_people)
    by_place = {r["place"]: r for r in scan.contrasts}
    return {
        place: _figure(source, manner, by_place[place], rows, values, people, place == first)
        for place, rows in chosen.items()
    }


def _strongest(scan: Scan, place: int) -> list[Row]:
    """Return found features with the smallest P, those that are higher first."""
    found = [f for f in scan.strongest_of(place) if f["direction"] != "neither"][:_MOST]
    return sorted(found, key=lambda f: f["direction"] != "up")


def _figure(
    source: Source,
    manner: Manner,
    row: Row,
    features: Sequence[Row],
    values: pa.Table,
    people: str,
    is_first: bool,
) -> Figure:
    spec, data = heat_map(
        _rows_of(values, _labels(manner, features)),
        source.groups, source.timepoints, _UNITS.get(manner.kind.name, manner.unit), source.nouns,
    )  # fmt: skip
    name = source.names.words(row["contrast"])
    n, one = len(features), source.timepoint.one
    n_up = sum(f["direction"] == "up" for f in features)
    return Figure(
        f"contrasts-heat-map-{manner.slug}-{row['place']}",
        f"Strongest {manner.kind.many_shown} of {name} by {source.subject.one} and {one}",
        f"The {n} found with the smallest P, {n_up} up above {n - n_up} down. All samples of "
        f"{manner.analysis}: {people}.",
        f"Heat map of the {n} found {manner.kind.many_shown} of {name} with the smallest P in "
        f"{people}: {n_up} up, {n - n_up} down.",
        spec,
        data,
        where="both" if is_first else "page",
        max_width=1000,
    )


def _labels(manner: Manner, features: Sequence[Row]) -> dict[str, tuple[int, str]]:
    """Return row and name of each feature; the id too where the name does not tell them apart."""
    names = [f["genes"] or f["feature_id"] for f in features]
    found = {}
    for i, (f, name) in enumerate(zip(features, names, strict=True)):
        is_clear = not manner.of_probes and names.count(name) == 1
        found[f["feature_id"]] = (i, name if is_clear else feature_name(f))
    return found


def _rows_of(values: pa.Table, labels: Mapping[str, tuple[int, str]]) -> pa.Table:
    """Return the values of some features with their rows and names."""
    known = values.filter(pc.is_in(values["feature_id"], pa.array(list(labels))))
    rows = [labels[f] for f in known["feature_id"].to_pylist()]
    return (
        known.drop_columns("feature_id")
        .append_column("row", pa.array([i for i, _ in rows], pa.int64()))
        .append_column("feature", pa.array([name for _, name in rows], pa.string()))
    )
