"""Manifest of the synthetic study: where its genes and probes lie, as Illumina's files tell it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cohortmart.app.demo.effects import Planted
from cohortmart.app.demo.methylation import Probes
from cohortmart.app.demo.people import Text
from cohortmart.app.demo.scale import stream
from cohortmart.core.types import Bools, Ints

#: Chromosomes of hg19 and their lengths in bases.
_LENGTHS = {
    "1": 249_250_621, "2": 243_199_373, "3": 198_022_430, "4": 191_154_276, "5": 180_915_260,
    "6": 171_115_067, "7": 159_138_663, "8": 146_364_022, "9": 141_213_431, "10": 135_534_747,
    "11": 135_006_516, "12": 133_851_895, "13": 115_169_878, "14": 107_349_540,
    "15": 102_531_392, "16": 90_354_753, "17": 81_195_210, "18": 78_077_248, "19": 59_128_983,
    "20": 63_025_520, "21": 48_129_895, "22": 51_304_566, "X": 155_270_560, "Y": 59_373_566,
}  # fmt: skip
_SEX = ("X", "Y")
_SHARE_SEX = 0.025  # of the genes without an effect, and one in ten of those on Y
_SHARE_MASKED = 0.01  # of the probes without an effect
_SHARE_TWO_TRANSCRIPTS = 0.3  # of the genes
_ISLAND_LENGTH = 1_000
#: First base of a gene's CpG island relative to its start, and how many genes have it so.
_ISLANDS = {-700: 0.5, 1_200: 0.1, 3_000: 0.05, None: 0.35}
#: Bases from an island within which a probe lies in its shore, its shelf.
_SHORE, _SHELF = 2_000, 4_000
#: Places for probes of a kind in a gene, and their width in bases: 24 x 8 < 200 fill a promoter.
_SLOTS, _PROMOTER_SLOT, _BODY_SLOT = 24, 8, 800
_BODY_FROM = 400

_HEADING = """\
Illumina, Inc.
[Heading]
Descriptor File Name,{name}.csv
Assay Format,Infinium 2
Loci Count,{probes}
[Assay]
"""
#: Names of the columns of the section [Assay].
COLUMNS = (
    "IlmnID",
    "Name",
    "Infinium_Design_Type",
    "Genome_Build",
    "CHR",
    "MAPINFO",
    "Strand",
    "UCSC_RefGene_Name",
    "UCSC_RefGene_Group",
    "UCSC_CpG_Islands_Name",
    "Relation_to_UCSC_CpG_Island",
)
_CONTROLS = """\
[Controls]
90000001,STAINING,Red,DNP (High)
90000002,STAINING,Green,Biotin (High)
90000003,BISULFITE CONVERSION II,Red,BS Conversion II 1
90000004,NEGATIVE,Black,Negative 1
"""


@dataclass(frozen=True)
class Places:
    """Where the genes lie, all on the forward strand; arrays of shape (n_genes,).

    Parameters
    ----------
    chromosome : array of str
        1 to 22, X or Y.
    start : array of int
        Base at which transcription starts, from 1.
    island : array of int
        First base of the gene's CpG island, 0 where it has none.
    two_transcripts : array of bool
        Whether manifests name the gene twice at each of its probes.
    """

    chromosome: Text
    start: Ints
    island: Ints
    two_transcripts: Bools


def place_genes(seed: int, genes: Planted) -> Places:
    """Spread the genes over the chromosomes.

    Genes with an effect lie on autosomes only, so that leaving out the sex chromosomes, as is
    usual, takes nothing that was planted.

    Parameters
    ----------
    seed : int
        Seed of the study.
    genes : Planted
        Effects of the genes.
    """
    rng = stream(seed, "places")
    n_genes = len(genes.effect)
    without = rng.permutation(np.flatnonzero(genes.effect == "none"))
    sex = without[: round(_SHARE_SEX * len(without))]
    names = np.array(list(_LENGTHS))
    lengths = np.array(list(_LENGTHS.values()))
    chromosome = np.full(n_genes, -1)
    chromosome[sex] = len(names) - 2  # X
    chromosome[sex[: len(sex) // 10]] = len(names) - 1
    autosomal = np.flatnonzero(chromosome < 0)
    autosomes = lengths[: -len(_SEX)]
    # evenly along all autosomes laid end to end
    ends = np.cumsum(autosomes)
    along = (np.arange(len(autosomal)) + 0.5) / len(autosomal) * ends[-1]
    chromosome[autosomal] = np.searchsorted(ends, along, side="right")
    start = np.empty(n_genes, dtype=np.int64)
    start[autosomal] = along - (ends - autosomes)[chromosome[autosomal]]
    for one in range(len(autosomes), len(names)):
        here = np.flatnonzero(chromosome == one)
        start[here] = (np.arange(len(here)) + 0.5) / max(len(here), 1) * lengths[one]
    start = np.clip(start, 10_000, lengths[chromosome] - 60_000)  # a gene ends on its chromosome
    kind = rng.choice(len(_ISLANDS), n_genes, p=list(_ISLANDS.values()))
    offset = np.array([0 if o is None else o for o in _ISLANDS])[kind]
    has_one = np.array([o is not None for o in _ISLANDS])[kind]
    return Places(
        chromosome=names[chromosome],
        start=start,
        island=np.where(has_one, start + offset, 0),
        two_transcripts=rng.random(n_genes) < _SHARE_TWO_TRANSCRIPTS,
    )


def masked(seed: int, probes: Probes) -> Bools:
    """Return which probes of a block the mask of polymorphic probes names, shape (n_probes,).

    Parameters
    ----------
    seed : int
        Seed of the study.
    probes : Probes
        A block; probes with an effect are not masked.
    """
    drawn = stream(seed, "mask", probes.block).random(len(probes.number)) < _SHARE_MASKED
    chosen: Bools = drawn & (probes.planted.effect == "none")
    return chosen


def filtered(seed: int, probes: Probes, places: Places) -> Bools:
    """Return which probes of a block the usual filters leave out: masked, or on X or Y.

    Parameters
    ----------
    seed : int
        Seed of the study.
    probes : Probes
        A block.
    places : Places
        Where the genes lie.
    """
    on_sex: Bools = np.isin(places.chromosome[probes.gene], _SEX)
    return masked(seed, probes) | on_sex


def on_autosome(places: Places) -> Bools:
    """Return which genes lie on an autosome, shape (n_genes,)."""
    return ~np.isin(places.chromosome, _SEX)


def manifest_head(name: str, probes: int) -> bytes:
    """Return what stands above the column names; `name` is the manifest's own."""
    return _HEADING.format(name=name, probes=probes).encode()


def manifest_tail() -> bytes:
    """Return what stands below the probes."""
    return _CONTROLS.encode()


def manifest_rows(
    seed: int, probes: Probes, places: Places, probe_id: Text, gene_name: Text
) -> pl.DataFrame:
    """Return a block of the section [Assay], null where Illumina leaves a field empty.

    Parameters
    ----------
    seed : int
        Seed of the study.
    probes : Probes
        A block.
    places : Places
        Where the genes lie.
    probe_id : array of str, shape (n_probes,)
        Names of the probes of the block.
    gene_name : array of str, shape (n_genes,)
        Names of all genes.
    """
    rng = stream(seed, "manifest", probes.block)
    gene = probes.gene
    chromosome = places.chromosome[gene]
    position = _positions(rng, probes, places)
    relation = _relations(position, places.island[gene])
    name = gene_name[gene]
    region = np.where(probes.promoter, "TSS200", "Body")
    twice = places.two_transcripts[gene]
    ends = [(places.island[gene] + more).astype(str) for more in (0, _ISLAND_LENGTH - 1)]
    island = np.char.add(np.char.add("chr", chromosome), np.char.add(":", ends[0]))
    island = np.char.add(np.char.add(island, "-"), ends[1])
    columns = (
        probe_id,
        probe_id,
        probes.design_type,
        np.full(len(gene), 37),
        chromosome,
        position,
        np.where(rng.random(len(gene)) < 0.5, "F", "R"),
        np.where(twice, np.char.add(np.char.add(name, ";"), name), name),
        np.where(twice, np.char.add(np.char.add(region, ";"), region), region),
        np.where(relation == "", "", island),
        relation,
    )
    rows = pl.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
    return rows.with_columns(pl.col(pl.String).replace("", None))


def _positions(rng: np.random.Generator, probes: Probes, places: Places) -> Ints:
    """Return where each probe lies, no two of a gene at one base (up to `_SLOTS` of a kind)."""
    turn = probes.number // 2 // len(places.start)  # how many of its kind its gene has before it
    slot = (turn + 5 * probes.gene) % _SLOTS
    upstream = 1 + slot * _PROMOTER_SLOT + rng.integers(0, _PROMOTER_SLOT, len(turn))
    downstream = _BODY_FROM + slot * _BODY_SLOT + rng.integers(0, _BODY_SLOT, len(turn))
    start = places.start[probes.gene]
    position = np.where(probes.promoter, start - upstream, start + downstream)
    return position if probes.moved is None else np.where(probes.moved, probes.moved, position)


def _relations(position: Ints, island: Ints) -> Text:
    """Return where each probe lies relative to its gene's island, '' in the open sea."""
    before = island - position
    after = position - (island + _ISLAND_LENGTH - 1)
    away = np.maximum(before, after)
    side = np.where(before > 0, "N_", "S_")
    kind = np.select([away <= _SHORE, away <= _SHELF], ["Shore", "Shelf"], "")
    named = np.where(away <= 0, "Island", np.where(kind == "", "", np.char.add(side, kind)))
    return np.where(island > 0, named, "")
