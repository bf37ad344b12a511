"""List of all contrasts: what each asks, and how much is found in it."""

from __future__ import annotations

from cohortmart.explore.answers.addresses import contrast_address
from cohortmart.explore.answers.contrast.wished import people_shown
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.view import View, Wanted
from cohortmart.report.blocks import Column, Page, Section, Table, Text
from cohortmart.report.naming import slugs
from cohortmart.report.pages.contrasts.words import manner_of

_CONTRASTS = """
    select d.contrast, d.meaning, d.n_samples, d.n_subjects, s.n_tested, s.n_found, s.n_up,
        s.n_down, d.analysis
    from dim_contrast as d
    inner join contrast_summary as s on s.analysis = d.analysis and s.contrast = d.contrast
    where d.analysis = $analysis and d.n_subjects >= $people
    order by d.contrast_order nulls last, d.contrast
"""


def contrast_list(explored: Explored, wanted: Wanted) -> View:
    """Return all contrasts of the study, a table for each analysis."""
    with explored.asked() as asked:
        sections = []
        named = slugs(asked.analyses, asked.names.words)
        offered = [a for a in asked.analyses if wanted.get("analysis", "") in ("", a)]
        for analysis in offered or asked.analyses:
            manner = manner_of(asked, analysis, named[analysis])
            given = {"analysis": analysis, "people": people_shown(asked)}
            rows = asked.table(_CONTRASTS, given)
            if manner is None or rows.num_rows == 0:
                continue
            table = Table(
                f"contrasts-{manner.slug}",
                f"Contrasts of {analysis}",
                "",
                (
                    Column("contrast", "Contrast", link="address"),
                    Column("meaning", "What is compared"),
                    Column("n_found", f"{manner.nouns} found", "integer"),
                    Column("n_up", "Up", "integer"),
                    Column("n_down", "Down", "integer"),
                    Column("n_tested", "Tested", "integer"),
                    Column("n_subjects", asked.subject.many.capitalize(), "integer"),
                ),
                linked(rows, "address", contrast_address, "analysis", "contrast"),
            )
            sections.append(Section(analysis, (table,)))
        if not sections:
            sections = [Section("", (Text("No analysis of this study has a contrast yet."),))]
        return View(
            Page("contrast", "Contrasts", "What was compared, and how much is found.",
                 tuple(sections)),
            questions=tuple(asked.questions),
        )  # fmt: skip
