"""Conditions that cannot be evaluated, or that no sample meets: what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pyarrow as pa

from cohortmart.core.study.records import ROLE_COLUMNS, Study
from cohortmart.core.text import listed, nearest

_STRING = re.compile(r"'(?:[^']|'')*'")
#: A name in quotes of its own, a plain name, or a value such as 1st.
_WORD = re.compile(r"\"([^\"]+)\"|[‘’‚“”„]([^‘’‚“”„]+)[‘’‚“”„]|(\w+)")
_UNKNOWN_COLUMN = re.compile(r'(?:Referenced column|does not have a column named) "([^"]+)"')
#: Values of a column that are shown.
_SHOWN = 8


def fault_hints(condition: str, message: str, samples: pa.Table, study: Study | None) -> str:
    """Say what to change in a condition that the database refuses; empty if nothing is likely.

    Parameters
    ----------
    condition : str
        The `where` of an analysis.
    message : str
        The database's.
    samples : pyarrow.Table
        `dim_sample`.
    study : Study, optional
        Names the columns of the sample sheets.
    """
    columns = {name.lower() for name in samples.column_names}
    meant = _meant(study)
    values = _values(samples)
    bare = _STRING.sub(" ", condition)
    if "unterminated" in message:
        return "a quote is opened and not closed"
    hints: dict[str, None] = {}
    words = [next(filter(None, m.groups())) for m in _WORD.finditer(bare)]
    for word in words:
        if word.lower() in columns:
            continue
        if word.lower() in meant:
            hints[f"the column for `{word}` is `{meant[word.lower()]}`"] = None
        elif word in values:
            hints[f"a value stands in single quotes: `{values[word][0]} = '{word}'`"] = None
    unknown = _UNKNOWN_COLUMN.search(message)
    if unknown and not hints:
        likely = nearest(unknown[1], samples.column_names)
        if likely:
            hints[f"did you mean `{likely}`?"] = None
        elif f'"{unknown[1]}"' in bare:
            hints[f"a value stands in single quotes: '{unknown[1]}'"] = None
    return "; ".join([*hints, *_of_signs(condition, bare, message)])


def no_sample_hints(condition: str, samples: pa.Table) -> str:
    """Say which values of a condition no sample has; empty if each is had by some.

    Parameters
    ----------
    condition : str
        The `where` of an analysis.
    samples : pyarrow.Table
        `dim_sample`.
    """
    values = _values(samples)
    said = []
    for column, value in _compared(condition, samples.column_names):
        known = sorted(v for v, of in values.items() if column in of)
        if value in known or not known:
            continue
        likely = nearest(value, known)
        said.append(
            f"no sample has the {column} '{value}'"
            + (f"; did you mean '{likely}'?" if likely else f": there are {listed(known, _SHOWN)}")
        )
    return "; ".join(dict.fromkeys(said))


def _of_signs(condition: str, bare: str, message: str) -> Iterator[str]:
    """Signs of other languages."""
    if re.search(r"[‘’‚“”„]", bare):
        yield "write straight single quotes: '"
    for signs, word in (("&", "and"), ("|", "or")):
        if re.search(rf"\{signs}", bare):
            yield f"write `{word}` for {signs}"
    if ";" in bare:
        yield "leave the ; out of the condition"
    if bare.count("(") != bare.count(")"):
        yield "as many parentheses are to be closed as are opened"
    if re.match(r"\s*where\b", condition, re.IGNORECASE):
        yield "leave the word `where` out of the condition"
    if message.startswith("Conversion Error"):
        yield "text is compared with text in single quotes, and a number with a number without them"


def _meant(study: Study | None) -> dict[str, str]:
    """Map what a column may be called in study.yml and in the sheets to its name in dim_sample."""
    names = {"sample": "sample_id", **ROLE_COLUMNS}
    found = {"groups": "study_group", "timepoints": "timepoint", "visit": "timepoint", **names}
    for sheet in () if study is None else study.samples:
        of_sheet = {role: getattr(sheet, role, None) for role in names}
        found |= {text.lower(): names[role] for role, text in of_sheet.items() if text}
    return found


def _values(samples: pa.Table) -> Mapping[str, list[str]]:
    """Map every text value of the samples to its columns."""
    found: dict[str, list[str]] = {}
    for name in samples.column_names:
        if pa.types.is_string(samples.schema.field(name).type):
            for value in samples[name].unique().to_pylist():
                if value:
                    found.setdefault(value, []).append(name)
    return found


def _compared(condition: str, columns: list[str]) -> Iterator[tuple[str, str]]:
    """Columns with the texts that a condition asks them to be."""
    by_lower = {name.lower(): name for name in columns}
    text = r"'((?:[^']|'')*)'"
    for match in re.finditer(rf'"?(\w+)"?\s*==?\s*{text}', condition):
        if match[1].lower() in by_lower:
            yield by_lower[match[1].lower()], match[2].replace("''", "'")
    for match in re.finditer(r'"?(\w+)"?\s+in\s*[\(\[]([^)\]]*)', condition, re.IGNORECASE):
        if match[1].lower() in by_lower:
            for value in re.findall(text, match[2]):
                yield by_lower[match[1].lower()], value.replace("''", "'")
