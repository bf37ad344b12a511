"""Page of regions: neighbouring CpGs that change together, and those that swing back."""

from __future__ import annotations

from cohortmart.core.text import counted
from cohortmart.report.blocks import Block, Page, Section, Text
from cohortmart.report.naming import slugs
from cohortmart.report.pages.regions.tables import numbers_table, rebound_table, strongest_table
from cohortmart.report.pages.regions.tracks import tracks_figure
from cohortmart.report.sample_numbers import samples_and_people
from cohortmart.report.source import Source
from cohortmart.report.units import unit_of

LEAD = "Neighbouring CpGs that change the same way, tested as one."
_OF = """
    select any_value(c.values_used) as used, any_value(s.note) as note
    from dmr_summary as s
    inner join dim_contrast as c on s.analysis = c.analysis and s.contrast = c.contrast
    where s.analysis = ?
"""


def regions_page(source: Source) -> Page:
    """Return the page: tracks of the strongest regions, tables of regions and of contrasts."""
    sections = []
    if source.has_rows("dmr_summary"):
        for analysis, slug in slugs(source.analyses, source.names.words).items():
            (of,) = source.rows(_OF, [analysis])
            if of["used"] is not None:
                unit = unit_of(source, analysis, of["used"])
                people = samples_and_people(source, (analysis,))
                blocks = _blocks(source, analysis, slug, unit, people, of["note"])
                sections.append(Section(f"Regions: {analysis}", tuple(blocks)))
    return Page("regions", "Regions", LEAD, tuple(sections))


def _blocks(
    source: Source, analysis: str, slug: str, unit: str, people: str, note: str | None
) -> list[Block]:
    if note is not None:
        words = f"Nothing can be said of regions: {note}."
        return [Text(words, "finding"), numbers_table(source, analysis, slug)]
    figure = tracks_figure(source, analysis, slug, people)
    blocks: list[Block] = [Text(words, "finding") for words in _found(source, analysis)]
    if figure is None:
        return [*blocks, numbers_table(source, analysis, slug)]
    blocks += [figure, strongest_table(source, analysis, slug, unit)]
    back = rebound_table(source, analysis, slug, unit)
    if back is not None:
        blocks.append(back)
    return [*blocks, numbers_table(source, analysis, slug)]


def _found(source: Source, analysis: str) -> list[str]:
    """Say it for the contrast with most regions, and of regions that swing back."""
    (row,) = source.rows(
        "select contrast, n_found, n_by_chance, (select count(*) from dmr_summary"
        " where analysis = $1 and n_found > 0) as n_with, count(*) over () as n"
        " from dmr_summary where analysis = $1 order by n_found desc, contrast limit 1",
        [analysis],
    )
    if row["n_found"] == 0:
        return [f"No region is found in any of {counted(row['n'], 'contrast')}."]
    words = (
        f"{counted(row['n_found'], 'region')} in {source.names.words(row['contrast'])}; "
        f"any in {row['n_with']} of {counted(row['n'], 'contrast')}."
    )
    return [words, *_swinging(source, analysis)]


def _swinging(source: Source, analysis: str) -> list[str]:
    if not source.has_rows("rebound_region"):
        return []
    rows = source.rows(
        "select pair, study_group, count(*) as n, count(case when is_found then 1 end) as n_back"
        " from rebound_region where analysis = ? group by all"
        " order by n_back desc, pair, study_group limit 1",
        [analysis],
    )
    if not rows:
        return []
    (row,) = rows
    group = "" if row["study_group"] is None else f"{source.names.words(row['study_group'])}: "
    return [
        f"{group}{row['n_back']} of {counted(row['n'], 'region')} of the first change of "
        f"{row['pair']} swing back in the second."
    ]
