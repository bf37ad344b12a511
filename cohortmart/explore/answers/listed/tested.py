"""Tested features of an analysis: how far each moves in every contrast, read once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import special

from analyses.stats.gene_sets.camera import z_scores
from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS
from cohortmart.core.types import Bools, Floats
from cohortmart.core.warehouse.macros import rendered
from cohortmart.report.pages.overview.features import Analysed
from cohortmart.report.source import Source

#: Results of an analysis that are held: 20,000 genes in 60 contrasts, not 840,000 CpGs in one.
MOST_HELD = 1_500_000
#: Below, the deviate is taken from t itself.
_SMALLEST_P = 1e-290
_RESULTS = f"""
    select r.feature_id, r.log_fc, r.se, r.df_total, r.ave_expr, r.p_value,
        case when t.analysis is null or not coalesce({rendered("is_found", "r", "t")}, false)
            then 0 when r.log_fc > 0 then 1 else -1 end as found
    from fct_contrast_result as r
    left join staging.stg_results__thresholds as t on t.analysis = r.analysis
    where r.analysis = $analysis and r.contrast = $contrast and r.p_value is not null
"""
_CONTRASTS = """
    select contrast, minimum_log_fc > 0 as is_treat from dim_contrast
    where analysis = $analysis order by contrast
"""
_FEATURES = """
    select distinct feature_id from fct_contrast_result
    where analysis = $analysis and p_value is not null order by feature_id
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
    found : ndarray of the same shape, int8
        1 found up, -1 found down, 0 not found.
    level : ndarray of shape (n_features,)
        Mean level, in units of the values.
    """

    features: tuple[str, ...]
    genes: tuple[str | None, ...]
    contrasts: tuple[str, ...]
    z: Floats
    found: npt.NDArray[np.int8]
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
    given = {"analysis": of.analysis}
    contrasts = source.rows(_CONTRASTS, given)
    names = [row["contrast"] for row in contrasts]
    ids = source.table(_FEATURES, given)["feature_id"].combine_chunks()
    shape = len(names), len(ids)
    z, found = np.full(shape, np.nan), np.zeros(shape, np.int8)
    total, n = np.zeros(len(ids)), np.zeros(len(ids))
    for k, contrast in enumerate(contrasts):  # one after the other: all at once are 40 MB
        rows = source.table(_RESULTS, given | {"contrast": contrast["contrast"]})
        at = np.asarray(pc.index_in(rows["feature_id"], value_set=ids).to_numpy(), np.int64)
        level = rows["ave_expr"].to_numpy()
        z[k, at] = _deviates(rows, is_treat=bool(contrast["is_treat"]))
        found[k, at] = rows["found"].to_numpy()
        there = np.isfinite(level)
        total[at] += np.where(there, level, 0.0)
        n[at] += there
    finite = np.where(np.isfinite(z), np.abs(z), 0.0).max(axis=1, initial=0.0)[:, None]
    return Tested(
        tuple(ids.to_pylist()),
        _genes(source, of, ids.to_pylist()),
        tuple(names),
        np.clip(z, -finite, finite),
        found,
        np.where(n > 0, total / np.maximum(n, 1), np.nan),
    )


def _deviates(rows: pa.Table, *, is_treat: bool) -> Floats:
    """Return the normal deviates of t: by its P value, which is there, where that has its digits.

    The P values of treat are not those of t.
    """
    log_fc, se, df, p = (rows[c].to_numpy() for c in ("log_fc", "se", "df_total", "p_value"))
    z = np.copysign(-special.ndtri(p / 2), log_fc)
    far = np.full(len(p), is_treat) | (p < _SMALLEST_P)
    with np.errstate(divide="ignore", invalid="ignore"):
        z[far] = z_scores(log_fc[far] / se[far], df[far])
    return np.asarray(z)


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
