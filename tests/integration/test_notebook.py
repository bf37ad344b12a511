"""The notebook of examples/ and the blocks of docs/python.md run on the demo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.support.notebooks import code_cells, run_cell
from tests.support.paths import ROOT
from tests.support.shown_queries import blocks, page

NOTEBOOK = ROOT / "examples" / "notebook" / "demo.ipynb"


@pytest.fixture
def beside_the_demo(demo_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "demo").symlink_to(demo_run, target_is_directory=True)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("beside_the_demo")
def test_the_notebook_runs_from_top_to_bottom() -> None:
    names: dict[str, Any] = {}
    shown = [run_cell(code, names) for code in code_cells(NOTEBOOK)]
    assert all(shown)
    pictures = [bundle for bundle in shown if "image/png" in bundle]
    assert len(pictures) == 2
    assert all(bundle["image/png"].startswith(b"\x89PNG") for bundle in pictures)
    assert names["strongest"][0] == "SYN470"
    assert names["fitted"].top("MS_3rd-1st", 1)["feature_id"].to_list() == ["SYN470"]
    names["study"].close()


def test_the_notebook_carries_no_outputs() -> None:
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    of_code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(of_code) > 10
    assert all(c["outputs"] == [] and c["execution_count"] is None for c in of_code)


@pytest.mark.usefixtures("beside_the_demo")
def test_every_block_of_the_docs_runs(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    found = blocks(page("docs/python.md"), "python")
    assert len(found) == 6
    for code in found:
        run_cell(code, names)
    assert names["up"].pl()["log_fc"].min() > 0.5
    assert isinstance(names["top"], pl.DataFrame)
    assert names["top"].height == 5
    assert (tmp_path / "sectors.svg").read_text("utf-8").startswith("<svg")
    names["study"].close()
