"""Network of a disease module: places of its genes, and the picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cohortmart.report.theme import CATEGORIES, INK

#: Look of a gene by its role.
ROLES = {"rebounds (seed)": (CATEGORIES[1], "circle"), "added": (CATEGORIES[0], "diamond")}
#: Height in pixels, and the width for which names are kept apart.
_HEIGHT, _WIDTH = 460, 340
#: Pixels that a letter and a line of a name take.
_LETTER, _LINE = 6.2, 12.0
#: Steps of the layout: enough for 150 genes to settle.
_STEPS = 80
#: Genes of a group that is laid out apart at most, groups in a row at the foot, height of a row,
#: and the ring on which the genes of such a group stand.
_SMALL_GROUP, _GROUPS_A_ROW, _ROW, _RING = 6, 9, 0.08, 0.02

Place = tuple[float, float]


def laid_out(genes: Sequence[str], links: Sequence[tuple[str, str]]) -> Mapping[str, Place]:
    """Place genes so that linked ones are near: the same genes and links, the same places.

    Parameters
    ----------
    genes : sequence of str
        Each once.
    links : sequence of (str, str)
        Between them.

    Returns
    -------
    mapping of str to (float, float)
        Between 0 and 1 in both directions; small groups without a link to the others at the foot.
    """
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(sorted(genes))
    graph.add_edges_from(sorted(links))
    groups = sorted((sorted(g) for g in nx.connected_components(graph)), key=lambda g: (-len(g), g))
    # forces would push these away until the others are a crowd in the middle
    apart = [g for g in groups[1:] if len(g) <= _SMALL_GROUP]
    aside = {name for group in apart for name in group}
    settled = _settled(
        sorted(set(genes) - aside), sorted(link for link in links if link[0] not in aside)
    )
    n_rows = math.ceil(len(apart) / _GROUPS_A_ROW)
    row_height = min(_ROW, 0.4 / max(n_rows, 1))
    foot = row_height * n_rows
    places = {name: (x, round(foot + (1 - foot) * y, 4)) for name, (x, y) in settled.items()}
    for i, group in enumerate(apart):
        row, column = divmod(i, _GROUPS_A_ROW)
        x, y = (column + 0.5) / _GROUPS_A_ROW, row_height * row + _RING
        for j, name in enumerate(group):
            turn = 2 * math.pi * j / len(group)
            across, up = _RING * math.cos(turn), _RING * math.sin(turn)
            places[name] = (round(x + across, 4), round(y + up, 4))
    return places


def _settled(names: Sequence[str], links: Sequence[tuple[str, str]]) -> dict[str, Place]:
    """Place sorted genes by forces, from places without chance."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(names)
    graph.add_edges_from(links)
    # on a sunflower to begin with: no chance, no two at one place
    turn = math.pi * (3 - math.sqrt(5))
    start = {
        name: (math.sqrt((i + 0.5) / len(names)) * math.cos(i * turn),
               math.sqrt((i + 0.5) / len(names)) * math.sin(i * turn))
        for i, name in enumerate(names)
    }  # fmt: skip
    found = nx.spring_layout(graph, pos=start, iterations=_STEPS, k=1.6 / math.sqrt(len(names)))
    return _spread({name: (float(x), float(y)) for name, (x, y) in found.items()})


def _spread(places: Mapping[str, Place]) -> dict[str, Place]:
    """Return the places by their rank mixed with their distance, so that no crowd is too dense."""
    spread: list[dict[str, float]] = []
    for axis in (0, 1):
        values = {name: place[axis] for name, place in places.items()}
        low, high = min(values.values()), max(values.values())
        order = {name: i for i, name in enumerate(sorted(values, key=lambda n: (values[n], n)))}
        last = max(len(order) - 1, 1)
        spread.append(
            {n: 0.5 * order[n] / last + 0.5 * (v - low) / ((high - low) or 1.0)
             for n, v in values.items()}
        )  # fmt: skip
    return {name: (round(spread[0][name], 4), round(spread[1][name], 4)) for name in places}


def named_apart(places: Mapping[str, Place], wanted: Sequence[str], most: int) -> frozenset[str]:
    """Return the genes whose names can stand above them without touching another name.

    Parameters
    ----------
    places : mapping of str to (float, float)
        Between 0 and 1.
    wanted : sequence of str
        Genes to be named, the most important first.
    most : int
        Names at most.
    """
    taken: list[tuple[float, float, float]] = []
    named: list[str] = []
    for gene in wanted:
        x, y = places[gene][0] * _WIDTH, places[gene][1] * _HEIGHT
        half = len(gene) * _LETTER / 2
        free = all(abs(x - a) > half + b or abs(y - c) > _LINE for a, b, c in taken)
        if free and len(named) < most:
            named.append(gene)
            taken.append((x, half, y))
    return frozenset(named)


def network() -> dict[str, Any]:
    """Return the picture of a module.

    Returns
    -------
    dict
        Vega-Lite over the data sets `links` (`x`, `y`, `x2`, `y2`) and `genes` (`x`, `y`,
        `gene`, `role`, `rank`, `n_links`, `stability`, `label`: the name, empty where it
        would touch another).
    """

    def place(field: str) -> dict[str, Any]:
        return {
            "field": field, "type": "quantitative", "axis": None,
            "scale": {"domain": [-0.06, 1.06], "nice": False, "zero": False},
        }  # fmt: skip

    legend = {"orient": "bottom", "title": "Gene", "columns": 1, "symbolOpacity": 1}
    role: dict[str, Any] = {"field": "role", "type": "nominal", "legend": legend}
    fill: dict[str, Any] = {
        "domain": list(ROLES),
        "range": [colour for colour, _ in ROLES.values()],
    }
    shape: dict[str, Any] = {"domain": list(ROLES), "range": [shape for _, shape in ROLES.values()]}
    genes = {"data": {"name": "genes"}}
    x, y = place("x"), place("y")
    filled: dict[str, Any] = {**role, "scale": fill}
    shaped: dict[str, Any] = {**role, "scale": shape}
    links = {
        "data": {"name": "links"},
        "mark": {"type": "rule", "color": "#D2D2D2", "strokeWidth": 0.7},
        "encoding": {"x": x, "y": y, "x2": {"field": "x2"}, "y2": {"field": "y2"}},
    }
    points = {
        **genes,
        "mark": {"type": "point", "filled": True, "opacity": 1, "stroke": "#FFFFFF",
                 "strokeWidth": 0.7},
        "encoding": {
            "x": x,
            "y": y,
            "fill": filled,
            "shape": shaped,
            "size": {
                "field": "n_links", "type": "quantitative", "scale": {"range": [25, 230]},
                "legend": {"orient": "bottom", "title": "Links in the module", "tickCount": 3,
                           "symbolFillColor": "#AAAAAA", "symbolStrokeColor": "#AAAAAA"},
            },
            "tooltip": [
                {"field": "gene", "title": "Gene"}, {"field": "role", "title": "Role"},
                {"field": "n_links", "title": "Links in the module"},
                {"field": "rank", "title": "Added as number"},
                {"field": "stability", "title": "Stability", "format": ".2f"},
            ],
        },
    }  # fmt: skip
    words = {
        "align": "center", "baseline": "bottom", "dy": -6, "fontSize": 10.5,
        "fontWeight": 600, "limit": 110,
    }  # fmt: skip
    text = {"x": x, "y": y, "text": {"field": "label"}}
    white = {"type": "text", **words, "color": "#FFFFFF", "stroke": "#FFFFFF", "strokeWidth": 3}
    return {
        "height": _HEIGHT,
        "view": {"stroke": None},
        "layer": [
            links,
            points,
            # a white rim, so that a name can be read above links
            {**genes, "mark": white, "encoding": text},
            {**genes, "mark": {"type": "text", **words, "color": INK}, "encoding": text},
        ],
    }
