"""Writing the raw files and the truth of the synthetic study."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl

from cohortmart.catalogue import written_beside
from cohortmart.demo.effects import CONTRASTS, Planted, plant_in_genes
from cohortmart.demo.expression import make_counts
from cohortmart.demo.methylation import STATES, Probes, make_betas, make_probes
from cohortmart.demo.people import Samples, Text, make_samples
from cohortmart.demo.scale import SCALES, stream
from cohortmart.demo.study_text import STUDY_YML
from cohortmart.errors import InputError
from cohortmart.nearest import did_you_mean


def write_demo(raw: Path, scale: str = "small", seed: int = 1) -> Path:
    """Write the raw files of a synthetic study with known truth.

    `samples.csv`, `gene_counts.tsv.gz`, `betas.csv.gz`, `study.yml`, and under `truth/` what was
    planted: `genes.csv` and `probes.csv` with the true value of contrasts, in columns named as
    the analyses name the contrasts (log2 fold change; M-value units). The same seed gives the
    same bytes.

    Parameters
    ----------
    raw : Path
        Folder to write to; made if need be.
    scale : str
        A key of `SCALES`.
    seed : int
        Not negative.

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
    samples = make_samples(seed)
    genes = plant_in_genes(seed, size)
    probes = make_probes(seed, size, genes)
    gene_id, gene_name = _named("ENSG9", 10, size.genes), _named("SYN", 0, size.genes)
    probe_id = _named("cg9", 7, size.probes)

    _write(raw / "samples.csv", _sample_sheet(samples))
    # columns in another order than the sheet's rows: what belongs together is said by names
    shuffled = stream(seed, "columns").permutation(len(samples.subject))
    counts = make_counts(seed, samples, genes)
    columns: dict[str, np.ndarray] = {"gene_id": gene_id, "gene_name": gene_name}
    columns |= {str(samples.sample_id[i]): counts[:, i] for i in shuffled if samples.rna[i]}
    _write(raw / "gene_counts.tsv.gz", pl.DataFrame(columns), separator="\t")
    betas = make_betas(seed, samples, probes)
    columns = {"probe_id": probe_id}
    columns |= {
        str(samples.methylation_sample[i]): betas[:, i] for i in shuffled if samples.methylation[i]
    }
    _write(raw / "betas.csv.gz", pl.DataFrame(columns, nan_to_null=True))
    _write(raw / "truth" / "genes.csv", _gene_truth(gene_id, gene_name, genes))
    _write(raw / "truth" / "probes.csv", _probe_truth(probe_id, gene_name, probes))
    study = raw / "study.yml"
    with written_beside(study) as temporary:
        temporary.write_bytes(STUDY_YML.encode())
    return study


def _named(prefix: str, digits: int, n: int) -> Text:
    """Return names from 1; ids in the field's form, in a range that no annotation uses."""
    return np.char.add(prefix, np.char.zfill(np.arange(1, n + 1).astype(str), digits))


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
        }
    ).with_columns(pl.col(pl.String).replace("", None))


def _gene_truth(gene_id: Text, gene_name: Text, genes: Planted) -> pl.DataFrame:
    """Return what was planted in each gene, in log2 fold changes."""
    return pl.DataFrame(
        {"gene_id": gene_id, "gene_name": gene_name, "effect": genes.effect, **_true_values(genes)}
    )


def _probe_truth(probe_id: Text, gene_name: Text, probes: Probes) -> pl.DataFrame:
    """Return what was planted in each probe, in M-value units, and the gene it is linked to."""
    return pl.DataFrame(
        {
            "probe_id": probe_id,
            "effect": probes.planted.effect,
            "design_type": probes.design_type,
            "state": np.array(STATES)[probes.state],
            "linked_gene": gene_name[probes.gene],
            "region": np.where(probes.promoter, "TSS200", "Body"),
            **_true_values(probes.planted),
        }
    )


def _true_values(planted: Planted) -> dict[str, np.ndarray]:
    """Return the true value of every contrast of the truth tables (+ 0.0 turns -0 into 0)."""
    return {name: np.round(planted.contrast(name), 4) + 0.0 for name in CONTRASTS}


def _write(target: Path, table: pl.DataFrame, separator: str = ",") -> None:
    """Write a table as text, gzipped where the name says so, with the same bytes each time."""
    text = table.write_csv(separator=separator, null_value="NA", float_precision=4).encode()
    if target.suffix == ".gz":
        text = gzip.compress(text, compresslevel=6, mtime=0)
    with written_beside(target) as temporary:
        temporary.write_bytes(text)
