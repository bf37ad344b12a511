"""What must hold for the options of an analysis beside the terms of its model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cohortmart.core.study.faults import Fault
from cohortmart.core.study.model_records import Curve
from cohortmart.core.study.records import ALL_CONTRASTS, CONTRAST_FAMILIES, Analysis, Study
from cohortmart.core.study.rules.findings import written_contrasts
from cohortmart.core.study.yaml_positions import KeyPath
from cohortmart.core.text import did_you_mean


def validate_options(study: Study, analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    """Yield what is wrong with options that need or exclude each other.

    Parameters
    ----------
    study : Study
    analysis : Analysis
    here : KeyPath
        Where the analysis stands.
    """
    yield from _check_correlation(analysis, here)
    yield from _check_within(study, analysis, (*here, "model"))
    if analysis.model.curve is not None:
        yield from _check_knots(analysis.model.curve, (*here, "model", "curve"))
    yield from _check_joint_tests(analysis, (*here, "joint_tests"))
    yield from _check_permutations(study, analysis, (*here, "permutations"))
    yield from _check_sensitivity(study, analysis, (*here, "sensitivity"))


def _check_correlation(analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    """Check what asks for a correlation within blocks."""
    model = analysis.model
    if analysis.voom.rounds == 2 and analysis.values == "voom" and model.block is None:
        yield Fault(
            (*here, "voom", "rounds"),
            "two rounds of voom differ only by the correlation within blocks, and there are none",
            expected="`block: subject` in `model`",
            found="rounds: 2",
            hint="name the block, or leave `rounds` out",
        )
    if analysis.array_weights and analysis.contrast_errors == "limma" and analysis.values != "voom":
        yield Fault(
            (*here, "contrast_errors"),
            "limma's errors are exact where all features share the weights of the samples",
            expected="`contrast_errors: exact` beside `array_weights`",
            found="limma",
            hint="leave `contrast_errors` out",
        )
    if model.correlation != "per_feature":
        if "df" in model.model_fields_set:
            yield Fault(
                (*here, "model", "df"),
                "`df` says how a correlation of each feature's own is allowed for, and here all "
                "features share one, or samples count as independent",
                of_key=True,
                expected="`block: subject` and `correlation: per_feature` beside it",
                found=f"df: {model.df}",
                hint="add `correlation: per_feature`, or leave `df` out",
            )
        return
    if model.block is None:
        yield Fault(
            (*here, "model", "correlation"),
            "`correlation: per_feature` is a correlation within blocks, and there are none"
            + (
                f"; `within: {model.within}` leaves nothing to correlate"
                if model.within is not None
                else ""
            ),
            expected="`block: subject` in `model`",
            found="per_feature",
            hint="name the block"
            + (" in place of `within`" if model.within is not None else "")
            + ", or leave `correlation` out",
        )
    if analysis.contrast_errors == "limma":
        yield Fault(
            (*here, "contrast_errors"),
            "limma's approximate errors need one correlation for all features",
            expected="exact, or `correlation: consensus`",
            found="limma, beside `correlation: per_feature`",
            hint="leave `contrast_errors` out",
        )


def _check_within(study: Study, analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    model = analysis.model
    if model.within is not None and model.within == model.block:
        yield Fault(
            (*here, "within"),
            f"`{model.within}` is both `within` and the block",
            expected="`block` (its samples are correlated) or `within` (its levels are in the "
            "model)",
            found=model.within,
            hint=f"keep `block` for contrasts between {study.nouns.subject.many}, `within` for "
            "changes alone",
        )
    if model.within is not None and analysis.contrast_errors == "limma":
        yield Fault(
            (*here[:-1], "contrast_errors"),
            "limma's approximate errors need every coefficient, and beside `within` no single one "
            "can be estimated",
            expected="exact",
            found="limma, beside `within`",
            hint="leave `contrast_errors` out: without weights the two are the same",
        )


def _check_knots(curve: Curve, here: KeyPath) -> Iterator[Fault]:
    knots = curve.knots
    if curve.by == "timepoint":
        yield Fault(
            (*here, "by"),
            "a curve stands in the place of the timepoints, so there is none for each of them",
            expected="`by: group`, another category, or none",
            found="timepoint",
            hint="name the groups that are to be compared, or write `by: null`",
        )
    if knots and "df" in curve.model_fields_set:
        yield Fault(
            (*here, "df"),
            "`knots` and `df` both say where the knots of the curve are",
            of_key=True,
            expected="one of the two",
            found=f"{len(knots)} knots and df: {curve.df}",
            hint="leave `df` out",
        )
    if len(knots) == 1 or any(b <= a for a, b in pairwise(knots)):
        yield Fault(
            (*here, "knots"),
            "the knots of a curve must rise",
            expected="two or more numbers, each above the one before, such as [12, 24, 36]",
            found=", ".join(f"{k:g}" for k in knots),
            hint="order them, or leave `knots` out for quantiles",
        )
    elif knots and knots[0] <= 0 and curve.positive:
        yield Fault(
            (*here, "knots"),
            "a knot of the curve is not positive, and with `positive: true` only samples with a "
            "positive value are on it",
            expected="knots among the values",
            found=", ".join(f"{k:g}" for k in knots),
            hint="correct them, or take `positive` out if 0 and less are real values",
        )


def _check_joint_tests(analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    names = written_contrasts(analysis)
    families = [name for name in analysis.contrasts if name in CONTRAST_FAMILIES]
    for test, wanted in analysis.joint_tests.items():
        if test == ALL_CONTRASTS or not test.strip():
            yield Fault(
                (*here, test),
                f"a joint test cannot be called `{test}`",
                of_key=True,
                expected=f"a name other than `{ALL_CONTRASTS}`, which every analysis has",
                hint="give it another name, or leave it out",
            )
        if not wanted:
            yield Fault(
                (*here, test),
                f"the joint test `{test}` names no contrast",
                expected="contrasts of the analysis, or " + ", ".join(CONTRAST_FAMILIES),
                found="an empty list",
                hint="name its contrasts, or leave it out",
            )
        for i, name in enumerate(wanted):
            if name in CONTRAST_FAMILIES and name not in families:
                yield Fault(
                    (*here, test, i),
                    f"the analysis has no `{name}: all`, so the name stands for nothing",
                    expected=f"`{name}: all` under `contrasts`",
                    found=name,
                    hint="add it there, or name the contrasts one by one",
                )
            elif name not in CONTRAST_FAMILIES and names is not None and name not in names:
                yield _unknown_contrast((*here, test, i), name, names)


def _check_permutations(study: Study, analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    options, model = analysis.permutations, analysis.model
    if options is None:
        return
    if model.block is None and model.within is None:
        yield Fault(
            here,
            f"`permutations` permutes the {study.nouns.timepoint.many} of each "
            f"{study.nouns.subject.one}, and the model does not say who they are of",
            of_key=True,
            expected="`block: subject` (or `within: subject`) in `model`",
            hint="name the block, or leave `permutations` out",
        )
    yield from validate_names(analysis, options.contrasts, (*here, "contrasts"))


def _check_sensitivity(study: Study, analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    options = analysis.sensitivity
    if options is None:
        return
    yield from validate_names(analysis, options.contrasts, (*here, "contrasts"))
    batch = options.batch
    if batch is not None and batch not in study.factors:
        yield Fault(
            (*here, "batch"),
            f"`{batch}` is no factor of the study"
            + (", but a number" if batch in study.covariates else ""),
            expected="one of " + ", ".join(study.factors) if study.factors else "a factor",
            found=batch,
            hint=did_you_mean(batch, study.factors) or "declare it under `factors` of `samples`",
        )
    for i, feature in enumerate(options.features):
        if feature in options.features[:i]:
            yield Fault(
                (*here, "features", i),
                f"`{feature}` stands twice in `features`",
                expected="each feature once",
                found=feature,
                hint="delete one of the two",
            )


def validate_names(analysis: Analysis, wanted: Sequence[str], here: KeyPath) -> Iterator[Fault]:
    """Yield names of contrasts that are none, where study.yml writes all of them out.

    Parameters
    ----------
    analysis : Analysis
    wanted : sequence of str
    here : KeyPath
        Where they stand.
    """
    names = written_contrasts(analysis)
    for i, name in enumerate(wanted if names is not None else ()):
        assert names is not None
        if name not in names:
            yield _unknown_contrast((*here, i), name, names)


def _unknown_contrast(path: KeyPath, name: str, names: Sequence[str]) -> Fault:
    return Fault(
        path,
        f"the analysis has no contrast `{name}`",
        expected="one of " + ", ".join(names),
        found=name,
        hint=did_you_mean(name, names) or "define it under `contrasts`",
    )
