"""Gene sets in GMT files: one set a line, its name, a description and its genes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cohortmart.core.errors import IngestError
from cohortmart.core.study.rules.findings import FROM_CONTRASTS, GENE_LISTS, collection_name
from cohortmart.core.text import counted
from cohortmart.core.text import listed as listed_names
from ingest.read.gene_sets.repeated_sets import RepeatedSets, repeated_sets
from ingest.read.text.cell_errors import MISSING_WORDS
from ingest.read.text.line_faults import LineFault, date_faults, raise_line_faults
from ingest.read.text.lines import read_text_lines, tidy_genes
from ingest.read.text.raw_file import RawFile

#: Part of what decides whether a file must be read again; raise it when the rows would differ.
GMT_READER_VERSION = "gmt-1"

#: Enrichr's libraries give genes a weight: `TP53,1.0`.
_WEIGHT = r",[0-9][0-9.eE+-]*$"
#: So many names of sets are shown.
_SHOWN = 5
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

    Blank lines, lines that begin with `#` and hold no tab, and tabs at the end of a line do not
    count, nor does a weight behind a gene (`TP53,1.0`). A description that is empty or `NA` is
    null. Sets without a gene, and sets that stand in the file before with the same genes, are
    left out with a note.

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
        The file cannot be read or has no set; lines without tabs, sets without a name, sets of
        one name with different genes, genes that Excel turned into dates: all at once.
    """
    with RawFile(path) as file:
        lines, compression = read_text_lines(file, keep_tabs=True), file.compression
    lines = lines.filter(~lines["text"].str.contains(r"^#[^\t]*$"))
    if lines.is_empty():
        raise IngestError(
            "the file holds no gene set",
            file=path,
            expected="one gene set a line",
            hint="check that the download or export went through to the end",
        )
    sets = _sets(lines)
    listed = _genes(sets)
    members = listed.unique(["line", "gene_name"], keep="first", maintain_order=True)
    sets = sets.drop("gene_name").with_columns(
        is_empty=~sets["line"].is_in(members["line"].unique().to_list())
    )
    again = repeated_sets(sets, members)
    raise_line_faults(
        path,
        [
            *_field_faults(lines),
            *_name_faults(lines, sets),
            *again.faults,
            *date_faults(listed["gene_name"], listed["line"]),
        ],
    )
    sets = sets.filter(~sets["is_empty"] & ~sets["line"].is_in(list(again.lines)))
    if sets.is_empty():
        raise IngestError(
            "no gene set of the file has a gene",
            file=path,
            expected=_LINE,
            found=f"`{lines['text'][0][:60].rstrip()}`",
            hint="is it the right file? The genes stand behind the second tab",
        )
    members = members.filter(members["line"].is_in(sets["line"].to_list()))
    collection = pl.lit(collection_name(path.name)).alias("collection")
    return GeneSets(
        members=members.select(collection, "gene_set", "description", "gene_name"),
        n_sets=sets.height,
        format="gmt" if compression == "none" else f"gmt+{compression}",
        notes=_notes(path, sets, listed, members, again, _empty_names(lines, listed)),
    )


def _sets(lines: pl.DataFrame) -> pl.DataFrame:
    """Return line, name, description and listed genes of each line."""
    fields = lines["text"].str.split("\t")
    words = fields.list.get(1, null_on_oob=True).str.strip_chars().str.strip_chars('"')
    return pl.DataFrame(
        {
            "line": lines["line"],
            "gene_set": fields.list.get(0).str.strip_chars().str.strip_chars('"'),
            "description": words.set(words.is_in(MISSING_WORDS), None),
            "gene_name": fields.list.slice(2),
        }
    )


def _genes(sets: pl.DataFrame) -> pl.DataFrame:
    """Return a row for every gene as it is listed."""
    listed = sets.explode("gene_name")
    genes = listed["gene_name"].str.strip_chars().str.replace(_WEIGHT, "")
    return listed.with_columns(tidy_genes(genes)).drop_nulls("gene_name")


def _empty_names(lines: pl.DataFrame, listed: pl.DataFrame) -> list[str]:
    """Return the names of the sets without a gene, in the order of the file."""
    empty = lines.filter(~lines["line"].is_in(listed["line"].unique().to_list()))
    names = empty["text"].str.split("\t").list.get(0).str.strip_chars().to_list()
    return [name or "(no name)" for name in names]


def _notes(
    path: Path,
    sets: pl.DataFrame,
    listed: pl.DataFrame,
    members: pl.DataFrame,
    again: RepeatedSets,
    empty: Sequence[str],
) -> tuple[str, ...]:
    notes = []
    if empty:
        notes.append(
            f"{path.name}: {counted(len(empty), 'set')} without a gene left out: "
            f"{listed_names(empty, most=_SHOWN)}"
        )
    if again.lines:
        they = "stands in the file twice with the same genes"
        if len(again.lines) > 1:
            they = "stand in the file before with the same genes"
        notes.append(
            f"{path.name}: {counted(len(again.lines), 'set')} that {they}, counted once: "
            f"{listed_names(again.names, most=_SHOWN)}"
        )
    kept = listed.filter(listed["line"].is_in(sets["line"].to_list()))
    repeated = kept.height - members.height
    if repeated:
        note = f"{counted(repeated, 'gene')} listed twice in a set, counted once"
        notes.append(f"{path.name}: {note}")
    return tuple(notes)


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


def _field_faults(lines: pl.DataFrame) -> list[LineFault]:
    """Return the lines that no tab divides."""
    return [
        LineFault(
            line,
            "the line of a gene set has too few fields",
            f"at least 3 fields: {_LINE}",
            f"1 field: `{text[:60]}`",
            "are the fields separated by blanks or commas, put tabs in their place; a plain "
            "list of genes belongs under `gene_lists`",
        )
        for line, text in lines.filter(~lines["text"].str.contains("\t")).iter_rows()
    ]


def _name_faults(lines: pl.DataFrame, sets: pl.DataFrame) -> list[LineFault]:
    """Return the sets with genes and without a name."""
    unnamed = lines.filter((sets["gene_set"] == "") & ~sets["is_empty"])
    return [
        LineFault(line, "the gene set has no name", _LINE, f"`{text.rstrip()[:60]}`", "name it")
        for line, text in unnamed.iter_rows()
    ]
