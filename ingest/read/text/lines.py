"""Lines of small text files, each with its number; for lists that are no tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

import polars as pl
import pyarrow as pa

from cohortmart.core.errors import IngestError
from ingest.read.text.line_faults import date_faults, raise_line_faults
from ingest.read.text.names import tidy_names
from ingest.read.text.raw_file import RawFile

#: A carriage return that ends a line alone: no other one follows it, and no line feed.
_LONE_RETURN = re.compile(rb"\r(?=[^\r\n])")


def read_text_lines(file: RawFile, comments: bool = False, keep_tabs: bool = False) -> pl.DataFrame:
    r"""Read the lines of a text file.

    Parameters
    ----------
    file : RawFile
        Plain or compressed.
    comments : bool
        Leave out lines that begin with `#`.
    keep_tabs : bool
        Keep the white space at the end of lines that hold something else.

    Returns
    -------
    pl.DataFrame
        Columns `line` (its number, from 1) and `text`, without white space at its end; lines
        that hold nothing else are left out.

    Raises
    ------
    IngestError
        The file cannot be read, or lines end in a carriage return alone.
    """
    with file.text() as stream:
        content = stream.read()
    lone = _LONE_RETURN.search(content)
    if lone is not None:
        raise IngestError(
            "the lines end in a carriage return alone, as on the first Macintoshes",
            file=file.path,
            line=content.count(b"\n", 0, lone.start()) + 1,
            expected="\\n or \\r\\n at the end of each line",
            hint=r"convert it: tr '\r' '\n' < old > new",
        )
    text = pl.Series("text", content.decode("utf-8").split("\n"), dtype=pl.String)
    lines = pl.DataFrame({"text": text}).with_row_index("line", offset=1)
    at_end = "\r" if keep_tabs else None
    lines = lines.with_columns(
        pl.col("line").cast(pl.Int64), pl.col("text").str.strip_chars_end(at_end)
    )
    kept = pl.col("text").str.contains(r"\S")
    if comments:
        kept &= ~pl.col("text").str.starts_with("#")
    return lines.filter(kept).select("line", "text")


def tidy_genes(names: pl.Series) -> pl.Series:
    """Return gene names without quotes and white space around them; null where there is none.

    Parameters
    ----------
    names : pl.Series of String, shape (n,)
    """
    bare = (
        names.str.strip_chars().str.strip_chars('"').to_arrow(compat_level=pl.CompatLevel.oldest())
    )
    return pl.Series(names.name, tidy_names(bare.cast(pa.string())), dtype=pl.String)


def refuse_dates(path: Path, genes: pl.Series, lines: pl.Series) -> None:
    """Raise if Excel turned names of genes into dates; see `line_faults.date_faults`.

    Parameters
    ----------
    path : Path
    genes : pl.Series of String, shape (n,)
    lines : pl.Series of Int64, shape (n,)
        Where they stand.

    Raises
    ------
    IngestError
        A name is a date such as 2-Sep or 2002-09-02.
    """
    raise_line_faults(path, date_faults(genes, lines))


def raise_at(
    path: Path, lines: pl.DataFrame, wrong: pl.Series, problem: str, expected: str, hint: str
) -> NoReturn:
    """Raise for the first of some wrong lines.

    Parameters
    ----------
    path : Path
    lines : pl.DataFrame
        Of `read_text_lines`.
    wrong : pl.Series of Boolean, shape (lines,)
        At least one is true.
    problem, expected, hint : str
        As in IngestError.

    Raises
    ------
    IngestError
        Always; with the beginning of the line as what was found.
    """
    number, text = lines.row(int(wrong.arg_max() or 0))
    raise IngestError(
        problem, file=path, line=number, expected=expected, found=f"`{text[:60]}`", hint=hint
    )
