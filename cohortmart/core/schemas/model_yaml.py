"""The YAML of the dbt project: what it says of models and of the Parquet tables they read."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cohortmart.core.dbt_project import dbt_project_folder

#: libyaml reads the same ten times faster; not every build of PyYAML has it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(file: Path) -> dict[str, Any]:
    """Return what a YAML file of the project holds."""
    content = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)
    if not isinstance(content, dict):
        raise ValueError(f"{file} does not hold a mapping")
    return content


@cache
def model_block(model: str) -> dict[str, Any]:
    """Return what the YAML beside a model says of it.

    Raises
    ------
    KeyError
        There is no such model.
    """
    for file in (dbt_project_folder() / "models").glob(f"*/{model}.yml"):
        block: dict[str, Any]
        (block,) = read_yaml(file)["models"]
        return block
    raise KeyError(model)


@cache
def source_tables(room: str) -> dict[str, dict[str, Any]]:
    """Return what `_sources.yml` says of each table of a room ("lake" or "results"), by name."""
    sources = read_yaml(dbt_project_folder() / "models" / "_sources.yml")["sources"]
    (tables,) = (source["tables"] for source in sources if source["name"] == room)
    return {table["name"]: table for table in tables}


def source_meta(room: str, table: str) -> dict[str, Any]:
    """Return the `meta` of a table: `model`, `written_with`, `further_columns`."""
    meta: dict[str, Any] = source_tables(room)[table].get("config", {}).get("meta", {})
    return meta


def source_columns(room: str, table: str) -> list[dict[str, Any]]:
    """Return the columns of a table: those of the model that reads it, or the source's own.

    Columns that the model looks up elsewhere (`meta: {looked_up: true}`) are none of the table's.

    Raises
    ------
    KeyError
        There is no such table, or its columns are not known beforehand.
    """
    model = source_meta(room, table).get("model")
    described = model_block(model) if model else source_tables(room)[table]
    columns: list[dict[str, Any]] = described["columns"]
    return [c for c in columns if not c.get("config", {}).get("meta", {}).get("looked_up")]


def doc_blocks(models: Path) -> dict[str, str]:
    """Return the texts that several descriptions share, by name, from the folder's Markdown.

    Parameters
    ----------
    models : Path
        The folder `models` of the dbt project.
    """
    pattern = r"{% docs (\w+) %}(.*?){% enddocs %}"
    texts = [file.read_text(encoding="utf-8") for file in sorted(models.rglob("*.md"))]
    found = (block for text in texts for block in re.findall(pattern, text, flags=re.DOTALL))
    return {name: body.strip() for name, body in found}


def with_doc_blocks(description: str, blocks: dict[str, str]) -> str:
    """Return a description as dbt shows it: `{{ doc('name') }}` is the text of that name.

    Raises
    ------
    KeyError
        There is no text of that name.
    """
    return re.sub(r"{{ doc\('(\w+)'\) }}", lambda found: blocks[found[1]], description)
