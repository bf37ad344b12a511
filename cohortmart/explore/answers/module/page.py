"""View of a module: its genes, its network, whether its seeds lie together, what it shares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.addresses import (
    address,
    contrast_address,
    gene_address,
    list_address,
    module_address,
)
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.view import Link, View, Wanted
from cohortmart.report.blocks import Block, Column, Figure, Page, Section, Table
from cohortmart.report.pages.findings.modules import module_blocks
from cohortmart.report.source import Detail

_ALL = "select * from module_summary order by list_position(?, analysis), analysis, pair"
_GENES = "select gene_name from module_gene where analysis = ? and pair = ? order by gene_name"
_SHARED = """
    with sharing as (
        select first_analysis, first_pair, second_analysis, second_pair, n_first as n_own,
            n_second as n_other, n_both, odds_ratio, p_value from module_overlap
        union all
        select second_analysis, second_pair, first_analysis, first_pair, n_second, n_first,
            n_both, odds_ratio, p_value from module_overlap
    )
    select second_analysis as analysis, second_pair as pair, n_other, n_both, odds_ratio, p_value
    from sharing where first_analysis = ? and first_pair = ?
    order by p_value nulls last, n_both desc, analysis, pair
"""
_CONTRASTS = """
    select distinct first_contrast, second_contrast, study_group from rebound_summary
    where analysis = ? and pair = ? order by study_group, first_contrast
"""
#: Genes that a list takes in an address.
_LISTED = 300
#: Genes of the table: more than any module has.
_ROWS = 5000


def module_view(explored: Explored, wanted: Wanted) -> View:
    """Return a module of the study.

    Parameters
    ----------
    explored : Explored
    wanted : mapping
        analysis; name: the pair of changes whose genes are the seeds. The first of the study, or
        of the analysis, where they are not given.

    Raises
    ------
    InputError
        There is no such module.
    """
    with explored.asked() as asked:
        module = _wanted(asked, wanted)
        key = [module["analysis"], module["pair"]]
        whole = asked.with_detail(Detail(top_features=_ROWS))
        blocks = [_linked(block) for block in module_blocks(whole, module, 1)]
        shared = _shared(asked, key)
        genes = asked.table(_GENES, key)["gene_name"].to_pylist()
        return View(
            Page(
                "module",
                f"Module of {module['analysis']}, {module['pair']}",
                "Genes that swing back, and those that lie next to them in the network.",
                (Section("", (*blocks, *shared)),),
            ),
            links=tuple(_links(asked, key, genes)),
            questions=tuple(asked.questions),
        )


def _wanted(asked: Asked, wanted: Wanted) -> dict[str, Any]:
    known = asked.rows(_ALL, [list(asked.analyses)]) if asked.has_rows("module_summary") else []
    if not known:
        raise InputError("this study has no modules")
    for module in known:
        given = {"analysis": module["analysis"], "name": module["pair"]}
        if all(wanted.get(name, value) in ("", value) for name, value in given.items()):
            return module
    there = "; ".join(f"{m['analysis']}, {m['pair']}" for m in known)
    raise InputError("there is no such module", hint=f"there are: {there}")


def _linked(block: Block) -> Block:
    """Return a block of the report whose genes lead to their own page."""
    if isinstance(block, Figure):
        genes = block.data["genes"]
        if isinstance(genes, pa.Table):
            data = {**block.data, "genes": linked(genes, "address", gene_address, "gene")}
            return replace(block, data=data)
    if isinstance(block, Table):
        columns = (replace(block.columns[0], link="address"), *block.columns[1:])
        rows = linked(block.rows, "address", gene_address, "gene_name")
        return replace(block, columns=columns, rows=rows, query="")
    return block


def _shared(asked: Asked, key: list[str]) -> list[Table]:
    if not asked.has_rows("module_overlap"):
        return []
    rows = asked.table(_SHARED, key)
    if rows.num_rows == 0:
        return []
    return [
        Table(
            "module-shared",
            "Genes shared with other modules",
            "",
            (
                Column("analysis", "Module of"),
                Column("pair", "Changes (first/second)", link="address"),
                Column("n_other", "Its genes", "integer"),
                Column("n_both", "In both", "integer"),
                Column("odds_ratio", "Odds ratio", "number"),
                Column("p_value", "P", "p"),
            ),
            linked(rows, "address", module_address, "analysis", "pair"),
        )
    ]


def _links(asked: Asked, key: list[str], genes: list[str]) -> list[Link]:
    analysis, pair = key
    links = []
    if genes:
        title = "Its genes as a list" if len(genes) <= _LISTED else f"Its first {_LISTED} genes"
        links.append(Link(title, list_address(" ".join(genes[:_LISTED]))))
    if asked.has_rows("rebound_summary"):
        links.append(Link("Its rebound", address("rebound", analysis=analysis, pair=pair)))
        for row in asked.rows(_CONTRASTS, key):
            for name in ("first_contrast", "second_contrast"):
                links.append(Link(row[name], contrast_address(analysis, row[name])))
    return links
