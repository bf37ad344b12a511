"""Page of contrasts: what differs, how much, and how sure that is."""

from __future__ import annotations

from cohortmart.report.blocks import Block, Choice, Page, Panel, Section, Text
from cohortmart.report.naming import slugs
from cohortmart.report.pages.contrasts.pictures import (
    mean_difference_figure,
    p_histogram_figure,
    volcano_figure,
)
from cohortmart.report.pages.contrasts.scan import Scan, choose_contrasts, scan
from cohortmart.report.pages.contrasts.small_pictures import small_pictures
from cohortmart.report.pages.contrasts.tables import (
    all_contrasts_table,
    features_table,
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
    """Return the page: for every analysis all contrasts, and pictures of each."""
    sections: list[Section] = []
    if all(source.has_rows(table) for table in _NEEDED):
        choose_contrasts(source)
        named = slugs(source.analyses, source.names.words)
        manners = [manner_of(source, a, named[a]) for a in source.analyses]
        sections = [_section(source, m) for m in manners if m is not None]
    return Page(
        "contrasts",
        "Contrasts",
        f"What differs between {source.timepoint.many} and between groups, by how much, and how "
        "likely "
        "chance alone "
        "would do the same.",
        tuple(sections),
    )


def _section(source: Source, manner: Manner) -> Section:
    seen = scan(source, manner.analysis, manner.kind)
    blocks: list[Block] = [Text(words) for words in analysis_words(source, manner) if words]
    blocks.append(all_contrasts_table(source, manner))
    blocks += [
        table
        for table in (joint_tests_table(source, manner), other_models_table(source, manner))
        if table is not None
    ]
    blocks += _pictures(source, manner, seen)
    blocks += small_pictures(source, manner, seen)
    return Section(manner.analysis, tuple(blocks))


def _pictures(source: Source, manner: Manner, seen: Scan) -> list[Block]:
    """Return the choice of a contrast, and what is said of those that are not offered."""
    rows = [r for r in seen.contrasts if r["in_page"]]
    n = source.value(
        "select count(*) from drawn_contrast where analysis = ? and not in_page",
        [manner.analysis],
    )
    found: list[Block] = []
    if n:
        found.append(
            Text(
                f"The first {len(rows)} contrasts have pictures here; of the other {n} the table "
                "above has the counts, and fct_contrast_result every number."
            )
        )
    if rows:
        panels = tuple(_panel(source, manner, seen, row) for row in rows)
        found.append(Choice(f"contrasts-pick-{manner.slug}", "Contrast", panels))
    return found


def _panel(source: Source, manner: Manner, seen: Scan, row: Row) -> Panel:
    mean_difference = mean_difference_figure(source, manner, seen, row)
    blocks: list[Block] = [volcano_figure(source, manner, seen, row)]
    if mean_difference is not None:
        blocks.append(mean_difference)
    blocks.append(p_histogram_figure(source, manner, seen, row))
    blocks.append(features_table(source, manner, seen, row))
    return Panel(shown_title(source, row), tuple(blocks))
