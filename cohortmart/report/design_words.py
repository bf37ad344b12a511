"""The design of an analysis in plain words, from its parameters in `analysis_run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmart.core.text import Noun

Parameters = Mapping[str, Any]

_VALUES = {
    "log_cpm": "log2 counts per million (CPM), normalised by TMM",
    "voom": "log2 counts per million (CPM) with voom's precision weights",
    "m_value": "M-values, log2(beta / (1 - beta))",
    "measured": "measurements, transformed as study.yml says (dim_measure)",
    "beta": "betas, the methylated share from 0 to 1",
}

_PRIORS = {
    "moments": "prior from moments",
    "likelihood": "prior by maximum likelihood",
}


def design_words(parameters: Parameters, subject: Noun) -> list[str]:
    """Return one sentence each for values, samples, model, correlation and moderation.

    Parameters
    ----------
    parameters : mapping
        `analysis_run.parameters`, read from JSON.
    subject : Noun
        What the study calls a person.
    """
    return [
        _values(parameters),
        f"Samples: {parameters.get('where') or 'all of the assay'}.",
        _model(parameters["model"]),
        _people(parameters["model"], subject.title),
        _moderation(parameters),
    ]


def _values(p: Parameters) -> str:
    said = f"Values: {_VALUES[p['values']]}"
    if p["values"] == "voom":
        said += _voom(p.get("voom") or {})
    if p.get("array_weights"):
        said += "; noisy samples count less (array weights)"
    if p.get("filter", "none") != "none":
        said += "; genes with too few reads are left out (filter_by_expr)"
    return said + "."


def _voom(voom: Parameters) -> str:
    said = ""
    if voom.get("rounds", 1) > 1:
        said += f", estimated in {voom['rounds']} rounds"
    span = voom.get("span", 0.5)
    if span == "adaptive":
        said += ", their trend smoothed by the number of genes (adaptive span)"
    elif span != 0.5:
        said += f", their trend smoothed with a span of {span:g}"
    return said


def _model(model: Parameters) -> str:
    if model.get("formula"):
        said = f"Model: {model['formula']}"
    elif model.get("curve"):
        curve = model["curve"]
        by = f", one for every {curve['by']}" if curve.get("by") else ""
        knots = ", ".join(f"{k:g}" for k in curve.get("knots") or ())
        said = f"Model: a smooth curve of {curve['of']}{by} (natural spline, knots at {knots})"
    elif model.get("baseline"):
        said = f"Model: differences from {model['baseline']}"
    else:
        means = model["means"] or ()
        every = "combination of " if len(means) > 1 else ""
        said = f"Model: one mean for every {every}{' and '.join(means)}"
    if model.get("covariates"):
        said += f"; adjusted for {', '.join(model['covariates'])}"
    return said + "."


def _people(model: Parameters, who: str) -> str:
    if model.get("within"):
        return f"{who}: every {model['within']} has a level of its own, so only changes count."
    if not model.get("block"):
        return f"{who}: all samples count as independent."
    df = "Kenward-Roger" if model.get("df") == "kenward_roger" else "Satterthwaite"
    each = (
        f"each feature with its own correlation (mixed model, {df})"
        if model.get("correlation") == "per_feature"
        else "with one correlation for all features"
    )
    return f"{who}: samples of one {model['block']} are alike, {each}."


def _moderation(p: Parameters) -> str:
    moderation = p.get("moderation") or {}
    ways = [
        words
        for key, words in (("trend", "with a trend over the mean"), ("robust", "robustly"))
        if moderation.get(key)
    ]
    said = "Tests: moderated t, variances shrunk towards each other"
    if ways:
        said += " " + " and ".join(ways)
    if moderation.get("prior"):
        said += f" ({_PRIORS[moderation['prior']]})"
    if moderation.get("minimum_log_fc"):
        said += f"; a change counts beyond {moderation['minimum_log_fc']:g} log2 units (treat)"
    if p.get("contrast_errors") == "limma":
        return f"{said}; standard errors by limma's approximation."
    return f"{said}; standard errors exact."
