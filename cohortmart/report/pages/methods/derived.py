"""Derived assays on the page of methods: from what, how, and how much of their file was there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cohortmart.report.blocks import Column, Section, Table
from cohortmart.report.source import Source

_ROWS = "select * from derived_assay order by assay"
_SUMS = {"one": "= 1", "at_most_one": "<= 1"}
_COLUMNS = (
    Column("assay", "Assay"),
    Column("source", "Made from"),
    Column("how", "How"),
    Column("file", "With"),
    Column("n_features", "Its features", "integer"),
    Column("n_found", "Of these in the assay", "integer"),
    Column("n_measures", "Numbers a sample", "integer"),
)


def derived_section(source: Source) -> tuple[Section, ...]:
    """Return the section of the derived assays; none where the study has none."""
    if not source.has_rows("derived_assay"):
        return ()
    rows = [
        {
            **row,
            "source": _made_from(row),
            "how": _how(row["method"], json.loads(row["options"])),
            "file": None if source.pseudonymised else row["file"],  # it can hold a person's name
        }
        for row in source.rows(_ROWS)
    ]
    shown = [column.name for column in _COLUMNS]
    table = Table(
        "methods-derived",
        "Derived assays",
        "",
        _COLUMNS,
        pa.table({name: [row[name] for row in rows] for name in shown}),
        _ROWS,
    )
    return (Section("Derived assays", (table,)),)


def _made_from(row: Mapping[str, Any]) -> str:
    layer = row["made_from_layer"]
    return str(row["made_from"]) + ("" if layer == "derived" else f", {layer}")


def _how(method: str, options: Mapping[str, Any]) -> str:
    """Say a method with its source."""
    if method == "linear_score":
        return f"weighted sum, transform {options['transform']}"
    if method == "activity":
        return "univariate linear model (Badia-i-Mompel et al. 2022)"
    if options["solver"] == "robust":
        return "robust partial correlation (Teschendorff et al. 2017)"
    return f"constrained least squares (Houseman et al. 2012), sum {_SUMS[options['sum']]}"
