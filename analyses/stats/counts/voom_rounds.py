"""Rounds of voom: block correlation and array weights of one round go into the next.

Law et al. (2014) Genome Biol 15:R29; Liu et al. (2015) Nucleic Acids Res 43:e97.
"""

from __future__ import annotations

from dataclasses import dataclass

from analyses.stats.counts.voom import SPAN, Span, VoomTrend, VoomValues, voom
from analyses.stats.linear.array_weights import array_weights
from analyses.stats.linear.basis import DesignBasis
from analyses.stats.mixed.block_correlation import block_correlation
from analyses.stats.mixed.blocks import Blocks
from cohortmart.core.types import Floats


@dataclass(frozen=True)
class VoomRounds:
    """Values and weights of the last round of voom.

    Parameters
    ----------
    log2_cpm : ndarray of shape (n_genes, n_samples)
    weights : ndarray of shape (n_genes, n_samples)
        Those of the trend, times those of the samples if these were asked for.
    sample_weights : ndarray of shape (n_samples,) or None
    correlation : float or None
        The block correlation that the last round used; None where it used none.
    trend : VoomTrend
        Of the last round.
    """

    log2_cpm: Floats
    weights: Floats
    sample_weights: Floats | None
    correlation: float | None
    trend: VoomTrend


def voom_rounds(
    counts: Floats,
    effective_library: Floats,
    basis: DesignBasis,
    blocks: Blocks | None = None,
    rounds: int = 1,
    weigh_samples: bool = False,
    span: Span = SPAN,
) -> VoomRounds:
    """Run voom, with the block correlation from the second round on.

    A round after the first: the consensus block correlation of the round before, then voom with
    it. With weights of samples each round is voom, weights of the samples given voom's weights,
    voom with these in its linear model, and the weights of the samples again: the order of
    limma's voomWithQualityWeights, whose weights these are when both are solved to the end
    (method = "reml").

    Parameters
    ----------
    counts, effective_library, basis
        As in `voom`.
    blocks : Blocks or None
        Needed for more than one round.
    span : float or "adaptive"
        As in `voom`; of every round.

    Raises
    ------
    ValueError
        More than one round without blocks; or as in `voom`, `block_correlation` and
        `array_weights`.
    """
    given = _Given(counts, effective_library, basis, span, weigh_samples)
    found = _round(given, None, None)
    for _ in range(1, rounds):
        if blocks is None:
            raise ValueError("a second round of voom needs blocks, whose correlation it uses")
        own = block_correlation(found.log2_cpm, basis, blocks, found.weights)
        found = _round(given, blocks, own.consensus)
    return found


@dataclass(frozen=True, eq=False)
class _Given:
    """What all rounds share; see `voom_rounds`."""

    counts: Floats
    effective_library: Floats
    basis: DesignBasis
    span: Span
    weigh_samples: bool


def _round(given: _Given, blocks: Blocks | None, correlation: float | None) -> VoomRounds:
    basis = given.basis

    def once(of_samples: Floats | None) -> VoomValues:
        rho = 0.0 if correlation is None else correlation
        counts, library = given.counts, given.effective_library
        return voom(counts, library, basis, blocks, rho, of_samples, given.span)

    values = once(None)
    if not given.weigh_samples:
        return VoomRounds(values.log2_cpm, values.weights, None, correlation, values.trend)
    values = once(array_weights(values.log2_cpm, basis, values.weights))
    of_samples = array_weights(values.log2_cpm, basis, values.weights)
    weights = values.weights * of_samples
    return VoomRounds(values.log2_cpm, weights, of_samples, correlation, values.trend)
