"""What pydantic and the checks find wrong in a study, as one message with its line."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from cohortmart.core.errors import StudyError
from cohortmart.core.study.places import PLACES, record_at, within
from cohortmart.core.study.records import SampleSheet
from cohortmart.core.study.values import Record
from cohortmart.core.study.yaml_mistakes import shortened
from cohortmart.core.study.yaml_positions import Document, KeyPath
from cohortmart.core.text import counted, did_you_mean, nearest

#: Keys that say what people read in place of "person" and "timepoint".
NOUN_KEYS = ("subject_noun", "timepoint_noun")
NOUNS_EXPECTED = "two nouns, of one and of several, such as [patient, patients]"
NOUNS_HINT = "write both in square brackets, or leave the key out"
_QUOTES_HINT = "write the number without quotes"
_DIGITS_HINT = "write it in digits alone, such as 500"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Parameters
    ----------
    path : KeyPath
        Where in the document.
    problem : str
        One sentence.
    of_key : bool
        The key itself is at fault, not its value.
    expected, found, hint : str, optional
        As in `cohortmart.core.errors.InputError`.
    """

    path: KeyPath
    problem: str
    of_key: bool = False
    expected: str | None = None
    found: str | None = None
    hint: str | None = None


def raise_first(faults: Iterable[Fault], document: Document) -> None:
    """Raise the fault that stands first in the file and say how many more there are.

    Raises
    ------
    StudyError
        There is a fault.
    """
    ranked = []
    for number, fault in enumerate(faults):
        place = document.position(fault.path, of_key=fault.of_key)
        ranked.append((place.line, place.column, number, fault))
    if not ranked:
        return
    line, column, _, first = min(ranked, key=lambda r: r[:3])
    more = len(ranked) - 1
    rest = f" (and {counted(more, 'more fault')} in this file)" if more else ""
    raise StudyError(
        first.problem + rest,
        file=document.file,
        line=line,
        column=column,
        expected=first.expected,
        found=first.found,
        hint=first.hint,
    )


def describe(value: Any) -> str:
    """Say what was found, as it was written."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a block of keys: " + shortened(", ".join(map(str, value)) or "{}", 60)
    if isinstance(value, (list, tuple)):
        return shortened("a list: [" + ", ".join(describe(v) for v in value) + "]", 60)
    if isinstance(value, str) and _looks_numeric(value):
        return f'"{value}" (text, because of its quotes)'
    return shortened(str(getattr(value, "text", value))) or "empty text"


def path_words(path: KeyPath, document: Document) -> str:
    """Say a path as a user would: `analyses.logcpm.model.block`, `groups (entry 2)`."""
    sheets = document.at(("samples",))
    if path[:2] == ("samples", 0) and len(sheets) == 1:  # most studies have one and no list
        path = ("samples", *path[2:])
    words = [f" (entry {p + 1})" if isinstance(p, int) else f".{p}" for p in path]
    return "".join(words).removeprefix(".")


def unknown_key(
    path: KeyPath, document: Document, later: Mapping[type[Record], Iterable[str]]
) -> Fault:
    """Return the fault for a key that its block does not have.

    Parameters
    ----------
    path : KeyPath
        Path of the key.
    document : Document
        For what the block has already: that cannot have been meant.
    later : mapping of record to keys
        Keys that the design fixes and this version does not do yet: they may be meant, too.
    """
    key, record = str(path[-1]), record_at(path[:-1])
    assert record is not None, path
    present = document.at(path[:-1])
    absent = [k for k in (*record.written_keys(), *later.get(record, ())) if k not in present]
    homes = [PLACES[r] for r in PLACES if r is not record and key in r.written_keys()]
    hint = did_you_mean(key, absent) or did_you_mean(key, record.written_keys())
    if homes and nearest(key, absent, cutoff=0.85) is None:  # not just a slip of one letter
        hint = f"`{key}` belongs under {' or '.join(homes)}"
    return Fault(
        path,
        f"unknown key `{key}` {within(record)}",
        of_key=True,
        expected="one of " + ", ".join(record.written_keys())
        if record.written_keys()
        else "no key: this version reads none here",
        found=key,
        hint=hint or "delete or correct it",
    )


def missing_key(path: KeyPath, document: Document) -> Fault:
    """Return the fault for a key that its block must have."""
    key, record = str(path[-1]), record_at(path[:-1])
    assert record is not None, path
    words, place = _allowed_words(path), path_words(path[:-1], document)
    if record is SampleSheet:  # `within` has said the rest
        place = place.removeprefix("samples").strip(" ()")
    return Fault(
        path[:-1],
        f"the key `{key}` is missing {within(record)}" + (f" ({place})" if place else ""),
        of_key=True,
        expected=f"`{key}: ...`" + (f", one of {', '.join(words)}" if words else ""),
        hint=f"add the key `{key}`",
    )


def from_pydantic(
    errors: Iterable[ErrorDetails],
    document: Document,
    later: Mapping[type[Record], Iterable[str]],
) -> list[Fault]:
    """Translate pydantic's errors; a missing key that is only misspelt is said once."""
    errors = list(errors)
    faults = []
    misspelt: set[KeyPath] = set()
    for error in errors:
        path: KeyPath = tuple(error["loc"])
        if error["type"] == "extra_forbidden":
            record = record_at(path[:-1])
            fields = [] if record is None else list(record.written_keys())
            absent = [f for f in fields if f not in document.at(path[:-1])]
            meant = nearest(str(path[-1]), absent)
            if meant is not None:
                misspelt.add((*path[:-1], meant))
            faults.append(unknown_key(path, document, later))
    for error in errors:
        path = tuple(error["loc"])
        if error["type"] == "too_short" and any(
            len(e["loc"]) > len(path) and e["loc"][: len(path)] == path for e in errors
        ):
            continue  # too short only because its entries are wrong
        if error["type"] == "missing" and path not in misspelt:
            faults.append(missing_key(path, document))
        elif error["type"] not in ("missing", "extra_forbidden"):
            faults.append(_wrong_value(path, error, document))
    return faults


def _wrong_value(path: KeyPath, error: ErrorDetails, document: Document) -> Fault:
    """Return the fault for a value of the wrong type or outside its range."""
    kind, found = error["type"], error["input"]
    context: Mapping[str, Any] = error.get("ctx") or {}
    hint: str | None = None
    match kind:
        case "literal_error" | "unknown_word":
            words = context.get("words") or _allowed_words(path)
            expected = words[0] if len(words) == 1 else "one of " + ", ".join(words)
            hint = did_you_mean(found, words) if isinstance(found, str) else None
            if path[-1] == "format" and hint is None:
                hint = "leave `format` out: the content tells"
        case "string_type" | "path_type":
            expected = "text"
            hint = "put quotes round it" if isinstance(found, bool) else None
        case "string_too_short":
            expected = "text that is not empty"
        case "too_short" if isinstance(found, str):
            expected = "text that is not empty"
        case "bool_type":
            expected, hint = "true or false", "write true or false, without quotes"
        case "float_type" | "finite_number":
            expected = "a number"
            hint = _QUOTES_HINT if _looks_numeric(found) else None
        case "int_type" | "int_from_float":
            expected = "a whole number"
            hint = _QUOTES_HINT if _is_whole(found) else _DIGITS_HINT
        case "tuple_type":
            expected = "a list, such as [a, b]"
            hint = None if found is None else "put it in square brackets"
        case "model_type" | "dict_type":
            expected = "a block of `key: value` lines, indented"
            hint = _block_hint(path, found)
        case "too_short" | "too_long":
            least, most = context.get("min_length"), context.get("max_length")
            number = least if most is None else most
            expected = f"at {'least' if most is None else 'most'} {number} entries"
            expected = expected.replace("1 entries", "one entry")
            hint = "write a pair as [3rd-1st, PP-3rd]" if number == 2 else None
        case "greater_than":
            expected = f"a number above {context['gt']:g}"
        case "greater_than_equal":
            expected = f"a number of {context['ge']:g} or more"
        case "less_than":
            expected = f"a number below {context['lt']:g}"
        case "less_than_equal":
            expected = f"a number of {context['le']:g} or less"
        case _:
            expected = error["msg"]
    if path[0] in NOUN_KEYS and len(path) == 1:
        expected, hint = NOUNS_EXPECTED, NOUNS_HINT
    if found is None and hint is None:
        hint = "give it a value, or leave the key out"
    words_of_path = path_words(path, document)
    return Fault(
        path,
        f"`{words_of_path}` cannot be used as it is",
        expected=expected,
        found=describe(found),
        hint=hint,
    )


def _block_hint(path: KeyPath, found: Any) -> str | None:
    """Say how a block is written where a lone value stands; None where there is no more to say."""
    record = record_at(path)
    if found is None or isinstance(path[-1], int):
        return None
    if record is None:  # names of the user's own
        lone = found if isinstance(found, str) else "..."
        return f"give it a name: `{path[-1]}: {{NAME: {lone}}}`"
    if found is True and not any(field.is_required() for field in record.model_fields.values()):
        return f"write `{path[-1]}: {{}}` for what it does by itself"
    if found is False:
        return "leave the key out"
    keys = record.written_keys()
    one = keys[0] if len(keys) == 1 else "KEY"
    which = "" if len(keys) == 1 else ", KEY one of " + ", ".join(keys)
    return f"write `{path[-1]}: {{{one}: ...}}`{which}"


def _is_whole(value: Any) -> bool:
    """Say whether a text would be a whole number without its quotes."""
    return isinstance(value, str) and value.strip().lstrip("+-").isdecimal()


def _allowed_words(path: KeyPath) -> list[str]:
    """Return the values that the Literal at `path` allows."""
    if isinstance(path[-1], int):  # an entry of a list
        path = path[:-1]
    record = record_at(path[:-1])
    assert record is not None, path
    names = dict(zip(record.written_keys(), record.model_fields, strict=True))
    annotation = typing.get_type_hints(record)[names[str(path[-1])]]
    inner = typing.get_args(annotation)
    literals = [annotation, *inner, *(a for i in inner for a in typing.get_args(i))]
    return [
        str(word)
        for literal in literals
        if typing.get_origin(literal) is typing.Literal
        for word in typing.get_args(literal)
    ]


def _looks_numeric(value: Any) -> bool:
    """Say whether a text would be a number without its quotes."""
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return isinstance(value, str)
