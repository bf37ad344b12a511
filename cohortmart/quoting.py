"""Names of the study inside SQL."""

from __future__ import annotations


def literal(text: str) -> str:
    """Return a text as SQL writes it: in single quotes, those inside it doubled."""
    return "'" + text.replace("'", "''") + "'"
