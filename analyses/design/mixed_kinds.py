"""Cell types and states that an analysis takes together although its model does not know them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analyses.design.design import Design
from analyses.design.estimability import rank_of
from analyses.design.marginal import columns_without
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.text import listed
from cohortmart.core.types import Floats
from cohortmart.core.warehouse.quoting import literal

#: A kind that goes with these is confounded with what is compared, not known to the model.
_COMPARED = ("group", "timepoint")
#: Of more values the others are counted.
_NAMED = 6
#: What messages call a sample without a value.
_NONE = "none"


@dataclass(frozen=True)
class MixedKinds:
    """A column by which the chosen samples are of several kinds.

    Parameters
    ----------
    column : str
        `cell_type`, or a column of the visit key.
    counts : tuple of (str or None, int)
        Samples of each value, values sorted; those without a value last, under None.
    confounded : bool
        Groups and timepoints of the model tell the kinds apart: each combination has one kind.
    """

    column: str
    counts: tuple[tuple[str | None, int], ...]
    confounded: bool


def mixed_kinds(
    samples: pl.DataFrame, design: Design, model: Model, study: Study
) -> tuple[MixedKinds, ...]:
    """Find cell types and states that neither the choice of samples nor the model tells apart.

    A column is known to a model that names it, or whose other terms say the same: a factor with
    the same levels, the people of `within` who gave one kind each.

    Parameters
    ----------
    samples : DataFrame
        The chosen rows of `dim_sample`, in the order of the design.
    design : Design
        Of the model.
    model : Model
    study : Study
        Names the columns of the visit key.

    Returns
    -------
    tuple of MixedKinds
        Cell type first; of columns that part the samples alike, the first.
    """
    found: dict[tuple[int, ...], MixedKinds] = {}
    for column in dict.fromkeys(("cell_type", *study.visit_key)):
        if column not in samples.columns or column in _named(model, design):
            continue
        kinds = [v or None for v in samples[column].cast(pl.String).to_list()]
        levels = sorted({v for v in kinds if v is not None})
        order: list[str | None] = [*levels, *([None] if None in kinds else [])]
        if len(order) < 2:
            continue
        of_sample = tuple(order.index(v) for v in kinds)
        indicators = (np.array(of_sample)[:, None] == np.arange(len(order))) * 1.0
        if _explains(columns_without(design, _compared(model)), indicators):
            continue
        number = Counter(kinds)
        counts = tuple((level, number[level]) for level in order)
        first_seen = {code: i for i, code in enumerate(dict.fromkeys(of_sample))}
        alike = tuple(first_seen[code] for code in of_sample)
        found.setdefault(alike, MixedKinds(column, counts, _explains(design.matrix, indicators)))
    return tuple(found.values())


def mixed_kinds_words(kinds: MixedKinds, analysis: Analysis) -> str:
    """Say which kinds are mixed, how many samples each has, and what to write instead.

    Parameters
    ----------
    kinds : MixedKinds
    analysis : Analysis
        With its `where` and model, which the ways out add to.
    """
    counts = listed([f"{level or _NONE} {n}" for level, n in kinds.counts], most=_NAMED)
    holds = f"the chosen samples hold {len(kinds.counts)} values of {kinds.column} ({counts})"
    first = f'choose one, `where: "{_choice(kinds, analysis.where)}"`'
    if kinds.confounded:
        return (
            f"{holds} that go with what the model compares: a difference between its means may "
            f"be one of {kinds.column}, and the samples cannot tell the two apart; {first}"
        )
    gaps = any(level is None for level, _ in kinds.counts)
    given = f", once every sample has a {kinds.column}" if gaps else ""
    return (
        f"{holds} that the model does not know: what changes in one of them is thinned by the "
        "others, and their difference counts as noise; "
        f"{first}, or {_term(kinds.column, analysis.model)}{given}"
    )


def _named(model: Model, design: Design) -> set[str]:
    """Return the roles, factors and covariates of a model, its block among them."""
    names = {name for of in design.column_variables for name in of} | set(design.categories)
    curve = () if model.curve is None else (model.curve.of, model.curve.by)
    more = (*model.means, *model.covariates, *curve, model.block, model.within)
    return names | {name for name in more if name is not None}


def _compared(model: Model) -> set[str]:
    return {*_COMPARED} if model.curve is None else {*_COMPARED, model.curve.of}


def _explains(matrix: Floats, indicators: Floats) -> bool:
    """Whether indicators are sums of the columns of a matrix."""
    return rank_of(np.hstack([matrix, indicators])) == rank_of(matrix)


def _choice(kinds: MixedKinds, where: str | None) -> str:
    """Return a condition that leaves the kind with the most samples."""
    known: Sequence[tuple[int, str]] = [(n, level) for level, n in kinds.counts if level]
    column = kinds.column if kinds.column.isidentifier() else f'\\"{kinds.column}\\"'
    condition = f"{column} = {literal(max(known)[1])}"
    if where is None:
        return condition
    given = " ".join(where.split()).replace('"', '\\"')
    return f"({given}) and {condition}" if len(given) <= 80 else f"(…) and {condition}"


def _term(column: str, model: Model) -> str:
    name = f"`{column}`"
    if model.formula is not None:
        return f"add {name} to the formula"
    if model.curve is not None:
        return f"put {name} among the covariates"
    return f"put {name} among the means"
