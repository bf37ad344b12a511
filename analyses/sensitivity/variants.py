"""The other models under which a hit is looked at again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from analyses.design.variables import Category, read_variable
from analyses.fit.variance_prior import prior_asked
from analyses.sensitivity.model_terms import (
    names_in_model,
    removable_terms,
    with_term,
    without_term,
)
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.normalise_records import BatchOptions
from cohortmart.core.study.records import ROLE_COLUMNS, Analysis, Study
from cohortmart.core.text import did_you_mean

AS_ANALYSED = "as analysed"


@dataclass(frozen=True)
class Variant:
    """One other way to analyse the same samples.

    Parameters
    ----------
    name : str
        What is done otherwise.
    analysis : Analysis
        With the other model.
    combat : str or None
        The batch that ComBat takes out of the values first.
    """

    name: str
    analysis: Analysis
    combat: str | None = None


def variants_of(
    study: Study, name: str, analysis: Analysis, samples: pl.DataFrame
) -> tuple[Variant, ...]:
    """Return the variants of an analysis, itself not among them.

    First those of the batch (in the model, without it, by ComBat), then those of the subject
    (as block, as fixed effect, correlation of its own for each feature), then the model without
    each covariate, then with each further column of the study that every chosen sample has and
    that varies. One that is the same as another before it is left out: "neither batch nor
    ComBat" is the analysis itself, or `without BATCH`.

    Parameters
    ----------
    study : Study
    name : str
        Of the analysis, for messages.
    analysis : Analysis
        With `sensitivity`.
    samples : polars.DataFrame
        The chosen rows of `dim_sample`.

    Raises
    ------
    AnalysisError
        `sensitivity.batch` is no category of the study.
    """
    assert analysis.sensitivity is not None
    batch = analysis.sensitivity.batch
    _refuse_unknown_batch(study, name, batch)
    seen, kept = {_key(Variant(AS_ANALYSED, analysis))}, []
    for variant in (
        *_of_batch(study, analysis, batch),
        *_of_subject(study, name, analysis, samples),
        *_without(study, analysis),
        *_with(study, analysis, samples, batch),
    ):
        if _key(variant) not in seen:
            seen.add(_key(variant))
            kept.append(variant)
    return tuple(kept)


def _key(variant: Variant) -> tuple[str, str | None]:
    """Tell variants apart, but not by the order of their covariates."""
    model = variant.analysis.model
    in_order = model.model_copy(update={"covariates": tuple(sorted(model.covariates))})
    return in_order.model_dump_json(), variant.combat


def _refuse_unknown_batch(study: Study, name: str, batch: str | None) -> None:
    known = [*study.factors, *ROLE_COLUMNS]
    if batch is not None and batch not in known:
        raise AnalysisError(
            f"analysis {name}: `sensitivity.batch` names `{batch}`, which is no category",
            expected=f"one of {', '.join(known)}",
            found=batch,
            hint=did_you_mean(batch, known) or "declare it in samples.factors",
        )


def _of_batch(study: Study, analysis: Analysis, batch: str | None) -> Iterator[Variant]:
    """Yield the batch in the model, neither, and ComBat first."""
    model = analysis.model
    if batch is None:
        return
    if batch in removable_terms(model, study):
        model = without_term(model, study, batch)
        yield Variant(f"without {batch}", _with_model(analysis, model))
    elif batch in names_in_model(model, study):
        return  # it is part of what the contrasts compare
    else:
        yield Variant("batch in the model", _with_model(analysis, with_term(model, batch)))
    if not _adjusted_before(study, analysis, batch):
        yield Variant("ComBat first", _with_model(analysis, model), combat=batch)


def batch_note(study: Study, analysis: Analysis) -> str | None:
    """Say what of the batch cannot be varied, None where all can.

    Parameters
    ----------
    study : Study
    analysis : Analysis
        With `sensitivity`.
    """
    assert analysis.sensitivity is not None
    batch, model = analysis.sensitivity.batch, analysis.model
    if batch is None:
        return None
    if batch in names_in_model(model, study) and batch not in removable_terms(model, study):
        return f"`{batch}` is part of what is compared, so the batch cannot be left out"
    if _adjusted_before(study, analysis, batch):
        return f"the assay was adjusted for `{batch}` before, so ComBat is not tried again"
    return None


def _adjusted_before(study: Study, analysis: Analysis, batch: str) -> bool:
    """Whether the assay's own layers had this batch taken out already."""
    made = [step.options for step in study.assays[analysis.assay].normalise]
    return any(isinstance(step, BatchOptions) and step.batch == batch for step in made)


def _of_subject(
    study: Study, name: str, analysis: Analysis, samples: pl.DataFrame
) -> Iterator[Variant]:
    """Yield the three ways to handle the people, if some have several samples."""
    model = analysis.model
    who = model.block or model.within or "subject"
    if model.block is None and model.within is None:
        if who in removable_terms(model, study):  # a fixed effect, written as a covariate
            model = without_term(model, study, who)
        elif who in names_in_model(model, study):
            return
    read = read_variable(samples, who, study, f"analysis {name}")
    if not isinstance(read, Category) or not 1 < len(read.levels) < samples.height:
        return
    for words, changes in (
        (f"{who} as block", {"block": who}),
        (f"{who} as fixed effect", {"within": who}),
        ("own correlation per feature", {"block": who, "correlation": "per_feature"}),
    ):
        plain = {"block": None, "within": None, "correlation": "consensus"}
        changed = _with_model(analysis, model.model_copy(update={**plain, **changes}))
        if changed.model.within is not None:
            # a second round of voom needs the correlation within blocks, of which it has none
            voom = changed.voom.model_copy(update={"rounds": 1})
            changed = changed.model_copy(update={"voom": voom})
        if changed.model.block is None or changed.model.correlation == "per_feature":
            # limma's approximation needs one correlation and a design of full rank
            # (and with it goes the prior of its day, which stays)
            moderation = changed.moderation.model_copy(update={"prior": prior_asked(changed)})
            changed = changed.model_copy(
                update={"contrast_errors": "exact", "moderation": moderation}
            )
        if not (words.endswith("fixed effect") and who in analysis.model.covariates):
            yield Variant(words, changed)


def _without(study: Study, analysis: Analysis) -> Iterator[Variant]:
    """Yield the model without each of its covariates."""
    for term in removable_terms(analysis.model, study):
        changed = _with_model(analysis, without_term(analysis.model, study, term))
        yield Variant(f"without {term}", changed)


def _with(
    study: Study, analysis: Analysis, samples: pl.DataFrame, batch: str | None
) -> Iterator[Variant]:
    """Yield the model with each further column that all samples have and that varies."""
    inside = names_in_model(analysis.model, study)
    for term in (*study.covariates, *study.factors):
        if term not in inside and term != batch and _varies(study, samples, term):
            changed = _with_model(analysis, with_term(analysis.model, term))
            yield Variant(f"with {term}", changed)


def _varies(study: Study, samples: pl.DataFrame, term: str) -> bool:
    """Whether every sample has a value, and not the same one."""
    try:
        found = read_variable(samples, term, study, "")
    except AnalysisError:
        return False
    if isinstance(found, Category):
        return len(found.levels) > 1
    return bool((found.values != found.values[0]).any())


def _with_model(analysis: Analysis, model: Model) -> Analysis:
    return analysis.model_copy(update={"model": model})
