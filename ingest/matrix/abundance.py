"""Estimated counts as tximport gives them: lengths completed, and counts made from abundances.

Soneson, Love & Robinson 2015, doi 10.12688/f1000research.7563.2: scaledTPM are abundances scaled
to the sample's number of reads, lengthScaledTPM are multiplied by the gene's length, averaged over
the samples, before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow.compute as pc

from cohortmart.core.study.records import Assay
from ingest.read.counts.quantification import QuantificationHeader
from ingest.read.counts.transcript_genes import TranscriptGenes
from ingest.read.matrix.joined import Scratch, joined_blocks
from ingest.read.matrix.records import ABUNDANCE, LENGTH, Block, MatrixHeader


def estimated_counts(
    assay: Assay,
    headers: Sequence[MatrixHeader],
    parts: Sequence[Scratch],
    ids: Any,
    places: Sequence[np.ndarray],
) -> Iterator[Block]:
    """Stream the joined counts and lengths of files of salmon, kallisto or RSEM.

    Parameters
    ----------
    assay : Assay
        `read.counts_from_abundance` says which counts.
    headers : sequence of MatrixHeader
        Of the files.
    parts, ids, places
        See `ingest.read.matrix.joined.joined_blocks`.

    Yields
    ------
    Block
        Counts, and the average length of each gene's transcripts in each sample: where a gene has
        no abundance the geometric mean of the other samples, and without any the mean of its
        transcripts.
    """

    def blocks() -> Iterator[Block]:
        row = 0
        for block in joined_blocks(parts, ids, places, (LENGTH, ABUNDANCE)):
            n = len(block.feature_ids)
            lengths = completed_lengths(block.further[LENGTH], spare[row : row + n])
            row += n
            yield replace(block, further={**block.further, LENGTH: lengths})

    spare = _mean_lengths(headers, ids)
    how = assay.read.counts_from_abundance
    made = blocks() if how == "none" else _rescaled(blocks, how == "lengthScaledTPM")
    for block in made:
        yield replace(block, further={LENGTH: block.further[LENGTH]})


def completed_lengths(lengths: np.ndarray, spare: np.ndarray) -> np.ndarray:
    """Fill in the lengths of genes without abundance.

    Parameters
    ----------
    lengths : np.ndarray
        (genes, samples), NaN where a gene has no abundance.
    spare : np.ndarray
        (genes,) for genes that have none anywhere.

    Returns
    -------
    np.ndarray
        (genes, samples)
    """
    missing = np.isnan(lengths)
    rows = np.flatnonzero(missing.any(axis=1))
    if not rows.size:
        return lengths
    filled, there = lengths.copy(), ~missing[rows]
    n = there.sum(axis=1)
    logs = np.where(there, np.log(np.where(there, lengths[rows], 1.0)), 0.0).sum(axis=1)
    mean = np.where(n > 0, np.exp(logs / np.maximum(n, 1)), spare[rows])
    filled[rows] = np.where(there, lengths[rows], mean[:, None])
    return filled


def transcript_notes(headers: Sequence[MatrixHeader]) -> list[str]:
    """Return what was noticed while transcripts were summed to genes."""
    return [note for genes in _tables(headers) for note in genes.notes]


def _tables(headers: Sequence[MatrixHeader]) -> list[TranscriptGenes]:
    """Return what sums the transcripts of the files; once each, as they share it."""
    found: list[TranscriptGenes] = []
    for header in headers:
        genes = header.genes if isinstance(header, QuantificationHeader) else None
        if genes is not None and not any(genes is one for one in found):
            found.append(genes)
    return found


def _mean_lengths(headers: Sequence[MatrixHeader], ids: Any) -> np.ndarray:
    """Return the mean length of each gene's transcripts; NaN where the files hold genes."""
    spare = np.full(len(ids), np.nan)
    for genes in _tables(headers):
        at = pc.index_in(ids, value_set=genes.genes)
        known = at.is_valid().to_numpy(zero_copy_only=False)
        spare[known] = genes.mean_lengths()[at.drop_null().to_numpy()]
    return spare


def _rescaled(blocks: Callable[[], Iterator[Block]], by_length: bool) -> Iterator[Block]:
    """Make counts from abundances; the blocks pass twice."""

    def made(block: Block) -> np.ndarray:
        abundance: np.ndarray = block.further[ABUNDANCE]
        length = block.further[LENGTH].mean(axis=1, keepdims=True) if by_length else 1.0
        return np.asarray(abundance * length)

    counts: np.ndarray | float = 0.0
    sums: np.ndarray | float = 0.0
    for block in blocks():
        counts = counts + block.values.sum(axis=0)
        sums = sums + made(block).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(np.asarray(sums) > 0, counts / np.asarray(sums), 0.0)
    for block in blocks():
        yield replace(block, values=made(block) * scale)
