"""The HTML file of a report: its pages, with nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cohortmart import __version__
from cohortmart.report.blocks import Page, all_blocks
from cohortmart.report.embedding import (
    SCRIPTS,
    embedded_items,
    template_blocks,
    template_environment,
    vega_bundle,
    web_text,
)


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
    spec_of, items = embedded_items([b for page in pages for b in all_blocks(page)])
    return (
        template_environment()
        .get_template("page.html.j2")
        .render(
            version=__version__,
            study=study,
            css=web_text("report.css"),
            pages=[_page(page, spec_of) for page in pages],
            footer=footer,
            left_out=left_out,
            embedded=[{"id": i, "json": text} for i, text in items],
            vega=vega_bundle().replace("</script", "<\\/script"),
            script="\n".join(web_text(name) for name in (*SCRIPTS, "report.js")),
        )
    )


def _page(page: Page, spec_of: Mapping[str, str]) -> dict[str, Any]:
    sections = [
        {"title": section.title, "blocks": template_blocks(section.blocks, spec_of)}
        for section in page.sections
    ]
    return {"name": page.name, "title": page.title, "lead": page.lead, "sections": sections}
