"""Tested features of an analysis: how far each moves in every contrast, read once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyses.stats.gene_sets.camera import z_scores
from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS
from cohortmart.core.types import Bools, Floats, Ints
from cohortmart.core.warehouse.macros import rendered
from cohortmart.report.pages.overview.features import Analysed
from cohortmart.report.source import Source

#: Results of an analysis that are held: 20,000 genes in 60 contrasts, not 840,000 CpGs in one.
MOST_HELD = 1_500_000
_RESULTS = f"""
    select r.contrast, r.feature_id, r.log_fc, r.se, r.df_total, r.ave_expr,
        case when t.analysis is null or not coalesce({rendered("is_found", "r", "t")}, false)
            then 0 when r.log_fc > 0 then 1 else -1 end as found
    from fct_contrast_result as r
    left join staging.stg_results__thresholds as t on t.analysis = r.analysis
    where r.analysis = $analysis and r.p_value is not null
    order by r.contrast, r.feature_id
"""
_GENES = {
    COUNTS: "select gene_id as feature_id, gene_name from dim_gene",
    CONTINUOUS: "select feature_id, gene_name from dim_measure where assay = $assay",
}


@dataclass(frozen=True, eq=False)
class Tested:
    """Features of an analysis and what was found of each.

    Parameters
    ----------
    features : tuple of str
        Ids, sorted.
    genes : tuple of (str or None)
        The gene of each.
    contrasts : tuple of str
    z : ndarray of shape (n_contrasts, n_features)
        Moderated t as a normal deviate; NaN where a feature was not tested.
    found : ndarray of the same shape
        1 found up, -1 found down, 0 not found.
    level : ndarray of shape (n_features,)
        Mean level, in units of the values.
    """

    features: tuple[str, ...]
    genes: tuple[str | None, ...]
    contrasts: tuple[str, ...]
    z: Floats
    found: Ints
    level: Floats

    def those(self, genes: set[str]) -> Bools:
        """Return which features are of these genes."""
        return np.array([gene in genes for gene in self.genes], bool)


def tested(source: Source, of: Analysed) -> Tested:
    """Read the results of an analysis.

    Parameters
    ----------
    source : Source
    of : Analysed
        One with at most `MOST_HELD` results.

    Notes
    -----
    t becomes the normal deviate that is as far out, as `enrichment` ranks genes; an infinite one
    the largest of its contrast.
    """
    rows = source.table(_RESULTS, {"analysis": of.analysis})
    ids, names = (pc.unique(rows[c]).sort() for c in ("feature_id", "contrast"))
    at = _places(rows["contrast"], names), _places(rows["feature_id"], ids)
    shape = len(names), len(ids)
    z, level = np.full(shape, np.nan), np.full(shape, np.nan)
    found = np.zeros(shape, np.int64)
    log_fc, se, df = (rows[c].to_numpy() for c in ("log_fc", "se", "df_total"))
    with np.errstate(divide="ignore", invalid="ignore"):
        z[at] = z_scores(log_fc / se, df)
    level[at], found[at] = rows["ave_expr"].to_numpy(), rows["found"].to_numpy()
    finite = np.where(np.isfinite(z), np.abs(z), 0.0).max(axis=1, initial=0.0)[:, None]
    return Tested(
        tuple(ids.to_pylist()),
        _genes(source, of, ids.to_pylist()),
        tuple(names.to_pylist()),
        np.clip(z, -finite, finite),
        found.astype(np.int8),
        _mean_level(level),
    )


def _places(values: pa.ChunkedArray, known: pa.Array) -> Ints:
    return np.asarray(pc.index_in(values, value_set=known).to_numpy(), np.int64)


def _mean_level(level: Floats) -> Floats:
    there = np.isfinite(level)
    total = np.where(there, level, 0.0).sum(axis=0)
    return np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan)


def _genes(source: Source, of: Analysed, ids: list[str]) -> tuple[str | None, ...]:
    if of.kind.name == BETA:
        return (None,) * len(ids)
    table = "dim_gene" if of.kind.name == COUNTS else "dim_measure"
    if not source.is_there(table):
        return (None,) * len(ids)
    given = {} if of.kind.name == COUNTS else {"assay": of.assay}
    rows = source.table(_GENES[of.kind.name], given).to_pydict()
    known = dict(zip(rows["feature_id"], rows["gene_name"], strict=True))
    return tuple(known.get(i) for i in ids)
