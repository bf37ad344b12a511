"""Every Parquet file of a run has the columns that the YAML of its model lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from cohortmart.core.lake.file_manifest import read_current
from tests.support.paths import ROOT

ARROW = {
    "string": "string",
    "int": "int32",
    "bigint": "int64",
    "double": "double",
    "boolean": "bool",
}


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("room", ["lake", "results"])
def test_files_are_as_described(demo_run: Path, room: str) -> None:
    (source,) = (s for s in read(ROOT / "models" / "_sources.yml")["sources"] if s["name"] == room)
    seen = set()
    for entry in read_current(demo_run / room):
        (table,) = (t for t in source["tables"] if t["name"] == entry.table_name)
        meta = table.get("config", {}).get("meta", {})
        if "model" in meta:
            (file,) = (ROOT / "models").glob(f"*/{meta['model']}.yml")
            (block,) = read(file)["models"]
        elif "columns" in table:
            block = table
        else:
            assert entry.table_name == "matrix"
            continue
        found = [(f.name, str(f.type)) for f in pq.read_schema(demo_run / room / entry.path)]
        listed = [
            (c["name"], ARROW[c["data_type"]])
            for c in block["columns"]
            if not c.get("config", {}).get("meta", {}).get("looked_up")
        ]
        further = meta.get("further_columns", False)
        assert found[: len(listed)] == listed, entry.table_name
        assert (len(found) > len(listed)) is further
        seen.add(entry.table_name)
    known = {t["name"] for t in source["tables"]} - {"current", "matrix"}
    # what the demo has none of
    without = {"layer", "layer_sample", "gene", "gene_alias", "gene_match", "gene_translation"}
    without |= {"contrast_activity"}
    assert known - seen <= without
