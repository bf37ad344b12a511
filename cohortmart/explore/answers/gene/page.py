"""Page of a gene: how it goes, in which contrasts it changes, which of its CpGs move."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cohortmart.api.names import gene_meant
from cohortmart.core.errors import InputError
from cohortmart.core.text import listed
from cohortmart.explore.answers.addresses import address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.beside import beside
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.gene.cpg_blocks import cpg_part
from cohortmart.explore.answers.gene.cpgs import cpgs_of
from cohortmart.explore.answers.gene.mentions import mentions
from cohortmart.explore.answers.search.named import named_gene
from cohortmart.explore.answers.single.analyses import analyses
from cohortmart.explore.answers.single.contrasts import contrast_blocks, contrast_rows
from cohortmart.explore.answers.single.courses import course_figures
from cohortmart.explore.answers.single.person_bound import person_bound
from cohortmart.explore.answers.view import View, Wanted
from cohortmart.report.blocks import Block, Page, Section, Text

#: What an address chooses of the CpGs, besides the gene.
_CHOICES = ("promoter", "analysis", "contrasts")
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
        choose what is shown of its CpGs, see `gene_cpgs_view`.

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

        def drawn(of: Asked) -> tuple[Block, ...]:
            return tuple(course_figures(of, known, gene.features, gene.title))

        with beside(explored, drawn) as courses_are:
            rows = contrast_rows(explored, asked, gene.features)
            bound = person_bound(asked, {a.analysis: a.assay for a in known.all}, gene.features)
            courses, asked_of_courses = courses_are()
        parts = (
            ("", (*courses, *bound)),
            ("Contrasts", tuple(contrast_blocks(rows, gene.title))),
        )
        return View(
            Page("gene", gene.title, _lead(gene, word), _sections(parts)),
            questions=tuple(dict.fromkeys((*asked_of_courses, *asked.questions))),
            later=address("gene-cpgs", **{"name": word, **_chosen(wanted)}),
        )


def gene_cpgs_view(explored: Explored, wanted: Wanted) -> View:
    """Return what stands below a gene: its CpGs, and where else it is named.

    Parameters
    ----------
    explored : Explored
    wanted : mapping
        As of `gene_view`.

    Raises
    ------
    InputError
        No gene is called so, or several are.
    """
    word = wanted.get("name", "").strip()
    with explored.asked() as asked:
        gene = _meant(explored, asked, word)
        known = analyses(explored)
        with beside(explored, lambda of: [*mentions(of, known, gene.name)]) as mentions_are:
            cpgs = cpgs_of(explored, asked, gene.name)
            blocks, controls = cpg_part(explored, asked, known, gene.title, cpgs, wanted)
            named, asked_of_names = mentions_are()
        sections = _sections((("CpGs", tuple(blocks)), *((t, tuple(found)) for t, found in named)))
        if not sections and not gene.features:
            sections = (Section("", (Text(f"Nothing of {gene.title} was analysed."),)),)
        return View(
            Page("gene", gene.title, "", sections),
            controls=controls,
            kept={"name": word},
            # where there is nothing to show, how it was asked is of no use
            questions=tuple(dict.fromkeys((*asked.questions, *asked_of_names)) if sections else ()),
        )


def _chosen(wanted: Wanted) -> dict[str, str]:
    """Return what an address chooses of the CpGs."""
    return {name: wanted[name] for name in _CHOICES if wanted.get(name)}


def _sections(parts: Iterable[tuple[str, tuple[Block, ...]]]) -> tuple[Section, ...]:
    return tuple(Section(title, blocks) for title, blocks in parts if blocks)


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


def _lead(gene: Gene, word: str) -> str:
    """Say what else it is called and what was measured of it."""
    ids = [i for i in gene.ids if i != gene.title]
    said = [f"Asked for as {word}."] if word not in (gene.title, *ids) else []
    measures = sorted(
        {said for those in gene.features.values() for said in those.values() if said} - set(ids)
    )
    parts = [
        *(["its expression"] if gene.ids else []),
        *([f"{listed(measures)}"] if measures else []),
    ]
    if parts:
        said.append(f"{f'{listed(ids)}; m' if ids else 'M'}easured: {listed(parts)}.")
    return " ".join(said)
