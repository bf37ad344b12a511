"""Names of sheets: what Excel takes, one for each contrast."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Excel's limit.
LONGEST = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
#: Excel keeps this name for itself.
_RESERVED = "history"


def sheet_names(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    r"""Return the name of a sheet for each of different names.

    Parameters
    ----------
    names : iterable of str
    taken : iterable of str
        Names of other sheets.

    Returns
    -------
    dict of str to str
        At most 31 characters, none of `[ ] : * ? / \`, no apostrophe at either end, and no two
        the same in capital or small letters; what falls together is numbered.
    """
    used = {name.lower() for name in taken} | {_RESERVED}
    found: dict[str, str] = {}
    for name in names:
        plain = _FORBIDDEN.sub("_", name).strip("'") or "_"
        short, n = _cut(plain, LONGEST), 1
        while short.lower() in used:
            n += 1
            ending = f"~{n}"
            short = _cut(plain, LONGEST - len(ending)) + ending
        used.add(short.lower())
        found[name] = short
    return found


def _cut(name: str, length: int) -> str:
    """Return the beginning of a name; Excel counts in units of UTF-16."""
    units = name.encode("utf-16-le")[: 2 * length]
    return units.decode("utf-16-le", "ignore").strip("'") or "_"
