"""Proteins of the synthetic study, as a long table of the kind that Olink exports (NPX)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cohortmart.app.demo.effects import COURSE
from cohortmart.app.demo.people import TIMEPOINTS, Samples, Text
from cohortmart.app.demo.scale import stream
from cohortmart.core.types import Floats

N_PROTEINS, N_REBOUND = 96, 16  # of these half rise and half fall
_SIZE = (0.6, 1.2)  # NPX, towards the third trimester
_WITHIN, _BETWEEN = 0.25, 0.4  # sd of NPX between visits of a person, between people
_LOD = 0.5
_SHARE_MEASURED = 0.97  # of the samples with RNA or methylation


@dataclass(frozen=True)
class Proteins:
    """Proteins and their values.

    Parameters
    ----------
    ids, names : array of str, shape (n_proteins,)
    effect : array of str, shape (n_proteins,)
        rebound_up, rebound_down or none.
    size : array, shape (n_proteins,)
        Change towards the third trimester, in NPX.
    npx : array, shape (n_proteins, n_samples)
        NaN where a sample was not measured.
    """

    ids: Text
    names: Text
    effect: Text
    size: Floats
    npx: Floats


def make_proteins(seed: int, samples: Samples, *, effects: bool = True) -> Proteins:
    """Draw the proteins of every sample; the last few lie mostly below detection.

    Parameters
    ----------
    seed : int
        Seed of the study.
    samples : Samples
    effects : bool
        False: no protein changes.
    """
    rng = stream(seed, "proteins")
    n, people = len(samples.subject), int(samples.subject.max()) + 1
    size = np.zeros(N_PROTEINS)
    size[:N_REBOUND] = rng.uniform(*_SIZE, N_REBOUND) * np.tile([1.0, -1.0], N_REBOUND // 2)
    size *= effects
    level = np.sort(rng.normal(4.5, 2.0, N_PROTEINS))[::-1]
    course = np.array([COURSE[str(t)] for t in samples.timepoint])
    cd8 = (samples.cell_type == "CD8") * rng.normal(0, 0.5, N_PROTEINS)[:, None]
    npx = level[:, None] + cd8 + np.outer(size, course)
    npx += rng.normal(0, _BETWEEN, (N_PROTEINS, people))[:, samples.subject]
    npx += rng.normal(0, _WITHIN, (N_PROTEINS, n))
    measured = (samples.rna | samples.methylation) & (rng.random(n) < _SHARE_MEASURED)
    number = np.char.zfill(np.arange(1, N_PROTEINS + 1).astype(str), 5)
    order = rng.permutation(N_PROTEINS)  # the id says nothing of effect and level
    return Proteins(
        ids=np.char.add("OID9", number),
        names=np.char.add("SYNP", np.arange(1, N_PROTEINS + 1).astype(str)),
        effect=np.where(size > 0, "rebound_up", np.where(size < 0, "rebound_down", "none"))[order],
        size=size[order],
        npx=np.where(measured, npx, np.nan)[order],
    )


def npx_table(proteins: Proteins, samples: Samples) -> pl.DataFrame:
    """Return the long table: a row a sample and protein, with its detection limit."""
    at = np.flatnonzero(~np.isnan(proteins.npx[0]))
    at = at[np.argsort(samples.sample_id[at])]
    n = len(proteins.ids)
    npx = proteins.npx[:, at].T.ravel()
    return pl.DataFrame(
        {
            "SampleID": np.repeat(samples.sample_id[at], n),
            "OlinkID": np.tile(proteins.ids, len(at)),
            "UniProt": np.tile(np.char.add("SYN", proteins.ids), len(at)),
            "Assay": np.tile(proteins.names, len(at)),
            "NPX": npx,
            "LOD": np.full(len(npx), _LOD),
            "QC_Warning": np.where(np.abs(npx) > 11, "Warning", "Pass"),
        }
    )


def protein_truth(proteins: Proteins) -> pl.DataFrame:
    """Return what was planted in each protein, in NPX; of both groups alike."""
    change = COURSE["3rd"] - COURSE["1st"]
    back = COURSE["PP"] - COURSE["3rd"]
    assert set(TIMEPOINTS) >= {"1st", "3rd", "PP"}
    values = {
        f"{group}_{name}": np.round(proteins.size * by, 4) + 0.0
        for group in ("HP", "MS")
        for name, by in (("3rd-1st", change), ("PP-3rd", back))
    }
    return pl.DataFrame(
        {"feature_id": proteins.ids, "protein": proteins.names, "effect": proteins.effect, **values}
    )
