"""The sections of the report on analyses, in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from analyses.design.design import SamplesOnCurve
from cohortmart.app.check.analysis import (
    AnalysisCheck,
    ContrastCheck,
    single_blocks,
    single_samples,
)
from cohortmart.app.check.confounding_words import confounding_notes, confounding_warnings
from cohortmart.app.check.names import NAMES_SHOWN
from cohortmart.app.check.paragraphs import block, wrapped
from cohortmart.app.sql.text_table import aligned
from cohortmart.core.study.records import Analysis
from cohortmart.core.study.timepoints import as_number
from cohortmart.core.text import Noun, counted, listed

#: Fewer residual degrees of freedom than this are worth a warning.
FEW_RESIDUAL_DF = 10
#: Fewer people on a side, or complete pairs, than this are worth a warning.
FEW_PEOPLE = 3
KINDS = {
    "within": "change within {people}",
    "between": "between groups of {people}",
    "mixed": "change, compared between groups",
}
#: A contrast with a number in it has no groups to compare.
OF_NUMBER = "within and between {people}"


def analysis_text(
    names: Sequence[str],
    analysis: Analysis,
    check: AnalysisCheck,
    tables: dict[str, str],
) -> str:
    """Return the section of analyses that have the same samples, model and contrasts.

    Parameters
    ----------
    names : sequence of str
        The analyses.
    analysis : Analysis
        One of them.
    check : AnalysisCheck
        What was found about it.
    tables : dict of str to str
        Tables of contrasts shown so far, to the analysis they were shown for: a table is shown
        once. Changed.
    """
    title = f"Analys{'is' if len(names) == 1 else 'es'} {', '.join(names)}"
    if check.samples is None:
        return f"{title}\n{block('CANNOT BE COMPUTED', check.fault)}\n"
    people = check.nouns.subject.counted(check.samples["subject_id"].n_unique())
    n_samples = counted(check.samples.height, "sample")
    lines = [f"{title}: {n_samples} of {people}, assay {analysis.assay}"]
    if analysis.where:
        lines.append(wrapped(f"chosen: {analysis.where}"))
    if check.design is None:
        lines.append(block("CANNOT BE COMPUTED", check.fault))
    else:
        lines += _model_lines(analysis, check)
        table = _contrast_table(check.contrasts, check.nouns.subject)
        shown_for = tables.setdefault(table, names[0])
        lines.append(table if shown_for == names[0] else f"  contrasts: as for {shown_for}")
        lines += [
            block("CANNOT BE ESTIMATED", f"{c.name}: {c.fault}") for c in check.contrasts if c.fault
        ]
        lines += [block("CANNOT BE COMPUTED", refusal) for refusal in check.refusals]
    lines += [block("note", note) for note in notes_of(analysis, check)]
    lines += [block("WARNING", warning) for warning in warnings_of(analysis, check)]
    return "\n".join(lines) + "\n"


def warnings_of(analysis: Analysis, check: AnalysisCheck) -> list[str]:
    """Return what the reader of the results has to know, most important first.

    Parameters
    ----------
    analysis : Analysis
    check : AnalysisCheck
    """
    people = check.nouns.subject.many
    found = [f"{warning}." for warning in check.warnings]
    found += confounding_warnings(analysis, check)
    alone = single_samples(check)
    if alone:
        found.append(
            f"only one sample is {' or '.join(alone)}: such a mean rests on one measurement, and "
            "nothing says how well it is known."
        )
    few = [c.name for c in check.contrasts if not c.fault and _fewest(c) < FEW_PEOPLE]
    if few:
        found.append(
            f"fewer than {FEW_PEOPLE} {people} (or complete pairs) stand behind "
            f"{listed(few, most=NAMES_SHOWN)}."
        )
    if check.design is not None:
        left = len(check.design.sample_ids) - check.design.rank
        if left < FEW_RESIDUAL_DF:
            only = "degree of freedom is" if left == 1 else "degrees of freedom are"
            found.append(
                f"only {left} residual {only} left: the model has "
                f"{counted(check.design.rank, 'coefficient')} for "
                f"{counted(len(check.design.sample_ids), 'sample')}."
            )
    return found


def notes_of(analysis: Analysis, check: AnalysisCheck) -> list[str]:
    """Return what is good to know and nothing to worry about.

    Parameters
    ----------
    analysis : Analysis
    check : AnalysisCheck
    """
    people = check.nouns.subject.many
    found = [*check.notes, *(check.design.notes if check.design is not None else ())]
    found += confounding_notes(analysis, check)
    if analysis.permutations is not None and not analysis.permutations.contrasts:
        out = check.unpermutable
        if 0 < len(out) < len(check.contrasts):
            found.append(
                f"permutations of {check.nouns.timepoint.many} cannot test contrasts between "
                f"{people}; left out of them: "
                f"{listed(out, most=NAMES_SHOWN)}."
            )
    one, blocks = single_blocks(check)
    if 0 < one < blocks:  # where all are, the block is a fault
        they = "it counts" if one == 1 else "they count"
        adds = "adds" if one == 1 else "add"
        found.append(
            f"{one} of the {blocks} blocks ({analysis.model.block}) with one sample only: {they} "
            f"in comparisons between groups and {adds} little to changes within {people}."
        )
    return found


def _model_lines(analysis: Analysis, check: AnalysisCheck) -> list[str]:
    design, model = check.design, analysis.model
    if design is None:
        return []
    if design.curve is not None:
        said = f"model: {_curve_words(design.curve, design.mean_levels)}"
        if model.covariates:
            said += f"; adjusted for {', '.join(model.covariates)}"
    elif design.mean_labels is None:
        said = f"model: {model.formula}; columns {', '.join(design.columns[: design.n_own])}"
    else:
        counts = Counter(design.mean_labels)
        means = ", ".join(f"{label} ({counts[label]})" for label in design.mean_levels)
        said = f"model: a mean for each {' x '.join(model.means)}: {means} samples"
        if model.baseline is not None:
            said += f"; written with the baseline {model.baseline}"
        if model.covariates:
            said += f"; adjusted for {', '.join(model.covariates)}"
    if model.within is not None:
        said += f"; each {model.within} has its own level"
    if model.block is not None:
        said += f"; samples of one {model.block} are correlated"
        if model.correlation == "per_feature":
            df = "Kenward and Roger" if model.df == "kenward_roger" else "Satterthwaite"
            said += f", each feature by its own correlation (degrees of freedom by {df})"
    left = len(design.sample_ids) - design.rank
    degrees = "degree" if left == 1 else "degrees"
    return [wrapped(f"{said}; {left} residual {degrees} of freedom")]


def _curve_words(curve: SamplesOnCurve, coefficients: Mapping[str, tuple[str, ...]]) -> str:
    knots = ", ".join(dict.fromkeys(parts[-1] for parts in coefficients.values()))
    said = f"a natural spline of {curve.of} with knots at {knots}"
    if curve.by is None:
        return f"{said}: {counted(len(curve.levels), 'sample')}"
    counts = Counter(curve.levels)
    levels = dict.fromkeys(parts[0] for parts in coefficients.values())
    each = ", ".join(f"{level} ({counts[level]})" for level in levels)
    return f"{said} for each {curve.by}: {each} samples"


def _contrast_table(contrasts: Sequence[ContrastCheck], subject: Noun) -> str:
    columns = [
        [c.name for c in contrasts],
        ["no" if c.fault else "yes" for c in contrasts],
        [_compares(c).format(people=subject.many) for c in contrasts],
        [_people(c, subject) for c in contrasts],
    ]
    table = aligned(["contrast", "can be estimated", "compares", subject.many], columns)
    return "".join(f"  {line}\n" for line in table.splitlines()).rstrip("\n")


def _compares(contrast: ContrastCheck) -> str:
    if contrast.kind == "mixed" and not contrast.pairs_by_group:
        return OF_NUMBER
    return KINDS.get(contrast.kind, "")


def _people(contrast: ContrastCheck, subject: Noun) -> str:
    if contrast.fault:
        return ""
    sides = [", ".join(_people_at(label, n) for label, n in side) for side in _both(contrast)]
    said = " against ".join(side for side in sides if side)
    if contrast.kind == "between" and said:
        return said
    if not said and not contrast.on_curve:
        people = subject.counted(contrast.n_subjects)
        return f"{people}, {counted(contrast.n_samples, 'sample')}"
    if contrast.on_curve:
        people = subject.counted(contrast.n_subjects)
        pairs = f"{contrast.n_complete} of {people} at several {contrast.on_curve}s"
        said = ""
    else:
        pairs = counted(contrast.n_complete, "complete pair")
    if contrast.pairs_by_group:
        by_group = ", ".join(f"{group} {n}" for group, n in contrast.pairs_by_group)
        return f"{pairs} ({by_group})"
    return f"{pairs} ({said})" if said else pairs


def _people_at(label: str, n: int) -> str:
    """Return `8 MS.3rd`; a number behind a number reads as `8 at 12`."""
    return f"{n} {'at ' if as_number(label) is not None else ''}{label}"


def _both(contrast: ContrastCheck) -> tuple[tuple[tuple[str, int], ...], ...]:
    return contrast.plus, contrast.minus


def _fewest(contrast: ContrastCheck) -> int:
    if contrast.kind == "between":
        return min((n for side in _both(contrast) for _, n in side), default=FEW_PEOPLE)
    if not contrast.on_curve and not any(_both(contrast)):
        return contrast.n_subjects
    return min((n for _, n in contrast.pairs_by_group), default=contrast.n_complete)
