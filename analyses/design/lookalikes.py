"""Signs that word processors and web pages put in the place of an operator."""

from __future__ import annotations

_LOOKALIKES = {
    "-": "\N{MINUS SIGN}\N{EN DASH}\N{EM DASH}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}"
    "\N{HORIZONTAL BAR}\N{SMALL HYPHEN-MINUS}\N{FULLWIDTH HYPHEN-MINUS}",
    "*": "\N{MULTIPLICATION SIGN}\N{MIDDLE DOT}\N{DOT OPERATOR}\N{ASTERISK OPERATOR}",
    "/": "\N{DIVISION SIGN}\N{FRACTION SLASH}\N{DIVISION SLASH}",
    "+": "\N{FULLWIDTH PLUS SIGN}",
}
_MEANT = {"-": "minus", "*": "times", "/": "division", "+": "plus"}


def plain_sign_hint(text: str) -> str | None:
    """Return what to write where `text` holds a sign that only looks like an operator.

    Parameters
    ----------
    text : str
        What was read as a name.
    """
    for character in text:
        for sign, lookalikes in _LOOKALIKES.items():
            if character in lookalikes:
                return f"`{character}` is another sign: write the plain `{sign}` for {_MEANT[sign]}"
    return None
