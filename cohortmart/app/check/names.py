"""Names, as sentences and YAML need them."""

from __future__ import annotations

import re

#: Of a longer list of names, so many are shown.
NAMES_SHOWN = 8


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
