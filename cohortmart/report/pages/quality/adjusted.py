"""Adjustment: which analyses of an assay take a variable into account."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cohortmart.core.study.study_copy import StudyCopy
from cohortmart.core.warehouse.quoting import identifier
from cohortmart.report.source import Source

_MODELS = "select analysis, parameters from analysis_run where assay = ? order by analysis"
_LEVELS = """
    select count(distinct d.{column}) from dim_sample as d
    where d.sample_id in (select sample_id from design_matrix where analysis = ?)
"""


def unadjusted(source: Source, assay: str, variable: str) -> list[str] | None:
    """Return the analyses of an assay that a variable could touch and that do not know it.

    An analysis knows what stands in its model, and what `normalise` took out of its assay; it is
    not touched by what all its samples share.

    Parameters
    ----------
    source : Source
    assay : str
    variable : str
        A factor or covariate of the study.

    Returns
    -------
    list of str or None
        In the order of the study; None where no analysis of the assay has results.
    """
    if not source.has_rows("analysis_run"):
        return None
    models = {r["analysis"]: _model(r["parameters"]) for r in source.rows(_MODELS, [assay])}
    if not models:
        return None
    if variable in StudyCopy(source.home).batches_taken_out(assay):
        return []
    order = [*(a for a in source.analyses if a in models), *sorted({*models} - {*source.analyses})]
    return [
        analysis
        for analysis in order
        if not _names(models[analysis], variable) and _varies(source, analysis, variable)
    ]


def all_weighted(source: Source, assay: str) -> bool:
    """Return whether all analyses of an assay let samples that fit badly count less."""
    if not source.has_rows("analysis_run"):
        return False
    found = [json.loads(r["parameters"]) for r in source.rows(_MODELS, [assay])]
    return bool(found) and all(p.get("array_weights") for p in found)


def _model(parameters: str) -> Mapping[str, Any]:
    model: Mapping[str, Any] = json.loads(parameters).get("model") or {}
    return model


def _names(model: Mapping[str, Any], variable: str) -> bool:
    curve = model.get("curve") or {}
    terms = [
        *(model.get("means") or ()), *(model.get("covariates") or ()), curve.get("of"),
        curve.get("by"), model.get("block"), model.get("within"),
    ]  # fmt: skip
    name = rf"(?<![\w.]){re.escape(variable)}(?![\w.])"
    return variable in terms or re.search(name, model.get("formula") or "") is not None


def _varies(source: Source, analysis: str, variable: str) -> bool:
    if not (source.is_there("dim_sample") and source.has_rows("design_matrix")):
        return True
    levels = source.value(_LEVELS.format(column=identifier(variable)), [analysis])
    return bool(levels != 1)  # 0 where the design is not known
