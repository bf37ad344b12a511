"""Page of identity: what is odd, the genotypes any two arrays share, sample by sample."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmart.core.text import joined
from cohortmart.report.blocks import Block, Page, Section, Text
from cohortmart.report.pages.identity.agreement import agreement_figure
from cohortmart.report.pages.identity.tables import numbers_table, pairs_table, samples_table
from cohortmart.report.pages.identity.words import identity_flags
from cohortmart.report.source import Source

_LEAD = "Is every sample of the {subject} that the sample sheet says?"
_SEXES = """
    select count(distinct told_sex) as n, any_value(told_sex) as told,
        count(told_sex) as n_told, count(said_sex) as n_said from qc_identity
"""
_NOT_TOLD = """
    select assay from qc_identity group by assay
    having count(*) filter (verdict not in ('cannot tell', 'other sex')) = 0 order by assay
"""


def identity_page(source: Source) -> Page:
    """Return the page about whose each sample is."""
    lead = _LEAD.format(subject=source.subject.one)
    if not source.has_rows("qc_identity"):
        return Page("identity", "Whose sample", lead, ())
    sections = [
        Section("What to look at first", tuple(_first(source))),
        Section("Samples", tuple(_samples(source))),
    ]
    return Page("identity", "Whose sample", lead, tuple(sections))


def _first(source: Source) -> Iterator[Block]:
    said = identity_flags(source)
    yield from (Text(words, "warning") for words in said)
    if not said:
        yield Text("Nothing is at odds with the sample sheet, as far as the data can tell.")
    figure = agreement_figure(source)
    if figure is not None:
        yield figure
    yield from (Text(words) for words in _limits(source))


def _limits(source: Source) -> Iterator[str]:
    """Say what the data cannot tell."""
    assays = [row["assay"] for row in source.rows(_NOT_TOLD)]
    if assays:
        yield (
            f"Whose the samples of {joined(assays)} are cannot be told: nothing that singles out "
            f"{source.subject.a} was measured of them, or too little."
        )
    sexes = source.rows(_SEXES)[0]
    if sexes["n"] == 1:
        other = "male" if sexes["told"] == "female" else "female"
        yield (
            f"All samples whose sex can be told are {sexes['told']}: by sex, only a sample that is "
            f"{other} would be found."
        )
    if sexes["n_told"] and not sexes["n_said"]:
        yield "The sample sheet does not say the sex, so that it was compared with nothing."


def _samples(source: Source) -> Iterator[Block]:
    yield numbers_table(source)
    if source.pseudonymised:  # which samples are of one person is not told
        return
    yield samples_table(source)
    pairs = pairs_table(source)
    if pairs is not None:
        yield pairs
