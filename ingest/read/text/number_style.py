"""How the numbers of a file are written: decimal points or commas, thousands set apart or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

#: What the numbers are, which tells how a comma in `1,234` is meant: shares from 0 to 1, whole
#: numbers (counts, signals), or any.
Numbers = Literal["shares", "whole", "any"]

NUMBER = r"(?i)^\s*[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity|nan)\s*$"
_EXPONENT = r"([eE][+-]?[0-9]+)?"
#: Other marks that set thousands apart: apostrophes, blanks, and blanks that do not break.
_MARKS = "'\u2019 \u00a0\u202f"
_GROUPS = r"^\s*[+-]?[1-9][0-9]{0,2}"
_KINDS = {
    "comma": rf"^\s*[+-]?[0-9]*,[0-9]+{_EXPONENT}\s*$",
    "open": rf"{_GROUPS},[0-9]{{3}}\s*$",  # 1234, or 1 and 234 thousandths
    "thousands": rf"{_GROUPS}((,[0-9]{{3}}){{2,}}|(,[0-9]{{3}})+\.[0-9]*)\s*$",
    "marks": rf"{_GROUPS}([{_MARKS}][0-9]{{3}})+([.,][0-9]+)?\s*$",
    "point": rf"^\s*[+-]?[0-9]*\.[0-9]+{_EXPONENT}\s*$",
    "large": r"^\s*[+-]?[1-9][0-9]{3,}\s*$",
}
_TELLING = ("comma", "open", "thousands", "marks")


@dataclass(frozen=True)
class NumberStyle:
    """How numbers are written.

    Parameters
    ----------
    decimal : str
        The decimal sign.
    thousands : str
        Signs that may set thousands apart; empty for none.
    """

    decimal: str = "."
    thousands: str = ""

    @property
    def words(self) -> str:
        """What is particular about it, for a note."""
        said = ["decimal commas"] if self.decimal == "," else []
        said += ["thousands that are set apart (1,234)"] if "," in self.thousands else []
        said += ["thousands that are set apart (1 234)"] if " " in self.thousands else []
        return " and ".join(said)


PLAIN = NumberStyle()


def numbers_of(kind: str, *, made_from_signals: bool = False) -> Numbers:
    """Return what the numbers of an assay's file are.

    Parameters
    ----------
    kind : str
        Of the assay.
    made_from_signals : bool
        Whether the file holds signals, from which betas are made.
    """
    if kind == "beta":
        return "whole" if made_from_signals else "shares"
    return "whole" if kind == "counts" else "any"


class StyleEvidence:
    """Counts how numbers are written, cell by cell.

    Parameters
    ----------
    numbers : {'shares', 'whole', 'any'}
        What they are.
    """

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._seen: Counter[str] = Counter()

    def add(self, cells: Any) -> None:
        """Look at some cells.

        Parameters
        ----------
        cells : pa.StringArray or pa.ChunkedArray, shape (n,)
        """
        for kind, pattern in _KINDS.items():
            self._seen[kind] += pc.sum(pc.match_substring_regex(cells, pattern)).as_py() or 0

    @property
    def is_telling(self) -> bool:
        """Whether any cell is a number that is not written plainly."""
        return any(self._seen[kind] for kind in _TELLING)

    @property
    def style(self) -> NumberStyle | None:
        """The one style in which all cells can be read, None where it is open which that is."""
        n = self._seen
        marks = _MARKS if n["marks"] else ""
        decimal = n["comma"] - n["open"]
        if decimal or (n["open"] and self._numbers == "shares" and not n["point"]):
            # one comma alone is rather a slip
            sure = n["comma"] >= 2 and not n["point"] and not n["thousands"]
            return NumberStyle(",", marks) if sure else None
        if n["thousands"] or n["open"]:
            told = n["thousands"] or n["point"] or (self._numbers == "whole" and not n["large"])
            return NumberStyle(".", ",") if told and not marks else None
        return NumberStyle(".", marks) if marks else None


def to_numbers(cells: Any, style: NumberStyle, missing: Sequence[str]) -> tuple[Any, Any]:
    """Read cells as numbers.

    Parameters
    ----------
    cells : pa.StringArray or pa.ChunkedArray, shape (n,)
    style : NumberStyle
        How they are written.
    missing : sequence of str
        Words for a missing number.

    Returns
    -------
    numbers : pa.DoubleArray, shape (n,)
        Null where one is missing or cannot be read; each the double nearest to its text.
    good : pa.BooleanArray, shape (n,)
        False where it cannot be read.
    """
    absent = pc.fill_null(pc.is_in(cells, value_set=pa.array(missing, pa.string())), True)
    text = pc.utf8_trim_whitespace(cells)
    if style.thousands:
        grouped = rf"{_GROUPS}([{style.thousands}][0-9]{{3}})+([.,][0-9]*)?\s*$"
        whole = pc.replace_substring_regex(text, f"[{style.thousands}]", "")
        text = pc.if_else(pc.match_substring_regex(text, grouped), whole, text)
    good = pc.match_substring_regex(text, NUMBER)
    if style.decimal == ",":
        good = pc.match_substring_regex(text, r"^[^.]*$")
        text = pc.replace_substring(text, ",", ".")
        good = pc.and_(good, pc.match_substring_regex(text, NUMBER))
    good = pc.and_not(good, absent)
    bare = pc.replace_substring_regex(text, r"^\+", "")
    numbers = pc.cast(pc.if_else(good, bare, pa.scalar(None, pa.string())), pa.float64())
    return numbers, pc.or_(good, absent)
