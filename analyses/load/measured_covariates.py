"""Measured covariates: numbers of a continuous assay in the model of another analysis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Study
from cohortmart.core.study.variables import MeasuredName, measured_name
from cohortmart.core.text import counted, did_you_mean, listed
from cohortmart.core.warehouse.home import fetch

#: A person's samples of one time are told apart by these, besides the visit keys.
_FINER = "cell_type"


@dataclass(frozen=True)
class Matches:
    """For each sample the one of another assay that stands for it.

    Parameters
    ----------
    of : tuple of (str or None)
        In the order of the samples.
    n_elsewhere : int
        Samples for which another sample of the same visit stands.
    n_several : int
        Samples without one because several could.
    """

    of: tuple[str | None, ...]
    n_elsewhere: int
    n_several: int


def measured_names(names: Iterable[str], study: Study) -> tuple[MeasuredName, ...]:
    """Return those names of a model that are numbers of an assay.

    Parameters
    ----------
    names : iterable of str
        Covariates.
    study : Study
    """
    found = (measured_name(name, study) for name in names)
    return tuple(name for name in found if name is not None)


def with_measured(
    con: duckdb.DuckDBPyConnection,
    samples: pl.DataFrame,
    names: Sequence[str],
    study: Study,
    where: str,
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Add a column for each measured covariate; samples without a value are left out.

    The value is that of the same sample, or else of the only sample that the other assay has of
    the same person and time (and, where it has several, of the same cell type and visit keys).

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    samples : DataFrame
        Chosen rows of `dim_sample`.
    names : sequence of str
        Covariates; those of the sheet are passed over.
    study : Study
    where : str
        Begins the messages.

    Returns
    -------
    DataFrame, tuple of str
        The samples, and notes.

    Raises
    ------
    AnalysisError
        The assay has no such feature, or no sample is left.
    """
    notes: list[str] = []
    for name in measured_names(names, study):
        values = _values(con, name, where)
        matches = match_samples(samples, _of_assay(con, name.assay), study)
        column = [None if sample is None else values.get(sample) for sample in matches.of]
        samples = samples.with_columns(pl.Series(name.written, column, dtype=pl.Float64))
        notes += _elsewhere(name, matches, study)
        samples, note = _without_missing(samples, name, matches, where)
        notes += note
    return samples, tuple(notes)


def without_unmeasured(
    con: duckdb.DuckDBPyConnection,
    samples: pl.DataFrame,
    names: Sequence[str],
    study: Study,
    where: str,
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Leave out the samples that another assay does not have, before any value is known.

    Parameters and errors are those of `with_measured`; an assay whose features `dim_measure` does
    not have yet may have any.
    """
    notes: list[str] = []
    for name in measured_names(names, study):
        features = _features(con, name.assay)
        if features and name.feature not in features:
            raise unknown_feature(name, features, where)
        matches = match_samples(samples, _of_assay(con, name.assay), study)
        there = [1.0 if sample is not None else None for sample in matches.of]
        samples = samples.with_columns(pl.Series(name.written, there, dtype=pl.Float64))
        notes += _elsewhere(name, matches, study)
        samples, note = _without_missing(samples, name, matches, where)
        notes += note
        samples = samples.drop(name.written)
    return samples, tuple(notes)


def match_samples(samples: pl.DataFrame, others: pl.DataFrame, study: Study) -> Matches:
    """Find the sample of another assay that stands for each sample.

    Parameters
    ----------
    samples, others : DataFrame
        Rows of `dim_sample`.
    study : Study
        For its visit keys.
    """
    finer = [c for c in (_FINER, *study.visit_key) if c in samples.columns]
    own = set(others["sample_id"].to_list())
    at_visit: dict[tuple[str, str], list[tuple[str, list[str | None]]]] = {}
    for row in others.sort("sample_id").iter_rows(named=True):
        visit = (row["subject_id"], row["timepoint"])
        at_visit.setdefault(visit, []).append((row["sample_id"], [row[c] for c in finer]))
    found: list[str | None] = []
    n_elsewhere = n_several = 0
    for row in samples.iter_rows(named=True):
        if row["sample_id"] in own:
            found.append(row["sample_id"])
            continue
        there = at_visit.get((row["subject_id"], row["timepoint"]), [])
        if len(there) > 1:
            keys = [row[c] for c in finer]
            alike = [(s, k) for s, k in there if _agree(keys, k)]
            n_several += len(alike) != 1
            there = alike if len(alike) == 1 else []
        found.append(there[0][0] if there else None)
        n_elsewhere += bool(there)
    return Matches(tuple(found), n_elsewhere, n_several)


def _agree(first: Sequence[str | None], second: Sequence[str | None]) -> bool:
    pairs = zip(first, second, strict=True)
    return all(a == b for a, b in pairs if a is not None and b is not None)


def _of_assay(con: duckdb.DuckDBPyConnection, assay: str) -> pl.DataFrame:
    query = """
        select s.* from dim_sample as s
        where s.sample_id in (
            select sample_id from qc_sample where assay = $1 and filter_reason is null
        )
    """
    return pl.DataFrame(fetch(con, query, [assay]))


def _values(
    con: duckdb.DuckDBPyConnection, name: MeasuredName, where: str
) -> dict[str, float | None]:
    features = _features(con, name.assay)
    if name.feature not in features:
        raise unknown_feature(name, features, where)
    query = """
        select sample_id, transformed_value from fct_measurement
        where assay = $1 and feature_id = $2
    """
    rows = fetch(con, query, [name.assay, name.feature]).to_pydict()
    return dict(zip(rows["sample_id"], rows["transformed_value"], strict=True))


def _features(con: duckdb.DuckDBPyConnection, assay: str) -> list[str]:
    query = "select feature_id from dim_measure where assay = $1 order by feature_id"
    found: list[str] = fetch(con, query, [assay])["feature_id"].to_pylist()
    return found


def unknown_feature(name: MeasuredName, features: Sequence[str], where: str) -> AnalysisError:
    """Return the error for a covariate whose assay has no such feature.

    Parameters
    ----------
    name : MeasuredName
    features : sequence of str
        Those that it has.
    where : str
        Begins the message.
    """
    known = [f"{name.assay}.{feature}" for feature in features]
    return AnalysisError(
        f"{where}: the assay {name.assay} has no `{name.feature}`",
        expected="one of " + listed(known, 12),
        found=name.written,
        hint=did_you_mean(name.written, known) or "correct the covariate",
    )


def _elsewhere(name: MeasuredName, matches: Matches, study: Study) -> list[str]:
    if not matches.n_elsewhere:
        return []
    one = study.nouns
    return [
        f"`{name.written}` of {counted(matches.n_elsewhere, 'sample')} is that of another sample "
        f"of the same {one.subject.one} and {one.timepoint.one}"
    ]


def _without_missing(
    samples: pl.DataFrame, name: MeasuredName, matches: Matches, where: str
) -> tuple[pl.DataFrame, list[str]]:
    values = samples[name.written]
    known = values.is_not_null() & values.is_not_nan().fill_null(False)
    lacking = samples["sample_id"].filter(~known).to_list()
    if not lacking:
        return samples, []
    several = (
        f" ({matches.n_several} of them because {name.assay} has several samples of the visit)"
        if matches.n_several
        else ""
    )
    said = f"without a value of `{name.written}`{several}: {listed(sorted(lacking), 5)}"
    if len(lacking) == samples.height:
        raise AnalysisError(
            f"{where}: no sample has a value of `{name.written}`",
            expected=f"samples of {name.assay} of the same people and times",
            hint=f"take `{name.written}` out of the model",
        )
    return samples.filter(known), [f"{counted(len(lacking), 'sample')} left out, {said}"]
