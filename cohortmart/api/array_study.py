"""Study of arrays: which columns of a frame of samples are roles, factors and covariates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import (
    ONE_GROUP,
    ONE_TIMEPOINT,
    ROLE_COLUMNS,
    Assay,
    SampleSheet,
    Study,
)
from cohortmart.core.text import did_you_mean, listed

#: Names that the columns of roles may have: the role's own, and that of `dim_sample`.
_NAMES = {
    "sample_id": ("sample_id", "sample"),
    **{column: tuple(dict.fromkeys((column, role))) for role, column in ROLE_COLUMNS.items()},
}
_ASSAY = "values"


def array_study(
    samples: pl.DataFrame,
    roles: Mapping[str, str],
    groups: Sequence[str] | None,
    timepoints: Sequence[str] | None,
) -> tuple[pl.DataFrame, Study]:
    """Return the samples as rows of `dim_sample`, and a study that says what their columns are.

    Parameters
    ----------
    samples : polars.DataFrame of n_samples rows
    roles : mapping of str to str
        Role (sample, subject, group, timepoint, cell_type) to column, where it is not called so.
    groups, timepoints : sequence of str, optional
        In order; else that of an Enum, of numbers, or of appearance.

    Raises
    ------
    AnalysisError
        No row, a column that is not there or is meant twice, a sample twice, a level that the
        order does not know, or a column that is neither text nor number.
    """
    if samples.height == 0:
        raise AnalysisError("there are no samples", expected="one row for each column of values")
    renamed = _with_roles(samples, roles)
    renamed = _with_ids(renamed)
    ordered = {
        column: _levels(renamed, column, order, key)
        for column, order, key in (
            ("study_group", groups, "groups"),
            ("timepoint", timepoints, "timepoints"),
        )
    }
    renamed = _with_defaults(renamed)
    others = [c for c in renamed.columns if c not in _NAMES]
    factors = [c for c in others if not _is_number(renamed, c)]
    study = Study(
        study="arrays",
        samples=(
            SampleSheet(
                file=Path("samples"),
                sample="sample_id",
                subject="subject",
                factors=tuple(factors),
                covariates=tuple(c for c in others if c not in factors),
            ),
        ),
        assays={_ASSAY: Assay(kind="continuous", files=(Path("values"),))},
        **_written(groups=ordered["study_group"], timepoints=ordered["timepoint"]),
    )
    return renamed.with_columns(pl.col(c).cast(pl.String) for c in (*factors, *_NAMES)), study


def _written(**orders: tuple[str, ...] | None) -> dict[str, Any]:
    """Leave out what the samples do not have, as study.yml would."""
    return {key: order for key, order in orders.items() if order is not None}


def _with_roles(samples: pl.DataFrame, roles: Mapping[str, str]) -> pl.DataFrame:
    """Rename the columns of roles to those of `dim_sample`."""
    renaming: dict[str, str] = {}
    known = {name: column for column, names in _NAMES.items() for name in names}
    for role, given in roles.items():
        if role not in known:
            raise AnalysisError(
                f"`{role}` is no role of a sample",
                expected="sample, subject, group, timepoint or cell_type",
                hint=did_you_mean(role, list(known)),
            )
        if given not in samples.columns:
            raise AnalysisError(
                f"the samples have no column `{given}`, which is named as {role}",
                expected=f"one of {listed(samples.columns)}",
                hint=did_you_mean(given, samples.columns),
            )
        renaming[given] = known[role]
    for column, names in _NAMES.items():
        if column in renaming.values():
            continue
        there = [n for n in names if n in samples.columns and n not in renaming]
        if len(there) > 1:
            raise AnalysisError(
                f"the samples have both `{there[0]}` and `{there[1]}`",
                hint=f"say in `roles` which is meant, or drop one: roles={{'{names[-1]}': …}}",
            )
        renaming |= dict.fromkeys(there, column)
    twice = sorted(set(renaming.values()) & (set(samples.columns) - set(renaming)))
    if twice or len(set(renaming.values())) < len(renaming):
        raise AnalysisError(
            "a role is meant by two columns of the samples",
            found=listed(twice or sorted(renaming)),
            hint="rename or drop one of them",
        )
    return samples.rename(renaming)


def _with_ids(samples: pl.DataFrame) -> pl.DataFrame:
    """Give samples without names their numbers."""
    if "sample_id" not in samples.columns:
        numbers = pl.Series("sample_id", [f"sample {i}" for i in range(1, samples.height + 1)])
        samples = samples.with_columns(numbers)
    ids = samples["sample_id"].cast(pl.String)
    if ids.null_count() or ids.n_unique() < samples.height:
        repeated = ids.filter(ids.is_duplicated()).drop_nulls().unique().sort().to_list()
        raise AnalysisError(
            "every sample needs a name of its own",
            found=f"{listed(repeated, 5)} several times" if repeated else "a row without one",
        )
    return samples


def _levels(
    samples: pl.DataFrame, column: str, order: Sequence[str] | None, key: str
) -> tuple[str, ...] | None:
    """Return the levels of a role in order; None where the samples do not have it."""
    if column not in samples.columns:
        if order is not None:
            raise AnalysisError(f"`{key}` are given, and the samples have no column for them")
        return None
    values = samples[column]
    there = values.cast(pl.String).drop_nulls().unique(maintain_order=True).to_list()
    if order is not None:
        wanted = tuple(map(str, order))
        unknown = sorted(set(there) - set(wanted))
        if unknown:
            raise AnalysisError(
                f"`{key}` does not have all that the samples have",
                expected=f"one of {listed(list(wanted))}",
                found=listed(unknown),
                hint="add it at its place, or leave these samples out",
            )
        return wanted
    if isinstance(values.dtype, pl.Enum):
        categories = values.dtype.categories.to_list()
        return tuple(c for c in categories if c in set(there))
    if values.dtype.is_numeric() or values.dtype.is_temporal():
        return tuple(values.drop_nulls().unique().sort().cast(pl.String).to_list())
    return tuple(there)


def _with_defaults(samples: pl.DataFrame) -> pl.DataFrame:
    """Fill in roles that the samples do not have: everyone apart, one group, one visit."""
    absent = [column for column in _NAMES if column not in samples.columns]
    filled: dict[str, pl.Expr] = {
        "subject_id": pl.col("sample_id").cast(pl.String),
        "study_group": pl.lit(ONE_GROUP),
        "timepoint": pl.lit(ONE_TIMEPOINT),
        "cell_type": pl.lit(""),
    }
    return samples.with_columns(filled[c].alias(c) for c in absent)


def _is_number(samples: pl.DataFrame, column: str) -> bool:
    kind = samples.schema[column]
    if kind.is_numeric():
        return True
    text = kind in (pl.String, pl.Boolean) or isinstance(kind, (pl.Enum, pl.Categorical))
    if not (text or kind.is_temporal() or kind == pl.Null):
        raise AnalysisError(
            f"the column `{column}` of the samples is of type {kind}",
            expected="text, numbers, true and false, or dates",
            hint="drop it, or make several columns of it",
        )
    return False
