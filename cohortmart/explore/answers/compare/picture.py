"""Picture of two contrasts: where their features lie, and which are found in both."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from cohortmart.explore.answers.addresses import gene_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.compare.matched import CLASS, Matched
from cohortmart.explore.answers.contrast.names import with_names
from cohortmart.explore.answers.contrast.wished import ContrastMeant
from cohortmart.report.blocks import Figure
from cohortmart.report.figures.label_places import placed_labels
from cohortmart.report.figures.pair_scatter import pair_scatter
from cohortmart.report.pages.contrasts.clouds import MOST_DOTS, feature_name

#: Squares along an axis, and the points above them: the strongest of each class that is found.
_BINS, _POINTS = 60, 150
_REACH = "select max(abs(x)) as x, max(abs(y)) as y from compared"
_CELLS = """
    select floor(x / $w) * $w as x, floor(x / $w) * $w + $w as x2,
        floor(y / $h) * $h as y, floor(y / $h) * $h + $h as y2, count(*) as n
    from compared group by all order by all
"""
_DRAWN = f"""
    select {{named}} feature_id, x, y, {CLASS} as class from compared
    order by class = 'neither' desc, log_p desc, feature_id
"""
_STRONGEST = f"""
    select * from (
        select {{named}} feature_id, x, y, {CLASS} as class, log_p from compared
        where first_direction <> 0 or second_direction <> 0
        qualify row_number() over (partition by class order by log_p, feature_id) <= $most
    ) order by log_p desc, feature_id
"""


def compare_figure(
    asked: Asked,
    first: ContrastMeant,
    second: ContrastMeant,
    matched: Matched,
    words: Mapping[str, str],
) -> Figure | None:
    """Return the scatter of two contrasts; None where they share no feature.

    Parameters
    ----------
    asked : Asked
    first, second : ContrastMeant
    matched : Matched
    words : mapping of str to str
        What each class of features is called, in the order in which they are named.
    """
    if matched.n == 0:
        return None
    reach = {k: 1.08 * (v or 1.0) for k, v in _fetched(asked, _REACH).to_pylist()[0].items()}
    dots = matched.n <= MOST_DOTS
    named = "" if matched.way == "feature" else "name,"
    query, params = (_DRAWN, None) if dots else (_STRONGEST, {"most": _POINTS})
    drawn = _fetched(asked, query.format(named=named), params)
    points = _led(asked, first, matched, drawn)
    best = list(reversed(points.to_pylist()))  # the strongest is drawn last, above the others
    x_ends, y_ends = ((-reach[k], reach[k]) for k in ("x", "y"))
    labels = placed_labels(
        [(p["x"], p["y"], p["label"]) for p in best if p["class"] in ("both", "opposite")][:80],
        x_ends, y_ends, most=10,
    )  # fmt: skip
    frame = {"x_low": x_ends[0], "x_high": x_ends[1], "y_low": y_ends[0], "y_high": y_ends[1]}
    occurring = {c: said for c, said in words.items() if c in set(points["class"].to_pylist())}
    classes = pa.array([words[c] for c in points["class"].to_pylist()], pa.string())
    data = {
        "frame": pa.Table.from_pylist([frame]),
        "points": points.select(["x", "y", "name", "address"]).append_column("class", classes),
        "labels": pa.Table.from_pylist(
            [vars(label) for label in labels],
            pa.schema([("x", pa.float64()), ("y", pa.float64()), ("text", pa.string()),
                       ("side", pa.string())]),
        ),
    }  # fmt: skip
    if not dots:
        size = {"w": 2 * reach["x"] / _BINS, "h": 2 * reach["y"] / _BINS}
        data["cells"] = _fetched(asked, _CELLS, size)
    titles = [_axis_title(asked, m, first, second) for m in (first, second)]
    noun = first.manner.noun if matched.way == "feature" else "gene"
    spec = pair_scatter(titles[0], titles[1], noun, occurring, dots=dots)
    absent = {name for name, table in data.items() if table.num_rows == 0}
    spec["layer"] = [layer for layer in spec["layer"] if layer["data"]["name"] not in absent]
    drawn_words = "" if dots else " Squares count all; the strongest of each kind are marks."
    return Figure(
        "compare",
        f"Each {noun} in both contrasts",
        f"{matched.n:,} {noun}s that both tested.{drawn_words} A point leads to its page.",
        f"Changes of {matched.n:,} {noun}s in two contrasts"
        + ("." if matched.r is None else f", with a correlation of {matched.r:.2f}."),
        spec,
        data,
        where="page",
        max_width=620,
    )


def _led(asked: Asked, first: ContrastMeant, matched: Matched, rows: pa.Table) -> pa.Table:
    """Return features with names, labels and addresses."""
    if matched.way == "gene":
        addresses = [gene_address(name) for name in rows["name"].to_pylist()]
        return rows.append_column("label", rows["name"]).append_column(
            "address", pa.array(addresses, pa.string())
        )
    named = with_names(asked, first, {}, rows)
    titles = [feature_name(row) for row in named.select(["genes", "feature_id"]).to_pylist()]
    labels = [g or i for g, i in zip(named["genes"].to_pylist(), named["feature_id"].to_pylist(),
                                     strict=True)]  # fmt: skip
    return named.append_column("name", pa.array(titles, pa.string())).append_column(
        "label", pa.array(labels, pa.string())
    )


def _axis_title(
    asked: Asked, meant: ContrastMeant, first: ContrastMeant, second: ContrastMeant
) -> str:
    is_one = first.analysis == second.analysis
    name = meant.contrast if is_one else f"{meant.contrast} of {meant.analysis}"
    return f"{asked.names.words(name)} ({meant.manner.unit})"


def _fetched(asked: Asked, query: str, params: Mapping[str, object] | None = None) -> pa.Table:
    """Ask the temporary table, of which nobody else could ask the same."""
    relation = asked.con.sql(query, params=dict(params)) if params else asked.con.sql(query)
    found: pa.Table = relation.to_arrow_table()
    return found
