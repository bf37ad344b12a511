"""Disease modules: networks grown around the genes that rebound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyses.fingerprints import GENE_NAMES, OfResults
from analyses.load.identifiers import no_gene_in_common
from analyses.stats.network.diamond import Diamond, diamond
from analyses.stats.network.graph import Graph, in_largest_component, make_graph
from analyses.stats.network.largest_component import largest_component
from analyses.stats.network.stability import Stability, stability
from analyses.step import Made, Step
from analyses.write.columns import table_of
from cohortmart.core.errors import AnalysisError
from cohortmart.core.progress import counted_off
from cohortmart.core.study.findings_records import Modules
from cohortmart.core.study.records import Study
from cohortmart.core.text import counted
from cohortmart.core.types import Ints

Say = Callable[[str], None]

_SEEDS = """
select distinct r.pair, g.gene_name
from new_rebound_found as r
inner join feature_gene as g on r.feature_id = g.feature_id
where
    r.analysis = $analysis
    and g.assay = $assay
    and g.gene_name is not null
    and list_contains($classes, r.class)
"""
_OPPOSITE = ["up-down", "down-up"]
#: The paper's rule does not ask for opposite signs.
_ALL = [*_OPPOSITE, "up-up", "down-down"]


@dataclass(frozen=True, eq=False)
class Network:
    """The interaction network: its genes in the order of their names, which number its nodes."""

    genes: tuple[str, ...]
    graph: Graph


def module_tables(
    con: duckdb.DuckDBPyConnection, study: Study, name: str, say: Say
) -> Mapping[str, list[pa.Table]]:
    """Grow a module around the genes that rebound, for each pair of contrasts of an analysis.

    Seeds are the genes of the features that rebound in any group: those whose two changes have
    opposite signs, in the preset `paper` all that it finds.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse (`network_edge`) with the views of the new results: `new_rebound_pair`,
        `new_rebound_found` and `feature_gene`.
    study : Study
    name : str
        Of an analysis with `rebound` and `modules`.
    say : callable
        Takes one line of progress.

    Returns
    -------
    mapping
        `module_gene` and `module_summary`, pairs by name; no rows for a pair without seeds in
        the network. Null are p_value and what else belongs to a step for seeds, log10_p where the
        published program's P is 0, and what cannot be had from too few seeds or runs.

    Raises
    ------
    AnalysisError
        The network has no edge, or there are seeds and none of them is in the network.
    """
    options, rebound = study.analyses[name].modules, study.analyses[name].rebound
    assert options is not None
    assert rebound is not None
    network = read_network(con, name)
    classes = _ALL if rebound.preset == "paper" else _OPPOSITE
    parameters = {"analysis": name, "assay": study.analyses[name].assay, "classes": classes}
    found = con.sql(_SEEDS, params=parameters).fetchall()
    everyone = {gene for _, gene in found}
    if everyone and everyone.isdisjoint(network.genes):
        raise no_gene_in_common(
            f"the seeds of analysis `{name}`", everyone, "the genes of the network", network.genes
        )
    genes, summaries = [], []
    pairs = con.execute(
        "select distinct pair from new_rebound_pair where analysis = ? order by pair", [name]
    ).fetchall()
    for (pair,) in counted_off(pairs, "disease modules", name=lambda row: str(row[0])):
        seeds = {gene for of_pair, gene in found if of_pair == pair}
        known = np.flatnonzero([gene in seeds for gene in network.genes])
        if len(known) == 0:
            reason = f"none of {counted(len(seeds), 'gene')} is in the network" if seeds else (
                "no gene rebounds"
            )  # fmt: skip
            say(f"{pair}: {reason}, so there is no module")
            continue
        labels = {"analysis": name, "pair": pair}
        rows, summary = _module(network, known, options)
        genes.append(table_of("module_gene", {**labels, **rows}))
        summaries.append(table_of("module_summary", {**labels, **summary, "n_seeds": len(seeds)}))
        added = counted(int(summary["n_added"]), "gene")
        say(f"{pair}: {added} added to {counted(len(known), 'seed')}")
    return {"module_gene": genes, "module_summary": summaries}


def read_network(con: duckdb.DuckDBPyConnection, name: str) -> Network:
    """Read the network from the warehouse.

    Parameters
    ----------
    con : DuckDBPyConnection
        With the view `network_edge`: each pair once, no gene with itself.
    name : str
        Of the analysis that asks for it, for the message.

    Raises
    ------
    AnalysisError
        There is no edge.
    """
    ends = con.sql("select gene_a, gene_b from network_edge").to_arrow_table().combine_chunks()
    if ends.num_rows == 0:
        raise AnalysisError(
            f"analysis `{name}` asks for modules, but the network has no edge",
            expected="`network: FILE` under `reference`, two genes a line",
            hint="name the edge list there, or leave `modules` out",
        )
    columns = (ends["gene_a"], ends["gene_b"])
    genes = sorted(set().union(*(c.unique().to_pylist() for c in columns)))
    first, second = (pc.index_in(c, pa.array(genes)).to_numpy().astype(np.int64) for c in columns)
    return Network(tuple(genes), make_graph(first, second, len(genes)))


def _module(
    network: Network, seeds: Ints, options: Modules
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Grow one module; return its columns of `module_gene`, and its row of `module_summary`."""
    graph = network.graph
    weighting = {"seed_weight": options.seed_weight, "mode": options.mode}
    grown = diamond(graph, seeds, options.genes_added, options.seed_weight, options.mode)
    together = largest_component(graph, seeds, options.random_sets, options.seed)
    stable = stability(
        graph, seeds, grown.nodes, options.stability_runs, options.seed,
        options.seed_weight, options.mode,
    )  # fmt: skip
    summary = {
        **weighting,
        "n_nodes": graph.n_nodes,
        "n_edges": graph.n_edges,
        "n_seeds_in_network": len(seeds),
        "n_added": len(grown.nodes),
        "largest_component": together.size,
        "random_mean": together.mean,
        "random_sd": together.sd,
        "z": together.z,
        "p_value": together.p_value,
        "n_random_sets": len(together.random),
        "stability": stable.mean,
        "n_stability_runs": stable.n_runs,
    }
    return _gene_columns(network, seeds, grown, stable), summary


def _gene_columns(
    network: Network, seeds: Ints, grown: Diamond, stable: Stability
) -> dict[str, Any]:
    """Join seeds and added nodes; seeds, ordered by name, have no step, hence no P."""
    nodes = np.concatenate([seeds, grown.nodes])
    of_step = {
        "n_module_links": grown.n_module_links,
        "p_value": grown.p_value,
        "log10_p": np.where(np.isfinite(grown.log10_p), grown.log10_p, np.nan),
        "n_tied": grown.n_tied,
        "stability": stable.share,
    }
    return {
        "gene_name": [network.genes[node] for node in nodes],
        "is_seed": np.arange(len(nodes)) < len(seeds),
        "rank": np.maximum(np.arange(len(nodes)) - len(seeds) + 1, 0),
        "n_links": network.graph.degree[nodes],
        "in_largest_component": in_largest_component(network.graph, nodes),
        **{c: np.concatenate([np.full(len(seeds), np.nan), v]) for c, v in of_step.items()},
    }


def modules_options(study: Study, name: str) -> Any:
    """Return what an analysis asks of its modules, None if it wants none."""
    wanted = study.analyses[name].modules
    return None if wanted is None else wanted.model_dump(mode="json")


MODULES = Step(
    name="modules",
    title="modules",
    tables=("module_gene", "module_summary"),
    options=modules_options,
    inputs=OfResults("modules", lambda _, name: (name,), lake=(*GENE_NAMES, "network_edge")),
    make=lambda run: Made(module_tables(run.with_results, run.study, run.name, run.say)),
)
