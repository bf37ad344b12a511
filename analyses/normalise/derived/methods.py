"""Methods of derived assays: from the values of an assay to numbers per sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import polars as pl

from analyses.load.feature_matching import Matched
from analyses.normalise.source import MatrixRows
from analyses.stats.composition.cell_fractions import ProfileError
from analyses.stats.composition.constrained_projection import constrained_projection
from analyses.stats.composition.robust_partial_correlation import robust_partial_correlation
from analyses.stats.scores.activity import ActivitySums
from analyses.stats.scores.linear_score import linear_score
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.derive_weights import INTERCEPT
from cohortmart.core.study.derive_records import REFUSE_BELOW, Derive
from cohortmart.core.text import counted, listed
from cohortmart.core.types import Bools, Floats, Ints

_TOO_MANY = "too many features are missing"


@dataclass(frozen=True, eq=False)
class DeriveRun:
    """What a method is given.

    Parameters
    ----------
    derive : Derive
        What study.yml asks.
    weights : pl.DataFrame
        component, feature_id, weight: the rows of its file that are in the assay, and intercepts.
    matched : Matched
        Where the features of the file are in the assay.
    n_features : int
        Of the assay.
    sample_ids : tuple of str
    rows : callable
        Streams the assay's values.
    where : str
        Begins the messages.
    """

    derive: Derive
    weights: pl.DataFrame
    matched: Matched
    n_features: int
    sample_ids: tuple[str, ...]
    rows: Callable[[], Iterator[MatrixRows]]
    where: str

    def features(self) -> list[str]:
        """Features of the file that the assay has, sorted."""
        return sorted(self.matched.positions)

    def values(self) -> Floats:
        """Return their values (features, samples); the mean where several share a gene name."""
        features = self.features()
        at = np.full(self.n_features, -1, np.int64)
        for row, feature in enumerate(features):
            at[list(self.matched.positions[feature])] = row
        total = np.zeros((len(features), len(self.sample_ids)))
        n = np.zeros_like(total)
        start = 0
        for ids, block in self.rows():
            rows = at[start : start + len(ids)]
            chosen = rows >= 0
            known = np.isfinite(block[chosen])
            np.add.at(total, rows[chosen], np.where(known, block[chosen], 0.0))
            np.add.at(n, rows[chosen], known)
            start += len(ids)
        return np.where(n > 0, total / np.maximum(n, 1), np.nan)


@dataclass(frozen=True, eq=False)
class DerivedNumbers:
    """Numbers per sample.

    Parameters
    ----------
    names : tuple of str
        Of the new features.
    values : ndarray of shape (n_names, n_samples)
    notes : tuple of str
    """

    names: tuple[str, ...]
    values: Floats
    notes: tuple[str, ...]


def cell_fractions(run: DeriveRun) -> DerivedNumbers:
    """Return the fractions of cell types.

    Raises
    ------
    AnalysisError
        The CpGs that are there do not tell the types apart.
    """
    types = run.weights["component"].unique().sort().to_list()
    wide = run.weights.pivot("component", index="feature_id", values="weight").sort("feature_id")
    profiles = wide.select(types).to_numpy().astype(np.float64)
    values = run.values()
    try:
        if run.derive.solver == "robust":
            found = robust_partial_correlation(values, profiles)
        else:
            found = constrained_projection(values, profiles, run.derive.sum == "one")
    except ProfileError as error:
        raise AnalysisError(
            f"{run.where}: {error.problem}",
            file=run.derive.file,
            found=listed([types[i] for i in error.types]) if error.types else None,
            hint=error.hint,
        ) from error
    fractions = found.fractions.copy()
    lacking: Bools = np.asarray(found.n_features < REFUSE_BELOW * len(values))
    fractions[lacking] = np.nan
    notes = []
    holes = found.n_features < len(values)
    if holes.any():
        notes.append(
            f"{counted(int(holes.sum()), 'sample')} without a value of some CpGs of the "
            "reference: these were left out for the sample"
        )
    notes += _without(run, lacking, "fractions", _TOO_MANY)
    none = np.asarray(np.isnan(fractions).all(axis=1)) & ~lacking
    notes += _without(run, none, "fractions", "no cell type fits")
    if not found.converged.all():
        n = int((~found.converged).sum())
        notes.append(f"the robust fit did not settle in 50 rounds: {counted(n, 'sample')}")
    return DerivedNumbers(tuple(types), np.ascontiguousarray(fractions.T), tuple(notes))


def linear_scores(run: DeriveRun) -> DerivedNumbers:
    """Return the scores of the file.

    Raises
    ------
    AnalysisError
        The constant stands in the file and in study.yml, or a score has no feature in the assay.
    """
    features, values = run.features(), run.values()
    place = {feature: row for row, feature in enumerate(features)}
    names = sorted(run.weights["component"].unique().to_list())
    scores, notes = [], []
    for name in names:
        own = run.weights.filter(pl.col("component") == name)
        constant = _constant(run, own)
        own = own.filter(pl.col("feature_id") != INTERCEPT)
        if own.is_empty():
            raise AnalysisError(
                f"{run.where}: no feature of the score `{name}` is in {run.derive.source}",
                file=run.derive.file,
                hint="take the score out of the file",
            )
        rows = [place[feature] for feature in own["feature_id"]]
        found = linear_score(values[rows], own["weight"].to_numpy(), constant, run.derive.transform)
        scores.append(found.scores)
        of = f"{name}: " if len(names) > 1 else ""
        if found.n_missing.any():
            notes.append(
                f"{of}{counted(int(found.n_missing.sum()), 'missing value')} of "
                f"{counted(int((found.n_missing > 0).sum()), 'sample')} taken as the mean of the "
                "other samples"
            )
        notes += _without(run, np.isnan(found.scores), f"score {name}", _TOO_MANY)
    return DerivedNumbers(tuple(names), np.vstack(scores), tuple(notes))


def activities(run: DeriveRun) -> DerivedNumbers:
    """Return the activities of the sources that have enough targets.

    Raises
    ------
    AnalysisError
        No source has.
    """
    sources = sorted(run.weights["component"].unique().to_list())
    rows, columns, weights = _edges(run, sources)
    sums = ActivitySums(len(sources), len(run.sample_ids))
    start = 0
    for ids, block in run.rows():
        inside = (rows >= start) & (rows < start + len(ids))
        sums.add_targets(block, rows[inside] - start, columns[inside], weights[inside])
        start += len(ids)
    found = sums.finish(int(np.ceil(run.derive.minimum_targets)))
    kept: Bools = np.asarray(np.isfinite(found.t).any(axis=1))
    least = f"{run.derive.minimum_targets:g}"
    if not kept.any():
        raise AnalysisError(
            f"{run.where}: no source has {least} targets in {run.derive.source}",
            file=run.derive.file,
            found=f"at most {int(found.n_targets.max())}",
            hint="lower `minimum_targets`, or take a network with more targets",
        )
    few = [source for source, there in zip(sources, kept, strict=True) if not there]
    notes = []
    if few:
        notes.append(
            f"{counted(len(few), 'source')} left out, with fewer than {least} targets in "
            f"{run.derive.source}: {listed(few, 5)}"
        )
    names = tuple(source for source, there in zip(sources, kept, strict=True) if there)
    return DerivedNumbers(names, found.t[kept], tuple(notes))


#: Who makes the numbers of which method.
METHODS: Mapping[str, Callable[[DeriveRun], DerivedNumbers]] = MappingProxyType(
    {"cell_fractions": cell_fractions, "linear_score": linear_scores, "activity": activities}
)


def _constant(run: DeriveRun, own: pl.DataFrame) -> float:
    in_file = own.filter(pl.col("feature_id") == INTERCEPT)["weight"].to_list()
    asked = run.derive.intercept
    if in_file and asked is not None:
        raise AnalysisError(
            f"{run.where}: the constant stands both in study.yml and in the file",
            file=run.derive.file,
            expected="one of them",
            found=f"`intercept: {asked:g}` and {INTERCEPT} {in_file[0]:g}",
            hint="take `intercept` out of study.yml",
        )
    return float(in_file[0]) if in_file else (asked or 0.0)


def _without(run: DeriveRun, missing: Bools, what: str, why: str) -> Iterator[str]:
    names = [s for s, lacks in zip(run.sample_ids, missing, strict=True) if lacks]
    if names:
        yield f"no {what} of {counted(len(names), 'sample')}, as {why}: {listed(names, 5)}"


def _edges(run: DeriveRun, sources: Sequence[str]) -> tuple[Ints, Ints, Floats]:
    """Return feature, source and weight of every target in the assay."""
    column = {source: i for i, source in enumerate(sources)}
    edges = [
        (row, column[component], weight)
        for component, feature, weight in run.weights.select(
            "component", "feature_id", "weight"
        ).iter_rows()
        for row in run.matched.positions[feature]
    ]
    rows, columns, weights = zip(*edges, strict=True)
    return np.array(rows, np.int64), np.array(columns, np.int64), np.array(weights)
