"""Test of a return: a move towards the reference beyond what the shared baseline gives.

A feature that is chosen for a large difference at baseline comes nearer to the reference by
itself, as the baseline's error is in the difference and, with the other sign, in the change. The
part of the difference that has nothing to do with the error of the change, x - c cov(x, c)/var(c),
is independent of the change where nothing changes, whatever the true difference (Oldham 1962, J
Chronic Dis 15:969, for equal variances the mean of both visits). Given that part, and that the
feature was chosen, the change has a known, truncated distribution (selective inference: Fithian,
Sun & Taylor 2014, arXiv:1410.2597; Lee et al. 2016, doi 10.1214/15-AOS1371).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from analyses.stats.numeric.parallel import for_blocks
from analyses.stats.numeric.tail_table import t_quantile_of_rows, t_two_sided_of_rows
from analyses.stats.returns.return_share import Returning, ReturnShare, return_share
from cohortmart.core.types import Bools, Floats

#: A feature with a larger two-sided P of its difference at baseline is not tested.
CHOSEN = 0.05
_ROWS = 65_536  # features a block of work; bounds the memory
_NUMBERS = ("p_baseline", "p_value", "p_away", "chance_towards")
_LEAST = 1e-9  # correlation of both errors; nearer to 0 the choice says nothing of the change


@dataclass(frozen=True, eq=False)
class ReturnTest:
    """A return of every feature; arrays of shape (n_features,).

    Parameters
    ----------
    found : ReturnShare
    p_baseline : ndarray
        Two-sided, that there is no difference at baseline.
    p_value : ndarray
        Of a move towards the reference; NaN where the feature is not chosen.
    p_away : ndarray
        The same of a difference that grows.
    chance_towards : ndarray
        Where nothing changes: how often the estimates of a feature that is chosen move towards the
        reference all the same; NaN where it is not chosen.
    """

    found: ReturnShare
    p_baseline: Floats
    p_value: Floats
    p_away: Floats
    chance_towards: Floats


def return_test(given: Returning) -> ReturnTest:
    """Test every feature whose difference at baseline has P <= 0.05.

    Parameters
    ----------
    given : Returning

    Notes
    -----
    The null hypothesis is a union: no difference at baseline, or no change towards the reference.
    P is the larger of two that are valid among the chosen features: P of the difference divided by
    0.05, and the chance of so large a change in the direction seen, given the choice, where
    nothing changes (intersection-union test; Berger 1982, Technometrics 24:295).
    """
    n = len(given.df)
    tests: dict[int, ReturnTest] = {}

    def of_rows(start: int, stop: int) -> None:
        tests[start] = _of_rows(given.rows(slice(start, stop)))

    for_blocks(n, _ROWS, of_rows)
    parts = [tests[start] for start in sorted(tests)] or [_of_rows(given)]
    if len(parts) == 1:
        return parts[0]
    shares = [part.found for part in parts]
    return ReturnTest(
        found=ReturnShare(*_joined(shares, [f.name for f in fields(ReturnShare)])),
        **dict(zip(_NUMBERS, _joined(parts, _NUMBERS), strict=True)),
    )


def _joined(parts: Sequence[object], names: Sequence[str]) -> list[Any]:
    return [np.concatenate([getattr(part, name) for part in parts]) for name in names]


def _of_rows(given: Returning) -> ReturnTest:
    """Test some features; tails of the change are needed of those that are chosen alone."""
    p0 = _p_baseline(given)
    near = np.flatnonzero(p0 <= CHOSEN * (1.0 + 1e-6))
    some = given.rows(near)
    quantile = np.full(len(p0), np.inf)
    quantile[near] = t_quantile_of_rows(CHOSEN / 2, some.df[:, None])[:, 0]
    found = return_share(given, quantile)
    chosen = found.is_bounded[near]
    least = np.where(chosen, p0[near] / CHOSEN, np.nan)
    out = {name: np.full(len(p0), np.nan) for name in ("towards", "away", "by_chance")}
    of_some = _chances(some, quantile[near])
    for name in ("towards", "away"):
        out[name][near] = np.minimum(np.maximum(least, of_some[name]), 1.0)
    out["by_chance"][near] = np.where(chosen, of_some["by_chance"], np.nan)
    return ReturnTest(found, p0, out["towards"], out["away"], out["by_chance"])


def _p_baseline(given: Returning) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        t = given.baseline / np.sqrt(given.baseline_variance)
    return t_two_sided_of_rows(t[:, None], given.df[:, None])[:, 0]


def _chances(given: Returning, q: Floats) -> dict[str, Floats]:
    """Return P of both moves given the choice, and what chance gives."""
    with np.errstate(divide="ignore", invalid="ignore"):
        sd_x, sd_c = np.sqrt(given.baseline_variance), np.sqrt(given.change_variance)
        t_x, t_c = given.baseline / sd_x, given.change / sd_c
        rho = np.clip(given.covariance / (sd_x * sd_c), -1.0, 1.0)
        rest = t_x - rho * t_c  # of the difference; independent of the change
        size, moved = np.abs(t_c), np.sign(t_x) * np.sign(t_c)
        slope = np.maximum(np.abs(rho), _LEAST)
        # where the errors go together, "towards" is what "away" is where they oppose each other
        flipped = rho > 0
        up, down = (q - rest) / slope, (q + rest) / slope
        tails = _upper(
            np.column_stack([size, up, down, np.maximum(size, up), np.maximum(size, down)]),
            given.df,
        )
        of_size, of_up, of_down, beyond_up, beyond_down = tails.T
        chosen = of_up + of_down
        opposite = beyond_up + beyond_down
        # chosen, of the same sign, and at least as large: between the two
        same = np.maximum(of_size - (1.0 - of_up), 0.0) + np.maximum(of_size - (1.0 - of_down), 0.0)
        half = np.minimum(of_up, 0.5) + np.minimum(of_down, 0.5)
        towards, away = _swapped(opposite, same, flipped)
        by_chance, _ = _swapped(half, chosen - half, flipped)
        return {
            "towards": _given_choice(towards / chosen, moved == -1.0),
            "away": _given_choice(away / chosen, moved == 1.0),
            "by_chance": by_chance / chosen,
        }


def _given_choice(p: Floats, seen: Bools) -> Floats:
    """P of the direction that is seen; 1 of the other."""
    return np.where(np.isnan(p), np.nan, np.where(seen, np.minimum(p, 1.0), 1.0))


def _swapped(first: Floats, second: Floats, swap: Bools) -> tuple[Floats, Floats]:
    return np.where(swap, second, first), np.where(swap, first, second)


def _upper(t: Floats, df: Floats) -> Floats:
    """P(T >= t) of values on both sides of 0."""
    half = t_two_sided_of_rows(t, np.broadcast_to(df[:, None], t.shape)) / 2.0
    return np.where(t < 0, 1.0 - half, half)
