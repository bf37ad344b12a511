"""Names of the study inside SQL."""

from __future__ import annotations

from collections.abc import Iterable


def identifier(name: str) -> str:
    """Return the name of a column as SQL writes it: in double quotes, those inside it doubled."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL writes it: in single quotes, those inside it doubled."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """Return texts as a list of SQL: `['a', 'b']::varchar[]`, which may be empty."""
    return f"[{', '.join(map(literal, texts))}]::varchar[]"
