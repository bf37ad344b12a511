"""Permutation tests of the contrasts: the visits of each person change places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from analyses.fingerprints import fitted_again
from analyses.fit.prepare import ModelInputs
from analyses.fit.variance_prior import prior_of
from analyses.stats.linear.contrast_fit import ContrastFit, fit_contrasts, join_fits
from analyses.stats.mixed.blocks import Blocks, make_blocks
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import VariancePrior
from analyses.stats.permutation.permutation import PermutationCheck, PermutationSums
from analyses.stats.permutation.space import testable_within
from analyses.step import Made, Run, Step
from analyses.write.columns import table_of
from cohortmart.core.errors import AnalysisError
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.progress import counted_off
from cohortmart.core.schemas.tables import RESULT_TABLES
from cohortmart.core.study.model_records import Permutations
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.text import Nouns, counted, did_you_mean, listed
from cohortmart.core.types import Floats

Say = Callable[[str], None]

#: Shares of a contrast's variance between people that are worth a line.
_WORTH_SAYING = 0.01


@dataclass(frozen=True, eq=False)
class _Prior:
    """What the features' variances are shrunk to, and the degrees of freedom of t."""

    feature_ids: pa.Array
    variance: VariancePrior
    df_total: Floats


def permutation_tables(
    name: str, analysis: Analysis, inputs: ModelInputs, say: Say
) -> dict[str, Iterable[pa.Table]]:
    """Permute the timepoints of each person and compare what every contrast finds.

    The values are read twice, whatever the number of contrasts: for the prior of the variances,
    and for the permutations, which are the same for all contrasts. The model is that of the
    analysis with its consensus correlation, also where the analysis gives each feature its own:
    permuting within people needs no correlation that is right. Errors are exact ones and the test
    is of no change at all, also where the analysis says `contrast_errors: limma` or
    `minimum_log_fc`.

    Parameters
    ----------
    name : str
        Of the analysis.
    analysis : Analysis
        With `permutations`.
    inputs : ModelInputs
    say : callable
        Takes one line of progress.

    Returns
    -------
    dict of str to iterable of pyarrow.Table
        `permutation_check` and `permutation_result`.

    Raises
    ------
    AnalysisError
        There is nothing to permute within, a contrast is unknown or one between people, or no
        contrast can be tested so.
    """
    options = analysis.permutations
    if options is None:
        raise AnalysisError(
            f"analysis {name} asks for no permutations",
            expected="`permutations` in the analysis",
        )
    permuted = _permuted(name, inputs)
    permuting = f"permuted {inputs.design.nouns.timepoint.many}"
    chosen = _chosen(name, options, inputs, permuted, say)
    _say_differences(analysis, permuting, say)
    try:
        sums = [_sums(inputs, permuted, j, options) for j in chosen]
        prior = _prior(analysis, inputs)
        _add(inputs, prior, sums)
    except ValueError as error:
        raise AnalysisError(f"analysis {name}, permutations: {error}") from error
    contrasts = [inputs.contrasts.names[j] for j in chosen]
    checks = {c: s.check() for c, s in zip(contrasts, sums, strict=True)}
    if not any(check.n_features for check in checks.values()):
        raise AnalysisError(
            f"analysis {name}: every feature has a missing value, so none can be permuted",
            expected="features with a value in every chosen sample",
            found=counted(len(prior.feature_ids), "feature"),
            hint="leave out the samples that lack most with `where`, or take `permutations` out",
        )
    _say_found(checks, inputs.design.nouns, say)
    return {
        "permutation_check": [_check_rows(name, checks)],
        "permutation_result": _result_rows(name, prior.feature_ids, contrasts, sums),
    }


def _permuted(name: str, inputs: ModelInputs) -> Blocks:
    """Say which samples may change places: of one block, or of one level of `within`."""
    design = inputs.design
    if design.within is not None:
        return make_blocks(design.categories[design.within])
    if inputs.blocks is not None:
        return inputs.blocks
    raise AnalysisError(
        f"analysis {name}: there is nothing to permute within",
        expected="`block` or `within` in the model",
        found="samples that are all independent",
        hint="add `block: subject` to the model, or take `permutations` out",
    )


def _chosen(
    name: str, options: Permutations, inputs: ModelInputs, permuted: Blocks, say: Say
) -> list[int]:
    """Which contrasts: those named, or all that can be tested so."""
    names, kinds = inputs.contrasts.names, [p.kind for p in inputs.pairs]
    can = testable_within(inputs.basis, inputs.contrasts.matrix, permuted)
    can &= np.array([kind != "between" for kind in kinds])
    if not options.contrasts:
        chosen = np.flatnonzero(can).tolist()
        if not chosen:
            raise _no_contrast_within(name, names, inputs)
        if len(chosen) < len(names):
            left_out = counted(len(names) - len(chosen), "contrast")
            nouns = inputs.design.nouns
            say(
                f"{left_out} between {nouns.subject.many} cannot be tested by permuting "
                f"{nouns.timepoint.many}"
            )
        return chosen
    at = {contrast: j for j, contrast in enumerate(names)}
    for wanted in options.contrasts:
        if wanted not in at:
            raise AnalysisError(
                f"analysis {name}: permutations name `{wanted}`, which is no contrast",
                expected=f"some of {listed(names, most=8)}",
                found=wanted,
                hint=did_you_mean(wanted, names),
            )
        if not can[at[wanted]]:
            raise AnalysisError(
                f"analysis {name}: {wanted} compares {inputs.design.nouns.subject.many}, which "
                f"permuting the {inputs.design.nouns.timepoint.many} of each cannot test",
                expected="changes in time, and their differences between groups",
                found=inputs.contrasts.expressions[at[wanted]],
                hint="take it out of `permutations.contrasts`",
            )
    return [at[wanted] for wanted in dict.fromkeys(options.contrasts)]


def _no_contrast_within(name: str, names: tuple[str, ...], inputs: ModelInputs) -> AnalysisError:
    return AnalysisError(
        f"analysis {name}: permuting the {inputs.design.nouns.timepoint.many} of each can test "
        "none of its "
        f"{counted(len(names), 'contrast')}",
        expected="changes in time, and their differences between groups",
        found=listed(inputs.contrasts.expressions, most=8),
        hint="add such contrasts, or take `permutations` out",
    )


def _say_differences(analysis: Analysis, permuting: str, say: Say) -> None:
    """Say where what is permuted is not quite what the analysis tests."""
    if analysis.model.correlation == "per_feature":
        say(f"{permuting}: with the consensus correlation, not each feature's own")
    if analysis.contrast_errors == "limma":
        say(f"{permuting}: with exact standard errors, not limma's")
    if analysis.moderation.minimum_log_fc > 0:
        say(f"{permuting}: tests of no change at all, not of minimum_log_fc")


def _sums(inputs: ModelInputs, permuted: Blocks, j: int, options: Permutations) -> PermutationSums:
    return PermutationSums(
        inputs.basis,
        inputs.contrasts.matrix[:, j],
        permuted,
        inputs.blocks,
        inputs.correlation or 0.0,
        n_permutations=options.n,
        seed=options.seed,
    )


def _prior(analysis: Analysis, inputs: ModelInputs) -> _Prior:
    """Estimate the prior from all features; their variances do not depend on the contrast."""
    ids: list[pa.Array] = []
    fits: list[ContrastFit] = []
    one = inputs.contrasts.matrix[:, :1]
    for block in one_ahead(inputs.values.blocks()):
        ids.append(block.feature_ids)
        fits.append(
            fit_contrasts(
                block.y, inputs.basis, one, inputs.blocks, inputs.correlation or 0.0,
                block.weights,
            )
        )  # fmt: skip
    fit = join_fits(fits)
    variance = prior_of(analysis, fit)
    return _Prior(pa.concat_arrays(ids), variance, ebayes(fit, variance).df_total[:, 0])


def _add(inputs: ModelInputs, prior: _Prior, sums: list[PermutationSums]) -> None:
    """Permute every block of features for every contrast."""
    start = 0
    for block in one_ahead(inputs.values.blocks()):
        rows = slice(start, start + len(block.y))
        start = rows.stop
        s2, df = prior.variance.s2_prior[rows], prior.variance.df_prior[rows]
        for one in counted_off(sums, "permutations of contrasts"):
            one.add(block.y, s2, df, prior.df_total[rows], block.weights)


def _say_found(checks: dict[str, PermutationCheck], nouns: Nouns, say: Say) -> None:
    for contrast, check in checks.items():
        what = f"{nouns.timepoint.one} order"
        what = what if check.enumerated else f"random {what}"
        fixed = ""
        if check.between_share > _WORTH_SAYING:
            fixed = (
                f"; {100 * check.between_share:.0f} % of its variance is between "
                f"{nouns.subject.many} and stays"
            )
        say(
            f"{contrast}: {counted(check.n_found, 'feature')} with p < 0.05, "
            f"{check.n_expected:,.0f} expected ({check.n_low:,.0f} to {check.n_high:,.0f}) from "
            f"{counted(check.n_permutations, what)}, p = {check.p_value:.2g}{fixed}"
        )
    left_out = next(iter(checks.values())).n_left_out
    if left_out:
        features = counted(left_out, "feature")
        say(f"permuted {nouns.timepoint.many}: {features} with missing values left out")


def _check_rows(analysis: str, checks: dict[str, PermutationCheck]) -> pa.Table:
    """Give the rows of `permutation_check`, in the order of the contrasts."""
    return pa.Table.from_pylist(
        [
            {
                "analysis": analysis,
                "contrast": contrast,
                "n_permutations": check.n_permutations,
                "n_features": check.n_features,
                "n_left_out": check.n_left_out,
                "between_share": check.between_share,
                "n_found": check.n_found,
                "n_expected": check.n_expected,
                "n_low": check.n_low,
                "n_high": check.n_high,
                "p_value": check.p_value,
            }
            for contrast, check in checks.items()
        ],
        schema=RESULT_TABLES["permutation_check"],
    )


def _result_rows(
    analysis: str, feature_ids: pa.Array, contrasts: list[str], sums: list[PermutationSums]
) -> Iterator[pa.Table]:
    """Yield the rows of `permutation_result`, one table a contrast; NaN becomes null."""
    for contrast, one in zip(contrasts, sums, strict=True):
        p = one.p_values()
        columns = {
            "analysis": analysis,
            "contrast": contrast,
            "feature_id": feature_ids,
            "p_own": p.own,
            "p_pooled": p.pooled,
            "p_family_wise": p.family_wise,
        }
        yield table_of("permutation_result", columns)


def _options(study: Study, name: str) -> Any:
    wanted = study.analyses[name].permutations
    return None if wanted is None else wanted.model_dump(mode="json")


def _make(run: Run) -> Made:
    analysis = run.study.analyses[run.name]
    return Made(permutation_tables(run.name, analysis, run.preparation.inputs(), run.say))


PERMUTATIONS = Step(
    name="permutations",
    title="permuted visits",
    tables=("permutation_check", "permutation_result"),
    options=_options,
    inputs=fitted_again,
    make=_make,
)
