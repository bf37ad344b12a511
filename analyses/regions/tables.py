"""Regions as the columns of their tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from analyses.regions.neighbourhood import Neighbourhood
from analyses.regions.places import Places
from analyses.regions.stored import StoredContrast, StoredFeatures
from analyses.stats.numeric.tails import t_two_sided
from analyses.stats.regions.chance import Chance
from analyses.stats.regions.neighbours import sums_of
from analyses.stats.regions.regions import Regions
from cohortmart.core.study.findings_records import Dmr
from cohortmart.core.types import Floats, Ints


def region_columns(
    found: Regions,
    chance: Chance,
    of: StoredContrast,
    features: StoredFeatures,
    places: Places,
    around: Neighbourhood,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns of `dmr` and of `dmr_probe`, of one contrast.

    Parameters
    ----------
    found : Regions
        Along the neighbours.
    chance : Chance
    of : StoredContrast
    features : StoredFeatures
    places : Places
    around : Neighbourhood
    """
    cpg = around.beside.rows[found.members]
    first, last = cpg[found.ends[:-1]], cpg[found.ends[1:] - 1]
    names = np.array([*places.chromosomes, ""], dtype=object)[places.chromosome[first]]
    start, end = places.position[first], places.position[last]
    ids = [f"{c}:{s}-{e}" for c, s, e in zip(names, start, end, strict=True)]
    length = np.diff(found.ends)
    t = of.estimate[cpg] / of.se[cpg]
    p = t_two_sided(t, of.df[cpg])
    top = _top(p, np.abs(t), found.ends)
    regions = {
        "region_id": ids,
        "chromosome": names.tolist(),
        "start_position": start,
        "end_position": end,
        "n_probes": length,
        "direction": np.where(found.estimate > 0, "hyper", "hypo").tolist(),
        "estimate": found.estimate,
        "se": found.se,
        "delta_beta": sums_of(of.delta_beta[cpg], found.ends) / length,
        "statistic": found.statistic,
        "df": found.df,
        "p_value": found.p_value,
        "adj_p_value": chance.family_wise(found.p_value),
        "n_expected": chance.expected(found.p_value),
        "fdr": chance.false_discovery_rate(found.p_value),
        "top_probe_id": features.feature_ids.take(pa.array(cpg[top])),
        "top_p_value": p[top],
    }
    members = {
        "region_id": np.repeat(np.array(ids, dtype=object), length).tolist(),
        "probe_id": features.feature_ids.take(pa.array(cpg)),
    }
    return regions, members


def _top(p: Floats, size: Floats, ends: Ints) -> Ints:
    """Return the place of each region's CpG with the smallest P; of equal ones the largest t."""
    region = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    order = np.lexsort((-size, p, region))
    return np.asarray(order[ends[:-1]])


def summary_columns(
    name: str,
    contrast: str,
    options: Dmr,
    places: Places,
    around: Neighbourhood,
    note: str | None = None,
) -> dict[str, Any]:
    """Return the columns of `dmr_summary` that the regions of a contrast play no part in.

    Parameters
    ----------
    name, contrast : str
    options : Dmr
    places : Places
    around : Neighbourhood
    note : str, optional
        Why nothing can be said of regions.
    """
    return {
        "analysis": name,
        "contrast": contrast,
        "n_tested": len(around.beside.rows),
        "n_unplaced": places.n_unplaced,
        "n_without_residuals": around.n_without_residuals,
        "n_regions": 0,
        "n_found": 0,
        "maximum_gap": options.maximum_gap,
        "minimum_probes": options.minimum_probes,
        "candidate_p": options.p,
        "n_rotations": 0,
        "df_residual": around.residuals.unit.shape[1],
        "note": note,
    }
