"""Confounding: factors that go with what an analysis compares, a batch with a timepoint say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import ROLE_COLUMNS, Study


@dataclass(frozen=True)
class Confounding:
    """A factor of which some compared combinations have one level only and others do not.

    Parameters
    ----------
    factor : str
        Its name.
    level : str
        The level that the combinations share.
    combinations : mapping of str to (int, int)
        Each combination that is all of that level, to its samples and people.
    elsewhere : mapping of str to int
        Samples of every level in the other combinations.
    complete : bool
        No combination has two levels: the factor cannot be told from them at all.
    in_model : bool
        The model has the factor as a covariate.
    columns : tuple of str
        Names of the factor's columns in a model of means with it.
    """

    factor: str
    level: str
    combinations: Mapping[str, tuple[int, int]]
    elsewhere: Mapping[str, int]
    complete: bool
    in_model: bool
    columns: tuple[str, ...] = ()

    def has_column_in(self, columns: Iterable[str]) -> bool:
        """Whether one of a model's columns is of this factor, as `batchB` or `batch[T.B]` is.

        Parameters
        ----------
        columns : iterable of str
        """
        return any(name in self.columns or names_factor(name, self.factor) for name in columns)


def find_confounding(samples: pl.DataFrame, model: Model, study: Study) -> list[Confounding]:
    """Look at every declared factor that varies among the samples and is not compared itself.

    Parameters
    ----------
    samples : DataFrame
        The chosen rows of `dim_sample`.
    model : Model
        Its means are the combinations; for a formula, group and timepoint; for a curve, its
        category and timepoint.
    study : Study
        Declares the factors.

    Returns
    -------
    list of Confounding
        By factor in the order of the study, then by level.
    """
    labels = combination_labels(samples, model)
    compared = {*_compared(model), *_columns_of(_compared(model), study)}
    found = []
    for factor in study.factors:
        if factor in (*compared, model.block, model.within):
            continue
        levels = samples[factor].cast(pl.String)
        if levels.drop_nulls().n_unique() < 2:
            continue
        frame = pl.DataFrame(
            {"label": labels, "level": levels, "subject": samples["subject_id"].cast(pl.String)}
        ).drop_nulls("level")
        found += _of_factor(frame, factor, is_in_model(model, factor))
    return found


def _columns_of(roles: Iterable[str], study: Study) -> set[str]:
    """Columns of the sheets behind roles: one that is a visit key, too, says the same twice."""
    kept = {"group", "timepoint", "cell_type"}.intersection(roles)
    return {column for s in study.samples for r in kept if (column := getattr(s, r)) is not None}


def is_in_model(model: Model, factor: str) -> bool:
    """Return whether a model adjusts for a factor.

    Parameters
    ----------
    model : Model
    factor : str
    """
    return factor in model.covariates or names_factor(model.formula or "", factor)


def names_factor(text: str, factor: str) -> bool:
    """Return whether a formula, or a column of one, names a factor.

    Parameters
    ----------
    text : str
    factor : str
    """
    return re.search(rf"(?<![\w.]){re.escape(factor)}(?![\w.])", text) is not None


def combination_labels(samples: pl.DataFrame, model: Model) -> list[str]:
    """Return each sample's combination of the compared roles and factors, `HP.1st`.

    Parameters
    ----------
    samples : DataFrame
        Rows of `dim_sample`.
    model : Model
    """
    columns = [ROLE_COLUMNS.get(name, name) for name in _compared(model)]
    rows = samples.select(pl.col(c).cast(pl.String) for c in columns).iter_rows()
    return [".".join(str(part) for part in row) for row in rows]


def _compared(model: Model) -> tuple[str, ...]:
    """Return the categories whose combinations are compared; of a curve, at each timepoint."""
    if model.curve is not None and model.curve.by is not None:
        return tuple(dict.fromkeys((model.curve.by, "timepoint")))
    return model.means or ("group", "timepoint")


def _of_factor(frame: pl.DataFrame, factor: str, in_model: bool) -> list[Confounding]:
    by_label = frame.group_by("label", maintain_order=True).agg(
        pl.col("level").unique().sort().alias("levels"),
        pl.len().alias("n_samples"),
        pl.col("subject").n_unique().alias("n_subjects"),
    )
    pure = by_label.filter(pl.col("levels").list.len() == 1).sort("label")
    complete = pure.height == by_label.height
    if not pure.height or by_label.height < 2:
        return []
    found = []
    for level in sorted(pure["levels"].list.first().unique()):
        alike = pure.filter(pl.col("levels").list.first() == level)
        if not complete and alike["n_samples"].max() == 1:
            continue  # a single sample has one level of everything
        combinations = {
            row["label"]: (row["n_samples"], row["n_subjects"]) for row in alike.to_dicts()
        }
        others = frame.filter(~pl.col("label").is_in(list(combinations)))
        counts = others.group_by("level").len().sort("level")
        found.append(
            Confounding(
                factor=factor,
                level=level,
                combinations=combinations,
                elsewhere=dict(counts.iter_rows()),
                complete=complete,
                in_model=in_model,
                columns=tuple(f"{factor}{name}" for name in sorted(frame["level"].unique())),
            )
        )
    return found
