"""Places of study.yml: which record stands where, and how a user would say it."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from cohortmart.core.study.derive_records import Derive
from cohortmart.core.study.findings_records import GenesOfContrast
from cohortmart.core.study.records import Analysis, Assay, Study
from cohortmart.core.study.values import Record
from cohortmart.core.study.yaml_positions import KeyPath

#: What is not said by the key alone.
_SAID: Mapping[type[Record], str] = {
    Study: "the top level",
    Assay: "an assay",
    Derive: "a derived assay",
    Analysis: "an analysis",
    GenesOfContrast: "a list of `from_contrasts`",
}


def record_at(path: KeyPath) -> type[Record] | None:
    """Return the record whose keys stand at `path`, or None where keys are free names."""
    at: Any = Study
    for key in path:
        at = _below(at, key)
    return at if _is_record(at) else None


def _below(at: Any, key: str | int) -> Any:
    """Return what stands below a key or a position; None if that is no record."""
    if _is_record(at):
        field = at.model_fields.get(str(key))
        return None if field is None or isinstance(key, int) else _meant(field.annotation)
    origin, inside = get_origin(at), get_args(at)
    if origin is dict and isinstance(key, str):
        return _meant(inside[1])
    if origin is tuple and isinstance(key, int):
        return _meant(inside[0])
    return None


def _meant(annotation: Any) -> Any:
    """Strip None and what validates from a type: what a user writes there."""
    if get_origin(annotation) is Annotated:
        return _meant(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return next((_meant(a) for a in get_args(annotation) if _holds_record(a)), None)
    return annotation


def _holds_record(annotation: Any) -> bool:
    return _is_record(annotation) or any(map(_holds_record, get_args(annotation)))


def _is_record(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Record)


def _places(record: type[Record], said: str) -> Iterator[tuple[type[Record], str]]:
    """Yield a record and those in it, in the order of the keys."""
    yield record, said
    for key, field in record.model_fields.items():
        for inner in _records_in(field.annotation):
            yield from _places(inner, _SAID.get(inner, f"`{key}`"))


def _records_in(annotation: Any) -> Iterator[type[Record]]:
    if _is_record(annotation):
        yield annotation
    for argument in get_args(annotation):
        yield from _records_in(argument)


#: Where each record stands, as a user would say it.
PLACES: Mapping[type[Record], str] = dict(_places(Study, _SAID[Study]))


def within(record: type[Record]) -> str:
    """Say where the keys of a record stand: "in `model`", "at the top level"."""
    return f"{'at' if record is Study else 'in'} {PLACES[record]}"
