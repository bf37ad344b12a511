"""Null studies with real spatial correlation, and regions planted in them.

The residuals of real methylation are turned by one random rotation of the space they lie in: the
correlation between probes stays as it is, and no direction of the space, so no contrast of a
design, means anything any more. Langsrud 2005, Statistics and Computing 15:53.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import ortho_group

from analyses.stats.methylation.m_value import m_value
from cohortmart.core.types import Floats, Ints
from ingest.read.manifest.manifest import read_manifest

#: Betas this near to 0 or 1 are taken as this near, so that no single value makes a residual.
_CLIP = 0.001
#: CpGs farther apart are no neighbours, in bases.
GAP = 500
#: Planted regions have so many CpGs.
SIZES = (3, 10)


@dataclass(frozen=True, eq=False)
class Residuals:
    """Residual M-values of CpGs whose place is known, by chromosome and position.

    Parameters
    ----------
    values : ndarray of shape (n_probes, n_dimensions)
        In an orthonormal basis of the space of residuals.
    chromosome, position : ndarray of shape (n_probes,)
    """

    values: Floats
    chromosome: Ints
    position: Ints

    @property
    def sd(self) -> Floats:
        """Residual standard deviation of each CpG, of shape (n_probes,)."""
        return np.asarray(np.sqrt((self.values**2).mean(axis=1)))


@dataclass(frozen=True, eq=False)
class PlantedRegions:
    """Regions in which a study has an effect.

    Parameters
    ----------
    first, stop : ndarray of shape (n_regions,)
        Rows of the CpGs, `stop` beyond the last.
    effect : ndarray of shape (n_probes,)
        0 outside.
    """

    first: Ints
    stop: Ints
    effect: Floats


def real_residuals(shared_data: Path) -> Residuals:
    """Read colon mucosa of 24 people (EPIC, chromosomes 18 and 21), and take the sexes out."""
    folder = shared_data / "epic_chr18_21"
    betas = pl.read_csv(folder / "betas.csv.gz", null_values="NA", infer_schema_length=None)
    sheet = pl.read_csv(folder / "samples.csv", null_values="NA", infer_schema_length=None)
    assert betas.columns[1:] == sheet["sample"].to_list()
    probes = pl.DataFrame(read_manifest(folder / "probes.csv.gz", 1, "EPIC").probe)
    placed = probes.filter(pl.col("position").is_not_null()).select(
        "probe_id", pl.col("chromosome").cast(pl.Int64), pl.col("position").cast(pl.Int64)
    )
    whole = betas.drop_nulls().join(placed, on="probe_id").sort("chromosome", "position")
    y = m_value(whole.select(sheet["sample"].to_list()).cast(pl.Float64).to_numpy(), _CLIP)
    male = (sheet["sex"] == "M").to_numpy().astype(float)
    design = np.column_stack([np.ones(len(male)), male])
    space = np.linalg.qr(design, mode="complete").Q[:, design.shape[1] :]
    return Residuals(
        y @ space, whole["chromosome"].to_numpy().copy(), whole["position"].to_numpy().copy()
    )


def null_values(residuals: Residuals, rng: np.random.Generator) -> Floats:
    """Return a study in which nothing happens, of shape (n_probes, n_dimensions)."""
    return residuals.values @ ortho_group.rvs(residuals.values.shape[1], random_state=rng)


def visit_values(residuals: Residuals, correlation: float, rng: np.random.Generator) -> Floats:
    """Return a study of people seen twice, in which nothing happens.

    Parameters
    ----------
    correlation : float
        Between the two samples of a person, which stand side by side; what people have of their
        own is as correlated between neighbouring CpGs as the rest.

    Returns
    -------
    ndarray of shape (n_probes, n_dimensions)
    """
    people = null_values(residuals, rng)[:, : residuals.values.shape[1] // 2]
    own = np.repeat(people, 2, axis=1)
    return np.sqrt(correlation) * own + np.sqrt(1 - correlation) * null_values(residuals, rng)


def plant_regions(
    residuals: Residuals, n: int, size: float, rng: np.random.Generator
) -> PlantedRegions:
    """Choose neighbouring CpGs, none of two regions within `GAP` of each other.

    Parameters
    ----------
    n : int
        Number of regions.
    size : float
        Effect of every CpG in units of its own residual standard deviation; regions go up or
        down by turns.
    """
    n_probes = len(residuals.position)
    near = np.diff(residuals.position) <= GAP
    near &= residuals.chromosome[1:] == residuals.chromosome[:-1]
    # runs of neighbours: of each, one region at most
    begins = np.flatnonzero(np.append(True, ~near))
    lengths = np.diff(np.append(begins, n_probes))
    fits = np.flatnonzero(lengths >= SIZES[0])
    run = rng.choice(fits, n, replace=False)
    count = rng.integers(SIZES[0], np.minimum(SIZES[1], lengths[run]) + 1)
    first = begins[run] + rng.integers(0, lengths[run] - count + 1)
    effect = np.zeros(n_probes)
    for i, (begin, k) in enumerate(zip(first, count, strict=True)):
        effect[begin : begin + k] = (-1.0) ** i * size * residuals.sd[begin : begin + k]
    return PlantedRegions(first, first + count, effect)
