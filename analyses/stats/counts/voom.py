"""voom: log2 counts per million with precision weights (Law et al. 2014, Genome Biol 15:R29)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.linear.gls import solve_gls
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.numeric.lowess import adaptive_span, lowess
from analyses.stats.numeric.parallel import for_blocks, rows_times
from cohortmart.core.types import Floats

_ROWS = 1024  # genes a block of work

#: Share of the genes that each local line of the trend uses; `adaptive`: by their number.
Span = float | Literal["adaptive"]
SPAN = 0.5
#: The adaptive span is 1 up to so many genes (limma's voom).
_FEW_GENES = 50


@dataclass(frozen=True)
class VoomTrend:
    """Where each gene lies about the mean-variance trend; NaN for a gene without counts.

    Parameters
    ----------
    mean_log2_count : ndarray of shape (n_genes,)
        Mean over the samples of log2(count + 0.5), as if all libraries had the same size.
    sqrt_sd : ndarray of shape (n_genes,)
        Square root of the gene's residual standard deviation of log2 CPM.
    trend : ndarray of shape (n_genes,)
        What the trend predicts for it.
    """

    mean_log2_count: Floats
    sqrt_sd: Floats
    trend: Floats


@dataclass(frozen=True)
class VoomValues:
    """Values and their precision.

    Parameters
    ----------
    log2_cpm : ndarray of shape (n_genes, n_samples)
        log2((count + 0.5) / (library + 1) x 1e6), library = effective library size.
    weights : ndarray of shape (n_genes, n_samples)
        Inverse of the variance that the trend predicts for a count of that size.
    trend_x, trend_y : ndarray of shape (n_points,)
        The mean-variance trend: mean log2 count, square root of the residual sd.
    trend : VoomTrend
        The same by gene.
    """

    log2_cpm: Floats
    weights: Floats
    trend_x: Floats
    trend_y: Floats
    trend: VoomTrend


def voom(
    counts: Floats,
    effective_library: Floats,
    basis: DesignBasis,
    blocks: Blocks | None = None,
    correlation: float = 0.0,
    sample_weights: Floats | None = None,
    span: Span = SPAN,
) -> VoomValues:
    """Estimate the mean-variance trend and turn it into weights.

    Parameters
    ----------
    counts : ndarray of shape (n_genes, n_samples)
        Counts, decimals allowed, complete.
    effective_library : ndarray of shape (n_samples,)
        Library size times TMM factor.
    basis : DesignBasis
        Of the design.
    blocks, correlation
        Samples of a block share this correlation in the linear model whose residuals make the
        trend; none means independent samples.
    sample_weights : ndarray of shape (n_samples,), optional
        Weights of the samples in that linear model, positive; the weights returned do not hold
        them.
    span : float or "adaptive"
        Of the lowess that is the trend, above 0 and up to 1.

    Raises
    ------
    ValueError
        No residual degrees of freedom, or fewer than two genes with counts.

    Notes
    -----
    limma's voom(block =, correlation =, weights =): fitted values and residual sums of squares
    are those of generalised least squares, sd = sqrt(rss / (n_samples - rank)).
    """
    n = counts.shape[1]
    if n <= basis.rank:
        raise ValueError("voom needs more samples than the model has coefficients")
    seen = counts.any(axis=1)
    if seen.sum() < 2:
        raise ValueError("voom needs at least two genes with counts")
    library = effective_library + 1.0
    y = np.log2((counts + 0.5) / library * 1e6)
    fitted, rss = _fit(y, basis, blocks, correlation, sample_weights)
    sqrt_sd = np.where(seen, np.sqrt(np.sqrt(rss / (n - basis.rank))), np.nan)
    x = np.where(seen, y.mean(axis=1) + np.log2(library).mean() - np.log2(1e6), np.nan)
    share = adaptive_span(len(counts), _FEW_GENES) if span == "adaptive" else span
    trend_x, trend_y = _trend(x[seen], sqrt_sd[seen], share)
    # fitted + log2(library) - log2(1e6) is the log2 of the fitted count
    fitted += np.log2(library) - np.log2(1e6)
    weights = np.interp(fitted, trend_x, trend_y) ** -4
    of_genes = VoomTrend(x, sqrt_sd, np.interp(x, trend_x, trend_y))
    return VoomValues(y, weights, trend_x, trend_y, of_genes)


def _fit(
    y: Floats,
    basis: DesignBasis,
    blocks: Blocks | None,
    correlation: float,
    sample_weights: Floats | None,
) -> tuple[Floats, Floats]:
    """Fitted values and residual sums of squares of all genes."""
    z = np.zeros((y.shape[1], 1)) if blocks is None else blocks.indicators
    rho = 0.0 if blocks is None else correlation
    # samples' weights are the same for all genes: the unweighted fit of both sides times a root
    root = np.ones(y.shape[1]) if sample_weights is None else np.sqrt(sample_weights)
    scaled = replace(basis, q=root[:, None] * basis.q)
    fitted, rss = np.empty_like(y), np.empty(len(y))

    def work(start: int, stop: int) -> None:
        rows = slice(start, stop)
        found = solve_gls(y[rows] * root, scaled, z, rho, None)
        fitted[rows], rss[rows] = rows_times(found.gamma, basis.q.T), found.rss

    for_blocks(len(y), _ROWS, work)
    return fitted, rss


def _trend(x: Floats, y: Floats, span: float) -> tuple[Floats, Floats]:
    """Lowess of y on x, one value for equal x."""
    order = np.argsort(x, kind="stable")
    curve = lowess(x[order], y[order], span=span)
    at, first, count = np.unique(x[order], return_index=True, return_counts=True)
    return at, np.add.reduceat(curve, first) / count
