"""Plain lists of genes, one a line."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from cohortmart.core.errors import IngestError
from cohortmart.core.study.rules.findings import GENE_LISTS
from cohortmart.core.text import counted
from ingest.read.gene_sets.gmt import GeneSets
from ingest.read.text.delimited import TextFormat, delimiter_of
from ingest.read.text.lines import read_text_lines, refuse_dates, tidy_genes
from ingest.read.text.raw_file import RawFile

#: Part of what decides whether a file must be read again; raise it when the rows would differ.
GENE_LIST_READER_VERSION = "gene-list-1"

#: What stands over a column of genes, in lower case, blanks and dots as `_`.
_CLEAR = frozenset(
    {"gene", "genes", "symbol", "symbols", "gene_name", "gene_names", "genename", "gene_symbol"}
    | {"gene_symbols", "genesymbol", "hgnc_symbol", "hgnc", "hgnc_id", "approved_symbol"}
    | {"ensembl", "ensembl_id", "ensembl_gene_id", "gene_id", "geneid", "entrez", "entrez_id"}
    | {"entrezid", "entrez_gene_id", "entrezgene_id", "ncbi_gene_id", "external_gene_name"}
)
#: With those that say so over the first column only; the last two are R's.
_HEADERS = _CLEAR | {"id", "name", "x", "v1"}


def read_gene_list(path: Path, name: str) -> GeneSets:
    """Read a list of genes as one gene set.

    The first field of each line counts (behind R's row names the second); lines that begin with
    `#`, and lines whose field is empty or `NA`, are passed over.

    Parameters
    ----------
    path : Path
        Text, csv or tsv, compressed or not, with or without a header.
    name : str
        What study.yml calls the list.

    Returns
    -------
    GeneSets
        One set of the collection `gene_lists`, without description.

    Raises
    ------
    IngestError
        The file cannot be read or names no gene; the genes stand in another column; Excel turned
        one into a date.
    """
    with RawFile(path) as file:
        lines, compression = read_text_lines(file, comments=True), file.compression
    delimiter = delimiter_of(lines["text"].head(2).to_list())
    fields = lines["text"].str.split(delimiter)
    head = [] if lines.is_empty() else [_as_word(cell) for cell in fields[0]]
    column = 1 if len(head) > 1 and not head[0] else 0  # R's row names have no header
    has_header = column < len(head) and head[column] in _HEADERS
    if head and not has_header:
        _refuse_other_column(path, int(lines["line"][0]), head)
    first = fields.list.get(column, null_on_oob=True)
    listed = pl.DataFrame({"line": lines["line"], "gene_name": tidy_genes(first)})
    listed = listed.slice(int(has_header)).drop_nulls("gene_name")
    if listed.is_empty():
        raise IngestError(
            "the list names no gene",
            file=path,
            expected="one gene a line",
            found=f"{counted(lines.height, 'line')} of which none is a gene",
            hint=f"complete the file, or take `{name}` out of `gene_lists`",
        )
    refuse_dates(path, listed["gene_name"], listed["line"])
    genes = listed["gene_name"].unique(maintain_order=True)
    notes = []
    if len(genes) < listed.height:
        repeated = counted(listed.height - len(genes), "gene")
        notes.append(f"{path.name}: {repeated} listed twice, counted once")
    if len(lines) == 1 and len(head) > 1:
        notes.append(f"{path.name}: of its only line the first field is read: one gene a line")
    members = pl.DataFrame({"gene_name": genes}, schema_overrides={"gene_name": pl.String}).select(
        pl.lit(GENE_LISTS).alias("collection"),
        pl.lit(name).alias("gene_set"),
        pl.lit(None, dtype=pl.String).alias("description"),
        "gene_name",
    )
    form = TextFormat(compression, "utf-8", delimiter, "\n")
    return GeneSets(members, n_sets=1, format=form.name, notes=tuple(notes))


def _as_word(cell: str) -> str:
    """Return a cell as a header is compared."""
    bare = cell.strip().strip('"').strip().lower()
    return bare.replace(" ", "_").replace(".", "_").replace("-", "_")


def _refuse_other_column(path: Path, line: int, head: list[str]) -> None:
    known = [i for i, word in enumerate(head) if word in _CLEAR]
    if known:
        raise IngestError(
            "the genes do not stand in the first column",
            file=path,
            line=line,
            column=known[0] + 1,
            expected="a header such as `gene` over the first column, or none",
            found=f"`{head[known[0]]}` over column {known[0] + 1}",
            hint="put the column of the genes first",
        )
