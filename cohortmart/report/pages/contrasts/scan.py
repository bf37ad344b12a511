"""Scan of an analysis: numbers of all its contrasts from three passes over the results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.study.kinds import Kind
from cohortmart.report.pages.contrasts import sql as contrast_sql
from cohortmart.report.source import Source

#: Features drawn as points: those with the smallest P values.
POINTS = 60
#: So many contrasts are drawn in full detail; of more, each in larger squares.
_FULL_DETAIL, _FEWEST_BINS = 60, 16


@dataclass(frozen=True, eq=False)
class Scan:
    """What is drawn of an analysis.

    Parameters
    ----------
    contrasts : sequence of dict
        Rows of `drawn_contrast` with their frames, in order of `place`.
    squares : pyarrow.Table
        picture, place, direction, i, j, n: number of features in a square; share: of all in it.
    strongest : pyarrow.Table
        Features by place and rank, with `genes`.
    n_tested : int
        Contrasts of the analysis that have results, drawn or not.
    """

    contrasts: Sequence[dict[str, Any]]
    squares: pa.Table
    strongest: pa.Table
    n_tested: int

    def squares_of(self, picture: str, place: int | None = None) -> pa.Table:
        """Return the squares of a picture, of one contrast or of all."""
        chosen = self.squares.filter(pc.equal(self.squares["picture"], picture))
        return chosen if place is None else chosen.filter(pc.equal(chosen["place"], place))

    def strongest_of(self, place: int) -> list[dict[str, Any]]:
        """Return the features of a contrast with the smallest P values, these first."""
        rows: list[dict[str, Any]] = self.strongest.filter(
            pc.equal(self.strongest["place"], place)
        ).to_pylist()
        return rows


def choose_contrasts(source: Source) -> None:
    """Write the temporary table of the contrasts that are drawn."""
    source.con.execute(
        contrast_sql.DRAWN,
        {
            "analyses": list(source.analyses),
            "contrasts": source.detail.contrasts,
            # of a report that leaves the house, no picture shows a single person's change
            "people": 2 if source.pseudonymised else 1,
        },
    )


def scan(source: Source, analysis: str, kind: Kind) -> Scan:
    """Return the pictures' numbers of an analysis; `choose_contrasts` comes first.

    Parameters
    ----------
    source : Source
    analysis : str
    kind : Kind
        Of its assay.
    """
    top = max(POINTS, source.detail.top_features)
    chosen = {"analysis": analysis, "top": top}
    source.con.execute(contrast_sql.FRAMES, chosen | {"bins": _bins(source)})
    contrasts = source.rows("select * from contrast_frame order by place")
    squares = source.table(contrast_sql.SQUARES, {"analysis": analysis})
    source.con.execute(contrast_sql.STRONGEST_FEATURES, chosen)
    names = contrast_sql.STRONGEST[kind.name]
    n_tested = source.value("select count(*) from drawn_contrast where analysis = ?", [analysis])
    return Scan(
        contrasts,
        squares,
        source.table(names, {"analysis": analysis} if "$analysis" in names else None),
        n_tested,
    )


def _bins(source: Source) -> int:
    """Return the squares along an axis: fewer where many contrasts share the page."""
    n = source.value("select count(*) from drawn_contrast where in_page") or 0
    shrunk = source.detail.bins * min(1.0, (_FULL_DETAIL / max(n, 1)) ** 0.5)
    return int(max(round(shrunk), _FEWEST_BINS))
