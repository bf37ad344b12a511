"""docs/tables.md: every table that users see, written from the YAML beside its SQL."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.core.schemas.model_yaml import doc_blocks, read_yaml, with_doc_blocks

#: What tables are about, in the order in which a reader needs them: `about` in the YAML.
GROUPS = (
    "People and samples",
    "Features",
    "Values",
    "Quality",
    "Contrasts",
    "Rebound",
    "Regions",
    "CpG-gene pairs",
    "Signatures",
    "Enrichment",
    "Modules",
    "Runs",
)
#: Where a table stands whose YAML names no group.
FURTHER = "Further tables"
#: Folders of `models/` whose tables users see, and what fills them.
FILLED_BY = {"marts": "cohortmart build", "results": "cohortmart analyse"}
#: Words for the types of the columns.
TYPES = {
    "string": "text",
    "int": "whole number",
    "bigint": "whole number",
    "double": "number",
    "boolean": "true or false",
}

_MADE = "<!-- Made by `make docs` from models/overview.md and the YAML beside the models. -->"
_TYPE_NOTE = """\
In the lists below *text* is VARCHAR in SQL, *number* DOUBLE, *whole number* BIGINT or INTEGER, \
*true or false* BOOLEAN. In SQL the same texts are \
`select column_name, comment from duckdb_columns() where table_name = 'rebound'`. \
What the statistics mean: [statistics.md](statistics.md). Queries to start from: \
[cookbook.md](cookbook.md)."""
_DBT_DOCS = """\
## The same as a web page, with lineage

dbt makes one HTML file of these texts, the SQL of every table, the tests on it, and the graph of \
which table is made from which. From the folder of dbt_project.yml, on a study that was built:

```sh
COHORTMART_HOME=demo dbt docs generate --static
```

Then open `target/static_index.html` in a browser; it needs no server and no network. The tables \
stand on the left under `cohortmart`, folder by folder; the round button at the lower right draws \
the graph. The file holds no values, but the names of the study's columns and the paths of its \
files: look before you hand it on."""


@dataclass(frozen=True)
class Table:
    """What the YAML says of one table.

    Parameters
    ----------
    name, description : str
    grain : tuple of str
        Columns that together name a row.
    about : str
        Its group.
    filled_by : str
        The command that fills it.
    columns : tuple of (str, str, str)
        Name, type in words and description of each column, in the table's order.
    """

    name: str
    description: str
    grain: tuple[str, ...]
    about: str
    filled_by: str
    columns: tuple[tuple[str, str, str], ...]


def read_tables(models: Path) -> dict[str, Table]:
    """Return the tables that users see, by name.

    Parameters
    ----------
    models : Path
        The folder `models` of the dbt project.
    """
    tables, blocks = {}, doc_blocks(models)
    for folder, command in FILLED_BY.items():
        for file in sorted((models / folder).glob("*.yml")):
            for block in read_yaml(file)["models"]:
                columns = tuple(
                    (
                        c["name"],
                        TYPES[c["data_type"]],
                        _one_line(with_doc_blocks(c["description"], blocks)),
                    )
                    for c in block["columns"]
                )
                tables[block["name"]] = Table(
                    name=block["name"],
                    description=_one_line(block["description"]),
                    grain=tuple(block["config"]["meta"]["grain"]),
                    about=block["config"]["meta"].get("about", FURTHER),
                    filled_by=command,
                    columns=columns,
                )
    return tables


def grouped(tables: Mapping[str, Table]) -> dict[str, list[str]]:
    """Return the groups that have tables, each with its tables: dimensions first, then by name.

    Parameters
    ----------
    tables : mapping of str to Table
        By name; those of no group in `GROUPS` come last, under `FURTHER`.
    """
    groups: dict[str, list[str]] = {title: [] for title in (*GROUPS, FURTHER)}
    for name in sorted(tables, key=lambda name: (not name.startswith("dim_"), name)):
        about = tables[name].about
        groups[about if about in groups else FURTHER].append(name)
    return {title: members for title, members in groups.items() if members}


def table_page(models: Path) -> str:
    """Return docs/tables.md.

    Parameters
    ----------
    models : Path
        The folder `models` of the dbt project; its `overview.md` is the introduction.
    """
    tables = read_tables(models)
    groups = grouped(tables)
    parts = [_MADE, _introduction(models / "overview.md"), "## All tables", _contents(groups)]
    parts += [_TYPE_NOTE, _DBT_DOCS]
    for title, members in groups.items():
        parts += [f"## {title}", *(_section(tables[name]) for name in members)]
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str]) -> None:
    """Write the page to the file that is named."""
    (target,) = arguments
    Path(target).write_text(table_page(dbt_project_folder() / "models"), encoding="utf-8")


def _introduction(overview: Path) -> str:
    """Return the text that dbt's web page begins with: one text, two places."""
    text = overview.read_text(encoding="utf-8")
    (body,) = re.findall(r"{% docs __overview__ %}\n(.*?)\n{% enddocs %}", text, flags=re.DOTALL)
    return str(body)


def _contents(groups: dict[str, list[str]]) -> str:
    lines = ["| about | tables |", "|---|---|"]
    for title, members in groups.items():
        lines.append(f"| {title} | {', '.join(f'[{name}](#{name})' for name in members)} |")
    return "\n".join(lines)


def _section(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.grain)
    lines = [
        f"### {table.name}",
        "",
        _text(table.description),
        "",
        f"Key: {key}. Filled by `{table.filled_by}`.",
        "",
        "| column | type | what it is |",
        "|---|---|---|",
    ]
    lines += [f"| `{name}` | {kind} | {_cell(text)} |" for name, kind, text in table.columns]
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    """Text of a cell: a bare `|` would end it, in code spans too."""
    return _text(text).replace("|", "\\|")


def _text(text: str) -> str:
    """Text outside a table: `<` is none of HTML's, and code spans stay as they are."""
    parts = text.split("`")
    return "`".join(p if i % 2 else p.replace("<", "&lt;") for i, p in enumerate(parts))


if __name__ == "__main__":
    main(sys.argv[1:])
