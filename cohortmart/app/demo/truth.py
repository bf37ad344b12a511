"""What was planted in the synthetic study, as tables."""

from __future__ import annotations

import numpy as np
import polars as pl

from cohortmart.app.demo.effects import CONTRASTS, SHARES, Planted
from cohortmart.app.demo.gene_sets import GeneSet
from cohortmart.app.demo.methylation import STATES, Probes
from cohortmart.app.demo.network import Network
from cohortmart.app.demo.people import Text
from cohortmart.core.types import Bools


def gene_truth(gene_id: Text, gene_name: Text, genes: Planted) -> pl.DataFrame:
    """Return what was planted in each gene, in log2 fold changes."""
    return pl.DataFrame(
        {"gene_id": gene_id, "gene_name": gene_name, "effect": genes.effect, **_true_values(genes)}
    )


def probe_truth(probe_id: Text, gene_name: Text, probes: Probes, out: Bools) -> pl.DataFrame:
    """Return what was planted in each probe, in M-value units, and the gene it is linked to."""
    return pl.DataFrame(
        {
            "probe_id": probe_id,
            "effect": probes.planted.effect,
            "design_type": probes.design_type,
            "state": np.array(STATES)[probes.state],
            "linked_gene": gene_name[probes.gene],
            "region": np.where(probes.promoter, "TSS200", "Body"),
            "filtered": out,
            **_true_values(probes.planted),
        }
    )


def set_truth(sets: tuple[GeneSet, ...], genes: Planted) -> pl.DataFrame:
    """Return how many genes of each set rebound in both groups, and in MS only."""
    effects = [genes.effect[s.genes] for s in sets]
    counts = {
        name: [int((e == name).sum()) for e in effects] for name in SHARES if "rebound" in name
    }
    moved = np.sum(list(counts.values()), axis=0) > 0
    return pl.DataFrame(
        {
            "gene_set": [s.name for s in sets],
            "planted": np.where(moved, [s.planted for s in sets], "none"),
            "n_genes": [len(s.genes) for s in sets],
            **counts,
        }
    )


def module_truth(network: Network, genes: Planted, gene_name: Text) -> pl.DataFrame:
    """Return the members of the neighbourhood with what was planted in them."""
    effect = genes.effect[network.members]
    return pl.DataFrame(
        {"gene_name": gene_name[network.members], "effect": effect, "hidden": effect == "none"}
    )


def _true_values(planted: Planted) -> dict[str, np.ndarray]:
    """Return the true value of every contrast of the truth tables (+ 0.0 turns -0 into 0)."""
    return {name: np.round(planted.contrast(name), 4) + 0.0 for name in CONTRASTS}
