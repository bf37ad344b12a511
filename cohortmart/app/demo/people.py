"""The people of the synthetic study, their visits and their samples.

Like the model study: 11 people with multiple sclerosis (MS), 7 healthy pregnant (HP), 4 healthy
and not pregnant (HC); CD4 and CD8 cells of each visit; some visits and some samples missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cohortmart.app.demo.scale import stream
from cohortmart.core.types import Bools, Floats, Ints

GROUPS = ("HP", "MS", "HC")
TIMEPOINTS = ("NP", "BP", "1st", "2nd", "3rd", "PP")
CELL_TYPES = ("CD4", "CD8")
_WOMEN = {"MS": 11, "HP": 7, "HC": 4}
_BEFORE_PREGNANCY = 5  # as in the model study, only people with MS, and not all of them
_MISSED_VISITS = 7  # of the 72 during and after pregnancy
_SHARE_BATCH_B = {"MS": 0.5, "HP": 0.3, "HC": 0.3}  # unbalanced, but no visit is of one batch
_SHARE_MEASURED = 0.96  # of the samples, by each assay
_ARRAYS_A_SLIDE = 8
_WEEKS = {"1st": (8, 13), "2nd": (19, 26), "3rd": (32, 38)}  # of pregnancy, at the visit
_FIRST_SLIDE = 205_100_000_000

Text = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Samples:
    """One entry a sample, all arrays of shape (n_samples,).

    Parameters
    ----------
    sample_id : array of str
        Name of the sample, and of its column of counts.
    methylation_sample : array of str
        Slide and position of its array, '' where it was not measured.
    subject : array of int
        Index of the person, from 0.
    group, timepoint, cell_type, library_batch, slide : array of str
        Categories; the batch is '' without RNA, the slide '' without methylation.
    age, proportion_memory, cell_viability : array of float
        Years, share in 0..1, percent.
    pregnancy_week : array of int
        Whole weeks, 0 before and after pregnancy, as such sheets code it.
    rna, methylation : array of bool
        What was measured.
    """

    sample_id: Text
    methylation_sample: Text
    subject: Ints
    group: Text
    timepoint: Text
    cell_type: Text
    library_batch: Text
    slide: Text
    age: Floats
    proportion_memory: Floats
    cell_viability: Floats
    pregnancy_week: Ints
    rna: Bools
    methylation: Bools

    @property
    def subject_id(self) -> Text:
        """Names of the people: three digits, so that reading them as numbers would show."""
        return np.char.zfill((self.subject + 1).astype(str), 3)


def make_samples(seed: int, arrays: int | None = None) -> Samples:
    """Draw the people, their visits and their samples.

    Parameters
    ----------
    seed : int
        Seed of the study.
    arrays : int, optional
        At most so many methylation arrays; those beyond are left out at random, and nothing else
        changes. Default: all.
    """
    rng = stream(seed, "people")
    group_of = np.repeat(list(_WOMEN), list(_WOMEN.values()))
    visits = _visits(rng, group_of)
    subject = np.repeat([s for s, _ in visits], len(CELL_TYPES))
    timepoint = np.repeat([t for _, t in visits], len(CELL_TYPES))
    cell_type = np.tile(CELL_TYPES, len(visits))
    group, n = group_of[subject], len(subject)
    people = len(group_of)

    age = np.round(rng.uniform(24, 39, people))[subject]
    memory = np.where(cell_type == "CD4", 0.45, 0.35)
    memory = memory + rng.normal(0, 0.08, people)[subject] + rng.normal(0, 0.04, n)
    viability = np.clip(rng.normal(92, 3, n), 60, 99.5)
    rna, methylation = rng.random((2, n)) < _SHARE_MEASURED
    slide, array = _slides(rng, cell_type, methylation)
    if arrays is not None:
        left_out = stream(seed, "arrays").permutation(np.flatnonzero(methylation))[arrays:]
        methylation[left_out], slide[left_out], array[left_out] = False, "", ""
    return Samples(
        sample_id=np.char.add("DEMO_", np.char.zfill((rng.permutation(n) + 101).astype(str), 4)),
        methylation_sample=array,
        subject=subject,
        group=group,
        timepoint=timepoint,
        cell_type=cell_type,
        library_batch=_batches(
            rng, group, np.char.add(np.char.add(group, timepoint), cell_type), rna
        ),
        slide=slide,
        age=age,
        proportion_memory=np.round(np.clip(memory, 0.05, 0.95), 2),
        cell_viability=viability.round(1),
        pregnancy_week=_weeks(stream(seed, "weeks"), subject, timepoint),
        rna=rna,
        methylation=methylation,
    )


def sample_sheet(samples: Samples, sex: Text) -> pl.DataFrame:
    """Return the sheet, one row a sample; `sex` is what it says of each, shape (n_samples,)."""
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
            "sex": sex,
            "age": samples.age.astype(int),
            "proportion_memory": [f"{v:.2f}" for v in samples.proportion_memory],
            "cell_viability": [f"{v:.1f}" for v in samples.cell_viability],
            "pregnancy_week": samples.pregnancy_week,
        }
    ).with_columns(pl.col(pl.String).replace("", None))


def _visits(rng: np.random.Generator, group_of: Text) -> list[tuple[int, str]]:
    """Return (person, time point) of every visit that took place, in order."""
    in_pregnancy = TIMEPOINTS[2:]
    pregnant = np.flatnonzero(group_of != "HC")
    planned = [(int(w), t) for w in pregnant for t in in_pregnancy]
    missed: dict[tuple[str, str], tuple[int, str]] = {}
    absent: set[int] = set()
    for i in rng.permutation(len(planned)):
        person, time = planned[i]
        place = (str(group_of[person]), time)
        # at most one visit a person and one person a visit of each group, so that none runs empty
        if len(missed) < _MISSED_VISITS and person not in absent and place not in missed:
            absent.add(person)
            missed[place] = planned[i]
    visits = [visit for visit in planned if visit not in missed.values()]
    before = rng.permutation(np.flatnonzero(group_of == "MS"))[:_BEFORE_PREGNANCY]
    visits += [(int(w), "BP") for w in before]
    visits += [(int(w), "NP") for w in np.flatnonzero(group_of == "HC")]
    return sorted(visits, key=lambda v: (v[0], TIMEPOINTS.index(v[1])))


def _weeks(rng: np.random.Generator, subject: Ints, timepoint: Text) -> Ints:
    """Draw the week of every visit in pregnancy; the two samples of a visit share it."""
    people = int(subject.max()) + 1
    drawn = {t: rng.integers(*span, people, endpoint=True) for t, span in _WEEKS.items()}
    none = np.zeros(people, dtype=np.int64)
    return np.array([drawn.get(str(t), none)[s] for s, t in zip(subject, timepoint, strict=True)])


def _batches(rng: np.random.Generator, group: Text, visit: Text, sequenced: Bools) -> Text:
    """Spread library batches A and B over the samples of every visit (with group, cell type)."""
    batch = np.where(sequenced, "A", "")
    for one in np.unique(visit):
        members = rng.permutation(np.flatnonzero(sequenced & (visit == one)))
        if len(members) > 1:
            share = _SHARE_BATCH_B[str(group[members[0]])]
            batch[members[: max(1, round(share * len(members)))]] = "B"
    return batch


def _slides(rng: np.random.Generator, cell_type: Text, measured: Bools) -> tuple[Text, Text]:
    """Put measured samples on slides of at most eight arrays, one cell type a slide, at random."""
    slide = np.full(len(cell_type), "", dtype="U12")
    array = np.full(len(cell_type), "", dtype="U19")
    number = _FIRST_SLIDE
    for cells in CELL_TYPES:
        members = rng.permutation(np.flatnonzero(measured & (cell_type == cells)))
        for on_slide in np.array_split(members, -(-len(members) // _ARRAYS_A_SLIDE)):
            number += 1
            slide[on_slide] = str(number)
            for position, sample in enumerate(on_slide, start=1):
                array[sample] = f"{number}_R{position:02d}C01"
    return slide, array
