"""Values of a query's parameters, written into its text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from textwrap import dedent
from typing import Any

from cohortmart.core.warehouse.quoting import literal

#: What may stand in SQL: texts, names in quotes and comments, in which nothing is a parameter.
_PARTS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|\?|\$[A-Za-z_0-9]+")


def with_values(query: str, params: Sequence[Any] | Mapping[str, Any] | None) -> str:
    """Return a query with its parameters written out, to be read and run by people.

    Parameters
    ----------
    query : str
        SQL of cohortmart.
    params : sequence or mapping or None
        Values of its `?` in order, of its `$1`, or of its `$name`.
    """
    text = dedent(query).strip()
    if not params:
        return text
    waiting = iter(params.values() if isinstance(params, Mapping) else params)

    def value(match: re.Match[str]) -> str:
        part = match.group(0)
        if part == "?":
            return sql_value(next(waiting))
        if not part.startswith("$"):
            return part
        if isinstance(params, Mapping):
            return sql_value(params[part[1:]])
        return sql_value(params[int(part[1:]) - 1])

    return _PARTS.sub(value, text)


def sql_value(value: Any) -> str:
    """Return a value as SQL.

    Parameters
    ----------
    value : None, bool, number, str, or a list of these
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = repr(value)
        if not math.isfinite(value):
            return f"'{text}'::double"
        return text if "e" in text else f"{text}e0"  # without it, it is a decimal
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(sql_value, value))}]"
    return literal(str(value))
