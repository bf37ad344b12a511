"""Layers of a matrix: the raw one, and those that `normalise` makes of it."""

from __future__ import annotations

from cohortmart.core.lake.file_manifest import Entry

RAW = "raw"


def part_of(assay: str, layer: str) -> str:
    """Return the part that a layer's files have in the catalogue."""
    return f"{assay}:{layer}"


def is_derived(entry: Entry) -> bool:
    """Tell whether a file belongs to a layer that was computed from the raw one."""
    return ":" in entry.part and not entry.part.endswith(f":{RAW}")
