"""Neighbourhood of the CpGs of a model: who lies beside whom, and how their residuals correlate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from analyses.fit.prepare import ModelInputs
from analyses.regions.places import Places
from analyses.stats.linear.common_weights import common_row
from analyses.stats.regions.neighbours import Neighbours, neighbours
from analyses.stats.regions.residuals import Residuals, residuals
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.study.findings_records import Dmr
from cohortmart.core.types import Floats


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """CpGs that can be part of a region.

    Parameters
    ----------
    beside : Neighbours
        Its rows are those of the tested CpGs.
    residuals : Residuals
        Along `beside`.
    n_without_residuals : int
        CpGs with neighbours enough that were left out: too many missing values, no variation.
    """

    beside: Neighbours
    residuals: Residuals
    n_without_residuals: int


def neighbourhood(
    inputs: ModelInputs, feature_ids: pa.Array, places: Places, options: Dmr
) -> Neighbourhood:
    """Whiten the residuals of all CpGs with neighbours, while the values stream by once.

    Parameters
    ----------
    inputs : ModelInputs
        A model with one correlation of its own takes the consensus here.
    feature_ids : pyarrow.StringArray
        The tested CpGs, in the order of the values.
    places : Places
        Of these.
    options : Dmr

    Raises
    ------
    RuntimeError
        The values have other CpGs than the contrasts.
    """
    gap, minimum = options.maximum_gap, options.minimum_probes
    beside = neighbours(places.chromosome, places.position, gap, minimum)
    n, n_residual = len(beside.rows), len(inputs.basis.q) - inputs.basis.rank
    place = np.full(len(feature_ids), -1)
    place[beside.rows] = np.arange(n)
    unit, square, df = np.empty((n, n_residual)), np.empty(n), np.empty(n)
    start = 0
    for block in one_ahead(inputs.values.blocks()):
        stop = start + len(block.feature_ids)
        if not block.feature_ids.equals(feature_ids.slice(start, stop - start)):
            raise RuntimeError("the values have other CpGs than the contrasts")
        chosen = np.flatnonzero(place[start:stop] >= 0)
        at, start = place[start:stop][chosen], stop
        if not len(chosen):
            continue
        y, weights = block.y[chosen], _shared(block.weights, len(chosen))
        found = residuals(y, inputs.basis, inputs.blocks, inputs.correlation or 0.0, weights)
        unit[at], square[at], df[at] = found.unit, found.square, found.df
    usable = np.isfinite(square)
    if not usable.all():
        rows = beside.rows[usable]
        again = neighbours(places.chromosome[rows], places.position[rows], gap, minimum)
        kept = np.flatnonzero(usable)[again.rows]
        unit, square, df = unit[kept], square[kept], df[kept]
        beside = Neighbours(
            rows[again.rows], again.position, again.linked, again.place, again.minimum
        )
    return Neighbourhood(beside, Residuals(unit, square, df), int((~usable).sum()))


def _shared(weights: Floats | None, n: int) -> Floats | None:
    """Weights of the samples for some of the CpGs: one row stays one."""
    if weights is None:
        return None
    row = common_row(weights)
    return np.ones((n, weights.shape[1])) if row is None else np.broadcast_to(row, (n, len(row)))
