"""Page of contrasts: what differs, how much, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

from cohortmart.core.text import counted
from cohortmart.report.blocks import (
    Beside,
    Block,
    Choice,
    Figure,
    Page,
    Panel,
    Section,
    Text,
)
from cohortmart.report.naming import slugs
from cohortmart.report.pages.contrasts.clouds import (
    Clouds,
    clouds_of,
    mean_difference_figure,
    volcano_figure,
)
from cohortmart.report.pages.contrasts.feature_table import features_table
from cohortmart.report.pages.contrasts.features import (
    features_of,
    features_that_fit,
    positions_of,
)
from cohortmart.report.pages.contrasts.heat_maps import heat_maps
from cohortmart.report.pages.contrasts.p_values import p_histogram_figure
from cohortmart.report.pages.contrasts.scan import choose_contrasts, scan
from cohortmart.report.pages.contrasts.small_pictures import small_pictures
from cohortmart.report.pages.contrasts.tables import (
    all_contrasts_table,
    joint_tests_table,
    other_models_table,
)
from cohortmart.report.pages.contrasts.words import (
    Manner,
    Row,
    analysis_words,
    manner_of,
    shown_title,
)
from cohortmart.report.source import Source

_NEEDED = ("dim_contrast", "contrast_summary", "fct_contrast_result")


def contrasts_page(source: Source) -> Page:
    """Return the page, open at the analysis and the contrast in which most is found."""
    sections: list[Section] = []
    if all(source.has_rows(table) for table in _NEEDED):
        choose_contrasts(source)
        fitting = features_that_fit(source)
        named = slugs(source.analyses, source.names.words)
        manners = [manner_of(source, a, named[a]) for a in source.analyses]
        analyses = [
            _analysis(source, m, fitting.get(m.analysis, 0)) for m in manners if m is not None
        ]
        sections = _sections(analyses)
    return Page(
        "contrasts",
        "Contrasts",
        f"What differs between {source.timepoint.many}"
        f"{' and between groups' if source.has_groups else ''}, by how much, and how "
        "likely chance alone would do the same.",
        tuple(sections),
    )


@dataclass(frozen=True, eq=False)
class _Analysis:
    """An analysis in the page: its name, what its choice says, and the most found in a contrast."""

    name: str
    title: str
    most_found: int
    blocks: tuple[Block, ...]


def _analysis(source: Source, manner: Manner, most: int) -> _Analysis:
    seen = scan(source, manner.analysis, manner.kind)
    rows = [r for r in seen.contrasts if r["in_page"]]
    title = manner.analysis
    blocks: list[Block] = [Text(words) for words in analysis_words(source, manner) if words]
    if rows:
        clouds = clouds_of(source, manner, seen, features_of(source, manner, most))
        title += f": {counted(clouds.features.n_found, manner.noun)} found"
        positions = positions_of(source)
        first = max(range(len(rows)), key=lambda i: (rows[i]["n_found"], -i))
        maps = heat_maps(source, manner, seen, rows[first]["place"])
        panels = [
            _panel(source, manner, clouds, positions.get(r["place"], []), maps.get(r["place"]), r)
            for r in rows
        ]
        blocks.append(Choice(f"contrasts-pick-{manner.slug}", "Contrast", tuple(panels), first))
    if len(rows) < seen.n_tested:
        blocks.append(
            Text(
                f"The first {len(rows)} contrasts have pictures here; of the other "
                f"{seen.n_tested - len(rows)} the table below has the counts, and "
                "fct_contrast_result every number."
            )
        )
    blocks.append(all_contrasts_table(source, manner))
    more = (joint_tests_table(source, manner), other_models_table(source, manner))
    blocks += [table for table in more if table is not None]
    blocks += small_pictures(source, manner, seen)
    found = max((r["n_found"] for r in rows), default=0)
    return _Analysis(manner.analysis, title, found, tuple(blocks))


def _sections(analyses: list[_Analysis]) -> list[Section]:
    """Return the only analysis, or the choice of one."""
    if len(analyses) < 2:
        return [Section(a.name, a.blocks) for a in analyses]
    first = max(range(len(analyses)), key=lambda i: (analyses[i].most_found, -i))
    panels = tuple(Panel(a.title, a.blocks) for a in analyses)
    return [
        Section(
            "By analysis and contrast",
            (Choice("contrasts-analysis", "Analysis", panels, first),),
        )
    ]


def _panel(
    source: Source,
    manner: Manner,
    clouds: Clouds,
    positions: list[int],
    heat_map: Figure | None,
    row: Row,
) -> Panel:
    mean_difference = mean_difference_figure(source, manner, clouds, row)
    volcano = volcano_figure(source, manner, clouds, row)
    blocks: list[Block] = [
        volcano if mean_difference is None else Beside((volcano, mean_difference)),
        features_table(source, manner, clouds.scan, clouds.features, positions, row),
    ]
    if heat_map is not None:
        blocks.append(heat_map)
    blocks.append(p_histogram_figure(source, manner, clouds.scan, row))
    return Panel(f"{shown_title(source, row)}: {row['n_found']:,} found", tuple(blocks))
