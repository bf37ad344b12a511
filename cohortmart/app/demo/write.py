"""Raw files and truth of the synthetic study, written to a folder."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl

from cohortmart.app.demo.beta_text import beta_rows
from cohortmart.app.demo.cells import TYPES, Cells, make_cells, with_cells
from cohortmart.app.demo.effects import CONTRASTS, SHARES, Planted, plant_in_genes, without_effects
from cohortmart.app.demo.expression import make_counts
from cohortmart.app.demo.gene_sets import GeneSet, gmt_text, make_disease_genes, make_gene_sets
from cohortmart.app.demo.manifest import (
    filtered,
    manifest_head,
    manifest_rows,
    manifest_tail,
    masked,
    place_genes,
)
from cohortmart.app.demo.methylation import STATES, Probes, make_betas, make_probes, mark_cells
from cohortmart.app.demo.network import Network, make_network, network_text
from cohortmart.app.demo.people import Samples, Text, make_samples
from cohortmart.app.demo.proteins import make_proteins, npx_table, protein_truth
from cohortmart.app.demo.scale import SCALES, Scale, stream
from cohortmart.app.demo.signatures import disease_signature, unrelated_signature
from cohortmart.app.demo.study_text import study_text
from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import written_beside
from cohortmart.core.progress import counted_off
from cohortmart.core.text import did_you_mean
from cohortmart.core.types import Bools, Ints


def write_demo(raw: Path, scale: str = "small", seed: int = 1, *, effects: bool = True) -> Path:
    """Write the raw files of a synthetic study with known truth.

    `samples.csv`, `gene_counts.tsv.gz`, `betas.csv.gz` (scale `epic`: `betas.csv`), a manifest in
    Illumina's form `manifest.csv`, a mask `snp_probes.txt`, `gene_sets.gmt`, `disease_genes.txt`,
    `network.tsv`, the published tables `ms_disease.csv` (whose differences are those planted
    between the groups, and noise) and `unrelated.tsv` (noise), `study.yml`, and under `truth/` what
    was planted: `genes.csv` and `probes.csv` with the true value of contrasts, in columns named as
    the analyses name the contrasts (log2 fold change; M-value units), and which probes the usual
    filters leave out; `gene_sets.csv`: how many genes of each set rebound; `module.csv`: the
    members of the network's neighbourhood, `hidden` those without any effect. The same seed gives
    the same bytes.

    Parameters
    ----------
    raw : Path
        Folder to write to; made if need be.
    scale : str
        A key of `SCALES`.
    seed : int
        Not negative.
    effects : bool
        False: the same people, sets and network, but no gene and no probe changes.

    Returns
    -------
    Path
        The study.yml.

    Raises
    ------
    InputError
        The scale is not known, or the seed is negative.
    """
    if scale not in SCALES:
        raise InputError(
            f"there is no demo of scale `{scale}`",
            expected="one of " + ", ".join(SCALES),
            found=scale,
            hint=did_you_mean(scale, SCALES),
        )
    if seed < 0:
        raise InputError("the seed is negative", expected="0 or more", found=str(seed))
    size = SCALES[scale]
    samples = make_samples(seed, size.arrays)
    plan = plant_in_genes(seed, size)
    genes = plan if effects else without_effects(plan)
    gene = np.arange(size.genes)
    gene_id, gene_name = _named("ENSG9", 10, gene), _named("SYN", 0, gene)

    _write(raw / "samples.csv", _sample_sheet(samples))
    # columns in another order than the sheet's rows: what belongs together is said by names
    shuffled = stream(seed, "columns").permutation(len(samples.subject))
    left_out = filtered(seed, make_probes(seed, size, genes), place_genes(seed, genes))
    cells = make_cells(seed, samples, plan, left_out, effects=effects)
    with_all = with_cells(genes, cells)
    counts = make_counts(seed, samples, genes, cells)
    columns: dict[str, np.ndarray] = {"gene_id": gene_id, "gene_name": gene_name}
    columns |= {str(samples.sample_id[i]): counts[:, i] for i in shuffled if samples.rna[i]}
    _write(raw / "gene_counts.tsv.gz", pl.DataFrame(columns), separator="\t")
    _write(raw / "truth" / "genes.csv", _gene_truth(gene_id, gene_name, with_all))
    _write_probes(raw, seed, size, samples, genes, gene_name, shuffled, cells)
    _write_cells_and_proteins(raw, seed, samples, cells)
    _write_reference(raw, seed, size, plan, with_all, gene_name, gene_id)
    study = raw / "study.yml"
    with written_beside(study) as temporary:
        temporary.write_bytes(study_text(size.betas).encode())
    return study


def _write_probes(
    raw: Path,
    seed: int,
    size: Scale,
    samples: Samples,
    genes: Planted,
    gene_name: Text,
    shuffled: Ints,
    cells: Cells,
) -> None:
    """Write what has a row a probe, block after block."""
    places = place_genes(seed, genes)
    arrays = shuffled[samples.methylation[shuffled]]

    def betas(probes: Probes, probe_id: Text) -> bytes:
        return beta_rows(probe_id, make_betas(seed, samples, probes, cells)[:, arrays])

    def truth(probes: Probes, probe_id: Text) -> bytes:
        rows = _probe_truth(probe_id, gene_name, probes, filtered(seed, probes, places))
        return _as_text(rows, header=probes.block == 0)

    def manifest(probes: Probes, probe_id: Text) -> bytes:
        rows = manifest_rows(seed, probes, places, probe_id, gene_name)
        return _as_text(rows, null="", header=probes.block == 0)

    def mask(probes: Probes, probe_id: Text) -> bytes:
        return _as_text(pl.DataFrame(probe_id[masked(seed, probes)]), header=False)

    def blocks(text: Callable[[Probes, Text], bytes]) -> Iterator[bytes]:
        for block in counted_off(range(size.blocks), "blocks of probes"):
            probes = make_probes(seed, size, genes, block)
            probes = mark_cells(probes, cells, samples)
            yield text(probes, _named("cg9", 7, probes.number))

    header = ",".join(["probe_id", *samples.methylation_sample[arrays]]) + "\n"
    _write_parts(raw / size.betas, chain([header.encode()], blocks(betas)))
    head, tail = manifest_head("synthetic_epic", size), manifest_tail()
    _write_parts(raw / "manifest.csv", chain([head], blocks(manifest), [tail]))
    _write_parts(raw / "snp_probes.txt", blocks(mask))
    _write_parts(raw / "truth" / "probes.csv", blocks(truth))


def _write_reference(
    raw: Path,
    seed: int,
    size: Scale,
    plan: Planted,
    genes: Planted,
    gene_name: Text,
    gene_id: Text,
) -> None:
    """Write gene sets, disease genes, network and signatures by `plan`; the truth is of `genes`."""
    sets = make_gene_sets(seed, size, plan)
    disease = make_disease_genes(seed, plan)
    network = make_network(seed, size, plan)
    listed = "\n".join(["gene_name", *gene_name[disease.genes]]) + "\n"
    _write_parts(raw / "gene_sets.gmt", [gmt_text(sets, gene_name)])
    _write_parts(raw / "disease_genes.txt", [listed.encode()])
    _write_parts(raw / "network.tsv", [network_text(network, gene_name)])
    _write(raw / "ms_disease.csv", disease_signature(seed, plan, gene_name))
    _write(raw / "unrelated.tsv", unrelated_signature(seed, gene_id), separator="\t")
    _write(raw / "truth" / "gene_sets.csv", _set_truth((*sets, disease), genes))
    _write(raw / "truth" / "module.csv", _module_truth(network, genes, gene_name))


def _write_cells_and_proteins(raw: Path, seed: int, samples: Samples, cells: Cells) -> None:
    """Write the proteins, the reference of the cells and the truth of both."""
    proteins = make_proteins(seed, samples, effects=bool(cells.size.any()))
    _write(raw / "proteins_npx.csv", npx_table(proteins, samples), separator=";")
    _write(raw / "truth" / "proteins.csv", protein_truth(proteins))
    reference = {name: cells.reference[:, k] for k, name in enumerate(TYPES)}
    markers = _named("cg9", 7, cells.markers)
    _write(raw / "cell_types.csv", pl.DataFrame({"probe_id": markers, **reference}))
    fractions = {name: cells.fractions[:, k] for k, name in enumerate(TYPES)}
    _write(
        raw / "truth" / "cells.csv",
        pl.DataFrame({"sample_id": samples.sample_id, **fractions}).sort("sample_id"),
    )


def _named(prefix: str, digits: int, number: Ints) -> Text:
    """Return names from 1; ids in the field's form, in a range that no annotation uses."""
    return np.char.add(prefix, np.char.zfill((number + 1).astype(str), digits))


def _sample_sheet(samples: Samples) -> pl.DataFrame:
    """Return the sheet, one row a sample."""
    return pl.DataFrame(
        {
            "sample_id": samples.sample_id,
            "methylation_sample": samples.methylation_sample,
            "subject": samples.subject_id,
            "group": samples.group,
            "timepoint": samples.timepoint,
            "cell_type": samples.cell_type,
            "library_batch": samples.library_batch,
            "slide": samples.slide,
            "age": samples.age.astype(int),
            "proportion_memory": [f"{v:.2f}" for v in samples.proportion_memory],
            "cell_viability": [f"{v:.1f}" for v in samples.cell_viability],
            "pregnancy_week": samples.pregnancy_week,
        }
    ).with_columns(pl.col(pl.String).replace("", None))


def _gene_truth(gene_id: Text, gene_name: Text, genes: Planted) -> pl.DataFrame:
    """Return what was planted in each gene, in log2 fold changes."""
    return pl.DataFrame(
        {"gene_id": gene_id, "gene_name": gene_name, "effect": genes.effect, **_true_values(genes)}
    )


def _probe_truth(probe_id: Text, gene_name: Text, probes: Probes, out: Bools) -> pl.DataFrame:
    """Return what was planted in each probe, in M-value units, and the gene it is linked to."""
    return pl.DataFrame(
        {
            "probe_id": probe_id,
            "effect": probes.planted.effect,
            "design_type": probes.design_type,
            "state": np.array(STATES)[probes.state],
            "linked_gene": gene_name[probes.gene],
            "region": np.where(probes.promoter, "TSS200", "Body"),
            "filtered": out,
            **_true_values(probes.planted),
        }
    )


def _set_truth(sets: tuple[GeneSet, ...], genes: Planted) -> pl.DataFrame:
    """Return how many genes of each set rebound in both groups, and in MS only."""
    effects = [genes.effect[s.genes] for s in sets]
    counts = {
        name: [int((e == name).sum()) for e in effects] for name in SHARES if "rebound" in name
    }
    moved = np.sum(list(counts.values()), axis=0) > 0
    return pl.DataFrame(
        {
            "gene_set": [s.name for s in sets],
            "planted": np.where(moved, [s.planted for s in sets], "none"),
            "n_genes": [len(s.genes) for s in sets],
            **counts,
        }
    )


def _module_truth(network: Network, genes: Planted, gene_name: Text) -> pl.DataFrame:
    """Return the members of the neighbourhood with what was planted in them."""
    effect = genes.effect[network.members]
    return pl.DataFrame(
        {"gene_name": gene_name[network.members], "effect": effect, "hidden": effect == "none"}
    )


def _true_values(planted: Planted) -> dict[str, np.ndarray]:
    """Return the true value of every contrast of the truth tables (+ 0.0 turns -0 into 0)."""
    return {name: np.round(planted.contrast(name), 4) + 0.0 for name in CONTRASTS}


def _write(target: Path, table: pl.DataFrame, separator: str = ",") -> None:
    """Write a table as text."""
    _write_parts(target, [_as_text(table, separator=separator)])


def _as_text(
    table: pl.DataFrame, *, separator: str = ",", null: str = "NA", header: bool = True
) -> bytes:
    """Return a table as text; fractions with four decimals, as the field's files have them."""
    text = table.write_csv(
        separator=separator, null_value=null, float_precision=4, include_header=header
    )
    return text.encode()


def _write_parts(target: Path, parts: Iterable[bytes]) -> None:
    """Write text part by part, gzipped where the name says so, with the same bytes each time."""
    # a gzip stream by zlib: its header holds no time and no name
    gzipped = zlib.compressobj(level=6, wbits=31) if target.suffix == ".gz" else None
    with written_beside(target) as temporary, temporary.open("wb") as file:
        for part in parts:
            file.write(gzipped.compress(part) if gzipped else part)
        if gzipped:
            file.write(gzipped.flush())
