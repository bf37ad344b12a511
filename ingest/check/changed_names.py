"""Names that spreadsheets and data frames have changed: 1 became 1.0, 007 became 7."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_WHOLE = re.compile(r"[0-9]+")
_DECIMAL = re.compile(r"([0-9]+)\.0+")
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_TO_DO = (
    "keep names as text: format the column as Text in a spreadsheet, colClasses = 'character' in "
    "R, dtype = str in pandas"
)


def changed_by_spreadsheet(known: Iterable[str], unknown: Iterable[str]) -> str | None:
    """Say how a program that took names for numbers has changed them, None if none has.

    Parameters
    ----------
    known : iterable of str
        Names in the sheet.
    unknown : iterable of str
        Names in a matrix that the sheet does not have.
    """
    known, unknown = sorted(known), list(unknown)
    for what, key, applies in (
        ("decimals were added", _without_decimals, _DECIMAL.fullmatch),
        ("leading zeros were lost", _without_zeros, _leads_with_zero),
        ("digits were lost", str, _SCIENTIFIC.fullmatch),
    ):
        pair = _pair(known, unknown, key, applies)
        if pair is not None:
            sheet, matrix = pair
            return (
                f"a spreadsheet or data frame took the names for numbers ({sheet} in the sheet is "
                f"{matrix} in the matrix: {what}): {_TO_DO}"
            )
    return None


def written_otherwise(known: Iterable[str], unknown: Iterable[str]) -> str | None:
    """Say that names differ in case, spaces or signs alone, None if they do not.

    Parameters
    ----------
    known, unknown
        As for `changed_by_spreadsheet`.
    """
    by_letters: dict[str, list[str]] = {}
    for name in known:
        by_letters.setdefault(_letters(name), []).append(name)
    for name in unknown:
        alike = by_letters.get(_letters(name), ())
        if _letters(name) and len(alike) == 1:
            return (
                f"write the names alike (is {name} meant to be {alike[0]}?): they differ in case, "
                "spaces or signs alone"
            )
    return None


def _pair(
    known: list[str],
    unknown: list[str],
    key: Callable[[str], str],
    applies: Callable[[str], object],
) -> tuple[str, str] | None:
    """Return a name of the sheet and one of the matrix that are the same, but for the change."""
    if key is str:
        return next((pair for name in unknown[:100] for pair in _shortened(known, name)), None)
    by_key = {key(name): name for name in known if key(name)}
    for name in unknown:
        other = by_key.get(key(name)) if key(name) else None
        if other is not None and (applies(name) or applies(other)):
            return other, name
    return None


def _shortened(known: list[str], name: str) -> Iterable[tuple[str, str]]:
    """Give the pairs of which one is the other in scientific notation."""
    for other in known:
        for short, whole in ((name, other), (other, name)):
            if _SCIENTIFIC.fullmatch(short) and _WHOLE.fullmatch(whole):
                digits = len(re.split("e", short, flags=re.IGNORECASE)[0].replace(".", "")) - 1
                if f"{float(whole):.{digits}e}" == f"{float(short):.{digits}e}":
                    yield other, name


def _without_decimals(name: str) -> str:
    match = _DECIMAL.fullmatch(name)
    return match[1] if match else name if _WHOLE.fullmatch(name) else ""


def _without_zeros(name: str) -> str:
    whole = _without_decimals(name)
    return (whole.lstrip("0") or "0") if whole else ""


def _leads_with_zero(name: str) -> bool:
    return len(name) > 1 and name.startswith("0") and bool(_without_decimals(name))


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())
