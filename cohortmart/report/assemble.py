"""The HTML file of a report: its pages, with nothing beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa
from jinja2 import Environment, StrictUndefined

from cohortmart import __version__
from cohortmart.report.blocks import Beside, Block, Choice, Figure, Page, Table, Text, all_blocks
from cohortmart.report.columns import compact, embedded, stored_once
from cohortmart.report.feature_data import feature_data
from cohortmart.report.theme import CONFIG
from cohortmart.report.titles import in_one_line


def html(study: str, pages: Sequence[Page], footer: str = "", left_out: str = "") -> str:
    """Return the whole report.

    Parameters
    ----------
    study : str
        Name of the study.
    pages : sequence of Page
        In the order in which they are offered.
    footer : str
        A sentence at the foot of every page.
    left_out : str
        A sentence at the end of the first page: which pages there are not.

    Raises
    ------
    ValueError
        Two blocks have the same name.
    """
    specs: dict[str, str] = {}  # id of each specification: figures may share one
    spec_of: dict[str, str] = {}  # by name of the figure
    data: dict[str, Mapping[str, Any]] = {}
    for page in pages:
        for block in all_blocks(page):
            if isinstance(block, Figure) and block.where == "file":
                continue
            if isinstance(block, Figure):
                spec = embedded(in_one_line(block.spec))
                spec_of[block.name] = specs.setdefault(spec, f"spec-{len(specs) + 1}")
                tables = {n: t for n, t in block.data.items() if isinstance(t, pa.Table)}
                _add(data, block.name, {n: compact(t) for n, t in tables.items()})
            elif isinstance(block, Table):
                heads = [{"name": c.name, "label": c.label, "kind": c.kind} for c in block.columns]
                reached = block.reach.columns if block.reach else {}
                shown = block.rows.select([c.name for c in block.columns if c.name not in reached])
                _add(data, block.name, {"columns": heads, "rows": compact(shown)})
    values, columns = stored_once(data)
    features, wanted = feature_data([b for page in pages for b in all_blocks(page)])
    for name, parts in wanted.items():
        values[name] = values[name] | parts
    items = [("config", embedded(CONFIG)), *((i, s) for s, i in specs.items())]
    items += [(i, embedded(value)) for i, value in (columns | values | features).items()]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    return environment.from_string(_text("page.html.j2")).render(
        version=__version__,
        study=study,
        css=_text("report.css"),
        pages=[_page(page, spec_of) for page in pages],
        footer=footer,
        left_out=left_out,
        embedded=[{"id": i, "json": text} for i, text in items],
        vega=vega_bundle(),
        script="\n".join(_text(name) for name in ("features.js", "tables.js", "report.js")),
    )


@cache
def vega_bundle() -> str:
    """Return Vega, Vega-Lite and vega-embed as one script without outside addresses."""
    import vl_convert

    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return bundle.replace("</script", "<\\/script")


def _add(data: dict[str, Mapping[str, Any]], name: str, value: Mapping[str, Any]) -> None:
    if f"data-{name}" in data:
        raise ValueError(f"two blocks of the report are called {name}")
    data[f"data-{name}"] = value


def _page(page: Page, spec_of: Mapping[str, str]) -> dict[str, Any]:
    sections = [
        {"title": section.title, "blocks": _blocks(section.blocks, spec_of)}
        for section in page.sections
    ]
    return {"name": page.name, "title": page.title, "lead": page.lead, "sections": sections}


def _blocks(blocks: Iterable[Block], spec_of: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what the template needs of each block."""
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
            found.append({"type": "beside", "blocks": _blocks(block.blocks, spec_of)})
        elif isinstance(block, Choice):
            panels = [
                {"title": panel.title, "blocks": _blocks(panel.blocks, spec_of)}
                for panel in block.panels
            ]
            found.append({"type": "choice"} | vars(block) | {"panels": panels})
    return found


@cache
def _text(name: str) -> str:
    return files("cohortmart.report").joinpath("web", name).read_text(encoding="utf-8")
