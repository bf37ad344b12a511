"""First page: the study in a line, names to try, its strongest courses and contrasts."""

from __future__ import annotations

from typing import Any

from cohortmart.core.text import counted, joined
from cohortmart.explore.answers.addresses import address, contrast_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.home.courses import strongest_courses
from cohortmart.explore.answers.home.examples import examples
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.view import View, Wanted
from cohortmart.report.blocks import Block, Column, Page, Section, Table, Text
from cohortmart.report.source import Source

_SIZE = """
    select study_group, count(distinct subject) as people, count(*) as samples
    from shown_sample group by study_group
    order by list_position($groups, study_group), study_group
"""
_ASSAYS = "select distinct assay from analysis_run order by assay"
#: Of each analysis the contrast in which most is found.
_CONTRASTS = """
    select s.analysis, s.contrast, d.meaning, s.n_tested, s.n_found, s.n_up, s.n_down,
        count(*) over (partition by s.analysis) as n_contrasts
    from contrast_summary as s
    inner join dim_contrast as d on d.analysis = s.analysis and d.contrast = s.contrast
    where d.n_subjects >= $fewest
    qualify row_number() over (
        partition by s.analysis order by s.n_found desc, s.min_adj_p_value, s.contrast
    ) = 1
    order by list_position($analyses, s.analysis), s.analysis
"""


def home_view(explored: Explored, wanted: Wanted) -> View:
    """Return the first page; it is made once of a warehouse."""
    del wanted
    return explored.kept("home", make_home)


def make_home(source: Source) -> View:
    """Make the first page of a warehouse.

    Parameters
    ----------
    source : Source
    """
    asked = Asked.on(source, source.con)
    found = (strongest_courses(asked), _contrasts(asked))
    blocks: list[Block] = [block for block in found if block is not None]
    if not blocks:
        blocks = [Text("No analysis ran yet.")]
    return View(
        Page("", asked.study, study_words(asked), (Section("", tuple(blocks)),)),
        links=tuple(examples(asked)),
        questions=tuple(asked.questions),
    )


def study_words(source: Source) -> str:
    """Return what the study is in a line: people, visits, samples, what was measured.

    Parameters
    ----------
    source : Source
    """
    rows = source.rows(_SIZE, {"groups": list(source.groups)})
    said = source.subject.counted(sum(row["people"] for row in rows))
    if source.has_groups:
        said += f" ({', '.join(_of_group(row) for row in rows)})"
    visits = source.timepoint.counted(len(source.timepoints))
    samples = counted(sum(row["samples"] for row in rows), "sample")
    assays = [row["assay"] for row in source.rows(_ASSAYS)]
    measured = f": {joined(assays)}" if assays else ""
    return f"{said}, {visits}, {samples}{measured}."


def _of_group(row: dict[str, Any]) -> str:
    return f"{row['people']:,} {row['study_group']}"


def _contrasts(asked: Asked) -> Table | None:
    if not asked.is_there("contrast_summary", "dim_contrast"):
        return None
    given = {"fewest": 2 if asked.pseudonymised else 1, "analyses": list(asked.analyses)}
    rows = asked.table(_CONTRASTS, given)
    if rows.num_rows == 0:
        return None
    rows = linked(rows, "address", contrast_address, "analysis", "contrast")
    rows = linked(rows, "all", lambda of: address("contrast", analysis=of), "analysis")
    return Table(
        "home-contrasts",
        "Where most is found",
        "Of each analysis the contrast with the most that passes the thresholds of study.yml.",
        (
            Column("analysis", "Analysis"),
            Column("contrast", "Contrast", link="address"),
            Column("meaning", "What it compares"),
            Column("n_tested", "Tested", "integer"),
            Column("n_found", "Found", "integer"),
            Column("n_up", "Higher", "integer"),
            Column("n_down", "Lower", "integer"),
            Column("n_contrasts", "Contrasts of the analysis", "integer", link="all"),
        ),
        rows,
    )
