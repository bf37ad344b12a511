"""Names, as sentences and YAML need them."""

from __future__ import annotations

import re
from collections.abc import Sequence


def quoted(name: str) -> str:
    """Return a name, in backticks if a sentence or formula could misread it: ```lot no.```.

    Parameters
    ----------
    name : str
    """
    return name if name.isidentifier() else f"`{name}`"


def yaml_item(name: str) -> str:
    """Return a name as an item of a YAML list ``[a, b]``, in quotes where it needs them.

    Parameters
    ----------
    name : str
    """
    plain = re.fullmatch(r"[^\W\d][\w.-]*( [\w.-]+)*", name)
    if plain and name.lower() not in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}:
        return name
    return "'" + name.replace("'", "''") + "'"


def some(names: Sequence[str], most: int = 8) -> str:
    """Join names with commas, at most `most` of them, and say how many more there are.

    Parameters
    ----------
    names : sequence of str
    most : int
    """
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
