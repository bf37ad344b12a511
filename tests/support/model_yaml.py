"""What the YAML of the models says, read by hand."""

from __future__ import annotations

import yaml

from tests.support.paths import ROOT


def results_with(column: str) -> list[str]:
    """Name the tables of models/results that have a column, sorted."""
    files = sorted((ROOT / "models" / "results").glob("*.yml"))
    blocks = [yaml.safe_load(f.read_text(encoding="utf-8"))["models"][0] for f in files]
    return [b["name"] for b in blocks if column in {c["name"] for c in b["columns"]}]
