"""Features that a search of the report reaches: as many as the page has room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from cohortmart.report.blocks import Features
from cohortmart.report.packed import packed, packed_texts
from cohortmart.report.pages.contrasts import features_sql as sql
from cohortmart.report.pages.contrasts.words import Manner
from cohortmart.report.source import Source

#: Bytes that a feature takes in each contrast, and for its id, name and level.
_PER_CONTRAST, _PER_FEATURE = 4.3, 14.0


def features_that_fit(source: Source) -> dict[str, int]:
    """Return how many features of each analysis the page has room for.

    What is found in any contrast of any analysis goes first; what room is left is for the others
    with the smallest P values. Where there is not enough, analyses get the same room, and what
    one does not need goes to those that do. Writes the temporary table `feature_best`; the
    contrasts are chosen before.
    """
    source.con.execute(sql.BEST)
    rows = source.rows(sql.COUNTS_OF_FEATURES)
    costs = [_PER_FEATURE + _PER_CONTRAST * r["n_contrasts"] for r in rows]
    room = float(source.detail.feature_bytes)
    found = even_shares([c * r["n_found"] for c, r in zip(costs, rows, strict=True)], room)
    wanted = [c * r["n_tested"] - f for c, r, f in zip(costs, rows, found, strict=True)]
    others = even_shares(wanted, room - sum(found))
    return {
        r["analysis"]: round((f + o) / c)
        for r, c, f, o in zip(rows, costs, found, others, strict=True)
    }


def even_shares(wanted: Sequence[float], room: float) -> list[float]:
    """Return what each gets of a room: all it wants, or as much as any other gets at most."""
    shares = [0.0] * len(wanted)
    waiting = sorted(range(len(wanted)), key=lambda i: wanted[i])
    for n_served, i in enumerate(waiting):
        shares[i] = min(wanted[i], room / (len(waiting) - n_served))
        room -= shares[i]
    return shares


def features_of(source: Source, manner: Manner, most: int) -> Features:
    """Return the features of an analysis that a search reaches, at least those of its tables.

    Parameters
    ----------
    source : Source
        With the temporary tables of `scan` of this analysis.
    manner : Manner
    most : int
        How many there is room for.
    """
    analysis = {"analysis": manner.analysis}
    source.con.execute(sql.REACHED, analysis | {"most": most})
    source.con.execute(sql.VALUES, analysis)
    query = sql.NAMES[manner.kind.name]
    names = source.table(query, analysis if "$analysis" in query else None)
    places = [
        r["place"] for r in source.rows("select place from contrast_frame where in_page order by 1")
    ]
    counts = source.rows(sql.COUNTED, analysis)[0]
    return Features(
        f"features-{manner.slug}",
        names.num_rows,
        counts["n_tested"],
        counts["n_found"],
        packed_texts([source.names.words(v) for v in names["feature_id"].to_pylist()]),
        packed_texts([v and source.names.words(v) for v in names["name"].to_pylist()]),
        packed(source.table(sql.LEVELS)["level"]),
        _by_place(source, places, names.num_rows),
    )


def positions_of(source: Source) -> dict[int, list[int]]:
    """Return the positions of the features of the tables, by place of the contrast."""
    found: dict[int, list[int]] = {}
    for r in source.rows(sql.POSITIONS):
        found.setdefault(r["place"], []).append(r["position"])
    return found


def _by_place(source: Source, places: Sequence[int], n: int) -> Mapping[int, Mapping[str, str]]:
    columns: dict[str, pa.ChunkedArray] = {}
    for query in (sql.IN_POSITION, sql.STEPS):
        table = source.table(query)
        columns |= {name: table[name] for name in table.column_names}
    return {
        place: {name: packed(column.slice(k * n, n)) for name, column in columns.items()}
        for k, place in enumerate(places)
    }
