"""Linear models on arrays: the contrasts of a study without its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
from pydantic import ValidationError

from analyses.contrasts.result_tables import contrast_result_rows, joint_test_rows
from analyses.design.curve import samples_on_curve
from analyses.design.model_matrix import Design, build_design
from analyses.fit.contrasts import contrast_results
from analyses.fit.lm_fit import FitRequest
from analyses.fit.prepare import inputs_on
from analyses.fit.response import Values
from analyses.fit.sample_design import ChosenDesign
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.moderation.ebayes import joint_test
from cohortmart.api.array_response import array_values, checked_values, checked_weights
from cohortmart.api.array_study import array_study
from cohortmart.api.fit_tables import as_frame, contrast_table, design_table, result_table
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.text import counted, did_you_mean, listed
from cohortmart.core.types import Floats, Ints

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_WHERE = "fit"
#: Keys of an analysis that a fit understands.
_OPTIONS = {
    "moderation", "contrast_errors", "joint_tests", "array_weights", "voom", "filter",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Fit:
    """The contrasts of every feature, moderated, as limma's `eBayes` gives them.

    Attributes
    ----------
    table : polars.DataFrame
        A row a contrast and feature, in the order of both: contrast, feature_id, log_fc, se
        (moderated), ci_low, ci_high (95 %), ave_expr, t, df_total, s2_post, df_prior, s2_prior,
        p_value, adj_p_value (Benjamini-Hochberg within the contrast), b, and delta_beta of betas.
    joint : polars.DataFrame
        A row a joint test and feature: test, feature_id, f, df1, df2, p_value, adj_p_value. The
        test `all contrasts` is always there.
    contrasts : polars.DataFrame
        A row a contrast: contrast, expression, meaning, n_samples, n_subjects, n_complete (pairs),
        kind (within, between or mixed).
    design : polars.DataFrame
        sample_id and the columns of the model matrix.
    samples : polars.DataFrame
        The samples that were fitted, as rows of `dim_sample`.
    correlation : float or None
        Consensus within blocks; None without blocks, and where each feature has its own.
    variance_prior : str
        How the prior of the variances was estimated: `moments`, or `likelihood` where residual
        degrees of freedom differ between features.
    sample_weights : numpy.ndarray of shape (n_samples,) or None
        Of `array_weights`.
    notes : tuple of str
        What to know of samples and design, in plain words.
    """

    table: pl.DataFrame
    joint: pl.DataFrame
    contrasts: pl.DataFrame
    design: pl.DataFrame
    samples: pl.DataFrame
    correlation: float | None
    variance_prior: str
    sample_weights: Floats | None = None
    notes: tuple[str, ...] = field(default=())

    def top(self, contrast: str, n: int | None = None) -> pl.DataFrame:
        """Return the features of one contrast, smallest P first (limma's `topTable`).

        Parameters
        ----------
        contrast : str
        n : int, optional
            How many; all unless told.

        Raises
        ------
        AnalysisError
            There is no such contrast.
        """
        names = self.contrasts["contrast"].to_list()
        if contrast not in names:
            raise AnalysisError(
                f"there is no contrast `{contrast}`",
                expected=f"one of {listed(names)}",
                hint=did_you_mean(contrast, names),
            )
        rows = self._by_contrast[contrast].sort(
            "p_value", pl.col("t").abs(), descending=[False, True],
            nulls_last=True, maintain_order=True,
        )  # fmt: skip
        return rows if n is None else rows.head(n)

    @cached_property
    def _by_contrast(self) -> dict[str, pl.DataFrame]:
        parts = self.table.partition_by("contrast", maintain_order=True)
        return {part["contrast"][0]: part for part in parts}

    def __repr__(self) -> str:
        n_features = self.joint.filter(pl.col("test") == self.joint["test"][0]).height
        return (
            f"<Fit of {n_features:,} features x {self.samples.height} samples, "
            f"{counted(self.contrasts.height, 'contrast')}>"
        )


def fit(
    values: ArrayLike,
    samples: pl.DataFrame | Mapping[str, Sequence[Any]],
    *,
    model: Mapping[str, Any] | str,
    contrasts: Mapping[str, str],
    features: Sequence[str] | None = None,
    response: str = "measured",
    weights: ArrayLike | None = None,
    roles: Mapping[str, str] | None = None,
    groups: Sequence[str] | None = None,
    timepoints: Sequence[str] | None = None,
    m_value_clip: float = 1e-6,
    **options: Any,
) -> Fit:
    """Fit a linear model to every row of an array and test contrasts of it.

    The same engine as `cohortmart analyse`: equal to limma 3.54.1 where that is exact, and to the
    variance prior of limma since 3.62 (docs/limma-versions.md).

    Parameters
    ----------
    values : array_like of shape (n_features, n_samples)
        NaN = missing. What they are, `response` says.
    samples : polars.DataFrame, or mapping of str to sequence, of n_samples rows
        One row a column of `values`, in the same order. Columns called sample, subject, group,
        timepoint and cell_type (or as in `dim_sample`) have these roles, none of them is needed;
        other columns are factors (text, bool, Enum, dates) or covariates (numbers).
    model : mapping or str
        As `model` in study.yml: `{"means": ["group", "timepoint"], "block": "subject"}`; text is
        a formula.
    contrasts : mapping of str to str
        As in study.yml: `{"MS_3rd-1st": "MS.3rd - MS.1st"}`, `{"time_within_group": "all"}`.
    features : sequence of str, optional
        Names of the rows; their numbers from 0 unless given.
    response : {"measured", "voom", "log_cpm", "m_value", "beta"}
        `measured` fits the values as they are; `voom` and `log_cpm` take counts (TMM), `m_value`
        and `beta` take betas.
    weights : array_like of shape (n_features, n_samples) or (n_samples,), optional
        Precision weights, above 0.
    roles : mapping of str to str, optional
        Role to column, where it has another name: `{"group": "arm"}`.
    groups, timepoints : sequence of str, optional
        In order, the reference and the earliest first. Else the order of an Enum,
        of numbers or dates, or of appearance.
    m_value_clip : float
        Betas are clipped to [clip, 1 - clip] before the logit.
    **options
        Other keys of an analysis in study.yml: `moderation`, `contrast_errors`, `joint_tests`,
        `array_weights`, `voom`, `filter`.

    Returns
    -------
    Fit

    Raises
    ------
    AnalysisError
        The arguments do not fit together, or the model or a contrast cannot be computed; the
        message says why.

    Notes
    -----
    Statistics: Smyth (2004), Smyth, Michaud & Scott (2005); see docs/statistics.md.
    """
    frame = samples if isinstance(samples, pl.DataFrame) else pl.DataFrame(dict(samples))
    analysis = _analysis(model, contrasts, response, options)
    array = checked_values(values, frame.height, response)
    given_weights = checked_weights(weights, (array.shape[0], array.shape[1]), response)
    ids = _feature_ids(features, len(array))
    frame, study = array_study(frame, roles or {}, groups, timepoints)
    chosen, columns = _chosen(frame, analysis, study)
    array = array[:, columns]
    if given_weights is not None:
        given_weights = given_weights[..., columns]

    def make_values(samples: pl.DataFrame, design: Design, blocks: Blocks | None) -> Values:
        return array_values(
            _WHERE, array, ids, given_weights, analysis, m_value_clip, samples, design, blocks
        )

    inputs = inputs_on(study, _WHERE, analysis, chosen, make_values)
    request = FitRequest(inputs.contrasts.matrix, inputs.sets, inputs.contrasts.matrix[:, :0])
    made = contrast_results(_WHERE, analysis, inputs, request)
    names = inputs.contrasts.names
    rows = contrast_result_rows(
        _WHERE, names, made.feature_ids, made.fit, made.prior, made.moderated, made.delta_beta
    )
    joint = joint_test_rows(
        _WHERE, made.feature_ids, tuple(inputs.sets), joint_test(made.fit, made.prior)
    )
    per_feature = analysis.model.correlation == "per_feature"
    return Fit(
        table=result_table(rows, with_beta=made.delta_beta is not None),
        joint=as_frame(joint).drop("analysis"),
        contrasts=contrast_table(inputs),
        design=design_table(inputs.design),
        samples=inputs.samples,
        correlation=None if per_feature else inputs.correlation,
        variance_prior=made.prior.method,
        sample_weights=getattr(inputs.values, "sample_weights", None) if weights is None else None,
        notes=inputs.notes,
    )


def _analysis(
    model: Mapping[str, Any] | str,
    contrasts: Mapping[str, str],
    response: str,
    options: Mapping[str, Any],
) -> Analysis:
    """Return the arguments as the record of an analysis, whose rules they obey."""
    refused = sorted(set(options) - _OPTIONS)
    if refused:
        raise AnalysisError(
            f"`{refused[0]}` is no option of a fit",
            expected=f"one of {listed(sorted(_OPTIONS))}",
            hint=did_you_mean(refused[0], sorted(_OPTIONS)),
        )
    written = {"formula": model} if isinstance(model, str) else dict(model)
    try:
        return Analysis.model_validate(
            {
                "assay": "values",
                "values": response,
                "model": written,
                "contrasts": dict(contrasts),
                **options,
            }
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])).removeprefix("values")
        raise AnalysisError(
            f"`{place or 'response'}` cannot be used: {first['msg']}",
            found=repr(first["input"]),
            hint="the keys are those of an analysis in study.yml (docs/study.md)",
        ) from error


def _feature_ids(features: Sequence[str] | None, n: int) -> pa.Array:
    names = [str(i) for i in range(n)] if features is None else [str(f) for f in features]
    if len(names) != n:
        raise AnalysisError(
            "every row of the values needs a name",
            expected=f"{n} names in `features`",
            found=f"{len(names)}",
        )
    return pa.array(names, pa.string())


def _chosen(frame: pl.DataFrame, analysis: Analysis, study: Study) -> tuple[ChosenDesign, Ints]:
    """Return samples and design, and which columns of the values these are."""
    notes: tuple[str, ...] = ()
    kept = frame
    if analysis.model.curve is not None:
        on = samples_on_curve(frame, analysis.model.curve, study, _WHERE)
        kept, notes = on.samples, (on.note,) if on.note else ()
    place = {name: i for i, name in enumerate(frame["sample_id"].to_list())}
    columns = np.array([place[name] for name in kept["sample_id"].to_list()], dtype=np.int64)
    design = build_design(kept, analysis.model, study, _WHERE)
    return ChosenDesign(kept, design, (*notes, *design.notes)), columns
