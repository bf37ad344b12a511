"""Tables of a list: its contrasts, gene sets, the study's own lists, and its features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from cohortmart.core.text import counted
from cohortmart.explore.answers.addresses import contrast_address, set_address
from cohortmart.explore.answers.listed.features import Listed
from cohortmart.explore.answers.listed.results import Row
from cohortmart.explore.answers.listed.sets import Enriched
from cohortmart.explore.answers.listed.special import CORRELATION, InContrast
from cohortmart.explore.answers.listed.universe import Universe
from cohortmart.report.blocks import Column, Table
from cohortmart.report.pages.overview.features import Analysed

#: Sets that are shown, the clearest.
_MOST_SETS = 200


def contrast_table(
    of: Analysed,
    universe: Universe,
    rows: Sequence[InContrast],
    threshold: str,
    called: Callable[[str], str],
) -> Table:
    """Return the list in every contrast, the clearest first."""
    shifted = any(row.shift == row.shift for row in rows)
    columns = [
        Column("contrast", "Contrast", link="address"), Column("n", "Of the list", "integer"),
        Column("found", "Found", "integer"), Column("expected", "Expected", "number"),
        Column("p", "Adj. P", "p"), Column("up", "Up", "integer"),
        Column("p_up", "Adj. P, up", "p"),
        Column("down", "Down", "integer"), Column("p_down", "Adj. P, down", "p"),
    ]  # fmt: skip
    how = ""
    if shifted:
        columns += [Column("shift", "Shift (z)", "number"), Column("p_shift", "Adj. P, shift", "p")]
        how = (
            " Shift: whether the list as a whole goes up (above 0) or down against the others "
            f"(camera with a preset correlation of {CORRELATION:g} between {of.kind.many_shown} "
            "of the list)."
        )
    else:
        how = (
            f" Whether the list as a whole goes up or down is not tested for so many "
            f"{of.kind.many_shown}."
        )
    given = [
        vars(row)
        | {
            "contrast": called(row.contrast),
            "address": contrast_address(of.analysis, row.contrast),
            "shift": _known(row.shift),
            "p_shift": _known(row.p_shift),
        }
        for row in rows
    ]
    return Table(
        "list-contrasts",
        f"The list in the contrasts of {of.analysis}",
        f"Against {universe.words}. Found: {threshold}; P of so many or more of the list "
        f"(hypergeometric, one-sided, adjusted over the {len(rows)} contrasts).{how}",
        tuple(columns),
        pa.table(
            {c: pa.array([row[c] for row in given]) for c in [k.name for k in columns]}
            | {"address": pa.array([row["address"] for row in given], pa.string())}
        ),
    )


def set_table(rows: Sequence[Enriched], universe: Universe, n_list: int) -> Table:
    """Return the gene sets that share most with the list."""
    shown = [row for row in rows if row.shared][:_MOST_SETS]
    n_genes = len(universe.genes)
    against = universe.words if n_genes == universe.n else f"the {n_genes:,} of {universe.words}"
    return Table(
        "list-sets",
        "Gene sets in the list",
        f"{counted(n_list, 'gene')} of the list against {against}: "
        f"hypergeometric, one-sided, adjusted over the {len(rows):,} sets tested. "
        f"{len(shown):,} that share a gene are shown.",
        (Column("name", "Set", link="address"), Column("source", "Collection"), *_SHARED),
        _rows(shown, [set_address(row.name, row.source) for row in shown]),
    )


def own_table(rows: Sequence[Enriched], universe: Universe) -> Table:
    """Return what the list shares with the study's own lists."""
    return Table(
        "list-own",
        "The study's own lists",
        f"What swings back and the genes of modules, against {universe.words} (modules: their "
        f"genes); hypergeometric, one-sided, adjusted over the {len(rows)}.",
        (Column("source", "List of"), Column("name", "List"), *_SHARED),
        _rows(rows, [None] * len(rows)),
    )


_SHARED = (
    Column("shared", "Shared", "integer"), Column("n", "Size", "integer"),
    Column("expected", "Expected", "number"), Column("p", "P", "p"), Column("adj_p", "Adj. P", "p"),
    Column("genes", "Which"),
)  # fmt: skip


def _rows(rows: Sequence[Enriched], addresses: Sequence[str | None]) -> pa.Table:
    schema = pa.schema(
        [("source", pa.string()), ("name", pa.string()), ("n", pa.int64()),
         ("shared", pa.int64()), ("expected", pa.float64()), ("p", pa.float64()),
         ("adj_p", pa.float64()), ("genes", pa.string())]
    )  # fmt: skip
    table = pa.Table.from_pylist([vars(row) for row in rows], schema)
    return table.append_column("address", pa.array(addresses, pa.string()))


def feature_table(
    of: Analysed,
    features: Sequence[Listed],
    tests: Mapping[str, Sequence[Row]],
    contrast: str,
    called: Callable[[str], str],
) -> Table:
    """Return the features of a list, with their change in one contrast and their strongest one.

    Parameters
    ----------
    of : Analysed
    features : sequence of Listed
    tests : mapping of str to sequence of mapping
        Of each feature.
    contrast : str
        The one in which the list stands out most; empty where none was tested.
    called : callable
        Returns what a contrast may be called.
    """
    rows = []
    for feature in features:
        its = tests.get(feature.feature_id, ())
        there = next((row for row in its if row["contrast"] == contrast), None)
        best = min(its, key=lambda row: (row["p_value"], row["contrast"]), default=None)
        rows.append(
            {
                "name": feature.name, "id": feature.feature_id, "words": ", ".join(feature.words),
                "change": there and there["log_fc"], "adj_p": there and there["adj_p_value"],
                "n_found": sum(row["found"] != 0 for row in its) if its else None,
                "best": best and called(best["contrast"]),
                "best_p": best and best["adj_p_value"], "address": feature.address,
            }
        )  # fmt: skip
    rows.sort(key=lambda row: (row["adj_p"] is None, row["adj_p"] or 0.0, row["name"], row["id"]))
    where = f" in {called(contrast)}" if contrast else ""
    return Table(
        "list-features",
        "The list",
        f"One row per {of.kind.shown} of {of.analysis}. Change in {of.unit}.",
        (
            Column("name", of.kind.shown.capitalize() if not of.is_beta else of.kind.shown,
                   link="address"),
            Column("id", "Id"), Column("words", "Written as"),
            Column("change", f"Change{where}", "number"), Column("adj_p", f"Adj. P{where}", "p"),
            Column("n_found", "Contrasts found in", "integer"),
            Column("best", "Strongest in"), Column("best_p", "Adj. P there", "p"),
        ),
        pa.Table.from_pylist(rows, _FEATURE),
    )  # fmt: skip


_FEATURE = pa.schema(
    [("name", pa.string()), ("id", pa.string()), ("words", pa.string()), ("change", pa.float64()),
     ("adj_p", pa.float64()), ("n_found", pa.int64()), ("best", pa.string()),
     ("best_p", pa.float64()), ("address", pa.string())]
)  # fmt: skip


def _known(value: float) -> float | None:
    return value if value == value else None
