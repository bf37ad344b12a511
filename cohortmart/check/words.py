"""The sections of the report on analyses, in plain words."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence

from cohortmart.check.analysis import (
    AnalysisCheck,
    ContrastCheck,
    single_blocks,
    single_samples,
)
from cohortmart.check.confounding import Entanglement
from cohortmart.study import Analysis
from cohortmart.text_table import aligned

WIDTH = 96
#: Fewer residual degrees of freedom than this are worth a warning.
FEW_RESIDUAL_DF = 10
#: Fewer people on a side, or complete pairs, than this are worth a warning.
FEW_PEOPLE = 3
#: A contrast that takes in less than this of a factor's effect is not named.
LEAST_SHARE = 0.05
KINDS = {
    "within": "change within people",
    "between": "between groups of people",
    "mixed": "change, compared between groups",
}


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
        return f"{title}\n{_block('CANNOT BE COMPUTED', check.fault)}\n"
    people = check.samples["subject_id"].n_unique()
    lines = [f"{title}: {check.samples.height} samples of {people} people, assay {analysis.assay}"]
    if analysis.where:
        lines.append(_wrapped(f"chosen: {analysis.where}"))
    if check.design is None:
        lines.append(_block("CANNOT BE COMPUTED", check.fault))
    else:
        lines += _model_lines(analysis, check)
        table = _contrast_table(check.contrasts)
        shown_for = tables.setdefault(table, names[0])
        lines.append(table if shown_for == names[0] else f"  contrasts: as for {shown_for}")
        lines += [
            _block("CANNOT BE ESTIMATED", f"{c.name}: {c.fault}")
            for c in check.contrasts
            if c.fault
        ]
    lines += [_block("note", note) for note in notes_of(analysis, check)]
    lines += [_block("WARNING", warning) for warning in warnings_of(analysis, check)]
    return "\n".join(lines) + "\n"


def warnings_of(analysis: Analysis, check: AnalysisCheck) -> list[str]:
    """Return what the reader of the results has to know, most important first.

    Parameters
    ----------
    analysis : Analysis
    check : AnalysisCheck
    """
    found = []
    found += [_entangled(p, analysis, check) for p in _by_factor(check, in_model=False)]
    alone = single_samples(check)
    if alone:
        found.append(
            f"only one sample is {' or '.join(alone)}: such a mean rests on one measurement, and "
            "nothing says how well it is known."
        )
    few = [c.name for c in check.contrasts if not c.fault and _fewest(c) < FEW_PEOPLE]
    if few:
        found.append(
            f"fewer than {FEW_PEOPLE} people (or complete pairs) stand behind {_some(few)}."
        )
    if check.design is not None:
        left = len(check.design.sample_ids) - check.design.rank
        if left < FEW_RESIDUAL_DF:
            found.append(
                f"only {left} residual degrees of freedom are left: the model has "
                f"{check.design.rank} coefficients for {len(check.design.sample_ids)} samples."
            )
    return found


def notes_of(analysis: Analysis, check: AnalysisCheck) -> list[str]:
    """Return what is good to know and nothing to worry about.

    Parameters
    ----------
    analysis : Analysis
    check : AnalysisCheck
    """
    found = list(check.design.notes) if check.design is not None else []
    found += [_entangled(p, analysis, check) for p in _by_factor(check, in_model=True)]
    one, blocks = single_blocks(check)
    if one:
        found.append(
            f"{one} of the {blocks} blocks ({analysis.model.block}) with one sample only: they "
            "count in comparisons between groups and add little to changes within people."
        )
    return found


def _by_factor(check: AnalysisCheck, *, in_model: bool) -> list[list[Entanglement]]:
    chosen = [e for e in check.entanglements if e.in_model == in_model]
    factors = dict.fromkeys(e.factor for e in chosen)
    return [[e for e in chosen if e.factor == factor] for factor in factors]


def _model_lines(analysis: Analysis, check: AnalysisCheck) -> list[str]:
    design, model = check.design, analysis.model
    if design is None:
        return []
    if design.mean_labels is None:
        said = f"model: {model.formula}; columns {', '.join(design.columns)}"
    else:
        counts = Counter(design.mean_labels)
        means = ", ".join(f"{label} ({counts[label]})" for label in design.mean_levels)
        said = f"model: a mean for each {' x '.join(model.means)}: {means} samples"
        if model.baseline is not None:
            said += f"; written with the baseline {model.baseline}"
        if model.covariates:
            said += f"; adjusted for {', '.join(model.covariates)}"
    if model.block is not None:
        said += f"; samples of one {model.block} are correlated"
    left = len(design.sample_ids) - design.rank
    return [_wrapped(f"{said}; {left} residual degrees of freedom")]


def _contrast_table(contrasts: Sequence[ContrastCheck]) -> str:
    columns = [
        [c.name for c in contrasts],
        ["no" if c.fault else "yes" for c in contrasts],
        [KINDS.get(c.kind, "") for c in contrasts],
        [_people(c) for c in contrasts],
    ]
    table = aligned(["contrast", "can be estimated", "compares", "people"], columns)
    return "".join(f"  {line}\n" for line in table.splitlines()).rstrip("\n")


def _people(contrast: ContrastCheck) -> str:
    if contrast.fault:
        return ""
    sides = [", ".join(f"{n} {label}" for label, n in side) for side in _both(contrast)]
    said = " against ".join(side for side in sides if side)
    if contrast.kind == "between":
        return said
    pairs = f"{contrast.n_complete} complete pairs"
    if contrast.pairs_by_group:
        by_group = ", ".join(f"{group} {n}" for group, n in contrast.pairs_by_group)
        return f"{pairs} ({by_group})"
    return f"{pairs} ({said})" if said else pairs


def _both(contrast: ContrastCheck) -> tuple[tuple[tuple[str, int], ...], ...]:
    return contrast.plus, contrast.minus


def _fewest(contrast: ContrastCheck) -> int:
    if contrast.kind == "between":
        return min((n for side in _both(contrast) for _, n in side), default=FEW_PEOPLE)
    return min((n for _, n in contrast.pairs_by_group), default=contrast.n_complete)


def _entangled(parts: Sequence[Entanglement], analysis: Analysis, check: AnalysisCheck) -> str:
    """Say which combinations are all of one level, what that means and what to do."""
    factor, first = parts[0].factor, parts[0]
    said = []
    for part in parts:
        samples = sum(n for n, _ in part.combinations.values())
        each = " and ".join(
            f"{label} ({n} {'sample' if n == 1 else 'samples'} of {people} "
            f"{'person' if people == 1 else 'people'})"
            for label, (n, people) in part.combinations.items()
        )
        every = f"all {samples} samples of " if len(part.combinations) > 1 else "all samples of "
        said.append(f"{every}{each} are of {factor} {part.level}")
    text = "; ".join(said)
    if first.complete:
        text += f". No combination has two kinds of {factor}, so the two cannot be told apart."
    elif len(parts) == 1:
        other = " and ".join(f"{n} of {level}" for level, n in first.elsewhere.items())
        text += f"; the samples of the other combinations are {other}."
    else:
        text += "; other combinations have several."
    text += (
        f" These means and {factor} are entangled: a difference between them and the others may "
        f"come from {factor}."
    )
    if first.in_model:
        return f"{text} {factor} is in the model, so the contrasts are adjusted for it."
    text += f" {factor} is NOT in the model"
    touched = _touched(parts, check)
    text += (
        f"; how much of its effect is counted into the contrasts: {_some(touched)}."
        if touched
        else "."
    )
    lost = dict(check.lost_with).get(factor, ())
    model = analysis.model
    if model.formula is not None:
        remedy = f"add `+ {factor}` to the formula"
    else:
        remedy = f"add `covariates: [{', '.join((*model.covariates, factor))}]` to the model"
    text += f" To do: {remedy}"
    if lost:
        text += f"; but then {_some(lost)} can no longer be estimated: the data cannot tell."
    return text if lost else f"{text}."


def _touched(parts: Sequence[Entanglement], check: AnalysisCheck) -> list[str]:
    """Contrasts that take in the factor's effect, with the share of it, the largest first.

    The share is how much of a difference between two levels ends up in the contrast of means.
    """
    if check.samples is None or check.design is None or check.design.mean_labels is None:
        return []
    levels = check.samples[parts[0].factor].to_list()
    counts = Counter(zip(check.design.mean_labels, levels, strict=True))
    totals = Counter(check.design.mean_labels)
    shares: dict[str, float] = {}
    for contrast in check.contrasts:
        taken = [
            abs(sum(w * counts[label, level] / totals[label] for label, w in contrast.weights))
            for level in sorted({lv for lv in levels if lv is not None})
        ]
        shares[contrast.name] = max(taken, default=0.0)
    ranked = sorted(shares, key=lambda name: -shares[name])
    return [f"{name} ({shares[name]:.0%})" for name in ranked if shares[name] >= LEAST_SHARE]


def _some(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _wrapped(text: str) -> str:
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _block(label: str, text: str) -> str:
    """Return a labelled paragraph; the lines of a message stay lines."""
    first, *others = text.splitlines()
    return "\n".join([_wrapped(f"{label}: {first}"), *(_wrapped(f"  {line}") for line in others)])
