"""Paths at which two sets of nested parameters differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

#: Keys of study.yml below which files are named.
_FILE_KEYS = frozenset(
    {"file", "files", "detection_p", "bead_count", "manifest", "masks", "gene_sets", "network"}
    | {"gene_lists", "signatures"}
)


def differences(a: Any, b: Any, path: str = "") -> list[tuple[str, str | None, str | None]]:
    """Return path (`model.block`), value in `a` and value in `b` wherever they differ.

    Null, an empty list and an empty mapping ask for nothing and are None, so a key that only a
    later version writes down makes no difference. A mapping that one side lacks is one value.

    Parameters
    ----------
    a, b : object
        Mappings, lists and scalars as JSON has them.
    path : str
        The path of `a` and `b` themselves.

    Returns
    -------
    list of (str, str or None, str or None)
        Sorted by path.
    """
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        found = []
        for key in sorted(a.keys() | b.keys(), key=str):
            below = f"{path}.{key}" if path else str(key)
            found += differences(a.get(key), b.get(key), below)
        return found
    texts = _said(_something(a)), _said(_something(b))
    return [] if texts[0] == texts[1] else [(path, *texts)]


def comparable_study(value: Any) -> Any:
    """Return the values of a study file so that two copies of one study compare equal.

    Paths become file names, since the same file may lie elsewhere and the inputs say what is in
    it; a lone sample sheet becomes a list of one; the analyses are left out, as `analysis_run`
    has what was done.

    Parameters
    ----------
    value : object
        As `cohortmart.core.study.yaml_positions.read_document` gives it.
    """
    if not isinstance(value, dict):
        return {}
    study = {key: item for key, item in value.items() if key != "analyses"}
    sheets = study.get("samples")
    if isinstance(sheets, dict):
        sheets = [sheets]
    if isinstance(sheets, list):
        study["samples"] = {str(i): sheet for i, sheet in enumerate(sheets, 1)}
    return _without_folders(study, within_file_key=False)


def _without_folders(value: Any, *, within_file_key: bool) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_folders(item, within_file_key=within_file_key or key in _FILE_KEYS)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_without_folders(item, within_file_key=within_file_key) for item in value]
    if within_file_key and isinstance(value, str):
        return value.rsplit("/", 1)[-1]
    return value


def _something(value: Any) -> Any:
    """Return the value without the parts that ask for nothing; None if that is all of it."""
    if isinstance(value, Mapping):
        kept = {key: _something(item) for key, item in value.items()}
        value = {key: item for key, item in kept.items() if item is not None}
    return None if value in ({}, []) else value


def _said(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
