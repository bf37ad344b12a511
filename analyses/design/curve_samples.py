"""The samples that have a place on a curve, and where each lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Curve
from cohortmart.core.study.records import Study
from cohortmart.core.study.timepoints import places_in_time
from cohortmart.core.text import counted, did_you_mean, listed


@dataclass(frozen=True)
class OnCurve:
    """The samples that have a place on a curve.

    Parameters
    ----------
    samples : DataFrame
        In their order.
    note : str or None
        How many others were left out, and of which timepoints.
    warning : str or None
        What makes it doubtful that 0 is a time.
    """

    samples: pl.DataFrame
    note: str | None = None
    warning: str | None = None


def samples_on_curve(samples: pl.DataFrame, curve: Curve, study: Study, where: str) -> OnCurve:
    """Leave out the samples that have no place on the curve.

    Those are samples without a value; with `positive: true` also those of 0 and less, as where
    the week of pregnancy is coded 0 before and after it.

    Parameters
    ----------
    samples : DataFrame
        The chosen rows of `dim_sample`.
    curve : Curve
    study : Study
        Its timepoints may be the numbers of the curve.
    where : str
        Begins the messages.

    Raises
    ------
    AnalysisError
        There is no such column, or no sample is left.
    """
    if curve.of not in samples.columns:
        raise AnalysisError(
            f"{where}: the samples have no column `{curve.of}` for the curve",
            expected="a covariate of the study",
            found=curve.of,
            hint=did_you_mean(curve.of, samples.columns) or "declare it in samples.covariates",
        )
    values = curve_values(samples, curve, study, where)
    on = has_place(values, curve)
    kept, out = samples.filter(on), samples.filter(~on)
    a_value = "a positive" if curve.positive else "a"
    if not kept.height:
        raise AnalysisError(
            f"{where}: no chosen sample has {a_value} `{curve.of}`, so none is on the curve",
            expected=f"samples with `{curve.of}`" + (" above 0" if curve.positive else ""),
            hint="choose other samples in `where`, or model the timepoints by `means`",
        )
    warning = None if curve.positive else _code_of_nothing(samples, values, curve.of)
    if not out.height:
        return OnCurve(samples, warning=warning)
    have, are = ("has", "is") if out.height == 1 else ("have", "are")
    no_value = "no positive" if curve.positive else "no"
    note = (
        f"{out.height} of the {counted(samples.height, 'chosen sample')} {have} {no_value} "
        f"`{curve.of}` and {are} not on the curve ({_per_timepoint(out)})"
    )
    return OnCurve(kept, note, warning)


def _per_timepoint(samples: pl.DataFrame) -> str:
    last = ["visit_order"] if "visit_order" in samples.columns else []
    counts = samples.group_by("timepoint", maintain_order=True).agg(
        pl.len(), *(pl.col(name).first() for name in last)
    )
    rows = counts.sort(*last, "timepoint").select("timepoint", "len").iter_rows()
    return ", ".join(f"{timepoint} {n}" for timepoint, n in rows)


def _code_of_nothing(samples: pl.DataFrame, values: pl.Series, name: str) -> str | None:
    """Say where 0 looks like a code: at several timepoints, or later than one that is above it."""
    is_zero = (values == 0).fill_null(False)
    zero = samples.filter(is_zero)
    if not zero.height or (values < 0).any():
        return None
    at = _per_timepoint(zero)
    if zero["timepoint"].n_unique() > 1:
        odd = f"at several timepoints ({at}) and the curve takes that for one time"
    elif _has_earlier(samples, (values > 0).fill_null(False), zero):
        odd = f"at {at.rpartition(' ')[0]}, which comes after timepoints where it is above 0"
    else:
        return None
    return (
        f"`{name}` is 0 {odd}. If 0 stands for none there, write `positive: true` in `curve`, or "
        "leave these cells empty"
    )


def _has_earlier(samples: pl.DataFrame, above: pl.Series, zero: pl.DataFrame) -> bool:
    if "visit_order" not in samples.columns:
        return False
    earlier = samples.filter(above)["visit_order"].to_list()
    return bool(min(earlier, default=np.inf) < max(zero["visit_order"].to_list()))


def curve_values(samples: pl.DataFrame, curve: Curve, study: Study, where: str) -> pl.Series:
    """Return the value of each sample: a covariate, or timepoints that are numbers or dates."""
    if curve.of != "timepoint":
        return samples[curve.of].cast(pl.Float64)
    places = places_in_time(study.timepoints)
    if places is None:
        raise AnalysisError(
            f"{where}: the timepoints are words, so there is no curve of them",
            expected="`timepoints` that are numbers, such as [0, 4, 12], or dates",
            found=listed(list(study.timepoints), 6),
            hint="put `timepoint` into `means`, or name a covariate that says when",
        )
    values = [places.get(t) for t in samples["timepoint"].cast(pl.String).to_list()]
    return pl.Series("timepoint", values, dtype=pl.Float64)


def has_place(values: pl.Series, curve: Curve) -> pl.Series:
    """Return whether a value is one of the curve: there, and above 0 where only that counts."""
    # polars holds NaN above every number
    there = ~values.is_nan() & (values > 0) if curve.positive else ~values.is_nan()
    return there.fill_null(False)
