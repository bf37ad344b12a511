"""Paragraphs of the report, wrapped."""

from __future__ import annotations

import textwrap

WIDTH = 96


def wrapped(text: str) -> str:
    """Return a text as lines of at most `WIDTH` characters, the further ones indented.

    Parameters
    ----------
    text : str
    """
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def block(label: str, text: str) -> str:
    """Return a labelled paragraph; the lines of a message stay lines.

    Parameters
    ----------
    label, text : str
    """
    first, *others = text.splitlines()
    return "\n".join([wrapped(f"{label}: {first}"), *(wrapped(f"  {line}") for line in others)])
