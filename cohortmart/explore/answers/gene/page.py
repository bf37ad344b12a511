"""Page of a gene: how it goes, in which contrasts it changes, which of its CpGs move."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cohortmart.api.names import gene_meant
from cohortmart.core.errors import InputError
from cohortmart.core.text import listed
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.gene.cpg_blocks import cpg_part
from cohortmart.explore.answers.gene.cpgs import cpgs_of
from cohortmart.explore.answers.gene.mentions import mentions
from cohortmart.explore.answers.search.named import named_gene
from cohortmart.explore.answers.single.analyses import Analyses, analyses
from cohortmart.explore.answers.single.contrasts import contrast_blocks, contrast_rows
from cohortmart.explore.answers.single.courses import course_figures
from cohortmart.explore.answers.view import Control, View, Wanted
from cohortmart.report.blocks import Block, Page, Section, Text

_ASSAYS = "select assay from staging.stg_lake__assays where kind = 'counts' order by assay"
_MEASURES = """
    select assay, feature_id, measure_name from dim_measure where gene_name = $name
    order by assay, feature_id
"""


@dataclass(frozen=True)
class Gene:
    """A gene that was asked for.

    Parameters
    ----------
    title : str
        Its name, or its id where it has none.
    name : str or None
    ids : tuple of str
        Of its counts.
    features : dict
        By assay: itself (said nothing of) and its measures (their names), by id.
    """

    title: str
    name: str | None
    ids: tuple[str, ...]
    features: dict[str, dict[str, str]]


def gene_view(explored: Explored, wanted: Wanted) -> View:
    """Return the page of a gene.

    Parameters
    ----------
    explored : Explored
    wanted : mapping
        `name`: id, symbol, former symbol or other name; `promoter`, `analysis` and `contrasts`
        choose what is shown of its CpGs.

    Raises
    ------
    InputError
        No gene is called so, or several are.
    """
    word = wanted.get("name", "").strip()
    if not word:
        raise InputError("no gene is named", hint="type its name into the search field")
    with explored.asked() as asked:
        gene = _meant(explored, asked, word)
        known = analyses(explored)
        # its parts at the same time, each on a cursor of its own
        with ThreadPoolExecutor(2) as beside:
            waiting = beside.submit(_cpgs_and_mentions, explored, known, gene, wanted)
            drawing = beside.submit(_courses, explored, known, gene)
            rows = contrast_rows(explored, asked, gene.features)
            others = waiting.result()
            courses, asked_of_courses = drawing.result()
        parts = (
            ("", courses),
            ("Contrasts", tuple(contrast_blocks(rows, gene.title))),
            *others.parts,
        )
        sections = tuple(Section(title, found) for title, found in parts if found)
        if not sections:
            sections = (Section("", (Text(f"Nothing of {gene.title} was analysed."),)),)
        return View(
            Page("gene", gene.title, _lead(gene, word, others.n_cpgs), sections),
            controls=others.controls,
            kept={"name": word},
            questions=tuple(
                dict.fromkeys((*asked_of_courses, *asked.questions, *others.questions))
            ),
        )


@dataclass(frozen=True, eq=False)
class _Others:
    """What is shown below the gene itself, and the questions behind it."""

    n_cpgs: int
    parts: tuple[tuple[str, tuple[Block, ...]], ...]
    controls: tuple[Control, ...]
    questions: tuple[str, ...]


def _courses(
    explored: Explored, known: Analyses, gene: Gene
) -> tuple[tuple[Block, ...], tuple[str, ...]]:
    """Return its courses, and the questions behind them."""
    with explored.asked() as asked:
        drawn = tuple(course_figures(asked, known, gene.features, gene.title))
        return drawn, tuple(asked.questions)


def _cpgs_and_mentions(explored: Explored, known: Analyses, gene: Gene, wanted: Wanted) -> _Others:
    with explored.asked() as asked:
        cpgs = cpgs_of(explored, asked, gene.name)
        blocks, controls = cpg_part(explored, asked, known, gene.title, cpgs, wanted)
        named = [(title, tuple(found)) for title, found in mentions(asked, known, gene.name)]
        return _Others(
            len(cpgs), (("CpGs", tuple(blocks)), *named), controls, tuple(asked.questions)
        )


def _meant(explored: Explored, asked: Asked, word: str) -> Gene:
    name, ids = named_gene(explored, asked, word) or gene_meant(asked.con, word)
    features: dict[str, dict[str, str]] = {}
    if ids:
        for row in asked.rows(_ASSAYS):
            features[row["assay"]] = {i: i if len(ids) > 1 else "" for i in ids}
    if name is not None:
        for row in asked.rows(_MEASURES, {"name": name}):
            features.setdefault(row["assay"], {})[row["feature_id"]] = row["measure_name"]
    return Gene(name or word, name, ids, features)


def _lead(gene: Gene, word: str, n_cpgs: int) -> str:
    """Say what else it is called and what was measured of it."""
    ids = [i for i in gene.ids if i != gene.title]
    said = [f"Asked for as {word}."] if word not in (gene.title, *ids) else []
    measures = sorted(
        {said for those in gene.features.values() for said in those.values() if said} - set(ids)
    )
    parts = [
        *(["its expression"] if gene.ids else []),
        *([f"{listed(measures)}"] if measures else []),
        *([f"{n_cpgs} CpG{'s' if n_cpgs != 1 else ''}"] if n_cpgs else []),
    ]
    said.append(f"{f'{listed(ids)}; m' if ids else 'M'}easured: {listed(parts)}.")
    return " ".join(said)
