"""Page of explained changes: what variables explain of a change, and what remains."""

from __future__ import annotations

from cohortmart.core.text import counted, joined
from cohortmart.report.blocks import Block, Page, Section, Text
from cohortmart.report.naming import slugs
from cohortmart.report.pages.explained.picture import parts_figure
from cohortmart.report.pages.explained.tables import (
    features_table,
    summary_table,
    variables_table,
)
from cohortmart.report.pages.explained.words import Parted, parted_of
from cohortmart.report.source import Source

LEAD = (
    "How much of each change within {people} the changes of chosen variables explain, and what "
    "remains."
)
CAUTION = "Explained by {variables} is not caused by {them}."


def explained_page(source: Source) -> Page:
    """Return the page: pictures of total and remaining changes, variables, features."""
    lead = LEAD.format(people=source.subject.many)
    sections = []
    if source.has_rows("explained_summary"):
        for analysis, slug in slugs(source.analyses, source.names.words).items():
            parted = parted_of(source, analysis, slug)
            if parted is not None:
                blocks = tuple(_blocks(source, parted))
                sections.append(Section(f"Explained changes: {analysis}", blocks))
    return Page("explained", "Explained", lead, tuple(sections))


def _blocks(source: Source, parted: Parted) -> list[Block]:
    names = joined([source.names.words(v) for v in parted.variables])
    them = "it" if len(parted.variables) == 1 else "them"
    figure = parts_figure(source, parted)
    return [
        *(Text(words, "finding") for words in _found(source, parted)),
        *(() if figure is None else (figure,)),
        Text(CAUTION.format(variables=names, them=them)),
        variables_table(source, parted),
        summary_table(source, parted),
        features_table(source, parted),
    ]


def _found(source: Source, parted: Parted) -> list[str]:
    """Say it for the contrast with most found features; of none, that there is none."""
    rows = source.rows(
        "select * from explained_summary where analysis = ?"
        " order by n_found desc, contrast limit 1",
        [parted.analysis],
    )
    row = rows[0]
    if row["n_found"] == 0:
        return [f"No {parted.noun} is found in a contrast within {source.subject.many}."]
    share = row["median_share"]
    half = (
        ""
        if share is None
        else f"; in the {parted.noun} in the middle the explained part is {100 * share:.0f} % of "
        "the change"
    )
    return [
        f"{source.names.words(row['contrast'])}: of "
        f"{counted(row['n_found'], parted.noun, parted.nouns)} found, "
        f"{row['n_mostly_explained']:,} are mostly explained, and in {row['n_remaining']:,} a "
        f"change remains{half}."
    ]
