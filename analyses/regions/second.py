"""Regions of a change in the change that follows it: the same CpGs in the second contrast.

Of each pair of `rebound`: what the regions of its first contrast do in its second one, tested with
the covariance of their CpGs' estimates as in the first. The CpGs were not chosen by the second.
"""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np

from analyses.regions.stored import StoredContrast
from analyses.stats.numeric.tails import t_quantile
from analyses.stats.regions.chance import Chance
from analyses.stats.regions.correlation import NeighbourCorrelation
from analyses.stats.regions.neighbours import Runs, sums_of
from analyses.stats.regions.regions import Regions, regions_of_runs
from cohortmart.core.types import Ints

_PAIRS = """
    select first_contrast, second_contrast from new_rebound_pair
    where analysis = $1 order by first_contrast, second_contrast
"""


def second_contrasts(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, tuple[str, ...]]:
    """Return which contrasts follow a contrast in the pairs of `rebound`.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse, with the views of the new results.
    name : str
        Of the analysis.
    """
    out: dict[str, tuple[str, ...]] = {}
    for first, second in con.sql(_PAIRS, params=[name]).fetchall():
        out[first] = (*out.get(first, ()), second)
    return out


def second_columns(
    found: Regions,
    chance: Chance,
    second: StoredContrast,
    rows: Ints,
    correlation: NeighbourCorrelation,
) -> dict[str, Any]:
    """Return the columns of `dmr_second` that say what given regions do in another contrast.

    Parameters
    ----------
    found : Regions
        Of the first contrast, along the neighbours.
    chance : Chance
    second : StoredContrast
    rows : ndarray of shape (n,), int
        The neighbours among the CpGs of the contrast.
    correlation : NeighbourCorrelation

    Notes
    -----
    adj_p_value is family-wise as in the first contrast: how often the best of all regions that a
    contrast without any effect chooses for itself has a P as small.
    """
    first, last = found.members[found.ends[:-1]], found.members[found.ends[1:] - 1]
    runs = Runs(np.zeros_like(first), first, last + 1)
    there = regions_of_runs(
        runs, second.estimate[rows], second.se[rows], second.df[rows], correlation
    )
    length = np.diff(found.ends)
    first_half, half = (t_quantile(0.025, of.df) * of.se for of in (found, there))
    adjusted = np.where(np.isnan(there.p_value), np.nan, chance.family_wise(there.p_value))
    return {
        "ci_low_first": found.estimate - first_half,
        "ci_high_first": found.estimate + first_half,
        "estimate": there.estimate,
        "se": there.se,
        "ci_low": there.estimate - half,
        "ci_high": there.estimate + half,
        "delta_beta": sums_of(second.delta_beta[rows][found.members], found.ends) / length,
        "statistic": there.statistic,
        "df": there.df,
        "p_value": there.p_value,
        "adj_p_value": adjusted,
    }
