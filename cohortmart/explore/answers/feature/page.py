"""Page of a feature: a CpG, a protein or another measure, its course and its contrasts."""

from __future__ import annotations

from cohortmart.api.names import features_meant, no_such
from cohortmart.core.errors import InputError
from cohortmart.core.study.kinds import BETA, KINDS
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.beside import beside
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.feature.facts import facts_of
from cohortmart.explore.answers.single.analyses import analyses
from cohortmart.explore.answers.single.contrasts import contrast_blocks, contrast_rows
from cohortmart.explore.answers.single.courses import course_figures
from cohortmart.explore.answers.single.pairs import pairs_table
from cohortmart.explore.answers.single.person_bound import person_bound
from cohortmart.explore.answers.view import View, Wanted
from cohortmart.report.blocks import Block, Figure, Page, Section, Text

_ASSAYS = "select assay, kind from staging.stg_lake__assays order by assay"


def feature_view(explored: Explored, wanted: Wanted) -> View:
    """Return the page of a feature.

    Parameters
    ----------
    explored : Explored
    wanted : mapping
        `assay`, and `id`: the id or the name of a feature of it.

    Raises
    ------
    InputError
        There is no such assay or feature, or the name means several.
    """
    assay, word = wanted.get("assay", ""), wanted.get("id", "").strip()
    with explored.asked() as asked:
        kinds = {row["assay"]: row["kind"] for row in asked.rows(_ASSAYS)}
        if assay not in kinds:
            raise no_such("assay", [assay], list(kinds))
        kind = KINDS[kinds[assay]]
        ids = (
            [word] if word in (met := features_meant(asked.con, assay, kind.name, [word])) else met
        )
        if len(ids) > 1:
            raise InputError(
                f"`{word}` means {len(ids):,} {kind.many_shown} of {assay}",
                found=", ".join(ids[:8]),
                hint="ask for one of them, or for the gene",
            )
        facts = facts_of(asked, kind, assay, ids[0])
        features = {assay: {ids[0]: ""}}
        known = analyses(explored)

        def drawn(of: Asked) -> list[Figure]:
            return course_figures(of, known, features, facts.title)

        with beside(explored, drawn) as courses_are:
            rows = contrast_rows(explored, asked, features)
            bound = person_bound(asked, {a.analysis: a.assay for a in known.all}, features)
            courses, asked_of_courses = courses_are()
        pairs = None
        if kind.name == BETA:
            pairs = pairs_table(
                asked, known, f"Genes that change together with {ids[0]}", cpg=ids[0]
            )
        parts: tuple[tuple[str, tuple[Block, ...]], ...] = (
            ("", (*facts.texts, *courses, *bound)),
            ("Contrasts", tuple(contrast_blocks(rows, facts.title))),
            ("CpG and expression", (pairs,) if pairs is not None else ()),
        )
        sections = tuple(Section(title, blocks) for title, blocks in parts if blocks)
        if not sections:
            sections = (Section("", (Text(f"Nothing of {facts.title} was analysed."),)),)
        return View(
            Page("feature", facts.title, facts.lead, sections),
            links=facts.links,
            questions=tuple(dict.fromkeys((*asked.questions, *asked_of_courses))),
        )
