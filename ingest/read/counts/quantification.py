"""Estimated counts of one sample: salmon's quant.sf, kallisto's abundance.tsv, RSEM's results.

Each gives for every transcript (or gene) an effective length, an abundance (TPM) and a count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.read.counts.one_sample import named, one_sample_header
from ingest.read.counts.transcript_genes import TranscriptGenes
from ingest.read.matrix import text_matrix
from ingest.read.matrix.feature_ids import is_transcript_id
from ingest.read.matrix.format import FileStart, Format
from ingest.read.matrix.header_columns import lines_above
from ingest.read.matrix.records import ABUNDANCE, LENGTH, Block, TextMatrixHeader
from ingest.read.text.delimited import split_line
from ingest.read.text.raw_file import RawFile


@dataclass(frozen=True)
class Tool:
    """What a program calls its columns.

    Parameters
    ----------
    name : str
        Of the format.
    words : str
        For messages.
    first : tuple of str
        What its first column may be called: transcripts, or genes.
    length, abundance, count : str
    """

    name: str
    words: str
    first: tuple[str, ...]
    length: str
    abundance: str
    count: str

    @property
    def columns(self) -> frozenset[str]:
        """The columns that tell a file of the program."""
        return frozenset((self.length, self.abundance, self.count))


TOOLS = (
    Tool("salmon", "salmon's quant.sf", ("Name",), "EffectiveLength", "TPM", "NumReads"),
    Tool("kallisto", "kallisto's abundance.tsv", ("target_id",), "eff_length", "tpm", "est_counts"),
    Tool(
        "rsem",
        "RSEM's genes.results or isoforms.results",
        ("gene_id", "transcript_id"),
        "effective_length",
        "TPM",
        "expected_count",
    ),
)
_GENE_ID = "gene_id"


@dataclass(frozen=True, kw_only=True)
class QuantificationHeader(TextMatrixHeader):
    """A file of estimated counts.

    Parameters
    ----------
    genes : TranscriptGenes or None
        What sums its transcripts to genes; shared by the files of an assay. None where its rows
        are genes.
    gene_field : int
        The field (from 1) of the gene's id beside the transcript's; 0 where there is none.
    """

    genes: TranscriptGenes | None = None
    gene_field: int = 0


def _names(start_line: str) -> list[str]:
    return [field.strip().strip('"') for field in start_line.split("\t")]


def _recognises(tool: Tool, start: FileStart) -> bool:
    header = next((line for line in start.lines if not line.startswith("#")), "")
    names = _names(header)
    return names[0] in tool.first and tool.columns <= set(names)


def _read_header(tool: Tool, file: RawFile) -> QuantificationHeader:
    line = lines_above(file, file.lines(1)) + 1
    names = _names(file.lines(line)[-1])
    further = {LENGTH: names.index(tool.length) + 1}
    further[ABUNDANCE] = names.index(tool.abundance) + 1
    common = one_sample_header(
        file,
        tool.name,
        columns=names,
        value_field=names.index(tool.count) + 1,
        header_line=line,
        further=further,
    )
    common["format"] = replace(common["format"], delimiter="\t")
    if not common["first_rows"].lines or not common["first_rows"].lines[0].strip():
        raise IngestError(
            "the file has no rows below its header",
            file=file.path,
            line=line + 1,
            expected="a row a transcript or gene",
            hint="the run may have failed: make the file again",
        )
    of_itself = names[0] == "transcript_id" and _GENE_ID in names
    return QuantificationHeader(
        **common,
        feature_column=names[0],
        gene_field=names.index(_GENE_ID) + 1 if of_itself else 0,
    )


def together(headers: Sequence[QuantificationHeader], assay: Assay) -> list[QuantificationHeader]:
    """Give all files of an assay what sums their transcripts to genes.

    Parameters
    ----------
    headers : sequence of QuantificationHeader
        Of all files of one program.
    assay : Assay
        `read.transcripts` names the table.

    Raises
    ------
    IngestError
        The files hold transcripts and nothing says which gene they are of.
    """
    first = headers[0]
    path = assay.read.transcripts
    if first.gene_field:
        path = None
    elif path is None:
        _refuse_transcripts(first)
        return list(headers)
    genes = TranscriptGenes(path, assay.read.strip_version)
    return [replace(header, genes=genes) for header in headers]


def _refuse_transcripts(header: QuantificationHeader) -> None:
    ids = [line.decode().split("\t")[0].strip('"') for line in header.first_rows.lines]
    found = [name for name in ids if is_transcript_id(name)]
    if 2 * len(found) > len([name for name in ids if name.strip()]):
        raise IngestError(
            "the file holds transcripts, and nothing says which gene they are of",
            file=header.path,
            line=header.header_line + 1,
            expected="a table of transcripts and genes, or the GTF of the annotation",
            found=", ".join(found[:3]),
            hint="write `read: {transcripts: tx2gene.tsv}` (or a GTF, GFF3) under the assay",
        )


def read_blocks(header: QuantificationHeader, assay: Assay) -> Iterator[Block]:
    """Stream the genes of a file; transcripts are summed to genes, in one block.

    Parameters
    ----------
    header : QuantificationHeader
        From all headers together.
    assay : Assay
        Its reading options.

    Yields
    ------
    Block
        Counts, effective length and abundance. The length of a gene is that of its transcripts,
        averaged by their abundance; NaN where none is abundant.

    Raises
    ------
    IngestError
        A value cannot be read or is no count, with line and column; or see `TranscriptGenes`.
    """
    if header.genes is None:
        yield from text_matrix.read_blocks(header, assay)
        return
    plain = assay.read.model_copy(update={"strip_version": False})
    whole = assay.model_copy(update={"read": plain})
    blocks = list(text_matrix.read_blocks(header, whole))
    for block in blocks:
        _check(header, block)
    yield _summed(header, header.genes, blocks)


def _check(header: QuantificationHeader, block: Block) -> None:
    for quantity, values in {"value": block.values, **block.further}.items():
        bad = ~((values >= 0) & np.isfinite(values))
        if bad.any():
            row = int(bad[:, 0].argmax())
            field = header.fields[quantity][0]
            raise IngestError(
                "the number is missing, negative or infinite",
                file=header.path,
                line=block.first_line + row,
                column=field,
                expected="a number from 0",
                found=f"{values[row, 0]}",
                hint="make the file again; it may be of a run that failed",
            )


def _summed(header: QuantificationHeader, genes: TranscriptGenes, blocks: list[Block]) -> Block:
    ids = pa.concat_arrays([block.feature_ids for block in blocks])
    own = _genes_of(header) if header.gene_field else None
    order = genes.order_of(ids, header.path, own)
    counts, lengths, abundance = (
        np.concatenate(parts)
        for parts in (
            [block.values[:, 0] for block in blocks],
            [block.further[LENGTH][:, 0] for block in blocks],
            [block.further[ABUNDANCE][:, 0] for block in blocks],
        )
    )
    if order is not None:
        counts, lengths, abundance = counts[order], lengths[order], abundance[order]
    genes.add_lengths(lengths)
    genes.say_lost(counts, header.path)
    known = genes.codes >= 0
    codes, n = genes.codes[known], len(genes.genes)

    def sums(of: np.ndarray) -> np.ndarray:
        return np.bincount(codes, weights=of[known], minlength=n)[:, None]

    total = sums(abundance)
    with np.errstate(invalid="ignore"):
        mean = sums(abundance * lengths) / total
    further = {LENGTH: mean, ABUNDANCE: total}
    return Block(
        header.header_line + 1,
        genes.genes,
        genes.names,
        sums(counts),
        {name: further[name] for name in header.further},
    )


def _genes_of(header: QuantificationHeader) -> pa.StringArray:
    """Return the genes that stand beside the transcripts of an RSEM file."""
    found = []
    with RawFile(header.path) as file, file.text() as stream:
        for number, line in enumerate(stream, start=1):
            if number > header.header_line and line.strip():
                row = split_line(line.decode().rstrip("\r\n"), "\t", header.path, number)
                found.append(row[header.gene_field - 1].strip())
    return pa.array(found, pa.string())


def _format(tool: Tool) -> Format:
    return Format(
        name=tool.name,
        words=tool.words,
        recognises=lambda start: _recognises(tool, start),
        read_header=lambda start, assay: named(_read_header(tool, start.file), start, assay),
        read_blocks=read_blocks,
        estimated_rows=text_matrix.estimated_rows,
        first_cells=text_matrix.first_cells,
        together=together,
    )


SALMON, KALLISTO, RSEM = (_format(tool) for tool in TOOLS)
