"""First page of the explorer: what there is, and where to begin."""

from __future__ import annotations

from cohortmart.explore.answers.addresses import contrast_address
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.view import View, Wanted
from cohortmart.report.blocks import Block, Column, Page, Section, Table
from cohortmart.report.pages.overview.pictures import courses_figure

_CONTRASTS = """
    select s.analysis, s.contrast, d.meaning, s.n_tested, s.n_found, s.n_up, s.n_down
    from contrast_summary as s
    inner join dim_contrast as d on d.analysis = s.analysis and d.contrast = s.contrast
    order by s.n_found desc, s.analysis, s.contrast
    limit 400
"""


def home_view(explored: Explored, wanted: Wanted) -> View:
    """Return the first page."""
    del wanted
    with explored.asked() as asked:
        course = courses_figure(asked)
        rows = linked(asked.table(_CONTRASTS), "address", contrast_address, "analysis", "contrast")
        blocks: list[Block] = [] if course is None else [course]
        table = Table(
            "contrasts",
            "Contrasts",
            "One row per contrast.",
            (Column("analysis", "Analysis"), Column("contrast", "Contrast", link="address"),
             Column("meaning", "Meaning"), Column("n_found", "Found", "integer")),
            rows,
        )  # fmt: skip
        blocks.append(table)
        return View(
            Page("", asked.study, "Type a gene to see everyone's course.",
                 (Section("Strongest", tuple(blocks)),)),
            questions=tuple(asked.questions),
        )  # fmt: skip
