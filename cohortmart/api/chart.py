"""A chart: a figure of the report that a notebook shows and a script saves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from cohortmart.api.relation import frame_of
from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import written_beside
from cohortmart.report.blocks import FeaturePoints, Figure
from cohortmart.report.figure_files import DOTS_PER_INCH, figure_png, figure_svg, standalone
from cohortmart.report.unpacked import feature_rows

_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
#: What a notebook is offered: the picture that answers to the mouse, else the one that does not.
_SCREEN_DOTS = 144
VEGA_LITE, PNG, PLAIN = "application/vnd.vegalite.v5+json", "image/png", "text/plain"


class Chart:
    """One figure, with its data.

    Parameters
    ----------
    figure : Figure
        Of the report.

    Attributes
    ----------
    name : str
        As in the report's `figures/`.
    title, caption : str
    alt : str
        What there is to see, in words.
    """

    def __init__(self, figure: Figure) -> None:
        tables = {n: feature_rows(d) if isinstance(d, FeaturePoints) else d
                  for n, d in figure.data.items()}  # fmt: skip
        self._figure = replace(figure, data=tables)
        self.name = figure.name
        self.title = figure.title
        self.caption = figure.caption
        self.alt = figure.alt

    @cached_property
    def spec(self) -> dict[str, Any]:
        """Vega-Lite with the data in it: may be changed and given to Altair or an editor."""
        return {"$schema": _SCHEMA, **standalone(self._figure)}

    @property
    def data(self) -> Mapping[str, pl.DataFrame]:
        """The data sets of the figure by name, unrounded."""
        return {name: frame_of(table) for name, table in self._figure.data.items()}

    def svg(self) -> str:
        """Return the picture as SVG."""
        return figure_svg(self._figure)

    def png(self, dots_per_inch: int = DOTS_PER_INCH) -> bytes:
        """Return the picture as PNG."""
        return figure_png(self._figure, dots_per_inch)

    def html(self) -> str:
        """Return the picture as a page that answers to the mouse and needs no network."""
        import vl_convert

        return str(vl_convert.vegalite_to_html(self.spec, bundle=True))

    def save(self, path: str | Path) -> Path:
        """Write the picture, in one rename.

        Parameters
        ----------
        path : path
            Its end says how: .svg, .png or .html.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        InputError
            The name ends otherwise.
        """
        target = Path(path).expanduser()
        writers: dict[str, Callable[[], bytes]] = {
            ".svg": lambda: self.svg().encode(),
            ".png": self.png,
            ".html": lambda: self.html().encode(),
        }
        if target.suffix.lower() not in writers:
            raise InputError(
                "a chart is saved as .svg, .png or .html", found=target.name, expected="plot.svg"
            )
        content = writers[target.suffix.lower()]()
        with written_beside(target) as temporary:
            temporary.write_bytes(content)
        return target

    def __repr__(self) -> str:
        return f"{self.title}\n{self.alt}"

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        makers: dict[str, Callable[[], Any]] = {
            VEGA_LITE: lambda: self.spec,
            PNG: lambda: self.png(_SCREEN_DOTS),
            PLAIN: lambda: repr(self),
        }
        return {
            mime: make()
            for mime, make in makers.items()
            if (not include or mime in include) and (not exclude or mime not in exclude)
        }
