"""Page of returns: how much of each difference from a reference is gone."""

from __future__ import annotations

from cohortmart.report.blocks import Block, Page, Section, Text
from cohortmart.report.naming import slugs
from cohortmart.report.pages.returns.picture import differences_figure
from cohortmart.report.pages.returns.tables import features_table, summary_table
from cohortmart.report.pages.returns.words import (
    Returned,
    correlation_words,
    found_words,
    returned_of,
)
from cohortmart.report.source import Source

LEAD = "Which differences from a reference are gone later on, beyond what chance gives."


def returns_page(source: Source) -> Page:
    """Return the page: for each analysis sentences, the picture, numbers and features."""
    sections = []
    if source.has_rows("return_summary"):
        for analysis, slug in slugs(source.analyses, source.names.words).items():
            of = returned_of(source, analysis, slug)
            if of is not None:
                sections.append(Section(f"Returns: {analysis}", tuple(_blocks(source, of))))
    return Page("returns", "Returns", LEAD, tuple(sections))


def _blocks(source: Source, of: Returned) -> list[Block]:
    figure = differences_figure(source, of)
    said = [f"{found_words(source, of, v)} {correlation_words(v)}".strip() for v in of.visits]
    return [
        *(Text(words, "finding") for words in said),
        *(() if figure is None else (figure,)),
        summary_table(source, of),
        features_table(source, of),
    ]
