"""Page of quality: what is odd, then assay by assay."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmart.report.blocks import Block, Page, Section, Text
from cohortmart.report.pages.quality.assays import Assay, assays, sample_sets
from cohortmart.report.pages.quality.axes import axes_blocks
from cohortmart.report.pages.quality.densities import density_blocks
from cohortmart.report.pages.quality.filters import filter_blocks
from cohortmart.report.pages.quality.flags import quality_flags
from cohortmart.report.pages.quality.maps import map_blocks
from cohortmart.report.pages.quality.sample_similarity import correlation_blocks
from cohortmart.report.pages.quality.samples import sample_blocks
from cohortmart.report.pages.quality.trend import trend_blocks
from cohortmart.report.source import Source

_LEAD = "Can the samples be trusted, and does anything but biology set them apart?"


def quality_page(source: Source) -> Page:
    """Return the page about the quality of samples, filters and values."""
    found = assays(source)
    sections = [s for assay in found for s in _sections(source, assay) if s.blocks]
    if sections:
        sections.insert(0, Section("What to look at first", _first(source, found)))
    return Page("quality", "Quality", _LEAD, tuple(sections))


def _first(source: Source, found: list[Assay]) -> tuple[Block, ...]:
    said = [words for assay in found for words in quality_flags(source, assay)]
    if said:
        return tuple(Text(words, "warning") for words in said)
    return (Text("Nothing odd was found, as far as the sample sheet and the tables tell."),)


def _sections(source: Source, assay: Assay) -> Iterator[Section]:
    sets = sample_sets(source, assay)
    name = assay.name
    yield Section(f"{name}: the samples", sample_blocks(source, assay))
    yield Section(f"{name}: distribution of the betas", density_blocks(source, assay))
    yield Section(f"{name}: what the filters left", filter_blocks(source, assay))
    yield Section(f"{name}: noise and abundance", trend_blocks(source, assay))
    alike = (*map_blocks(source, assay, sets), *correlation_blocks(source, assay))
    yield Section(f"{name}: which samples are alike", alike)
    yield Section(
        f"{name}: what the differences between samples go with", axes_blocks(source, assay, sets)
    )
