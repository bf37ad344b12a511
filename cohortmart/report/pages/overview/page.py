"""Page of overview: what stands out, in pictures and sentences; what to do; who was measured."""

from __future__ import annotations

from cohortmart.core.text import counted
from cohortmart.report.blocks import Block, Page, Section, Text
from cohortmart.report.pages.overview.cautions import cautions
from cohortmart.report.pages.overview.people import people_figure
from cohortmart.report.pages.overview.pictures import strongest_pictures
from cohortmart.report.pages.overview.strongest import strongest_findings
from cohortmart.report.source import Source

_SIZE = """
    select count(distinct subject) as people, count(*) as samples,
        count(distinct timepoint) as timepoints from shown_sample
"""


def overview_page(source: Source) -> Page:
    """Return the page that says the whole in a minute."""
    size = source.rows(_SIZE)[0]
    lead = (
        f"{source.subject.counted(size['people'])}, "
        f"{source.timepoint.counted(size['timepoints'])}, {counted(size['samples'], 'sample')}."
    )
    sections = (
        Section("What stands out", _findings(source)),
        Section("What to do", _warnings(source)),
        Section("Who was measured", _measured(source)),
    )
    return Page("overview", "At a glance", lead, tuple(s for s in sections if s.blocks))


def _findings(source: Source) -> tuple[Block, ...]:
    found = strongest_findings(source)
    if not found and not source.analyses:
        return (Text("No analysis ran."),)
    if not found:
        return (Text("Nothing passes the thresholds of study.yml."),)
    said = (Text(source.names.words(f), "finding") for f in found)
    return (*strongest_pictures(source), *said)


def _warnings(source: Source) -> tuple[Block, ...]:
    return tuple(Text(source.names.words(c), "warning") for c in cautions(source))


def _measured(source: Source) -> tuple[Block, ...]:
    figure = people_figure(source)
    return () if figure is None else (figure,)
