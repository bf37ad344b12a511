"""Axis titles in a specification that come from names of the study."""

from __future__ import annotations

from typing import Any


def in_one_line(spec: Any) -> Any:
    """Return a specification with titles of one line each.

    Vega-Lite writes titles into the expressions of its tooltips, where a line break ends them: a
    group or a column of the sample sheet whose name has one would leave the figure undrawn.

    Parameters
    ----------
    spec : mapping, sequence or value
        A specification of Vega-Lite or a part of one.
    """
    if isinstance(spec, dict):
        return {
            key: " ".join(value.split())
            if key == "title" and isinstance(value, str)
            else in_one_line(value)
            for key, value in spec.items()
        }
    if isinstance(spec, (list, tuple)):
        return [in_one_line(value) for value in spec]
    return spec
