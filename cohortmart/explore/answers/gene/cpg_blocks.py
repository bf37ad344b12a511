"""CpGs of a gene as blocks: which move, a heat map by contrast, and their table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from cohortmart.core.text import counted, listed
from cohortmart.explore.answers.addresses import feature_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.gene.cpg_heat import cpg_heat_map
from cohortmart.explore.answers.gene.cpgs import Cpg, most_found
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.results import results_of
from cohortmart.explore.answers.single.analyses import Analyses
from cohortmart.explore.answers.view import Control, Option, Wanted, picked
from cohortmart.report.blocks import Block, Column, Figure, Table, Text
from cohortmart.report.pages.overview.features import Analysed

#: Contrasts that are shown first, rows of the heat map, CpGs that are named in a sentence.
_FIRST, _MOST_ROWS, _NAMED = 8, 150, 4
#: Least delta beta at which the colours end.
_LEAST_REACH = 0.05


def cpg_part(
    explored: Explored,
    asked: Asked,
    known: Analyses,
    title: str,
    cpgs: Sequence[Cpg],
    wanted: Wanted,
) -> tuple[list[Block], tuple[Control, ...]]:
    """Return what is shown of the CpGs of a gene, and the controls that choose it.

    Parameters
    ----------
    explored, asked, known
    title : str
        Of the gene.
    cpgs : sequence of Cpg
        All of its own.
    wanted : mapping
        `promoter`: 1 for those of the promoter alone; `analysis`: by name, that which finds most
        of them first; `contrasts`: `all`, or those that find most.
    """
    of = [one for one in known.all if one.is_beta]
    if not cpgs:
        return [], ()
    promoter = wanted.get("promoter") == "1" and any(cpg.is_promoter for cpg in cpgs)
    shown = [cpg for cpg in cpgs if cpg.is_promoter or not promoter]
    blocks: list[Block] = [Text(_finding(title, cpgs), "finding")]
    controls = [Control("promoter", "CpGs of the promoter only", "1" if promoter else "", "tick")]
    if of:
        names = [one.analysis for one in of]
        best = [*most_found(shown), names[0]][0]
        name = picked(wanted, "analysis", names, best)
        which = picked(wanted, "contrasts", ("first", "all"), "first")
        analysis = next(one for one in of if one.analysis == name)
        rows = list(known.contrasts.get(name, ()))
        drawn = _heat_map(explored, asked, analysis, shown, _chosen(rows, shown, name, which))
        blocks += [drawn] if drawn is not None else []
        controls += _controls(names, name, which, len(rows))
    return [*blocks, _table(title, shown, of)], tuple(controls)


def _controls(names: Sequence[str], name: str, which: str, n: int) -> list[Control]:
    found = []
    if len(names) > 1:
        options = tuple(Option(one, one) for one in names)
        found.append(Control("analysis", "Analysis of its CpGs", name, options=options))
    if n > _FIRST:
        options = (Option("first", f"the {_FIRST} that find most"), Option("all", f"all {n}"))
        found.append(Control("contrasts", "Contrasts of its CpGs", which, options=options))
    return found


def _chosen(
    rows: Sequence[Mapping[str, Any]], cpgs: Sequence[Cpg], analysis: str, which: str
) -> list[str]:
    """Return the contrasts that are shown: those that find most of the CpGs, then of all."""
    names = [row["contrast"] for row in rows]
    if which == "all":
        return names
    by_all = sorted(rows, key=lambda row: (-(row["n_found"] or 0), row["contrast_order"] or 0))
    ranked = dict.fromkeys([*most_found(cpgs, analysis), *(r["contrast"] for r in by_all)])
    first = set(list(ranked)[:_FIRST])
    return [name for name in names if name in first]


def _finding(title: str, cpgs: Sequence[Cpg]) -> str:
    """Say which CpGs of the promoter move, and how many elsewhere."""
    promoter = [cpg for cpg in cpgs if cpg.is_promoter]
    moving = sorted((c for c in promoter if c.found), key=lambda c: (-len(c.found), c.probe_id))
    elsewhere = [cpg for cpg in cpgs if not cpg.is_promoter]
    n_elsewhere = sum(bool(cpg.found) for cpg in elsewhere)
    if not promoter:
        n = counted(len(cpgs), "CpG")
        return f"{n_elsewhere} of {n} of {title} move; none lies in its promoter."
    named = [
        f"{cpg.probe_id} ({cpg.region}; {counted(len(cpg.found), 'contrast')})"
        for cpg in moving[:_NAMED]
    ]
    more = [f"{len(moving) - _NAMED} more"] if len(moving) > _NAMED else []
    said = f"Of {counted(len(promoter), 'CpG')} in the promoter of {title} "
    said += (
        f"{len(moving)} {'moves' if len(moving) == 1 else 'move'}: {listed([*named, *more])}"
        if moving
        else "none moves"
    )
    return said + (f". Elsewhere in it {n_elsewhere} of {len(elsewhere)}." if elsewhere else ".")


def _heat_map(
    explored: Explored,
    asked: Asked,
    of: Analysed,
    cpgs: Sequence[Cpg],
    contrasts: Sequence[str],
) -> Figure | None:
    ids = [cpg.probe_id for cpg in cpgs if cpg.filter_reason is None][:_MOST_ROWS]
    found = results_of(
        explored, asked, of.analysis, ids, ("delta_beta", "adj_p_value"), contrasts
    ).to_pylist()
    place = {name: i for i, name in enumerate(contrasts)}
    by_id = {cpg.probe_id: (i, cpg) for i, cpg in enumerate(cpgs)}
    rows = []
    for row in found:
        i, cpg = by_id[row["feature_id"]]
        is_found = (of.analysis, row["contrast"]) in cpg.found
        rows.append(
            {
                "cpg": f"{cpg.probe_id} {cpg.region}".strip(), "row": i, "region": cpg.region,
                "contrast": row["contrast"], "place": place[row["contrast"]],
                "delta_beta": row["delta_beta"], "adj_p_value": row["adj_p_value"],
                "found": "yes" if is_found else "",
                "address": feature_address(of.assay, cpg.probe_id),
            }
        )  # fmt: skip
    if not rows:
        return None
    sizes = [abs(row["delta_beta"]) for row in rows if row["delta_beta"] is not None]
    n, n_found = len({row["row"] for row in rows}), sum(row["found"] == "yes" for row in rows)
    few = counted(len(contrasts), "contrast")
    return Figure(
        "cpg-heat-map",
        f"Delta beta by contrast in {of.analysis}: {counted(n, 'CpG')} in genomic order",
        "A dot: found there. A cell leads to its CpG.",
        f"Heat map of delta beta of {counted(n, 'CpG')} in {few} of {of.analysis}; {n_found} "
        f"cells are found; the largest change is {max(sizes, default=0):.2f}.",
        cpg_heat_map(n, max(max(sizes, default=0), _LEAST_REACH)),
        {"cells": pa.Table.from_pylist(rows)},
        where="page",
        max_width=250 + 60 * len(contrasts),
    )


def _table(title: str, cpgs: Sequence[Cpg], of: Sequence[Analysed]) -> Table:
    assay = of[0].assay if of else ""
    rows = pa.table(
        {
            "assay": pa.array([assay or None] * len(cpgs), pa.string()),
            "probe_id": [cpg.probe_id for cpg in cpgs],
            "region": [cpg.region for cpg in cpgs],
            "place": [cpg.place for cpg in cpgs],
            "island": [cpg.island for cpg in cpgs],
            "n_found": pa.array([len(cpg.found) for cpg in cpgs], pa.int64()),
            "where": [_where(cpg) for cpg in cpgs],
            "filter_reason": pa.array([cpg.filter_reason for cpg in cpgs], pa.string()),
        }
    )
    left_out = rows["filter_reason"].null_count < len(cpgs)
    return Table(
        "cpgs",
        f"CpGs of {title}",
        "One row per CpG, in genomic order.",
        (Column("probe_id", "CpG", link="address"), Column("region", "Region"),
         Column("place", "Place"), Column("island", "Island"),
         Column("n_found", "Found in contrasts", "integer"), Column("where", "Found in"),
         *([Column("filter_reason", "Left out")] if left_out else [])),
        linked(rows, "address", feature_address, "assay", "probe_id"),
    )  # fmt: skip


def _where(cpg: Cpg) -> str:
    names: dict[str, list[str]] = {}
    for analysis, contrast in cpg.found:
        names.setdefault(analysis, []).append(contrast)
    return "; ".join(f"{analysis}: {', '.join(those)}" for analysis, those in names.items())
