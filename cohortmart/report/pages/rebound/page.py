"""Page of rebound: what it is, and each pair of changes."""

from __future__ import annotations

from cohortmart.report.blocks import Block, Page, Section, Text
from cohortmart.report.pages.rebound.changes import changes_figure, classes_figure
from cohortmart.report.pages.rebound.courses import courses_figure
from cohortmart.report.pages.rebound.pairs import ReboundPair, rebound_pairs
from cohortmart.report.pages.rebound.sectors import sectors_figure
from cohortmart.report.pages.rebound.tables import summary_table, top_table
from cohortmart.report.pages.rebound.words import (
    LEAD,
    correlation_words,
    found_words,
    union_words,
)
from cohortmart.report.source import Source

_DIFFER = """
    select study_group, reference_group, count(*) filter (where differs) as n
    from rebound_group
    where analysis = $analysis and pair = $pair
    group by study_group, reference_group
    order by list_position($groups, study_group), study_group
"""


def rebound_page(source: Source) -> Page:
    """Return the page that shows what changes and swings back."""
    pairs = rebound_pairs(source)
    if not pairs:
        return Page("rebound", "Rebound", LEAD)
    overview = Section("All pairs of changes", (summary_table(source),))
    return Page("rebound", "Rebound", LEAD, (overview, *(_section(source, p) for p in pairs)))


def _section(source: Source, pair: ReboundPair) -> Section:
    pictures = (
        changes_figure(source, pair),
        classes_figure(source, pair),
        sectors_figure(source, pair),
        courses_figure(source, pair),
    )
    blocks: list[Block] = [
        *(
            Text(f"{title}: {found_words(pair, m)} {correlation_words(m)}", "finding")
            for title, m in zip(pair.titles, pair.members, strict=True)
        ),
        *_groups_compared(source, pair),
        *(picture for picture in pictures if picture is not None),
        top_table(source, pair),
    ]
    return Section(f"{pair.analysis}: {pair.pair}", tuple(blocks))


def _groups_compared(source: Source, pair: ReboundPair) -> tuple[Text, ...]:
    """Return what the groups have in common and how many features differ between them."""
    if len(pair.members) < 2:
        return ()
    keys = {"analysis": pair.analysis, "pair": pair.pair}
    unions = source.rows(
        "select * from rebound_union where analysis = $analysis and pair = $pair", keys
    )
    differ = (
        source.rows(_DIFFER, keys | {"groups": list(source.groups)})
        if source.is_there("rebound_group")
        else []
    )
    return tuple(Text(union_words(pair, row, differ)) for row in unions)
