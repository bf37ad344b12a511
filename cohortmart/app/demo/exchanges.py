"""Samples of the synthetic study that are not whose the sheet says, and one wrong sex.

Two samples of RNA and two arrays have changed places, one array holds some DNA of another person,
and the sheet gives one person the wrong sex. The two are of one group, visit and cell type, in RNA
of one batch, and as alike in what the sheet says as any two can be: all else planted stays true.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cohortmart.app.demo.cells import Cells
from cohortmart.app.demo.people import Samples, Text
from cohortmart.core.types import Bools, Floats, Ints

FOREIGN_SHARE = 0.3  # of the DNA in the array that is not of one person
FEMALE, MALE = "F", "M"
#: What two samples must not differ in much, and what is much.
_UNLIKE = {"proportion_memory": 0.05, "cell_viability": 3.0, "age": 4.0}
_EFFECTOR = 0.02


@dataclass(frozen=True)
class Exchanges:
    """Indices of samples, each shape (2,); -1 in all where nothing is exchanged.

    Parameters
    ----------
    rna, arrays : tuple of int
        Two samples that have changed places in the counts, and in the betas.
    mixed : tuple of int
        A sample, and the one whose DNA is in its array, too.
    wrong_sex : int
        Index of the person whose sex the sheet has wrong.
    """

    rna: tuple[int, int]
    arrays: tuple[int, int]
    mixed: tuple[int, int]
    wrong_sex: int


NONE = Exchanges((-1, -1), (-1, -1), (-1, -1), -1)


def plan_exchanges(samples: Samples, cells: Cells) -> Exchanges:
    """Choose the samples: each time the two that are most alike, of people not chosen before.

    Parameters
    ----------
    samples : Samples
        All samples.
    cells : Cells
        What they are mixed of.
    """
    used: set[int] = set()

    def most_alike(measured: Bools, *kinds: Text) -> tuple[int, int]:
        free = measured & (samples.group != "HC") & ~np.isin(samples.subject, list(used))
        at = np.flatnonzero(free)
        one, other = at[np.triu_indices(len(at), 1)[0]], at[np.triu_indices(len(at), 1)[1]]
        same = samples.subject[one] != samples.subject[other]
        for kind in (samples.group, samples.timepoint, samples.cell_type, *kinds):
            same &= kind[one] == kind[other]
        one, other = one[same], other[same]
        nearest = int(np.argmin(_distance(samples, cells, one, other)))
        pair = int(one[nearest]), int(other[nearest])
        used.update(samples.subject[list(pair)].tolist())
        return pair

    rna = most_alike(samples.rna, samples.library_batch)
    arrays = most_alike(samples.methylation)
    mixed = most_alike(samples.methylation)
    left = np.setdiff1d(samples.subject[samples.group == "HP"], list(used))
    return Exchanges(rna, arrays, mixed, int(left[0]))


def _distance(samples: Samples, cells: Cells, one: Ints, other: Ints) -> Floats:
    """Return how unlike two samples are, shape (n_pairs,)."""
    distance: Floats = np.abs(cells.fractions[one, 2] - cells.fractions[other, 2]) / _EFFECTOR
    for name, much in _UNLIKE.items():
        value: Floats = getattr(samples, name)
        distance = distance + np.abs(value[one] - value[other]) / much
    return distance


def exchanged_counts(counts: Ints, planned: Exchanges) -> Ints:
    """Return counts with two samples in each other's place, shape (n_genes, n_samples)."""
    if planned == NONE:
        return counts
    shown: Ints = counts[:, _swapped(counts.shape[1], planned.rna)]
    return shown


def exchanged_betas(beta: Floats, planned: Exchanges) -> Floats:
    """Return betas with two arrays in each other's place and one mixed, (n_probes, n_samples)."""
    if planned == NONE:
        return beta
    shown: Floats = beta[:, _swapped(beta.shape[1], planned.arrays)]
    own, foreign = planned.mixed
    mixed: Floats = (1 - FOREIGN_SHARE) * beta[:, own] + FOREIGN_SHARE * beta[:, foreign]
    # where the other's value is missing the own is all there is
    shown[:, own] = np.where(np.isnan(mixed), beta[:, own], mixed)
    return shown


def _swapped(n: int, pair: tuple[int, int]) -> Ints:
    """Return the places of n columns when two have changed theirs."""
    order = np.arange(n)
    order[list(pair)] = pair[::-1]
    return order


def sex_in_sheet(samples: Samples, planned: Exchanges) -> Text:
    """Return what the sheet says of every sample's person."""
    return np.where(samples.subject == planned.wrong_sex, MALE, FEMALE)


def exchange_truth(samples: Samples, planned: Exchanges) -> pl.DataFrame:
    """Return a row a sample and finding: what the sheet says and what is true."""
    rows: list[tuple[str, str, str | None, str, str]] = []
    person, name = samples.subject_id, samples.sample_id
    if planned != NONE:
        for assay, pair in (("rna", planned.rna), ("methylation", planned.arrays)):
            for i, j in (pair, pair[::-1]):
                rows.append(("swapped", str(name[i]), assay, str(person[i]), str(person[j])))
        own, foreign = planned.mixed
        both = f"{person[own]} + {person[foreign]}"
        rows.append(("contaminated", str(name[own]), "methylation", str(person[own]), both))
        theirs = name[samples.subject == planned.wrong_sex]
        rows += [("sex", str(one), None, MALE, FEMALE) for one in theirs]
    columns = ("finding", "sample_id", "assay", "sheet_says", "truth")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
