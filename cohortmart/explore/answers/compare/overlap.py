"""Overlap of what two contrasts find, as `contrast_overlap` has it or by the same kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from analyses.stats.lists.fisher import conditional_odds_ratio, fisher_greater
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.compare.matched import Matched
from cohortmart.explore.answers.contrast.wished import ContrastMeant

#: Which lists are compared: found in either direction, up, or down.
_DIRECTIONS = (("any", "any"), ("up", "up"), ("down", "down"), ("up", "down"), ("down", "up"))
_STORED = """
    select first_direction, second_direction, n_universe, n_first, n_second, n_both, expected,
        odds_ratio, p_value, correlated_by_design
    from contrast_overlap
    where first_analysis = $fa and first_contrast = $fc and second_analysis = $sa
        and second_contrast = $sc and matched_by = $way
"""
_COUNTED = """
    select first_direction, second_direction, count(*) as n from compared
    group by all order by all
"""


@dataclass(frozen=True, eq=False)
class Overlap:
    """Overlap in each pair of directions.

    Parameters
    ----------
    rows : pyarrow.Table
        first, second (directions), n_first, n_second, n_both, expected, odds_ratio, p_value.
    n_universe : int
        Features tested in both.
    correlated : bool
        The two are correlated by design, so that chance gives more and no P is known.
    """

    rows: pa.Table
    n_universe: int
    correlated: bool


def overlap_of(
    asked: Asked,
    first: ContrastMeant,
    second: ContrastMeant,
    matched: Matched,
    *,
    share_people: bool,
) -> Overlap:
    """Return the overlap of two contrasts under the thresholds of the study.

    Parameters
    ----------
    asked : Asked
    first, second : ContrastMeant
    matched : Matched
        Their features, with the temporary table `compared`.
    share_people : bool
        Whether people of the one are in the other: then Fisher's test has no answer.
    """
    stored = _stored(asked, first, second, matched.way)
    if stored is not None:
        return stored
    counted: dict[tuple[int, int], int] = {
        (a, b): n for a, b, n in asked.con.sql(_COUNTED).fetchall()
    }

    def count(of_first: str, of_second: str) -> int:
        return sum(n for (a, b), n in counted.items() if _is(a, of_first) and _is(b, of_second))

    n = [matched.n] * len(_DIRECTIONS)
    both = [count(a, b) for a, b in _DIRECTIONS]
    sizes = [count(a, "") for a, _ in _DIRECTIONS], [count("", b) for _, b in _DIRECTIONS]
    p = np.full(len(n), np.nan) if share_people else fisher_greater(both, *sizes, n)
    expected = np.array(sizes[0]) * np.array(sizes[1]) / max(matched.n, 1)
    rows = pa.table(
        {
            "first": [a for a, _ in _DIRECTIONS],
            "second": [b for _, b in _DIRECTIONS],
            "n_first": sizes[0],
            "n_second": sizes[1],
            "n_both": both,
            "expected": pa.array([None] * len(n) if share_people else expected, pa.float64()),
            "odds_ratio": pa.array(conditional_odds_ratio(both, *sizes, n), from_pandas=True),
            "p_value": pa.array(p, from_pandas=True),
        }
    )
    return Overlap(rows, matched.n, share_people)


def _is(direction: int, wanted: str) -> bool:
    """Tell whether a feature is in a list; the list without a name has every feature."""
    return direction in {"": (-1, 0, 1), "any": (-1, 1), "up": (1,), "down": (-1,)}[wanted]


def _stored(asked: Asked, first: ContrastMeant, second: ContrastMeant, way: str) -> Overlap | None:
    """Return the rows of `contrast_overlap`, whichever of the two is the first there."""
    if not asked.is_there("contrast_overlap"):
        return None
    for is_turned, (a, b) in ((False, (first, second)), (True, (second, first))):
        rows = asked.table(
            _STORED,
            {"fa": a.analysis, "fc": a.contrast, "sa": b.analysis, "sc": b.contrast, "way": way},
        ).to_pylist()
        if rows:
            return _read(rows, is_turned=is_turned)
    return None


def _read(rows: list[dict[str, Any]], *, is_turned: bool) -> Overlap:
    ends = ("second", "first") if is_turned else ("first", "second")
    by = {(r[f"{ends[0]}_direction"], r[f"{ends[1]}_direction"]): r for r in rows}
    ordered = [by[pair] for pair in _DIRECTIONS]
    return Overlap(
        pa.table(
            {
                "first": [a for a, _ in _DIRECTIONS],
                "second": [b for _, b in _DIRECTIONS],
                "n_first": [r[f"n_{ends[0]}"] for r in ordered],
                "n_second": [r[f"n_{ends[1]}"] for r in ordered],
                **{
                    name: [r[name] for r in ordered]
                    for name in ("n_both", "expected", "odds_ratio", "p_value")
                },
            }
        ),
        int(ordered[0]["n_universe"]),
        bool(ordered[0]["correlated_by_design"]),
    )
