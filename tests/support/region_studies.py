"""Studies in which nothing happens, or little, with the correlation of real neighbouring CpGs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from analyses.stats.methylation.m_value import m_value
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.regions.chance import Chance, chance_regions
from analyses.stats.regions.correlation import NeighbourCorrelation, neighbour_correlation
from analyses.stats.regions.neighbours import Neighbours, neighbours
from analyses.stats.regions.regions import Regions, candidate_regions
from analyses.stats.regions.residuals import Residuals
from cohortmart.core.types import Floats
from tests.support.real_data import read_table


@dataclass(frozen=True)
class RealCpgs:
    """Centred M-values of CpGs with neighbours, in coordinates that may be rotated.

    Parameters
    ----------
    coordinates : ndarray of shape (n, n_samples - 1)
        Along `beside`; whatever their rotation, CpGs correlate as they do.
    beside : Neighbours
    """

    coordinates: Floats
    beside: Neighbours

    def of(self, n_samples: int, seed: int) -> RealCpgs:
        """Return what some of the samples say."""
        n = self.coordinates.shape[1] + 1
        back = _centring(n)
        chosen = np.random.default_rng(seed).permutation(n)[:n_samples]
        y = self.coordinates @ back.T
        return replace(self, coordinates=y[:, chosen] @ _centring(n_samples))


@dataclass(frozen=True)
class RegionStudy:
    """One contrast on one coordinate, the others being residuals."""

    estimate: Floats
    se: Floats
    df: Floats
    correlation: NeighbourCorrelation
    chance: Chance
    regions: Regions


def real_cpgs(folder: Path) -> RealCpgs:
    """Read `epic_chr18_21`: CpGs with a place, neighbours enough and no missing value."""
    betas, probes = read_table(folder / "betas.csv.gz"), read_table(folder / "probes.csv.gz")
    places = betas.select("probe_id").join(
        probes, left_on="probe_id", right_on="Name", how="left", maintain_order="left"
    )
    y = m_value(betas.drop("probe_id").cast(pl.Float64).to_numpy(), 1e-6)
    position = places["MAPINFO"].cast(pl.Int64).fill_null(-1).to_numpy()
    chromosome = places["CHR"].cast(pl.Int64, strict=False).fill_null(-1).to_numpy()
    known = (position >= 0) & np.isfinite(y).all(axis=1) & (y.std(axis=1) > 0)
    beside = neighbours(np.where(known, chromosome, -1), position, 500, 3)
    return RealCpgs(y[beside.rows] @ _centring(y.shape[1]), beside)


def null_study(cpgs: RealCpgs, seed: int, n_rotations: int = 199) -> RegionStudy:
    """Rotate all coordinates at random; the first becomes the contrast.

    The correlation of the CpGs stays as it is, to the last digit, and nothing happens.
    """
    rng = np.random.default_rng(seed)
    z = cpgs.coordinates
    turn = np.linalg.qr(rng.standard_normal((z.shape[1], z.shape[1])))[0]
    return study_of(z @ turn, cpgs.beside, seed, n_rotations)


def study_of(z: Floats, beside: Neighbours, seed: int, n_rotations: int) -> RegionStudy:
    """Test a contrast that stands in the first coordinate."""
    rest, m = z[:, 1:], z.shape[1] - 1
    square, df = (rest**2).sum(axis=1), np.full(len(z), float(m))
    prior = fit_f_dist(square / m, df, None)
    se = np.sqrt((prior.df_prior * prior.s2_prior + square) / (prior.df_prior + m))
    total = df + prior.df_prior
    found = Residuals(rest / np.sqrt(square)[:, None], square, df)
    correlation = neighbour_correlation(found.unit, beside)
    chance = chance_regions(
        found, prior.df_prior, prior.s2_prior, correlation, beside, 0.05, n_rotations, seed
    )
    regions = candidate_regions(z[:, 0], se, total, correlation, beside, 0.05)
    return RegionStudy(z[:, 0], se, total, correlation, chance, regions)


def _centring(n: int) -> Floats:
    """Orthonormal columns orthogonal to the mean."""
    return np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, :-1]]))[0][:, 1:]
