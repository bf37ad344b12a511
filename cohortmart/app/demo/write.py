"""Raw files and truth of the synthetic study, written to a folder."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl

from cohortmart.app.demo.beta_text import beta_rows
from cohortmart.app.demo.bound import Bound, bound_betas, bound_truth, make_bound
from cohortmart.app.demo.cells import TYPES, Cells, make_cells, with_cells
from cohortmart.app.demo.effects import Planted, plant_in_genes, without_effects
from cohortmart.app.demo.exchanges import (
    NONE,
    Exchanges,
    exchange_truth,
    exchanged_betas,
    exchanged_counts,
    plan_exchanges,
    sex_in_sheet,
)
from cohortmart.app.demo.expression import make_counts
from cohortmart.app.demo.gene_sets import gmt_text, make_disease_genes, make_gene_sets
from cohortmart.app.demo.genotypes import (
    genotype_manifest,
    genotype_probe_ids,
    genotype_truth,
    make_genotype_betas,
)
from cohortmart.app.demo.manifest import (
    COLUMNS,
    Places,
    filtered,
    manifest_head,
    manifest_rows,
    manifest_tail,
    masked,
    place_genes,
)
from cohortmart.app.demo.methylation import Probes, make_betas, make_probes, mark_cells
from cohortmart.app.demo.network import make_network, network_text
from cohortmart.app.demo.people import Samples, Text, make_samples, sample_sheet
from cohortmart.app.demo.proteins import make_proteins, npx_table, protein_truth
from cohortmart.app.demo.regions import Regions, make_regions, region_truth, with_regions
from cohortmart.app.demo.scale import SCALES, Scale, stream
from cohortmart.app.demo.sex import (
    sex_genes,
    two_x_betas,
    two_x_counts,
    with_sex_names,
    with_silent_x,
)
from cohortmart.app.demo.signatures import disease_signature, unrelated_signature
from cohortmart.app.demo.study_text import study_text
from cohortmart.app.demo.truth import gene_truth, module_truth, probe_truth, set_truth
from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import written_beside
from cohortmart.core.progress import counted_off
from cohortmart.core.text import did_you_mean
from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True)
class _Plan:
    """What all files of a study are drawn from; the members are described where they are made."""

    seed: int
    size: Scale
    samples: Samples
    genes: Planted
    places: Places
    cells: Cells
    bound: Bound
    regions: Regions
    exchanges: Exchanges
    gene_id: Text
    gene_name: Text
    #: columns in another order than the sheet's rows: what belongs together is said by names
    shuffled: Ints


def write_demo(
    raw: Path,
    scale: str = "small",
    seed: int = 1,
    *,
    effects: bool = True,
    exchanges: bool = True,
) -> Path:
    """Write the raw files of a synthetic study with known truth.

    `samples.csv`, `gene_counts.tsv.gz`, `betas.csv.gz` (scale `epic`: `betas.csv`), a manifest in
    Illumina's form `manifest.csv`, a mask `snp_probes.txt`, `gene_sets.gmt`, `disease_genes.txt`,
    `network.tsv`, the published tables `ms_disease.csv` (whose differences are those planted
    between the groups, and noise) and `unrelated.tsv` (noise), `study.yml`, and under `truth/`
    what was planted: `genes.csv` and `probes.csv` with the true value of contrasts, in columns
    named as the analyses name the contrasts (log2 fold change; M-value units), and which probes
    the usual filters leave out; `gene_sets.csv`:
    how many genes of each set rebound; `module.csv`: the members of the network's neighbourhood,
    `hidden` those without any effect; `regions.csv`: neighbouring CpGs that change together;
    `genotypes.csv`: the alleles of every person; `bound.csv`: genes and probes that a variant
    binds to the person; `identity.csv`: samples that are not what the sheet says. The same seed
    gives the same bytes.

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
    exchanges : bool
        False: every sample is of the person and the sex that the sheet says.

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
    planted = plant_in_genes(seed, size)
    genes = planted if effects else without_effects(planted)
    places = place_genes(seed, planted)
    left_out = filtered(seed, make_probes(seed, size, genes), places)
    cells = make_cells(seed, samples, planted, left_out, effects=effects)
    with_all = with_cells(genes, cells)
    bound = make_bound(seed, samples, planted, left_out, cells)
    stay = left_out.copy()  # probes that no region may move
    stay[bound.probes] = True
    plan = _Plan(
        seed=seed,
        size=size,
        samples=samples,
        genes=genes,
        places=places,
        cells=cells,
        bound=bound,
        regions=make_regions(seed, size, with_all, places, stay, cells, effects=effects),
        exchanges=plan_exchanges(samples, cells) if exchanges else NONE,
        gene_id=_named("ENSG9", 10, np.arange(size.genes)),
        gene_name=with_sex_names(_named("SYN", 0, np.arange(size.genes)), sex_genes(places, cells)),
        shuffled=stream(seed, "columns").permutation(len(samples.subject)),
    )
    _write(raw / "samples.csv", sample_sheet(samples, sex_in_sheet(samples, plan.exchanges)))
    _write_counts(raw, plan, with_all)
    _write(
        raw / "truth" / "regions.csv",
        region_truth(plan.regions, size, genes, places, plan.gene_name),
    )
    _write_probes(raw, plan)
    _write_cells_and_proteins(raw, seed, samples, cells)
    _write_identity(raw, plan)
    _write_reference(raw, plan, planted, with_all)
    study = raw / "study.yml"
    with written_beside(study) as temporary:
        temporary.write_bytes(study_text(size.betas).encode())
    return study


def _write_counts(raw: Path, plan: _Plan, with_all: Planted) -> None:
    """Write the counts and what was planted in the genes."""
    samples, gene_id = plan.samples, plan.gene_id
    counts = make_counts(plan.seed, samples, plan.genes, plan.cells, plan.bound)
    counts = two_x_counts(plan.seed, counts, sex_genes(plan.places, plan.cells))
    counts = exchanged_counts(counts, plan.exchanges)
    columns: dict[str, np.ndarray] = {"gene_id": gene_id, "gene_name": plan.gene_name}
    columns |= {str(samples.sample_id[i]): counts[:, i] for i in plan.shuffled if samples.rna[i]}
    _write(raw / "gene_counts.tsv.gz", pl.DataFrame(columns), separator="\t")
    _write(raw / "truth" / "genes.csv", gene_truth(gene_id, plan.gene_name, with_all))


def _write_probes(raw: Path, plan: _Plan) -> None:
    """Write what has a row a probe, block after block, and then the genotype probes."""
    seed, samples, places = plan.seed, plan.samples, plan.places
    arrays = plan.shuffled[samples.methylation[plan.shuffled]]

    def betas(probes: Probes, probe_id: Text) -> bytes:
        return beta_rows(probe_id, _betas_of(plan, probes)[:, arrays])

    def truth(probes: Probes, probe_id: Text) -> bytes:
        out = filtered(seed, probes, places)
        rows = probe_truth(probe_id, plan.gene_name, with_silent_x(probes, places), out)
        return _as_text(rows, header=probes.block == 0)

    def manifest(probes: Probes, probe_id: Text) -> bytes:
        rows = manifest_rows(seed, probes, places, probe_id, plan.gene_name)
        return _as_text(rows, null="", header=probes.block == 0)

    def mask(probes: Probes, probe_id: Text) -> bytes:
        return _as_text(pl.DataFrame(probe_id[masked(seed, probes)]), header=False)

    def blocks(text: Callable[[Probes, Text], bytes]) -> Iterator[bytes]:
        for block in counted_off(range(plan.size.blocks), "blocks of probes"):
            probes = make_probes(seed, plan.size, plan.genes, block)
            probes = with_regions(mark_cells(probes, plan.cells, samples), plan.regions)
            yield text(probes, _named("cg9", 7, probes.number))

    header = ",".join(["probe_id", *samples.methylation_sample[arrays]]) + "\n"
    genotypes = exchanged_betas(make_genotype_betas(seed, samples), plan.exchanges)[:, arrays]
    of_genotypes = beta_rows(genotype_probe_ids(), genotypes)
    _write_parts(raw / plan.size.betas, chain([header.encode()], blocks(betas), [of_genotypes]))
    unplaced = genotype_manifest().select(
        pl.col(name) if name in genotype_manifest().columns else pl.lit(None).alias(name)
        for name in COLUMNS
    )
    head = manifest_head("synthetic_epic", plan.size.probes + unplaced.height)
    tail = _as_text(unplaced, null="", header=False) + manifest_tail()
    _write_parts(raw / "manifest.csv", chain([head], blocks(manifest), [tail]))
    _write_parts(raw / "snp_probes.txt", blocks(mask))
    _write_parts(raw / "truth" / "probes.csv", blocks(truth))


def _betas_of(plan: _Plan, probes: Probes) -> Floats:
    """Return the betas of a block as the arrays show them, shape (n_probes, n_samples)."""
    beta = make_betas(plan.seed, plan.samples, probes, plan.cells)
    beta = bound_betas(plan.bound, probes.number, beta)
    beta = two_x_betas(plan.seed, plan.samples, probes, plan.places, beta)
    return exchanged_betas(beta, plan.exchanges)


def _write_identity(raw: Path, plan: _Plan) -> None:
    """Write what is true of people and of the samples that are not what the sheet says."""
    bound = plan.bound
    every = np.arange(2 * plan.size.genes)
    gene_id, probe_id = (
        _named("ENSG9", 10, every)[bound.genes],
        _named("cg9", 7, every)[bound.probes],
    )
    truth = raw / "truth"
    _write(truth / "bound.csv", bound_truth(bound, gene_id, probe_id))
    _write(truth / "genotypes.csv", genotype_truth(plan.seed, plan.samples))
    _write(truth / "identity.csv", exchange_truth(plan.samples, plan.exchanges))


def _write_reference(raw: Path, plan: _Plan, planted: Planted, genes: Planted) -> None:
    """Write gene sets, disease genes, network and signatures by `planted`; truth is of `genes`."""
    seed, size, gene_name = plan.seed, plan.size, plan.gene_name
    sets = make_gene_sets(seed, size, planted)
    disease = make_disease_genes(seed, planted)
    network = make_network(seed, size, planted)
    listed = "\n".join(["gene_name", *gene_name[disease.genes]]) + "\n"
    _write_parts(raw / "gene_sets.gmt", [gmt_text(sets, gene_name)])
    _write_parts(raw / "disease_genes.txt", [listed.encode()])
    _write_parts(raw / "network.tsv", [network_text(network, gene_name)])
    _write(raw / "ms_disease.csv", disease_signature(seed, planted, gene_name))
    _write(raw / "unrelated.tsv", unrelated_signature(seed, plan.gene_id), separator="\t")
    _write(raw / "truth" / "gene_sets.csv", set_truth((*sets, disease), genes))
    _write(raw / "truth" / "module.csv", module_truth(network, genes, gene_name))


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
