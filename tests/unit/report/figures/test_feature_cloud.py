"""Layers of a cloud: only those that have something to draw."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from cohortmart.report.figures.feature_cloud import cloud_spec, without_empty

ROW = pa.table({"x": [1.0]})
NONE = ROW.slice(0, 0)


def layers(n_found: int, n: int, **data: pa.Table) -> list[Any]:
    spec = cloud_spec("Change", "P", "gene", changes="x", dots=True)
    tables = {"frame": ROW, "lines": ROW, "labels": ROW, "features": ROW} | data
    drawn = without_empty(spec, tables, n_found, n)
    assert spec == cloud_spec("Change", "P", "gene", changes="x", dots=True)
    return drawn["layer"]


def dots(found: list[Any]) -> list[str]:
    return [json.dumps(layer["transform"]) for layer in found if "transform" in layer]


@pytest.mark.parametrize(("n_found", "n_layers"), [(0, 1), (2, 2), (3, 1)])
def test_dots_that_there_are(n_found: int, n_layers: int) -> None:
    assert len(dots(layers(n_found, 3))) == n_layers
    if n_layers == 1:
        assert f"=== {'true' if n_found else 'false'}" in dots(layers(n_found, 3))[0]


def test_names_and_lines_that_there_are() -> None:
    names = [layer["data"]["name"] for layer in layers(1, 3, labels=NONE, lines=NONE)]
    assert "labels" not in names
    assert "lines" not in names
    assert names[0] == "frame"
