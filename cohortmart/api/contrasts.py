"""Contrasts of a study: which there are, and every feature of one with its name."""

from __future__ import annotations

import polars as pl

from cohortmart.api.names import no_such
from cohortmart.api.open_warehouse import OpenWarehouse
from cohortmart.api.relation import Relation
from cohortmart.core.warehouse.macros import rendered

_CONTRASTS = """
    select d.analysis, d.contrast, d.assay, d.meaning, d.expression, d.n_samples, d.n_subjects,
        s.n_tested, s.n_found, s.n_up, s.n_down, s.min_adj_p_value
    from dim_contrast as d
    left join contrast_summary as s on s.analysis = d.analysis and s.contrast = d.contrast
    where $analysis::varchar is null or d.analysis = $analysis
    order by d.analysis, d.contrast_order nulls last, d.contrast
"""
_RESULTS = f"""
    select r.feature_id, r.feature_name, {rendered("is_found", "r", "s.limits")} as is_found,
        r.* exclude (analysis, contrast, feature_id, feature_name)
    from fct_contrast_result as r
    cross join (
        select struct_pack(
            p := threshold_p, adj_p := threshold_adj_p,
            delta_beta := threshold_delta_beta, log_fc := threshold_log_fc
        ) as limits
        from contrast_summary where analysis = $analysis and contrast = $contrast
    ) as s
    where r.analysis = $analysis and r.contrast = $contrast
    order by r.p_value nulls last, abs(r.t) desc nulls last, r.feature_id
"""


def contrast_list(warehouse: OpenWarehouse, analysis: str | None = None) -> pl.DataFrame:
    """Return the contrasts of all analyses or of one, with their meaning and their counts.

    Parameters
    ----------
    warehouse : OpenWarehouse
    analysis : str, optional

    Raises
    ------
    InputError
        There is no such analysis.
    """
    if analysis is not None:
        check_analysis(warehouse, analysis)
    return Relation(warehouse, _CONTRASTS, {"analysis": analysis}).pl()


def contrast_results(warehouse: OpenWarehouse, analysis: str, contrast: str) -> Relation:
    """Return every feature of a contrast, the smallest P value first.

    Parameters
    ----------
    warehouse : OpenWarehouse
    analysis, contrast : str

    Raises
    ------
    InputError
        There is no such analysis, or no such contrast in it.
    """
    check_contrast(warehouse, analysis, contrast)
    return Relation(warehouse, _RESULTS, {"analysis": analysis, "contrast": contrast})


def check_analysis(warehouse: OpenWarehouse, analysis: str) -> None:
    """Raise unless there is such an analysis with results."""
    query = "select distinct analysis from dim_contrast order by analysis"
    known = Relation(warehouse, query).pl()["analysis"].to_list()
    if analysis not in known:
        raise no_such("analysis with results", [analysis], known)


def check_contrast(warehouse: OpenWarehouse, analysis: str, contrast: str) -> None:
    """Raise unless there is such a contrast.

    Parameters
    ----------
    warehouse : OpenWarehouse
    analysis, contrast : str

    Raises
    ------
    InputError
        There is no such analysis, or no such contrast in it.
    """
    check_analysis(warehouse, analysis)
    query = "select contrast from dim_contrast where analysis = ? order by contrast_order, contrast"
    known = Relation(warehouse, query, [analysis]).pl()["contrast"].to_list()
    if contrast not in known:
        raise no_such(f"contrast of {analysis}", [contrast], known)
