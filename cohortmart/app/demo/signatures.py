"""Published tables of the synthetic study: one of its own disease, and one of something else."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import special

from cohortmart.app.demo.effects import Planted
from cohortmart.app.demo.people import Text
from cohortmart.app.demo.scale import stream
from cohortmart.core.types import Floats

#: Its differences between the groups are those that were planted for all times.
_CONTRAST = "MSvsHP_1st"
_LISTED = 0.8  # share of the genes that the tables have
_ERRORS = (0.1, 0.25)  # standard errors, in log2 fold changes


def disease_signature(seed: int, planted: Planted, gene_name: Text) -> pl.DataFrame:
    """Draw the table of another study of the same disease, as limma's topTable writes it.

    Parameters
    ----------
    seed : int
        Seed of the study.
    planted : Planted
        Effects of the genes.
    gene_name : array of str, shape (n_genes,)
    """
    rng = stream(seed, "disease signature")
    listed = np.flatnonzero(rng.random(len(gene_name)) < _LISTED)
    se = rng.uniform(*_ERRORS, len(listed))
    estimate = planted.contrast(_CONTRAST)[listed] + se * rng.standard_normal(len(listed))
    z = estimate / se
    p = special.erfc(np.abs(z) / np.sqrt(2.0))
    table = {
        "ID": gene_name[listed],
        "logFC": _text(estimate),
        "t": _text(z),
        "P.Value": [f"{v:.3g}" for v in p],
        "adj.P.Val": [f"{v:.3g}" for v in _adjusted(p)],
    }
    return pl.DataFrame(table)[np.argsort(p, kind="stable")]


def unrelated_signature(seed: int, gene_id: Text) -> pl.DataFrame:
    """Draw the table of a study that has nothing to do with this one, as DESeq2 writes it.

    Parameters
    ----------
    seed : int
        Seed of the study.
    gene_id : array of str, shape (n_genes,)
    """
    rng = stream(seed, "unrelated signature")
    listed = np.flatnonzero(rng.random(len(gene_id)) < _LISTED)
    se = rng.uniform(*_ERRORS, len(listed))
    # an effect in one gene of ten, as in a study that found something
    effect = rng.normal(0.0, 0.5, len(listed)) * (rng.random(len(listed)) < 0.1)
    estimate = effect + se * rng.standard_normal(len(listed))
    p = special.erfc(np.abs(estimate / se) / np.sqrt(2.0))
    return pl.DataFrame(
        {
            "gene_id": gene_id[listed],
            "log2FoldChange": _text(estimate),
            "lfcSE": _text(se),
            "pvalue": [f"{v:.3g}" for v in p],
            "padj": [f"{v:.3g}" for v in _adjusted(p)],
        }
    )


def _text(values: Floats) -> list[str]:
    return [f"{v:.4f}" for v in values]


def _adjusted(p: Floats) -> Floats:
    """Adjust by Benjamini-Hochberg."""
    order = np.argsort(p)[::-1]
    raised = p[order] * len(p) / np.arange(len(p), 0, -1)
    out = np.empty_like(p)
    out[order] = np.minimum(1.0, np.minimum.accumulate(raised))
    return out
