"""Gene sets tested for the genes that an analysis found, and for how it ranks its genes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from analyses.enrichment.found_genes import FoundGenes, found_genes
from analyses.enrichment.gene_sets import TestedSets, read_gene_sets, sets_in_universe
from analyses.enrichment.listed_genes import joined_names, members_among
from analyses.fingerprints import GENE_NAMES, OfResults
from analyses.stats.gene_sets.camera import camera
from analyses.stats.gene_sets.gsea import preranked
from analyses.stats.gene_sets.leading_edge import leading_edges
from analyses.stats.gene_sets.over_representation import (
    OverRepresentation,
    over_representation,
    over_representation_of_probes,
)
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.step import Made, Step
from analyses.write.columns import table_of
from cohortmart.core.progress import counted_off
from cohortmart.core.study.findings_records import Enrichment
from cohortmart.core.study.kinds import BETA
from cohortmart.core.study.records import Study


def enrichment_tables(
    con: duckdb.DuckDBPyConnection, study: Study, name: str, say: Callable[[str], None]
) -> Iterator[pa.Table]:
    """Yield the rows of `enrichment`, one table a list of genes and test.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse, with the views of the new results.
    study : Study
    name : str
        Of the analysis; its `enrichment` says what is tested.
    say : callable
        Takes one line of what was left out.

    Raises
    ------
    AnalysisError
        There is no gene set, or one collection or list has no gene in the universe.

    Notes
    -----
    The universe of a list is the genes that could have been found: tested, and for counts
    expressed (`filter_by_expr`); for betas those with a tested probe. A list without a found
    gene has no rows. Camera and GSEA rank genes, so betas of probes have neither.

    `genes` are those of the set that are found, by name; for GSEA its leading edge, from the end
    of the ranking on.
    """
    analysis = study.analyses[name]
    options = analysis.enrichment
    assert options is not None
    of_probes = study.assays[analysis.assay].kind == BETA
    sets = read_gene_sets(con, study, name, say)
    if not len(sets.name):  # lists of contrasts that found nothing
        return
    universe: pa.Array | None = None
    lists = found_genes(con, study, name)
    for found in counted_off(lists, "gene sets of lists", name=lambda found: found.name):
        if universe is None or not universe.equals(found.universe):
            universe = found.universe
            where = f"the genes tested in analysis {name}"
            tested = sets_in_universe(sets, universe, options, where, say)
        for rows in _tests(found, tested, options, of_probes):
            yield _table(name, found, tested, rows)


def _tests(
    found: FoundGenes, sets: TestedSets, options: Enrichment, of_probes: bool
) -> Iterator[dict[str, Any]]:
    """Yield the columns of each list and test; those that it does not have are left out."""
    if not sets.members.n_sets:
        return
    if "over_representation" in options.tests:
        some = np.flatnonzero((found.shares > 0).any(axis=0))
        shares = found.shares[:, some]
        if of_probes:
            result = over_representation_of_probes(shares, found.n_features, sets.members)
        else:
            result = over_representation(shares > 0, sets.members)
        for column, direction in enumerate(some):
            yield {
                "direction": found.directions[direction],
                "test": "over_representation",
                **_over_represented(result, column),
                "genes": _found_of_sets(found, sets, int(direction)),
            }
    if found.statistic is None:
        return
    if "camera" in options.tests:
        rho = float(options.inter_gene_correlation)
        ranks = camera(found.statistic, sets.members, rho)
        yield {
            "direction": "any",
            "test": "camera",
            "z": ranks.z,
            "inter_gene_correlation": np.full(sets.members.n_sets, rho),
            "p_value": ranks.p_value,
            "genes": _found_of_sets(found, sets, 0),
        }
    if "gsea" in options.tests:
        scores = preranked(found.statistic, sets.members, options.permutations, options.seed)
        yield {
            "direction": "any",
            "test": "gsea",
            "enrichment_score": scores.enrichment_score,
            "normalised_score": scores.normalised_score,
            "p_value": scores.p_value,
            "genes": joined_names(*leading_edges(found.statistic, sets.members), found.universe),
        }


def _found_of_sets(found: FoundGenes, sets: TestedSets, direction: int) -> pa.Array:
    """Name the genes of each set that are found; direction 0 = up or down."""
    is_found = found.shares[:, direction] > 0
    return joined_names(*members_among(sets.members, is_found), found.universe)


def _over_represented(result: OverRepresentation, column: int) -> dict[str, Any]:
    columns = {
        "n_found": np.full(len(result.p_value), result.n_found[column]),
        "n_overlap": result.n_overlap[:, column],
        "expected": result.expected[:, column],
        "odds_ratio": result.odds_ratio[:, column],
        "p_value": result.p_value[:, column],
    }
    if result.p_uncorrected is not None:
        columns["p_uncorrected"] = result.p_uncorrected[:, column]
    return columns


def _table(name: str, found: FoundGenes, sets: TestedSets, columns: dict[str, Any]) -> pa.Table:
    """Complete the columns of a list and test; what is not a number becomes null."""
    n_sets = sets.members.n_sets
    adjusted = np.full(n_sets, np.nan)
    for places in sets.collections():
        adjusted[places] = benjamini_hochberg(columns["p_value"][places])
    given = {
        "analysis": name,
        "source": found.source,
        "source_name": found.name,
        "collection": sets.collection,
        "gene_set": sets.name,
        "n_universe": np.full(n_sets, len(found.universe)),
        "n_genes": sets.members.sizes,
        "adj_p_value": adjusted,
        **columns,
    }
    return table_of("enrichment", given)


def _options(study: Study, name: str) -> Any:
    wanted = study.analyses[name].enrichment
    return None if wanted is None else wanted.model_dump(mode="json")


def _analyses(study: Study, name: str) -> tuple[str, ...]:
    """Name the analyses whose contrasts make gene lists, the own one last."""
    options = study.analyses[name].enrichment
    assert options is not None
    others = {genes.analysis for genes in options.from_contrasts.values()} - {name}
    return (*sorted(others), name)


ENRICHMENT = Step(
    name="enrichment",
    title="enrichment",
    tables=("enrichment",),
    options=_options,
    inputs=OfResults("enrichment", _analyses, lake=(*GENE_NAMES, "gene_set")),
    make=lambda run: Made(
        {"enrichment": enrichment_tables(run.with_results, run.study, run.name, run.say)}
    ),
)
