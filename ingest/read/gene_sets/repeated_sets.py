"""Gene sets that stand in a file twice: with the same genes they count once."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ingest.read.text.line_faults import LineFault


@dataclass(frozen=True)
class RepeatedSets:
    """Lines with the name of a set above them.

    Parameters
    ----------
    lines : tuple of int
        Those with the same genes, in whichever order.
    names : tuple of str
        Their sets, each once.
    faults : tuple of LineFault
        Those with other genes.
    """

    lines: tuple[int, ...]
    names: tuple[str, ...]
    faults: tuple[LineFault, ...]


def repeated_sets(sets: pl.DataFrame, members: pl.DataFrame) -> RepeatedSets:
    """Compare the genes of sets that have the same name.

    Parameters
    ----------
    sets : pl.DataFrame
        `line`, `gene_set` and `is_empty`; empty and unnamed ones are passed over.
    members : pl.DataFrame
        `line` and `gene_name`, each gene once a line.
    """
    named = sets.filter(~pl.col("is_empty") & (pl.col("gene_set") != ""))
    twice = named.filter(named["gene_set"].is_duplicated()).select("line", "gene_set")
    genes = (
        members.filter(members["line"].is_in(twice["line"].to_list()))
        .group_by("line")
        .agg(pl.col("gene_name").sort())
    )
    first: dict[str, tuple[int, list[str]]] = {}
    same: list[tuple[int, str]] = []
    faults = []
    for line, name, its in twice.join(genes, on="line").sort("line").iter_rows():
        before, theirs = first.setdefault(name, (line, its))
        if before == line:
            continue
        if its == theirs:
            same.append((line, name))
            continue
        faults.append(
            LineFault(
                line,
                f"the gene set `{name}` stands twice with different genes",
                "each name once in a file",
                f"also on line {before}",
                "rename or remove one of the two, or put their genes on one line",
            )
        )
    names = tuple(dict.fromkeys(name for _, name in same))
    return RepeatedSets(tuple(line for line, _ in same), names, tuple(faults))
