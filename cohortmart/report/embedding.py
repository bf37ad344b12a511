"""Blocks of a page as what its template shows and what its scripts read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa
from jinja2 import Environment, FunctionLoader, StrictUndefined

from cohortmart.report.blocks import Beside, Block, Choice, Column, Figure, Table, Text
from cohortmart.report.columns import compact, embedded, stored_once
from cohortmart.report.feature_data import feature_data
from cohortmart.report.theme import CONFIG
from cohortmart.report.titles import in_one_line

#: The scripts that draw what is embedded, in the order in which they are read.
SCRIPTS = ("features.js", "tables.js", "figures.js")


def embedded_items(
    blocks: Sequence[Block], prefix: str = ""
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return what a page embeds, once what several blocks share.

    Parameters
    ----------
    blocks : sequence of Block
        All of the page, those inside choices too.
    prefix : str
        Of the ids that are made here, where a part joins a page that has such already.

    Returns
    -------
    spec_of : dict of str to str
        The id of each figure's specification, by name of the figure.
    items : list of (str, str)
        Id and JSON of each element, the config of the figures first.

    Raises
    ------
    ValueError
        Two blocks have the same name.
    """
    specs: dict[str, str] = {}  # id of each specification: figures may share one
    spec_of: dict[str, str] = {}  # by name of the figure
    data: dict[str, Mapping[str, Any]] = {}
    for block in blocks:
        if isinstance(block, Figure) and block.where == "file":
            continue
        if isinstance(block, Figure):
            spec = embedded(in_one_line(block.spec))
            spec_of[block.name] = specs.setdefault(spec, f"{prefix}spec-{len(specs) + 1}")
            tables = {n: t for n, t in block.data.items() if isinstance(t, pa.Table)}
            _add(data, block.name, {n: compact(t) for n, t in tables.items()})
        elif isinstance(block, Table):
            reached = block.reach.columns if block.reach else {}
            kept = [c.name for c in block.columns if c.name not in reached]
            kept += [c.link for c in block.columns if c.link]
            shown = compact(block.rows.select(list(dict.fromkeys(kept))))
            served = {"served": vars(block.served)} if block.served else {}
            heads = [_head(c) for c in block.columns]
            _add(data, block.name, {"columns": heads, "rows": shown, **served})
    values, columns = stored_once(data, prefix)
    features, wanted = feature_data(blocks)
    for name, parts in wanted.items():
        values[name] = values[name] | parts
    config = [] if prefix else [("config", embedded(CONFIG))]
    items = [*config, *((i, s) for s, i in specs.items())]
    items += [(i, embedded(value)) for i, value in (columns | values | features).items()]
    return spec_of, items


def template_blocks(blocks: Iterable[Block], spec_of: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what the template needs of each block.

    Parameters
    ----------
    blocks : iterable of Block
    spec_of : mapping of str to str
        As of `embedded_items`.
    """
    found: list[dict[str, Any]] = []
    for block in blocks:
        if isinstance(block, Text) and block.kind in ("finding", "warning"):
            if not (found and found[-1]["type"] == "cards"):  # side by side with those before it
                found.append({"type": "cards", "blocks": []})
            found[-1]["blocks"].append({"type": "text"} | vars(block))
        elif isinstance(block, Text):
            found.append({"type": "text"} | vars(block))
        elif isinstance(block, Figure):
            if block.where == "file":
                found.append({"type": "file"} | vars(block))
            else:
                found.append({"type": "figure", "spec_id": spec_of[block.name]} | vars(block))
        elif isinstance(block, Table):
            found.append({"type": "table"} | vars(block))
        elif isinstance(block, Beside):
            found.append({"type": "beside", "blocks": template_blocks(block.blocks, spec_of)})
        elif isinstance(block, Choice):
            panels = [
                {"title": panel.title, "blocks": template_blocks(panel.blocks, spec_of)}
                for panel in block.panels
            ]
            found.append({"type": "choice"} | vars(block) | {"panels": panels})
    return found


@cache  # what it compiled is kept: a page is made in half the time
def template_environment(package: str = "cohortmart.report") -> Environment:
    """Return what renders the templates of a package, which may use the report's.

    Parameters
    ----------
    package : str
        Whose folder `web` is looked into first.
    """

    def template(name: str) -> str | None:
        for place in dict.fromkeys((package, "cohortmart.report")):
            if files(place).joinpath("web", name).is_file():
                return web_text(name, place)
        return None

    loader = FunctionLoader(template)
    return Environment(autoescape=True, undefined=StrictUndefined, loader=loader)


@cache
def web_text(name: str, package: str = "cohortmart.report") -> str:
    """Return a file of a package's folder `web`."""
    return files(package).joinpath("web", name).read_text(encoding="utf-8")


@cache
def vega_bundle() -> str:
    """Return Vega, Vega-Lite and vega-embed as one script without outside addresses."""
    import vl_convert

    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return bundle


def _head(column: Column) -> dict[str, str]:
    head = {"name": column.name, "label": column.label, "kind": column.kind}
    return head | ({"link": column.link} if column.link else {})


def _add(data: dict[str, Mapping[str, Any]], name: str, value: Mapping[str, Any]) -> None:
    if f"data-{name}" in data:
        raise ValueError(f"two blocks of the report are called {name}")
    data[f"data-{name}"] = value
