"""Which transcript is of which gene: a plain table, a GTF or a GFF3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from cohortmart.core.errors import IngestError
from ingest.read.text.raw_file import RawFile
from ingest.read.text.text_columns import TextTable, read_text_columns

#: Columns of tables, the best first; as `_word` writes them.
_TRANSCRIPT = (
    *("transcript_id", "txname", "tx_name", "tx_id", "tx", "transcript", "target_id", "txid"),
    *("ensembl_transcript_id_version", "ensembl_transcript_id", "transcript_stable_id_version"),
    *("transcript_stable_id", "enst", "transcriptid", "name"),
)
_GENE = (
    *("gene_id", "geneid", "gene", "ens_gene", "ensembl_gene_id_version", "ensembl_gene_id"),
    *("gene_stable_id_version", "gene_stable_id", "ensg", "entrezgene_id"),
)
_NAME = ("gene_name", "genename", "gene_symbol", "symbol", "ext_gene", "external_gene_name")
_IS_GENE = re.compile(r"ENS[A-Z]{0,6}G\d{11}")
_IS_TRANSCRIPT = re.compile(r"ENS[A-Z]{0,6}T\d{11}|[NX][MR]_\d+")
#: Lines of a GTF or GFF3: nine fields, the fourth and fifth numbers.
_ANNOTATION_LINE = re.compile(r"^[^\t]+\t[^\t]*\t[^\t]+\t\d+\t\d+\t[^\t]*\t[-+.?]\t[^\t]*\t")
_OF_TRANSCRIPTS = r"^[^#\t][^\t]*\t[^\t]*\t(transcript|[A-Za-z_]*(RNA|transcript|pseudogene))\t"
_PIECE = 8 << 20
_HEAD = 200


def read_transcript_table(path: Path) -> pl.DataFrame:
    """Read which gene every transcript is of.

    Parameters
    ----------
    path : Path
        A GTF or GFF3; or a table of transcripts and genes, perhaps names, with or without header.

    Returns
    -------
    pl.DataFrame
        `transcript`, `gene` and `gene_name` (null where it is not said), each transcript once, in
        the order of the file.

    Raises
    ------
    IngestError
        The file cannot be read, names no transcripts, or gives a transcript two genes.
    """
    with RawFile(path) as file:
        lines = file.lines(_HEAD)
        body = [line for line in lines if line.strip() and not line.startswith("#")]
        if body and _ANNOTATION_LINE.match(body[0]):
            table = _of_annotation(file)
        else:
            table = _of_table(file, lines)
    table = table.filter(pl.col("transcript").is_not_null() & pl.col("gene").is_not_null())
    if not table.height:
        raise IngestError(
            "the file names no transcripts with their genes",
            file=path,
            expected="two columns, transcript and gene; or a GTF or GFF3",
            hint="a table is made by: awk on the GTF, or tximport's tx2gene",
        )
    table = table.unique(maintain_order=True, keep="first", subset=["transcript", "gene"])
    twice = table.filter(pl.col("transcript").is_duplicated())
    if twice.height:
        first = twice["transcript"][0]
        genes = table.filter(pl.col("transcript") == first)["gene"].to_list()
        raise IngestError(
            f"the transcript `{first}` is of two genes",
            file=path,
            expected="each transcript of one gene",
            found=", ".join(genes[:3]),
            hint="keep one line a transcript",
        )
    return table


def _of_table(file: RawFile, lines: list[str]) -> pl.DataFrame:
    """Read a table of transcripts and genes; without a header the ids say which is which."""
    form = file.text_format()
    rows = [[cell.strip().strip('"') for cell in line.split(form.delimiter)] for line in lines]
    if len(rows[0]) < 2 and not (len(rows) > 1 and len(rows[1]) > 1):
        raise IngestError(
            "the table has one column",
            file=file.path,
            line=1,
            expected="transcript and gene, separated by tabs or commas",
            found=lines[0][:60],
        )
    width = max(len(row) for row in rows[:2])
    words = [_word(cell) for cell in rows[0]]
    header = any(word in _TRANSCRIPT or word in _GENE for word in words)
    if header and len(words) == width - 1:
        words = ["", *words]  # R's missing corner cell
    transcript, gene, name = _fields(words if header else [""] * width, rows[header:])
    fields = {"transcript": transcript, "gene": gene} | ({} if name is None else {"name": name})
    text = TextTable(file.path, form, tuple(str(i) for i in range(width)), int(header))
    table = read_text_columns(text, fields)
    names = pl.col("name") if name is not None else pl.lit(None, pl.String)
    return table.select("transcript", "gene", names.alias("gene_name"))


def _fields(words: list[str], rows: list[list[str]]) -> tuple[int, int, int | None]:
    def place(known: tuple[str, ...]) -> int | None:
        return next((words.index(word) for word in known if word in words), None)

    transcript, gene, name = place(_TRANSCRIPT), place(_GENE), place(_NAME)
    if transcript is not None and gene is None and name is not None:
        gene = name
    if transcript is not None and gene is not None and transcript != gene:
        return transcript, gene, None if name == gene else name
    row = rows[0] if rows else []
    swapped = len(row) > 1 and _IS_GENE.match(row[0]) and _IS_TRANSCRIPT.match(row[1])
    third = 2 if len(row) > 2 and not any(words) else None
    return (1, 0, third) if swapped else (0, 1, third)


def _word(cell: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", cell.strip().lower()).strip("_")


def _of_annotation(file: RawFile) -> pl.DataFrame:
    """Read the transcripts of a GTF or GFF3: from their own lines, else from those of exons."""
    of_transcripts, of_others = [], []
    for lines in _pieces(file):
        found = _attributes(lines.filter(lines.str.contains(_OF_TRANSCRIPTS)))
        if found.height:
            of_transcripts.append(found)
        elif not of_transcripts:
            of_others.append(_attributes(lines).unique(maintain_order=True))
    parts = of_transcripts or of_others
    return pl.concat(parts) if parts else _attributes(pl.Series([], dtype=pl.String))


def _pieces(file: RawFile) -> Iterator[pl.Series]:
    """Cut the text into series of whole lines."""
    rest = b""
    with file.text() as stream:
        while piece := stream.read(_PIECE):
            text = rest + piece
            end = text.rfind(b"\n") + 1
            rest = text[end:]
            yield pl.Series(text[:end].decode().split("\n"), dtype=pl.String)
    yield pl.Series([rest.decode()], dtype=pl.String)


def _attributes(lines: pl.Series) -> pl.DataFrame:
    """Take the ids from the ninth field: `key "value";` of a GTF, `key=value` of a GFF3."""
    line = pl.col("line")

    def attribute(*keys: str) -> pl.Expr:
        return pl.coalesce(
            *(
                line.str.extract(pattern)
                for key in keys
                for pattern in (
                    rf'[\t; ]{key} "([^"]+)"',
                    rf"[\t;]{key}=([^;\r\n]+)",
                )
            )
        )

    parent = line.str.extract(r"[\t;]Parent=(?:gene[:-])?([^;,\r\n]+)")
    own = line.str.extract(r"[\t;]ID=(?:(?:transcript|rna)[:-])?([^;\r\n]+)")
    table = (
        lines.alias("line")
        .to_frame()
        .select(
            pl.coalesce(attribute("transcript_id"), own).alias("transcript"),
            pl.coalesce(attribute("gene_id"), parent).alias("gene"),
            attribute("gene_name", "gene").alias("gene_name"),
        )
    )
    return table.filter(pl.col("transcript").is_not_null() & pl.col("gene").is_not_null())
