"""The answer to "is my list special", in a sentence or two."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cohortmart.core.text import counted
from cohortmart.explore.answers.listed.sets import Enriched
from cohortmart.explore.answers.listed.special import InContrast
from cohortmart.explore.answers.listed.universe import Universe
from cohortmart.report.pages.overview.features import Analysed

#: Adjusted P below which a list stands out.
CLEAR = 0.05


def answer(
    of: Analysed,
    universe: Universe,
    contrasts: Sequence[InContrast],
    sets: Sequence[Enriched] | None,
    called: Callable[[str], str],
) -> str:
    """Return whether a list is special, with the numbers that say so.

    Parameters
    ----------
    of : Analysed
    universe : Universe
    contrasts : sequence of InContrast
        The clearest first.
    sets : sequence of Enriched or None
        The clearest first; None where they are not tested.
    called : callable
        Returns what a contrast may be called.
    """
    tested = [row for row in contrasts if row.n > 0]
    if not tested:
        return f"Nothing of this list is among {universe.words}."
    said = [_found(of, universe, tested[0], called(tested[0].contrast))]
    moved = min(tested, key=lambda row: (_or_one(row.p_shift), row.contrast))
    if tested[0].p >= CLEAR and _or_one(moved.p_shift) < CLEAR:
        way = "up" if moved.shift > 0 else "down"
        said.append(
            f"As a whole the list goes {way} in {called(moved.contrast)} ({p_said(moved.p_shift)})."
        )
    if sets:
        said.append(_set(sets[0]))
    return " ".join(said)


def p_said(p: float) -> str:
    """Return an adjusted P value in words."""
    return "adjusted P < 1e-300" if p < 1e-300 else f"adjusted P = {p:.1g}"


def number_said(value: float) -> str:
    """Return an expected number: 2.2, 31, 0.04."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _or_one(p: float) -> float:
    return p if p == p else 1.0


def _found(of: Analysed, universe: Universe, row: InContrast, contrast: str) -> str:
    against = f"{number_said(row.expected)} expected among {universe.words} ({p_said(row.p)})"
    if row.p >= CLEAR:
        most = f"at most {row.found:,} of {counted(row.n, of.kind.shown, of.kind.many_shown)}"
        return (
            f"In no contrast is more of the list found than chance gives: {most} in {contrast}, "
            f"{against}."
        )
    return (
        f"{row.found:,} of {counted(row.n, of.kind.shown, of.kind.many_shown)} "
        f"{'is' if row.found == 1 else 'are'} found in {contrast}, {against}: "
        f"{row.up:,} up, {row.down:,} down."
    )


def _set(first: Enriched) -> str:
    if first.adj_p >= CLEAR:
        return "No gene set stands out."
    many = f"{first.shared:,} of its {first.n:,} genes"
    return (
        f"Strongest gene set: {first.name} ({many}, {number_said(first.expected)} expected, "
        f"{p_said(first.adj_p)})."
    )
