"""Gene names that Excel turned into dates, in the forms of several languages, and serial days."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from ingest.read.text.cell_errors import EXCEL_DATE

#: Months as Excel writes them in English, German, French, Spanish, Italian, Dutch, Portuguese.
_MONTHS = {
    1: "jan|januar|january|janv|ene|gen", 2: "feb|februar|february|févr|fevr|fev|fév",
    3: "mar|mrz|mär|märz|mars|march|mrt", 4: "apr|april|avr|abr", 5: "may|mai|mag|mei|maj",
    6: "jun|june|juni|juin|giu", 7: "jul|july|juli|juil|lug", 8: "aug|august|août|aout|ago",
    9: "sep|sept|september|set", 10: "oct|okt|october|oktober|ott|out", 11: "nov|november",
    12: "dec|dez|déc|december|dezember|dic",
}  # fmt: skip
_WORDS = "|".join(_MONTHS.values())
_DAY_MONTH = re.compile(rf"([0-9]{{1,2}})[-./ ]+({_WORDS})\.?([-./ ]+[0-9]{{2,4}})?", re.IGNORECASE)
_ISO = re.compile(r"[0-9]{4}[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})([ T]00:00(:00)?)?")
_NUMBERS = re.compile(r"([0-9]{1,2})([/.])([0-9]{1,2})\2[0-9]{2,4}( 0?0:00(:00)?)?")
#: What any of them looks like, for Arrow and polars.
GENE_DATE = (
    rf"(?i)^({EXCEL_DATE.removeprefix('(?i)^').removesuffix('$')}"
    rf"|[0-9]{{1,2}}[-./ ]+({_WORDS})\.?([-./ ]+[0-9]{{2,4}})?"
    r"|[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}([ T]00:00(:00)?)?"
    r"|[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4}( 0?0:00(:00)?)?)$"
)
#: Days since 1899-12-30 of the years in which tables of genes were opened in Excel.
SERIAL_DAY = r"^(3[5-9]|4[0-9])[0-9]{3}(\.0)?$"
#: What Excel takes for a month, and in which genes it does.
_PREFIXES = {
    1: ("JAN",), 2: ("FEB",), 3: ("MARCH", "MARC", "MAR"), 4: ("APR",), 5: ("MAY",), 6: ("JUN",),
    7: ("JUL",), 8: ("AUG",), 9: ("SEPT", "SEP"), 10: ("OCT",), 11: ("NOV",), 12: ("DEC",),
}  # fmt: skip
_GENE_MONTHS = (3, 9, 10, 12)
_MOST_DAYS = 15


def month_and_day(text: str) -> tuple[tuple[int, int], ...]:
    """Return the months and days that a date may mean; none where the day is lost.

    Parameters
    ----------
    text : str
        As it stands in the file: `2-Sep`, `02. Sep`, `2021-09-02`, `02.09.2021`, `44441`.
    """
    text = text.strip()
    named = _DAY_MONTH.fullmatch(text)
    if named is not None:
        word = named[2].lower()
        month = next(m for m, words in _MONTHS.items() if word in words.split("|"))
        return ((month, int(named[1])),)
    iso = _ISO.fullmatch(text)
    if iso is not None:
        return ((int(iso[1]), int(iso[2])),)
    numbers = _NUMBERS.fullmatch(text)
    if numbers is not None:
        first, second = int(numbers[1]), int(numbers[3])
        if numbers[2] == ".":  # 02.09.2021 has the day first everywhere
            return ((second, first),)
        return tuple(dict.fromkeys([(first, second), (second, first)]))
    if re.fullmatch(SERIAL_DAY, text):
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(text.removesuffix(".0")))
        return ((day.month, day.day),)
    return ()


def is_serial_gene(text: str) -> bool:
    """Whether a number is the serial day of such a date as Excel makes of genes."""
    return any(m in _GENE_MONTHS and d <= _MOST_DAYS for m, d in month_and_day(text))


def former_names(text: str) -> list[str]:
    """Return the gene names that Excel would turn into a date, in human and mouse spelling.

    Parameters
    ----------
    text : str
        `2-Sep` may have been SEPT2 or SEP2.
    """
    words: Iterable[str] = (
        f"{prefix}{day}"
        for month, day in month_and_day(text)
        for prefix in _PREFIXES.get(month, ())
    )
    return [form for word in words for form in (word, word.capitalize())]
