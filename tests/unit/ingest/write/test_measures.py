"""Units of measures: what study.yml says and what the file says must agree."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.read.formats import read_header
from ingest.write.measures import measure_table

TABLE = "sample,feature,value,unit\ns1,e2,1,pmol/l\ns1,b,2,%\ns2,e2,3,pmol/L\ns2,b,4,percent\n"


def units(tmp_path: Path, unit: Any) -> dict[str, str | None]:
    file = tmp_path / "m.csv"
    file.write_text(TABLE)
    assay = Assay.model_validate({"kind": "continuous", "files": [file], "unit": unit})
    plan = SimpleNamespace(
        name="m", assay=assay, headers=SimpleNamespace(values=[read_header(file, assay, {"s1"})])
    )
    features = SimpleNamespace(features=pa.table({"feature_id": ["b", "e2"]}))
    rows = measure_table([SimpleNamespace(plan=plan, features=features)])  # type: ignore[list-item]
    return dict(zip(rows["feature_id"].to_pylist(), rows["unit"].to_pylist(), strict=True))


@pytest.mark.parametrize("unit", [{}, {"e2": "pmol/L"}, {"b": "percent"}])
def test_one_unit_written_in_two_ways_is_one(tmp_path: Path, unit: dict[str, str]) -> None:
    assert units(tmp_path, unit) == {"e2": "pmol/l", "b": "%", **unit}


@pytest.mark.parametrize("unit", [{"e2": "pg/ml"}, "pmol/l"])
def test_a_unit_that_the_file_contradicts_is_an_error(tmp_path: Path, unit: Any) -> None:
    with pytest.raises(IngestError, match="is not what the file says") as caught:
        units(tmp_path, unit)
    assert caught.value.file == tmp_path / "m.csv"
