"""Differences for other programs: exact, whole, and one list at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, BinaryIO

import pyarrow as pa

from cohortmart.app.diff.compare import Survey
from cohortmart.app.diff.lists import ListName
from cohortmart.app.diff.results import FEATURES, REASONS, ListDifference
from cohortmart.core.rows.text_files import write_csv

_KEY = ("analysis", "kind", "name", "study_group")
_COUNTS = (
    *(f"n_{what}_{run}" for what in ("samples", "tested") for run in "ab"),
    *("n_tested_both", "n_found_a", "n_found_b", "n_gained", "n_lost", "n_turned"),
    *(f"{change}_{reason}" for change in ("gained", "lost") for reason in REASONS),
    "n_numbers_differ",
)
_SIZES = ("r_log_fc", "largest_log_fc_difference", "largest_t_difference")
#: Columns of the CSV of lists; `runs` is both, a or b.
LISTS = pa.schema(
    [(name, pa.string()) for name in (*_KEY, "runs", "rule_a", "rule_b")]
    + [(name, pa.int64()) for name in _COUNTS]
    + [(name, pa.float64()) for name in _SIZES]
)
Compared = Iterable[tuple[ListDifference, pa.Table]]


def write_lists_csv(found: Survey, compared: Compared, out: BinaryIO) -> None:
    """Write one row a list; those of one run alone have no counts.

    Parameters
    ----------
    found : Survey
    compared : iterable of (ListDifference, Table)
    out : binary file
    """

    def batches() -> Iterator[pa.RecordBatch]:
        for difference, _ in compared:
            yield _batch({**_list_row(difference.name, "both"), **_counts(difference)})
        for run, names in (("a", found.only_a), ("b", found.only_b)):
            for name in names:
                yield _batch(_list_row(name, run))

    write_csv(pa.RecordBatchReader.from_batches(LISTS, batches()), out)


def write_features_csv(compared: Compared, out: BinaryIO) -> None:
    """Write one row a feature that was gained, lost or turned.

    Parameters
    ----------
    compared : iterable of (ListDifference, Table)
    out : binary file
    """
    batches = (batch for _, table in compared for batch in table.to_batches())
    write_csv(pa.RecordBatchReader.from_batches(FEATURES, batches), out)


def write_json(
    runs: dict[str, Any], found: Survey, compared: Compared, out: BinaryIO, *, features: bool
) -> None:
    """Write one JSON object: the runs, what they were made from, and their lists.

    Parameters
    ----------
    runs : dict
        What identifies each run, under `a` and `b`.
    found : Survey
    compared : iterable of (ListDifference, Table)
    out : binary file
    features : bool
        Put the features that changed into each list.
    """
    head = {
        **runs,
        **{section: list(changes) for section, changes in asdict(found.causes).items()},
        "only_in_a": [_named(name) for name in found.only_a],
        "only_in_b": [_named(name) for name in found.only_b],
    }
    out.write(json.dumps(head, ensure_ascii=False, indent=1)[:-2].encode())
    out.write(b',\n "lists": [')
    same, before = found.causes.none and not (found.only_a or found.only_b), "\n  "
    for difference, table in compared:
        row = {**_named(difference.name), **_counts(difference)}
        if features:
            row["features"] = [_without_key(feature) for feature in table.to_pylist()]
        out.write((before + json.dumps(row, ensure_ascii=False)).encode())
        same, before = same and difference.same, ",\n  "
    out.write(f'\n ],\n "same": {json.dumps(same)}\n}}\n'.encode())


def _named(name: ListName) -> dict[str, str | None]:
    return {
        "analysis": name.analysis,
        "kind": name.kind,
        "name": name.name,
        "study_group": name.study_group or None,
    }


def _list_row(name: ListName, runs: str) -> dict[str, Any]:
    return {**_named(name), "runs": runs}


def _counts(difference: ListDifference) -> dict[str, Any]:
    values = {name: getattr(difference, name) for name in (*_COUNTS, *_SIZES) if name[:2] == "n_"}
    sizes = {name: getattr(difference, name) for name in _SIZES}
    rules = {"rule_a": str(difference.rule_a), "rule_b": str(difference.rule_b)}
    return {**rules, **values, **difference.reasons, **sizes}


def _batch(row: dict[str, Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([row], schema=LISTS)


def _without_key(feature: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in feature.items() if name not in _KEY}
