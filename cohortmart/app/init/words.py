"""Words by which columns and values of sample sheets are known."""

from __future__ import annotations

import re
from collections.abc import Sequence


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


#: Words of a column's name, each a whole word of it.
NAMES: dict[str, frozenset[str]] = {
    "sample": word_set(
        "sample sampleid samplename samples specimen aliquot library run accession geo"
    ),
    "subject": word_set(
        "subject subjectid patient patientid donor donorid participant person individual animal "
        "mouse proband volunteer pid usubjid case"
    ),
    "group": word_set(
        "group groups arm treatment condition diagnosis disease cohort phenotype drug "
        "intervention genotype class"
    ),
    "timepoint": word_set(
        "timepoint timepoints time visit visits week weeks day days month months session phase "
        "period stage hour hours"
    ),
    "cell_type": word_set("cell cells celltype population subset tissue"),
    "batch": word_set(
        "batch plate slide chip lane run flowcell pool site centre center operator sentrix array "
        "kit beadchip"
    ),
    "library": word_set("library sample replicate"),
}
#: Names that hold such a word and mean something else: `cell_viability` is no cell type.
_NUMBERS = word_set(
    "viability count counts number proportion fraction percent age weight size n ratio score"
)
_TIME_WORD = re.compile(
    r"(baseline|base|bl|before|screening|start|begin(ning)?|early|mid(dle)?|during|late|end|after|"
    r"(pre|post)[a-z]*|follow-?up|fu|final|relapse|remission|day|week|month|year|hour|visit|time|"
    r"timepoint|session|[vtdwmyh](?=[\s_.-]*\d)|tp(?=\d)|\d+(st|nd|rd|th))s?"
    r"([\s_.-]*[+-]?\d+(\.\d+)?)?([\s_.-]+\w+)*",
    re.IGNORECASE,
)
_NUMBER_AND_UNIT = re.compile(
    r"[+-]?\d+(\.\d+)?\s*(h|d|w|wk|m|mo|y|days?|weeks?|months?|hours?|years?)", re.I
)
_CELLS = re.compile(
    r"(cd\d+.*|[bt]|nk|dc|pbmcs?|th\d+|tregs?|monocytes?|neutrophils?|lymphocytes?|granulocytes?|"
    r"macrophages?|microglia|.*[\s_.-]?cells?|whole[\s_.-]?blood|blood|plasma|serum|naive|memory)",
    re.IGNORECASE,
)
_CONTROL = re.compile(
    r"(control|ctrl|ctl|ctr|controls|cntrl|healthy|health|placebo|normal|unaffected|untreated|vehicle|"
    r"sham|mock|benign|adjacent.*|non-?tumou?r|wt|wild[\s_-]?type|reference|ref|hc|hv|hd|nc|none|"
    r"(healthy|normal|negative)[\s_-].*|.*[\s_-]controls?)",
    re.IGNORECASE,
)
_SEX = word_set("m f male female w 1 2 0")
_ANSWERS = word_set("yes no y n true false t f ja nein 0 1")


def words_of(name: str) -> list[str]:
    """Return the words of a column's name, in small letters: `cellType_ID` is cell, type, id."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [w for w in re.split(r"[^A-Za-z0-9]+", parted.lower()) if w]


def named_as(name: str, role: str) -> bool:
    """Whether a column's name says that it has a role."""
    words = words_of(name)
    together = {*words, "".join(words)}
    if role in ("cell_type", "group") and set(words) & _NUMBERS:
        return False
    return bool(together & NAMES[role])


def looks_like_time(values: Sequence[str]) -> bool:
    """Whether most values are times in words, or with a unit: baseline, week 12, 1st, V2, 6 h."""
    found = [_TIME_WORD.fullmatch(v) or _NUMBER_AND_UNIT.fullmatch(v) for v in values]
    return 2 * sum(x is not None for x in found) >= len(values) > 0


def looks_like_cells(values: Sequence[str]) -> bool:
    """Whether most values are cell types or tissues of blood."""
    return 2 * sum(_CELLS.fullmatch(v) is not None for v in values) > len(values)


def is_control(value: str) -> bool:
    """Whether a group is called like the one to compare with: control, healthy, placebo."""
    return _CONTROL.fullmatch(value.strip()) is not None


def looks_like_sex(values: Sequence[str]) -> bool:
    """Whether all values are a sex."""
    return {v.lower() for v in values} <= _SEX


def is_answer(values: Sequence[str]) -> bool:
    """Whether all values answer yes or no."""
    return {v.lower() for v in values} <= _ANSWERS
