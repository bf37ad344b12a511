"""Gene sets in GMT files: one set a line, its name, a description and its genes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cohortmart.core.errors import IngestError
from cohortmart.core.study.rules.findings import FROM_CONTRASTS, GENE_LISTS, collection_name
from cohortmart.core.text import counted
from ingest.read.text.cell_errors import MISSING_WORDS
from ingest.read.text.lines import raise_at, read_text_lines, refuse_dates, tidy_genes
from ingest.read.text.raw_file import RawFile

#: Part of what decides whether a file must be read again; raise it when the rows would differ.
GMT_READER_VERSION = "gmt-1"

#: Enrichr's libraries give genes a weight: `TP53,1.0`.
_WEIGHT = r",[0-9][0-9.eE+-]*$"
_LINE = "the set's name, a description (which may be empty) and the genes, separated by tabs"


@dataclass(frozen=True)
class GeneSets:
    """Gene sets of one file.

    Parameters
    ----------
    members : pl.DataFrame
        Columns of `tables.GENE_SET`, all String; each gene once a set.
    n_sets : int
        How many sets.
    format : str
        For example `gmt+gzip`.
    notes : tuple of str
        What a user may want to know about the file.
    """

    members: pl.DataFrame
    n_sets: int
    format: str
    notes: tuple[str, ...]


def read_gmt(path: Path) -> GeneSets:
    """Read a GMT file.

    Blank lines and tabs at the end of a line do not count, nor does a weight behind a gene
    (`TP53,1.0`). A description that is empty or `NA` is null.

    Parameters
    ----------
    path : Path
        Compressed or not; the collection is called by its name without `.gmt`.

    Returns
    -------
    GeneSets
        Its sets.

    Raises
    ------
    IngestError
        The file cannot be read or has no set; a line has too few fields, no name or no gene; a
        set stands twice; Excel turned a gene into a date.
    """
    with RawFile(path) as file:
        lines, compression = read_text_lines(file), file.compression
    if lines.is_empty():
        raise IngestError(
            "the file holds no gene set",
            file=path,
            expected="one gene set a line",
            hint="check that the download or export went through to the end",
        )
    fields = lines["text"].str.split("\t")
    _check_fields(path, lines, fields)
    words = fields.list.get(1).str.strip_chars()
    sets = pl.DataFrame(
        {
            "line": lines["line"],
            "gene_set": fields.list.get(0).str.strip_chars(),
            "description": words.set(words.is_in(MISSING_WORDS), None),
            "gene_name": fields.list.slice(2),
        }
    )
    _check_names(path, lines, sets)
    listed = sets.explode("gene_name")
    genes = listed["gene_name"].str.strip_chars().str.replace(_WEIGHT, "")
    listed = listed.with_columns(tidy_genes(genes)).drop_nulls("gene_name")
    refuse_dates(path, listed["gene_name"], listed["line"])
    members = listed.unique(["gene_set", "gene_name"], keep="first", maintain_order=True)
    empty = ~sets["line"].is_in(members["line"].unique().to_list())
    if empty.any():
        raise_at(path, lines, empty, "the gene set has no gene", _LINE, "remove the line")
    repeated = listed.height - members.height
    note = f"{path.name}: {counted(repeated, 'gene')} listed twice in a set, counted once"
    collection = pl.lit(collection_name(path.name)).alias("collection")
    return GeneSets(
        members=members.select(collection, "gene_set", "description", "gene_name"),
        n_sets=sets.height,
        format="gmt" if compression == "none" else f"gmt+{compression}",
        notes=(note,) if repeated else (),
    )


def check_collections(paths: Sequence[Path]) -> None:
    """Raise if two GMT files, or a file and what is no file, would be the same collection.

    Parameters
    ----------
    paths : sequence of Path
        GMT files.

    Raises
    ------
    IngestError
        They are named alike, or like the collection of the gene lists.
    """
    first: dict[str, Path] = {}
    for path in paths:
        name = collection_name(path.name)
        if name in (GENE_LISTS, FROM_CONTRASTS):
            raise IngestError(
                f"a collection of gene sets cannot be called `{name}`",
                file=path,
                expected="another name: that one is taken by the genes of `gene_lists` and "
                "`from_contrasts`",
                hint="rename the file",
            )
        if name in first:
            raise IngestError(
                f"two files of gene sets are named `{name}`",
                file=path,
                expected="a name of its own, because the tables name a collection by its file",
                found=f"also {first[name]}",
                hint="rename one of them",
            )
        first[name] = path


def _check_fields(path: Path, lines: pl.DataFrame, fields: pl.Series) -> None:
    few = fields.list.len() < 3
    if few.any():
        row = int(few.arg_max() or 0)
        raise IngestError(
            "the line of a gene set has too few fields",
            file=path,
            line=int(lines["line"][row]),
            expected=f"at least 3 fields: {_LINE}",
            found=f"{counted(len(fields[row]), 'field')}: `{lines['text'][row][:60]}`",
            hint="are the fields separated by blanks or commas, put tabs in their place; a plain "
            "list of genes belongs under `gene_lists`",
        )


def _check_names(path: Path, lines: pl.DataFrame, sets: pl.DataFrame) -> None:
    names = sets["gene_set"]
    unnamed = names == ""
    if unnamed.any():
        raise_at(path, lines, unnamed, "the gene set has no name", _LINE, "name it")
    again = ~names.is_first_distinct()
    if again.any():
        row = int(again.arg_max() or 0)
        before = sets["line"][int((names == names[row]).arg_max() or 0)]
        raise IngestError(
            f"the gene set `{names[row]}` stands twice",
            file=path,
            line=int(sets["line"][row]),
            expected="each name once in a file",
            found=f"also on line {before}",
            hint="rename or remove one of the two, or put their genes on one line",
        )
