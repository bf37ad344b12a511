"""Overlap of two contrasts: how many features they share, beside what chance gives.

Fisher's test takes the two lists as independent by chance. Two contrasts that share a mean, or
the same people, are not: they are correlated even if nothing happens. For them the expected
overlap follows from that correlation, and there is no P value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import special

from analyses.design.contrasts import contrast_weights
from analyses.design.mean_weights import mean_weights, other_weights
from analyses.design.model_matrix import Design
from analyses.fingerprints import OfResults
from analyses.fit.sample_design import chosen_design
from analyses.overlap.shared_features import PairCounts, Slot, shared_features
from analyses.stats.lists.bivariate_normal import both_beyond, upper_orthant
from analyses.stats.lists.fisher import conditional_odds_ratio, fisher_greater
from analyses.step import Made, Step
from analyses.write.columns import table_of
from cohortmart.core.study.kinds import BETA, CONTINUOUS
from cohortmart.core.study.records import Study
from cohortmart.core.types import Bools, Floats

#: Which lists are compared: features found in either direction, up, or down.
DIRECTIONS = (("any", "any"), ("up", "up"), ("down", "down"), ("up", "down"), ("down", "up"))

#: A correlation of two estimates below moves no overlap by as much as Fisher's test would see.
_NEGLIGIBLE = 0.05


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs of contrasts to compare.

    Parameters
    ----------
    first, second : list of Slot
    share : ndarray of bool of shape (n_pairs,)
        Estimates that are correlated by design.
    r_no_effect : ndarray of shape (n_pairs,)
        Correlation without any effect; NaN where it is not known.
    """

    first: list[Slot]
    second: list[Slot]
    share: Bools
    r_no_effect: Floats


def overlap_tables(con: duckdb.DuckDBPyConnection, study: Study, name: str) -> Iterator[pa.Table]:
    """Yield the rows of `contrast_overlap` whose second analysis is `name`.

    First come all pairs of contrasts of the analysis, by their names, then, for each earlier
    analysis of the same assay, the contrasts of the same name in both; last those of earlier
    analyses of other assays, where one of the two measures proteins or the like and genes are
    what they have in common. Each pair is compared in
    five ways (`DIRECTIONS`), over the features with a P value in both contrasts.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse with the views of the new results: `new_contrast`, `new_contrast_result`,
        `new_contrast_correlation` and `new_found`.
    study : Study
    name : str
        Of the analysis.

    Yields
    ------
    pyarrow.Table
        Rows of `contrast_overlap`. Null are the P value of a pair that is correlated by design,
        the expected overlap where that correlation is not known, and the odds ratio where the
        sizes of the lists leave one overlap only.

    Raises
    ------
    AnalysisError
        The samples or the design of an analysis cannot be read.

    Notes
    -----
    Contrasts of one analysis are correlated by design if both have a weight for one mean or
    covariate of the design, a baseline taken apart, or if their estimates have a correlation
    beyond 0.05 without any effect, as contrasts of the same people have. Two analyses are if they
    have samples in common; how much is not known.
    """
    contrasts = _contrasts(con, name)
    for pairs in (
        _within(con, study, name, contrasts),
        *(
            _between(con, study, earlier, name, contrasts)
            for earlier in _earlier_of_same_assay(study, name)
        ),
    ):
        if pairs.first:
            yield _rows(pairs, shared_features(con, pairs.first, pairs.second))
    assays = {n: analysis.assay for n, analysis in study.analyses.items()}
    for earlier in _earlier_by_gene(study, name):
        pairs = _between(con, study, earlier, name, contrasts)
        if pairs.first:
            counts = shared_features(con, pairs.first, pairs.second, assays)
            if counts.universe.any():
                yield _rows(pairs, counts, "gene")


def _contrasts(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    """Return the expression of each contrast, by name."""
    rows = con.execute(
        "select contrast, expression from new_contrast where analysis = $1", [name]
    ).fetchall()
    return dict(sorted(rows))


def _earlier_of_same_assay(study: Study, name: str) -> list[str]:
    names = list(study.analyses)
    assay = study.analyses[name].assay
    return [n for n in names[: names.index(name)] if study.analyses[n].assay == assay]


def _earlier_by_gene(study: Study, name: str) -> list[str]:
    """Name the earlier analyses of other assays whose features may have genes in common."""
    names = list(study.analyses)

    def kind(analysis: str) -> str:
        return study.assays[study.analyses[analysis].assay].kind

    assay = study.analyses[name].assay
    return [
        n
        for n in names[: names.index(name)]
        if study.analyses[n].assay != assay
        and CONTINUOUS in (kind(n), kind(name))
        and BETA not in (kind(n), kind(name))
    ]


def _within(
    con: duckdb.DuckDBPyConnection, study: Study, name: str, contrasts: dict[str, str]
) -> _Pairs:
    """Pair the contrasts of one analysis."""
    i, j = np.triu_indices(len(contrasts), k=1)
    r = _no_effect_correlations(con, name, list(contrasts))[i, j]
    share = np.zeros(len(i), dtype=bool)
    if len(i):
        design = chosen_design(con, study, name, study.analyses[name]).design
        # people who are in both lift or lower both: a correlation, though no mean is shared
        share = _sharing(design, contrasts)[i, j] | (np.abs(r) > _NEGLIGIBLE)
    slots = [Slot(name, contrast) for contrast in contrasts]
    return _Pairs([slots[k] for k in i], [slots[k] for k in j], share, r)


def _between(
    con: duckdb.DuckDBPyConnection, study: Study, earlier: str, name: str, own: dict[str, str]
) -> _Pairs:
    """Pair contrasts of the same name of two analyses."""
    shared = [contrast for contrast in _contrasts(con, earlier) if contrast in own]
    samples: list[set[str]] = [
        set(chosen_design(con, study, n, study.analyses[n]).design.sample_ids)
        for n in (earlier, name)
        if shared
    ]
    common = bool(samples) and bool(samples[0] & samples[1])
    return _Pairs(
        [Slot(earlier, contrast) for contrast in shared],
        [Slot(name, contrast) for contrast in shared],
        np.full(len(shared), common),
        np.full(len(shared), np.nan),
    )


def _sharing(design: Design, contrasts: dict[str, str]) -> Bools:
    """Say which contrasts have a weight for the same mean or covariate.

    Returns
    -------
    ndarray of bool of shape (n_contrasts, n_contrasts)
    """
    used = []
    for contrast, expression in contrasts.items():
        weights = contrast_weights(design, contrast, expression)
        used.append({*mean_weights(design, weights), *other_weights(design, weights)})
    return np.array([[bool(a & b) for b in used] for a in used])


def _no_effect_correlations(
    con: duckdb.DuckDBPyConnection, name: str, contrasts: list[str]
) -> Floats:
    """Return the correlation of each pair without any effect, NaN where it is not known.

    Returns
    -------
    ndarray of shape (n_contrasts, n_contrasts)
    """
    rows = con.execute(
        """
        select first_contrast, second_contrast, r_no_effect from new_contrast_correlation
        where analysis = $1 and r_no_effect is not null
        """,
        [name],
    ).fetchall()
    place = {contrast: i for i, contrast in enumerate(contrasts)}
    out = np.full((len(contrasts), len(contrasts)), np.nan)
    for first, second, r in rows:
        if first in place and second in place:
            i, j = place[first], place[second]
            out[i, j] = out[j, i] = min(max(r, -1.0), 1.0)  # 1 + 1e-16 is rounding
    return out


def _rows(pairs: _Pairs, counts: PairCounts, matched_by: str = "feature") -> pa.Table:
    """Join names and numbers, five rows a pair; NaN becomes null."""
    numbers = [_numbers(pairs, counts, *directions) for directions in DIRECTIONS]
    n = len(pairs.first)
    columns = {
        "first_analysis": np.repeat([s.analysis for s in pairs.first], len(DIRECTIONS)),
        "first_contrast": np.repeat([s.contrast for s in pairs.first], len(DIRECTIONS)),
        "first_direction": np.tile([first for first, _ in DIRECTIONS], n),
        "second_analysis": np.repeat([s.analysis for s in pairs.second], len(DIRECTIONS)),
        "second_contrast": np.repeat([s.contrast for s in pairs.second], len(DIRECTIONS)),
        "second_direction": np.tile([second for _, second in DIRECTIONS], n),
        "matched_by": np.repeat([matched_by], n * len(DIRECTIONS)),
        **{key: np.stack([d[key] for d in numbers], axis=1).ravel() for key in numbers[0]},
    }
    return table_of("contrast_overlap", columns)


def _numbers(pairs: _Pairs, counts: PairCounts, first: str, second: str) -> dict[str, NDArray[Any]]:
    """Compute the numbers of all pairs for one pair of directions."""
    universe = counts.universe
    sizes = counts.first[first], counts.second[second]
    table = (counts.both[first, second], *sizes, universe)
    with np.errstate(invalid="ignore", divide="ignore"):
        share_first, share_second = (size / universe for size in sizes)
    r = np.where(pairs.share, pairs.r_no_effect, 0.0)
    by_correlation = universe * _chance_of_both(share_first, share_second, first, second, r)
    return {
        "n_universe": universe,
        "n_first": sizes[0],
        "n_second": sizes[1],
        "n_both": table[0],
        "expected": np.where(pairs.share, by_correlation, share_first * sizes[1]),
        "odds_ratio": conditional_odds_ratio(*table),
        "p_value": np.where(pairs.share, np.nan, fisher_greater(*table)),
        "correlated_by_design": pairs.share,
    }


def _chance_of_both(
    share_first: Floats, share_second: Floats, first: str, second: str, r: Floats
) -> Floats:
    """Probability that a feature is in both lists, without any effect.

    The two statistics are standard normal with correlation `r`, and each list is made of those
    beyond the threshold that gives the list its size.
    """
    if first == "any":
        a, b = -special.ndtri(share_first / 2), -special.ndtri(share_second / 2)
        return both_beyond(a, b, r)
    a, b = -special.ndtri(share_first), -special.ndtri(share_second)
    return upper_orthant(a, b, r if first == second else -r)


def _read_analyses(study: Study, name: str) -> tuple[str, ...]:
    return (*_earlier_of_same_assay(study, name), *_earlier_by_gene(study, name), name)


OVERLAP = Step(
    name="overlap",
    title="overlap of contrasts",
    tables=("contrast_overlap",),
    options=lambda study, name: study.analyses[name].thresholds.model_dump(),
    inputs=OfResults("overlap", _read_analyses, lake=("feature", "measure")),
    make=lambda run: Made(
        {"contrast_overlap": overlap_tables(run.with_results, run.study, run.name)}
    ),
)
