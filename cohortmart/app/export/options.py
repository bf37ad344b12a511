"""Options of `cohortmart export`, as the command line shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Target = Annotated[
    Path | None,
    typer.Argument(
        metavar="TARGET", help="FILE.duckdb; with --to a folder, DIR/export/… if not given."
    ),
]
To = Annotated[
    Literal["rds", "h5mu", "xlsx", "csv", "parquet"] | None,
    typer.Option("--to", help="For R, scverse, Excel, and what reads CSV or Parquet."),
]
Tables = Annotated[
    list[str] | None,
    typer.Option("--table", metavar="NAME", help="Only this table; may be given again."),
]
Analyses = Annotated[
    list[str] | None,
    typer.Option("--analysis", metavar="NAME", help="Only this analysis, and its assay."),
]
Assays = Annotated[
    list[str] | None,
    typer.Option("--assay", metavar="NAME", help="Only this assay, and its analyses."),
]
Pseudonymise = Annotated[
    bool,
    typer.Option("--pseudonymise", help="Contrasts and means of groups; nothing of a person."),
]
Gzip = Annotated[bool, typer.Option("--gzip", help="Compress CSV files.")]
