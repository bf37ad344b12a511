"""Reference files by their content: manifests, masks, gene sets and lists, genes, networks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from cohortmart.core.errors import IngestError
from cohortmart.core.text.identifiers import kind_of_ids
from ingest.read.gene_sets.network_header import read_names
from ingest.read.genes.gene_table import COLUMNS
from ingest.read.genes.gff import is_gff
from ingest.read.manifest.columns import read_manifest_header
from ingest.read.matrix.feature_ids import is_probe_id, is_transcript_id
from ingest.read.matrix.format import FileStart

Reference = Literal[
    "manifest", "mask", "gene_sets", "gene_list", "genes", "network", "transcripts", "unknown"
]
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?|NA|NaN|")
_MASK_WORDS = re.compile(r"mask.*|.*_mask|reason", re.IGNORECASE)
_GENE_KINDS = ("Ensembl genes", "gene symbols", "mouse Ensembl genes", "mouse gene symbols",
               "HGNC numbers", "Ensembl proteins")  # fmt: skip
_MANIFEST = ("design_type", "chromosome", "position")


def reference_kind(path: Path, start: FileStart) -> tuple[Reference, str] | None:
    """Return what reference file this is and why; None where it may be data or a sheet.

    Parameters
    ----------
    path : Path
    start : FileStart
        Its first lines.
    """
    lines = [line for line in start.lines if line.strip()]
    if is_gff(lines):
        return "genes", "genes of a GTF or GFF3"
    first = lines[0].lstrip('"').strip()
    if first.startswith(("Illumina", "[Heading]")) or _is_plain_manifest(path, start):
        return "manifest", "a manifest: probes with their design and place"
    fields = [_split(line, start.delimiter) for line in lines if not line.startswith("#")]
    if not fields:
        return None
    if _is_gmt(path, lines):
        return "gene_sets", "gene sets (GMT)"
    if max(map(len, fields)) == 1:
        return _of_one_column([f[0] for f in fields])
    return _of_table(fields)


def _split(line: str, delimiter: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(delimiter)]


def _is_plain_manifest(path: Path, start: FileStart) -> bool:
    """Whether a table of probes says where they lie; a matrix of betas does not."""
    rows = [_split(line, start.delimiter) for line in start.lines[1:5]]
    if not rows or not any(is_probe_id(cell) for row in rows for cell in row[:3]):
        return False
    try:
        fields = read_manifest_header(path).fields
    except IngestError:
        return False
    return sum(role in fields for role in _MANIFEST) >= 2


def _is_gmt(path: Path, lines: Sequence[str]) -> bool:
    rows = [line.split("\t") for line in lines]
    if any(len(row) < 3 for row in rows):
        return False
    words = not any(_NUMBER.fullmatch(cell) for row in rows for cell in row[2:5] if cell)
    named = re.search(r"\.gmt(\.\w+)?$", path.name, re.IGNORECASE) is not None
    return words and (named or len({len(row) for row in rows}) > len(rows) / 2)


def _of_one_column(words: Sequence[str]) -> tuple[Reference, str] | None:
    body = words[1:] if len(words) > 1 else words
    if sum(map(is_probe_id, body)) * 2 > len(body):
        return "mask", "a list of probes"
    if any(" " in word.strip() for word in body) or all(map(_NUMBER.fullmatch, body)):
        return "unknown", "lines of text"
    return "gene_list", f"a list of {kind_of_ids(body)}"


def _of_table(fields: Sequence[Sequence[str]]) -> tuple[Reference, str] | None:
    names, body = fields[0], fields[1:] or fields
    width = max(map(len, body))
    columns = [[row[i] for row in body if i < len(row)] for i in range(width)]
    numbers = [all(map(_NUMBER.fullmatch, column)) for column in columns]
    probes = [sum(map(is_probe_id, column)) * 2 > len(column) for column in columns]
    if probes[0] and (any(map(_MASK_WORDS.fullmatch, names)) or not any(numbers)):
        return "mask", "a list of probes with reasons"
    if any(probes):
        return None
    if sum(map(is_transcript_id, columns[0])) * 2 > len(body) and width <= 3:
        return ("transcripts", "transcripts and their genes") if not any(numbers) else None
    if width <= 4 and not all(numbers[:2]) and _is_network(names, columns, numbers):
        return "network", "interactions: two genes a line"
    if _is_gene_table(names) and sum(numbers) < 6:
        return "genes", "a table of genes"
    return None


def _is_network(
    names: Sequence[str], columns: Sequence[Sequence[str]], numbers: Sequence[bool]
) -> bool:
    if any(numbers[:2]):
        return False
    if read_names(names).pairs:
        return True
    both = all(kind_of_ids(column) in _GENE_KINDS for column in columns[:2])
    headless = len(columns) == 2 or all(numbers[2:])
    long = all(len(cell) > 2 for column in columns[:2] for cell in column)
    return both and headless and long and kind_of_ids(names[:2]) in _GENE_KINDS and len(names) > 1


def _is_gene_table(names: Sequence[str]) -> bool:
    bare = {re.sub(r"[^a-z0-9]", "", name.lower()) for name in names} - {""}
    known = [role for role, words in COLUMNS.items() if bare & set(words)]
    named = {"symbol", "ensembl", "entrez", "hgnc"} & set(known)
    return bool(named) and len(known) >= 3 and 2 * len(known) >= len(bare)
