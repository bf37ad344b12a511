"""Time as a number: natural cubic splines whose coefficients are values of the curve."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import polars as pl

from analyses.design.cardinal_spline import cardinal_spline
from analyses.design.coding import read_category
from analyses.design.curve_samples import OnCurve, curve_values, has_place, samples_on_curve
from analyses.design.design import SamplesOnCurve
from analyses.design.estimability import rank_of
from analyses.design.variables import Number, read_variable
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Curve
from cohortmart.core.study.records import Study
from cohortmart.core.text import counted, listed
from cohortmart.core.types import Floats

__all__ = ["CurveColumns", "OnCurve", "curve_columns", "samples_on_curve"]


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
        values = curve_values(samples, curve, study, where)
    else:
        variable = read_variable(samples, curve.of, study, f"{where}, curve")
        if not isinstance(variable, Number):
            raise AnalysisError(
                f"{where}: `{curve.of}` is a category, so there is no curve of it",
                expected="a covariate, such as the week of pregnancy",
                hint=f"put `{curve.of}` into `means`, or declare it in samples.covariates",
            )
        values = pl.Series(curve.of, variable.values)
    off = ~has_place(values, curve)
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
