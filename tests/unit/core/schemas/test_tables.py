"""Arrow schemas are made from the YAML beside the models."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cohortmart.core.schemas import model_yaml, tables
from tests.support.paths import ROOT

_SOURCES = """
sources:
  - name: lake
    tables:
      - name: current
      - name: sheet
        config: {meta: {model: dim_sheet, further_columns: true}}
      - name: note
        columns: [{name: text, data_type: string}, {name: number, data_type: bigint}]
  - name: results
    tables:
      - name: current
      - name: second
        config: {meta: {model: fct_second, written_with: one}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of three tables, in place of the real one."""
    folder = tmp_path / "models" / "anywhere"
    folder.mkdir(parents=True)
    (tmp_path / "models" / "_sources.yml").write_text(_SOURCES)
    columns = "[{name: key, data_type: string}, {name: share, data_type: double}]"
    for model in ("dim_sheet", "fct_second"):
        text = f"models: [{{name: {model}, columns: {columns}}}]"
        (folder / f"{model}.yml").write_text(text)
    monkeypatch.setattr(model_yaml, "dbt_project_folder", lambda: tmp_path)
    caches: list[Any] = [
        model_yaml.model_block, model_yaml.source_tables, tables.schema_of,
        tables._lake_names, tables._result_names, tables._set_names,
    ]  # fmt: skip
    for cached in caches:
        cached.cache_clear()
    yield tmp_path
    for cached in caches:
        cached.cache_clear()


@pytest.mark.usefixtures("project")
def test_a_table_is_what_its_yaml_says() -> None:
    expected = pa.schema([("key", pa.string()), ("share", pa.float64())])
    assert tables.RESULT_TABLES["second"].equals(expected)
    assert tables.schema_of("lake", "sheet").equals(expected)
    assert tables.LAKE_TABLES["note"].equals(
        pa.schema([("text", pa.string()), ("number", pa.int64())])
    )


@pytest.mark.usefixtures("project")
def test_tables_are_found_without_a_list_in_python() -> None:
    assert list(tables.LAKE_TABLES) == ["note"]
    assert list(tables.RESULT_TABLES) == ["second"]
    assert {name: list(of) for name, of in tables.RESULT_SETS.items()} == {"one": ["second"]}
    assert len(tables.RESULT_SETS) == 1


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("name", ["current", "nothing"])
def test_what_has_no_known_columns_is_no_table(name: str) -> None:
    for known in (tables.LAKE_TABLES, tables.RESULT_TABLES):
        assert name not in known
        with pytest.raises(KeyError):
            known[name]


def test_only_what_is_asked_for_is_read(project: Path) -> None:
    (project / "models" / "anywhere" / "dim_sheet.yml").write_text("nothing")
    assert tables.RESULT_TABLES["second"].names == ["key", "share"]
    with pytest.raises(ValueError, match="dim_sheet"):
        tables.schema_of("lake", "sheet")


def test_the_sets_of_the_results_hold_every_table_once() -> None:
    in_sets = [name for of in tables.RESULT_SETS.values() for name in of]
    assert sorted(in_sets) == sorted(tables.RESULT_TABLES)
    assert len(in_sets) == len(set(in_sets)) >= 29
    assert tables.RESULT_SETS["thresholds"]["threshold"].equals(tables.THRESHOLD)


def test_help_reads_no_yaml() -> None:
    code = (
        "import sys; from cohortmart.app.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'yaml', 'pyarrow'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
