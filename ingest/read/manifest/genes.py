"""Genes of a manifest's probes: pairs of lists, one pair a transcript, made rows."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from cohortmart.core.text import counted
from ingest.read.manifest.words import Cells, translated

_REGIONS = ("TSS1500", "TSS200", "5'UTR", "1stExon", "ExonBnd", "Body", "3'UTR")
#: EPIC v2's own words (TSS200 and TSS1500 are as before); its exons from the second on are Body.
_ALSO = {"5utr": "5'UTR", "3utr": "3'UTR", "5urt": "5'UTR", "3urt": "3'UTR"}
_KNOWN = {region.lower(): region for region in _REGIONS} | _ALSO
_EXON = re.compile(r"exon_?([1-9][0-9]*)", re.IGNORECASE)
#: Probes whose lists are made rows at once.
_SLICE = 50_000
_LATER_EXON = r"(?i)^exon_?([2-9]|[1-9][0-9]+)$"


def region_of(word: str) -> str | None:
    """Return the region of a gene that a manifest's word means, None for an unknown word.

    EPIC v2 numbers the exons: `exon_1` is 1stExon, a later one Body, which on the older arrays
    reaches from the start to the stop codon.

    Parameters
    ----------
    word : str
        For example `TSS1500`, `5UTR`, `exon_7`.
    """
    exon = _EXON.fullmatch(word)
    if exon:
        return "1stExon" if exon[1] == "1" else "Body"
    return _KNOWN.get(word.lower())


def probe_genes(cells: Cells, probe_ids: pl.Series) -> pl.DataFrame:
    """Return one row a probe, gene and region.

    `UCSC_RefGene_Name` and `UCSC_RefGene_Group` list one entry a transcript, joined with `;`.
    Entries of the same place make a row; equal rows are one. Rules for what is not so plain:

    - The lists differ in length: no entry can be placed, so each gene comes once with the region
      null, and a note says in how many probes.
    - A word that is no region: the gene comes with the region null; a note counts and shows it.
    - A region without a gene name: no row.
    - EPIC v2 lists the untranslated exons of a transcript twice, as `5UTR` and `exon_2`: where
      the same transcript (`UCSC_RefGene_Accession`) has a UTR entry, its `exon_2` is not Body.

    Parameters
    ----------
    cells : Cells
        The manifest; notes are added to it.
    probe_ids : pl.Series
        (rows,)

    Returns
    -------
    pl.DataFrame
        probe_id, gene_name, region; sorted by these, null regions last.
    """
    texts = pl.DataFrame(
        {
            "probe_id": probe_ids,
            "gene_name": cells.text("gene"),
            "region": cells.text("region"),
            "transcript": cells.text("accession"),
        }
    ).with_row_index("row")
    texts = texts.filter(pl.col("gene_name").is_not_null())
    found = [_genes_of(part) for part in texts.iter_slices(_SLICE)] or [_genes_of(texts)]
    _note_unpaired(cells, pl.concat([part.unpaired for part in found]))
    _note_words(cells, pl.concat([part.unknown for part in found]))
    return pl.concat([part.rows for part in found]).sort(
        "probe_id", "gene_name", "region", nulls_last=True
    )


@dataclass(frozen=True)
class _Genes:
    rows: pl.DataFrame  # probe_id, gene_name, region; each once
    unpaired: pl.DataFrame  # row, probe_id
    unknown: pl.DataFrame  # row, word: entries that are no region


def _genes_of(texts: pl.DataFrame) -> _Genes:
    lists = texts.with_columns(pl.col("gene_name", "region", "transcript").str.split(";"))
    length = pl.col("gene_name").list.len()
    parallel = (pl.col("region").list.len() == length).fill_null(False)
    alone = lists.filter(~parallel)
    paired = _paired(lists.filter(parallel))
    rows = pl.concat(
        [
            paired.select("probe_id", "gene_name", "region"),
            alone.select("probe_id", pl.col("gene_name"))
            .explode("gene_name")
            .with_columns(
                pl.col("gene_name").str.strip_chars(), region=pl.lit(None, dtype=pl.String)
            ),
        ]
    )
    return _Genes(
        rows=rows.filter(pl.col("gene_name") != "").unique(),
        unpaired=alone.select("row", "probe_id"),
        unknown=paired.filter(pl.col("region").is_null()).select("row", "word"),
    )


def _paired(lists: pl.DataFrame) -> pl.DataFrame:
    """Make one row of every entry, `word` as it stands and `region` as it is meant."""
    same = pl.col("transcript").list.len() == pl.col("gene_name").list.len()
    exons = pl.col("region").list.eval(pl.element().str.contains(_LATER_EXON)).list.any()
    told = (same & exons).fill_null(False)  # only there the transcripts decide something
    entries = ["gene_name", "region", "transcript"]
    words = pl.concat(
        [
            _words(lists.filter(~told).drop("transcript").explode(entries[:2])),
            _without_untranslated_exons(_words(lists.filter(told).explode(entries))),
        ]
    )
    return words.filter(pl.col("gene_name") != "")


def _words(entries: pl.DataFrame) -> pl.DataFrame:
    entries = entries.with_columns(
        pl.col("gene_name").str.strip_chars(), word=pl.col("region").str.strip_chars()
    )
    return entries.with_columns(region=translated(entries["word"], region_of))


def _without_untranslated_exons(words: pl.DataFrame) -> pl.DataFrame:
    later = pl.col("word").str.contains(_LATER_EXON).fill_null(False)
    utr = words.filter(pl.col("region").is_in(["5'UTR", "3'UTR"])).select("row", "transcript")
    exons = words.filter(later).join(utr, on=["row", "transcript"], how="anti")
    return pl.concat([words.filter(~later), exons]).drop("transcript")


def _note_unpaired(cells: Cells, unpaired: pl.DataFrame) -> None:
    if "region" not in cells.frame.columns:
        if unpaired.height:
            cells.note("no column says the regions of the genes: they are null")
        return
    if unpaired.height:
        line = cells.header.table.line(unpaired["row"][0])
        cells.note(
            f"{cells.header.column('gene')} and {cells.header.column('region')} do not pair in "
            f"{counted(unpaired.height, 'probe')}, for example {unpaired['probe_id'][0]} on "
            f"line {line}: their genes have no region"
        )


def _note_words(cells: Cells, unknown: pl.DataFrame) -> None:
    if unknown.height:
        row, word = unknown.sort("row", maintain_order=True).row(0)
        cells.note(
            f"no region that is known in {counted(unknown.height, 'entry', 'entries')} of "
            f"{cells.header.column('region')}, for example "
            f"`{word}` on line {cells.header.table.line(row)}: these genes have no region there"
        )
