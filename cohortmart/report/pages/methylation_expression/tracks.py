"""Gene tracks: the expression of a gene over time, and its CpGs in genomic order under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.report.blocks import Figure, Panel
from cohortmart.report.figures.gene_track import expression_course, methylation_track
from cohortmart.report.pages.methylation_expression.pairs import best_genes
from cohortmart.report.pages.methylation_expression.track_sql import BETAS, COURSE, KINDS, PROBES
from cohortmart.report.sample_numbers import samples_and_people
from cohortmart.report.source import Source

#: CpGs of a gene that are drawn: those next to that of its closest pair.
_PROBES = 24


def gene_panels(
    source: Source, methylation: str, expression: str, number: int
) -> tuple[Panel, ...]:
    """Return a panel for each gene of the closest CpG-gene pairs.

    Parameters
    ----------
    source : Source
    methylation, expression : str
        The two analyses.
    number : int
        Of the methylation analysis, for the names of the figures.

    Returns
    -------
    tuple of Panel
        None where the warehouse has no means by group. The figures of the first gene are also
        written to files.
    """
    if not source.is_there("group_expression", "group_methylation", "design_matrix"):
        return ()
    genes = best_genes(source, methylation)
    ids = [gene["gene_id"] for gene in genes]
    # the mean of one person is that person's value
    fewest = 2 if source.pseudonymised else 1
    of_genes = {"analysis": expression, "genes": ids, "fewest": fewest}
    course = source.table(COURSE.format(kinds=KINDS), of_genes)
    probes = source.table(
        PROBES,
        {"analysis": methylation, "genes": ids, "best": [g["probe_id"] for g in genes],
         "most": _PROBES},
    )  # fmt: skip
    known = sorted(set(probes["probe"].to_pylist()))
    of_probes = {"analysis": methylation, "probes": known, "fewest": fewest}
    betas = source.table(BETAS.format(kinds=KINDS), of_probes)
    people = tuple(samples_and_people(source, [name]) for name in (expression, methylation))
    panels = []
    for place, gene in enumerate(genes, start=1):
        drawn = _Drawn(source, gene, f"{number}-{place}", "both" if place == 1 else "page", people)
        blocks = (
            *_expression(drawn, course.filter(pc.field("gene_id") == gene["gene_id"])),
            *_methylation(drawn, probes.filter(pc.field("gene_id") == gene["gene_id"]), betas),
        )
        if blocks:
            panels.append(Panel(drawn.called, blocks))
    return tuple(panels)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A gene, and what its figures have in common."""

    source: Source
    gene: Mapping[str, Any]
    number: str
    where: Literal["both", "page"]
    people: tuple[str, ...]

    @property
    def called(self) -> str:
        name, identifier = str(self.gene["gene_name"]), str(self.gene["gene_id"])
        return name if name == identifier else f"{name} ({identifier})"


def _expression(drawn: _Drawn, course: pa.Table) -> tuple[Figure, ...]:
    if course.num_rows == 0:
        return ()
    source = drawn.source
    kinds, groups = set(course["kind"].to_pylist()), set(course["study_group"].to_pylist())
    low, high = (f(course["mean"]).as_py() for f in (pc.min, pc.max))
    facet = len(kinds) > 1
    figure = Figure(
        name=f"methylation-expression-course-{drawn.number}",
        title=f"Expression of {drawn.called} over the {source.timepoint.many}",
        caption=(f"{drawn.people[0]}").strip(),
        alt=(
            f"Mean expression of {drawn.called} by {source.timepoint.one}: between "
            f"{low:.2f} and {high:.2f} log2 CPM."
        ),
        spec=expression_course(
            source.groups,
            _ordered(source.groups, groups),
            source.timepoints,
            source.nouns,
            facet=facet,
        ),
        data={"course": course.drop_columns(["gene_id"])},
        where=drawn.where,
        fit="columns" if facet else "width",
        cell_width=330,
        max_width=640,
    )
    return (figure,)


def _methylation(drawn: _Drawn, probes: pa.Table, betas: pa.Table) -> tuple[Figure, ...]:
    betas = betas.filter(pc.is_in(betas["probe"], value_set=probes["probe"]))
    if betas.num_rows == 0:
        return ()
    source = drawn.source
    facts = probes.select(["probe", "probe_order", "position", "region", "strip", "is_pair"])
    panels = _panels(source, betas)
    track = pa.concat_tables(
        [
            _labelled(betas.join(facts.select(_FACTS), "probe"), "beta", panels),
            *(
                _labelled(facts.append_column("panel", _repeated(name, facts)), "probe", panels)
                for name in panels
            ),
        ],
        promote_options="default",
    ).sort_by([("part", "ascending"), ("panel_order", "ascending"), ("probe_order", "ascending"),
               ("visit_order", "ascending")])  # fmt: skip
    n_all, n_pairs = probes["n_probes"][0].as_py(), pc.sum(probes["is_pair"]).as_py()
    some = (
        ""
        if n_all == probes.num_rows
        else f"{probes.num_rows} of {n_all:,} CpGs, those nearest to that of the closest pair. "
    )
    shown = _ordered(source.timepoints, set(betas["timepoint"].to_pylist()))
    figure = Figure(
        name=f"methylation-expression-track-{drawn.number}",
        title=f"Methylation of the CpGs of {drawn.called}, in genomic order",
        caption=(f"{_place(probes)}{some}{drawn.people[1]}").strip(),
        alt=(
            f"{probes.num_rows} CpGs of {drawn.called}, of which {n_pairs} change together with "
            f"its expression; mean betas between {pc.min(betas['mean']).as_py():.2f} and "
            f"{pc.max(betas['mean']).as_py():.2f}."
        ),
        spec=methylation_track(
            source.timepoints,
            shown,
            sorted(set(probes["strip"].to_pylist())),
            source.nouns,
        ),
        data={"track": track.drop_columns(["kind"])},
        where=drawn.where,
        fit="columns",
        cell_width=350,
    )
    return (figure,)


_FACTS = ["probe", "probe_order", "position", "region"]


def _panels(source: Source, betas: pa.Table) -> dict[str, int]:
    """Return the place of each panel: groups as in study.yml, within them by kind."""
    rows = {(r["study_group"], r["kind"], r["panel"]) for r in betas.to_pylist()}
    place = {group: i for i, group in enumerate(source.groups)}
    ordered = sorted(rows, key=lambda r: (place.get(r[0], len(place)), r))
    return {panel: i for i, (_, _, panel) in enumerate(ordered, start=1)}


def _labelled(rows: pa.Table, part: str, panels: Mapping[str, int]) -> pa.Table:
    order = pa.array([panels[name] for name in rows["panel"].to_pylist()], pa.int64())
    return rows.append_column("part", _repeated(part, rows)).append_column("panel_order", order)


def _repeated(text: str, rows: pa.Table) -> pa.Array:
    return pa.array([text] * rows.num_rows, pa.string())


def _ordered(names: Sequence[str], shown: set[str]) -> list[str]:
    return [name for name in names if name in shown]


def _place(probes: pa.Table) -> str:
    """Say where on the genome the CpGs lie, if that is known."""
    first, last = probes["position"][0].as_py(), probes["position"][-1].as_py()
    chromosome, other = (probes["chromosome"][i].as_py() for i in (0, -1))
    if chromosome is None or chromosome != other or first is None or last is None:
        return ""
    return f"Chromosome {chromosome}, bases {first:,} to {last:,}. "
