"""Time as a number: natural cubic splines whose coefficients are values of the curve."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import polars as pl

from analyses.design.cardinal_spline import cardinal_spline
from analyses.design.coding import read_category
from analyses.design.design import SamplesOnCurve
from analyses.design.estimability import rank_of
from analyses.design.variables import Number, read_variable
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Curve
from cohortmart.core.study.records import Study
from cohortmart.core.study.timepoints import places_in_time
from cohortmart.core.text import counted, did_you_mean, listed
from cohortmart.core.types import Floats


@dataclass(frozen=True, eq=False)
class CurveColumns:
    """One column for each knot of each curve.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_levels * n_knots)
        Row times coefficients = value of the sample's own curve at its week.
    levels : dict of str to tuple of str
        Name of each coefficient (`HP.12`) to its level and knot, knots rising within a level.
    factors : tuple of str
        Names behind the parts.
    samples : SamplesOnCurve
    absent : tuple of str
        Coefficients of the study's groups without a sample.
    notes : tuple of str
    """

    matrix: Floats
    levels: dict[str, tuple[str, ...]]
    factors: tuple[str, ...]
    samples: SamplesOnCurve
    absent: tuple[str, ...]
    notes: tuple[str, ...]


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
    values = _numbers(samples, curve, study, where)
    on = _has_place(values, curve)
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
        "leave these cells empty."
    )


def _has_earlier(samples: pl.DataFrame, above: pl.Series, zero: pl.DataFrame) -> bool:
    if "visit_order" not in samples.columns:
        return False
    earlier = samples.filter(above)["visit_order"].to_list()
    return bool(min(earlier, default=np.inf) < max(zero["visit_order"].to_list()))


def _numbers(samples: pl.DataFrame, curve: Curve, study: Study, where: str) -> pl.Series:
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


def _has_place(values: pl.Series, curve: Curve) -> pl.Series:
    # polars holds NaN above every number
    there = ~values.is_nan() & (values > 0) if curve.positive else ~values.is_nan()
    return there.fill_null(False)


def curve_columns(samples: pl.DataFrame, curve: Curve, study: Study, where: str) -> CurveColumns:
    """Make the columns of a natural cubic spline in cardinal form, one set a level of `by`.

    The coefficients are the values of the curve at the knots; see `cardinal_spline`.

    Parameters
    ----------
    samples : DataFrame
        As `samples_on_curve` left them.
    curve : Curve
        Without knots they are the df + 1 quantiles (type 7) of the values, as R's ``ns`` has
        them.
    study : Study
    where : str
        Begins the messages.

    Raises
    ------
    AnalysisError
        A name is unknown or of the wrong kind, a value is missing (or, with `positive: true`, not
        above 0), the knots do not rise, or a curve has too few different values for its knots.
    """
    values = _values(samples, curve, study, where)
    by = None if curve.by is None else read_category(samples, curve.by, study, f"{where}, curve")
    of_sample = ("",) * samples.height if by is None else by.values
    curves = ("",) if by is None else by.levels
    knots = _knots(values, curve, where)
    labels = [f"{knot:g}" for knot in knots]
    if len(set(labels)) < len(labels):
        raise AnalysisError(
            f"{where}: two knots of the curve would have the same name",
            found=listed(labels),
            hint="give `knots` that differ in their first six digits",
        )
    cardinal = cardinal_spline(values, knots)
    own = np.array([[level == c for c in curves] for level in of_sample], dtype=np.float64)
    for level, column in zip(curves, own.T.astype(bool), strict=True):
        _refuse_too_few(cardinal[column], values[column], level, curve, labels, where)
    levels = {
        f"{level or curve.of}.{label}": (*((level,) if level else ()), label)
        for level, label in itertools.product(curves, labels)
    }
    lacking = [g for g in study.groups if g not in curves] if curve.by == "group" else []
    return CurveColumns(
        matrix=np.einsum("nc,nk->nck", own, cardinal).reshape(samples.height, -1),
        levels=levels,
        factors=(*((curve.by,) if curve.by else ()), curve.of),
        samples=SamplesOnCurve(curve.of, curve.by, tuple(of_sample), values),
        absent=tuple(f"{g}.{label}" for g, label in itertools.product(lacking, labels)),
        notes=_notes(values, knots, labels, curve),
    )


def _values(samples: pl.DataFrame, curve: Curve, study: Study, where: str) -> Floats:
    if curve.of == "timepoint":
        values = _numbers(samples, curve, study, where)
    else:
        variable = read_variable(samples, curve.of, study, f"{where}, curve")
        if not isinstance(variable, Number):
            raise AnalysisError(
                f"{where}: `{curve.of}` is a category, so there is no curve of it",
                expected="a covariate, such as the week of pregnancy",
                hint=f"put `{curve.of}` into `means`, or declare it in samples.covariates",
            )
        values = pl.Series(curve.of, variable.values)
    off = ~_has_place(values, curve)
    if off.any():
        lacking = sorted(samples["sample_id"].filter(off).cast(pl.String).to_list())
        raise AnalysisError(
            f"{where}: {counted(len(lacking), 'sample')} of the curve have no positive "
            f"`{curve.of}`",
            found=listed(lacking, 5),
            hint=f"leave them out in `where` ({curve.of} > 0)",
        )
    return values.to_numpy().astype(np.float64)


def _knots(values: Floats, curve: Curve, where: str) -> Floats:
    if curve.knots:
        knots = np.array(curve.knots)
        if len(knots) < 2 or not (np.diff(knots) > 0).all():
            raise AnalysisError(
                f"{where}: the knots of the curve must rise",
                expected="two or more numbers, each above the one before",
                found=", ".join(f"{k:g}" for k in knots),
            )
        return knots
    knots = np.quantile(values, np.linspace(0, 1, curve.df + 1))
    if not (np.diff(knots) > 0).all():
        different = np.unique(values)
        raise AnalysisError(
            f"{where}: `{curve.of}` has too few different values for {curve.df} degrees of "
            "freedom: two of their quantiles are the same",
            found=f"{len(different)} different: {listed([f'{v:g}' for v in different], 8)}",
            hint="lower `df`, or give `knots`",
        )
    return knots


def _refuse_too_few(
    cardinal: Floats, values: Floats, level: str, curve: Curve, labels: list[str], where: str
) -> None:
    if rank_of(cardinal) == len(labels):
        return
    different = [f"{v:g}" for v in np.unique(values)]
    whose = f"the curve of {level}" if level else "the curve"
    raise AnalysisError(
        f"{where}: {whose} cannot be told from its values of `{curve.of}`",
        expected=f"at least {len(labels)} different values, spread over the "
        f"{len(labels)} knots {listed(labels)}",
        found=f"{len(different)}: {listed(different, 8)}",
        hint="use fewer knots (or a smaller `df`), or choose other samples in `where`",
    )


def _notes(values: Floats, knots: Floats, labels: list[str], curve: Curve) -> tuple[str, ...]:
    notes = []
    if not curve.knots:
        notes.append(
            f"the knots of the curve are quantiles of `{curve.of}`: {', '.join(labels)}; its "
            "coefficients are named after them"
        )
    beyond = [
        label
        for knot, label in zip(knots, labels, strict=True)
        if not values.min() <= knot <= values.max()
    ]
    if beyond:
        notes.append(
            f"no sample is at or beyond {listed(beyond)}: `{curve.of}` runs from "
            f"{values.min():g} to {values.max():g}, so contrasts there are extrapolated"
        )
    outside = int(((values < knots[0]) | (values > knots[-1])).sum())
    if outside:
        notes.append(
            f"{counted(outside, 'sample')} of {len(values)} lie beyond the outer knots "
            f"{labels[0]} and {labels[-1]}, where the curve is straight"
        )
    return tuple(notes)
