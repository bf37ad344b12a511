"""What must hold inside one analysis of study.yml, and between it and the study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from cohortmart.core.study.faults import Fault
from cohortmart.core.study.kinds import KINDS
from cohortmart.core.study.records import ROLES, Analysis, Study
from cohortmart.core.study.rules.contrasts import validate_contrasts
from cohortmart.core.study.rules.explained import validate_explained
from cohortmart.core.study.rules.measured import meant_assay, validate_measured
from cohortmart.core.study.rules.model_options import validate_options
from cohortmart.core.study.rules.returns import validate_returns
from cohortmart.core.study.rules.variance import validate_variance
from cohortmart.core.study.timepoints import places_in_time
from cohortmart.core.study.variables import measured_name
from cohortmart.core.study.yaml_positions import Document, KeyPath
from cohortmart.core.text import did_you_mean

#: Keys of an analysis, or of its thresholds, that mean something for one kind only.
_ONLY_FOR = (
    (("normalisation_samples",), "counts"),
    (("filter",), "counts"),
    (("thresholds", "delta_beta"), "beta"),
)


def validate_analysis(
    study: Study, analysis: Analysis, here: KeyPath, document: Document
) -> Iterator[Fault]:
    """Yield what is wrong with one analysis.

    Parameters
    ----------
    study : Study
        The whole study.
    analysis : Analysis
        One of its analyses.
    here : KeyPath
        Where the analysis stands.
    document : Document
        For which keys were written.
    """
    yield from _check_assay(study, analysis, here, document)
    yield from _check_form(analysis, here)
    yield from _check_terms(study, analysis, (*here, "model"))
    yield from _check_baseline(study, analysis, (*here, "model", "baseline"))
    yield from validate_contrasts(study, analysis.contrasts, analysis.model, (*here, "contrasts"))
    yield from validate_options(study, analysis, here)
    yield from validate_explained(study, analysis, here)
    yield from validate_variance(study, analysis, here)
    yield from validate_returns(study, analysis, here)


def _check_assay(
    study: Study, analysis: Analysis, here: KeyPath, document: Document
) -> Iterator[Fault]:
    """Check that the assay is known, and that values and options fit its kind."""
    assay = study.assays.get(analysis.assay)
    if assay is None:
        yield Fault(
            (*here, "assay"),
            f"there is no assay `{analysis.assay}`",
            expected="one of " + ", ".join(study.assays),
            found=analysis.assay,
            hint=did_you_mean(analysis.assay, study.assays) or "use a name that `assays` defines",
        )
        return
    fitting = KINDS[assay.kind].values
    if analysis.values not in fitting:
        yield Fault(
            (*here, "values"),
            f"`values: {analysis.values}` cannot be made from an assay of kind {assay.kind}",
            expected=" or ".join(fitting),
            found=analysis.values,
            hint=f"choose one of these, or another assay than `{analysis.assay}`",
        )
        return
    written = document.at(here)
    for keys, kind in _ONLY_FOR:
        if assay.kind != kind and document.at((*here, *keys)) is not None:
            yield Fault(
                (*here, *keys),
                f"`{keys[-1]}` is only for assays of kind {kind}",
                of_key=True,
                expected=f"an assay of kind {kind}",
                found=f"`{analysis.assay}` has `kind: {assay.kind}`",
                hint=f"leave `{keys[-1]}` out",
            )
    if "voom" in written and analysis.values != "voom":
        yield Fault(
            (*here, "voom"),
            "options for voom, but `values` is not voom",
            of_key=True,
            expected="`values: voom`",
            found=f"`values: {analysis.values}`",
            hint="leave `voom` out, or set `values: voom`",
        )


def _check_form(analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    """Check that means, a curve or a formula give the model, with only the keys that go with it."""
    model = analysis.model
    place: KeyPath = (*here, "model")
    if not model.means and model.curve is None and model.formula is None:
        yield Fault(
            place,
            "`model` has neither `means` nor `formula` nor `curve`",
            of_key=True,
            expected='`means: [group, timepoint]`, `formula: "..."` or `curve: {of: ...}`',
            hint="give one of the three",
        )
    if model.curve is not None and model.means:
        yield _not_both(place, "means", "a model is given by `means` or by `curve`, not both")
    if model.formula is None:
        if model.baseline is not None and not model.means:
            yield Fault(
                (*place, "baseline"),
                "`baseline` names one of the means, and there are none",
                of_key=True,
                expected="`means` beside it",
                hint="give `means`, or leave `baseline` out",
            )
        return
    for key, value, why in (
        ("means", model.means, "a model is given by `means` or by `formula`, not both"),
        ("curve", model.curve, "a model is given by `curve` or by `formula`, not both"),
        ("covariates", model.covariates, "beside `formula` there are no `covariates`"),
        ("baseline", model.baseline, "`baseline` goes with `means`, not with `formula`"),
    ):
        if value:
            yield _not_both(place, key, why)


def _not_both(place: KeyPath, key: str, why: str) -> Fault:
    other = "curve" if "`curve`, not" in why else "formula"
    return Fault(
        (*place, key),
        why,
        of_key=True,
        expected="one way to write the model",
        found=f"`{other}` and `{key}`",
        hint="write them into the formula, or use `means` and `covariates` alone"
        if other == "formula"
        else "keep one of the two; a curve replaces the timepoints",
    )


def _check_terms(study: Study, analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    """Check that each name of the model is a role or a declared column of the right kind."""
    model = analysis.model
    categories = (*ROLES, *study.factors)
    uses: list[tuple[KeyPath, str, Sequence[str]]] = [
        *(((*here, "means", i), n, categories) for i, n in enumerate(model.means)),
        *(
            ((*here, "covariates", i), n, (*study.covariates, *study.factors, *ROLES))
            for i, n in enumerate(model.covariates)
        ),
    ]
    if model.curve is not None:
        in_time = ("timepoint",) if study.has_timepoints else ()
        uses.insert(0, ((*here, "curve", "of"), model.curve.of, (*study.covariates, *in_time)))
        if model.curve.by is not None:
            uses.insert(1, ((*here, "curve", "by"), model.curve.by, categories))
    own = {name: path[len(here)] for path, name, _ in uses}
    for key, words in (("block", "the block"), ("within", "`within`")):
        name = getattr(model, key)
        if name is None:
            continue
        uses.append(((*here, key), name, categories))
        if name in own and name in categories:
            yield Fault(
                (*here, key),
                f"`{name}` is both in `{own[name]}` and {words}",
                expected="a category that is no part of the model itself",
                found=name,
                hint=f"take it out of one: as part of the model it leaves {words} nothing "
                "to explain",
            )
    seen: set[str] = set()
    for path, name, known in uses:
        yield from _check_term(study, path, name, known)
        if path[len(here)] in ("means", "curve", "covariates"):
            if name in seen:
                yield Fault(
                    path,
                    f"`{name}` stands twice in `model`",
                    expected="each name once, in `means`, `curve` or `covariates`",
                    found=name,
                    hint="delete one of the two",
                )
            seen.add(name)


def _check_term(study: Study, path: KeyPath, name: str, known: Sequence[str]) -> Iterator[Fault]:
    """Check one name of a model."""
    measured = measured_name(name, study) if name not in known else None
    if measured is not None and "covariates" in path:
        yield from validate_measured(study, path, measured)
    elif name in known:
        yield from _check_role(study, path, name)
    elif name in study.covariates:
        key = path[-1] if isinstance(path[-1], str) else path[-2]
        yield Fault(
            path,
            f"`{name}` is a number and cannot stand in `{key}`",
            expected="a category: one of " + ", ".join(known),
            found=name,
            hint="move it to `model.covariates`"
            if key == "means"
            else "use a category, such as subject",
        )
    elif path[-1] == "of":
        yield Fault(
            path,
            f"`{name}` is no covariate, so there is no curve of it",
            expected="one of " + ", ".join(known) if known else "a number of the sample sheet",
            found=name,
            hint=did_you_mean(name, known) or "declare it under `covariates` of `samples`",
        )
    else:
        yield Fault(
            path,
            f"`{name}` is neither a role nor a declared column",
            expected="one of " + ", ".join(known),
            found=name,
            hint=did_you_mean(name, known)
            or meant_assay(study, name)
            or "declare it under `factors` or `covariates` of `samples`",
        )


def _check_role(study: Study, path: KeyPath, name: str) -> Iterator[Fault]:
    """Check that the study tells its samples apart by a role that the model names."""
    named = {
        "cell_type": any(s.cell_type is not None for s in study.samples),
        "group": study.has_groups,
        "timepoint": study.has_timepoints,
    }
    if not named.get(name, True):
        yield Fault(
            path,
            f"`{name}` is used, but `samples` names no column for it",
            expected=f"`{name}: <column>` under `samples`",
            found=name,
            hint=f"name the column with the {name.replace('_', ' ')}s, or leave `{name}` out",
        )
    elif name == "timepoint" and path[-1] == "of" and places_in_time(study.timepoints) is None:
        yield Fault(
            path,
            "the timepoints are words, so there is no curve of them",
            expected="`timepoints` that are numbers, such as [0, 4, 12], or dates",
            found=", ".join(study.timepoints),
            hint="name a covariate that says when, or put `timepoint` into `means`",
        )


def _check_baseline(study: Study, analysis: Analysis, path: KeyPath) -> Iterator[Fault]:
    """Check that the baseline is one of the means, where study.yml knows all their levels."""
    model = analysis.model
    levels = {"group": study.groups, "timepoint": study.timepoints}
    if model.baseline is None or not model.means or not set(model.means) <= set(levels):
        return
    means = [".".join(combination) for combination in product(*(levels[m] for m in model.means))]
    if model.baseline not in means:
        yield Fault(
            path,
            f"there is no mean `{model.baseline}`",
            expected=f"{' and '.join(model.means)} joined by a dot, such as {means[0]}",
            found=model.baseline,
            hint=did_you_mean(model.baseline, means) or "use one of the means",
        )
