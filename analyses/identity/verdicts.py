"""Verdicts: whose each sample is, in a word, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analyses.identity.genotypes import GENOTYPE, Genotypes
from analyses.identity.samples import IdentitySamples
from analyses.identity.sexes import Sexes
from analyses.stats.identity.genotype_mixture import CONTAMINATED
from analyses.stats.identity.person_posterior import (
    ALONE,
    OTHER_BELOW,
    PersonEvidence,
    PersonPosterior,
)
from analyses.stats.identity.sex_call import TOLD
from cohortmart.core.text import listed

AS_SAID, OTHER, EXCHANGED = "as said", "other person", "exchanged"
SPOILT, OTHER_SEX, CANNOT_TELL = "contaminated", "other sex", "cannot tell"
#: As many samples are named in a reason.
_NAMED = 4


@dataclass(frozen=True, eq=False)
class Found:
    """Everything that is known of the samples of a study.

    Parameters
    ----------
    samples : IdentitySamples
    genotypes : Genotypes
    sexes : Sexes
    evidence : sequence of PersonEvidence
        Of every kind, these two among them.
    posterior : PersonPosterior
    """

    samples: IdentitySamples
    genotypes: Genotypes
    sexes: Sexes
    evidence: Sequence[PersonEvidence]
    posterior: PersonPosterior

    @property
    def sex_told(self) -> list[str | None]:
        """The sex that the measures tell, None where they cannot."""
        return [
            "female" if xx >= TOLD else "male" if xx <= 1.0 - TOLD else None for xx in self.sexes.xx
        ]

    @property
    def by(self) -> list[list[str]]:
        """The kinds of evidence that say something of each sample."""
        says = [(one.name, one.says) for one in self.evidence]
        return [[name for name, of in says if of[i]] for i in range(self.samples.frame.height)]


@dataclass(frozen=True)
class Verdict:
    """What is said of a sample.

    Parameters
    ----------
    verdict : str
        One of the words above.
    reason : str
        Why, in plain words.
    likely : str or None
        The most likely person; None where nobody of the study is, or it cannot be told.
    posterior : float or None
        Of that, or of being of nobody of the study.
    exchanged_with : str or None
        The sample of the assay that fits its place, as it fits that one's.
    """

    verdict: str
    reason: str
    likely: str | None = None
    posterior: float | None = None
    exchanged_with: str | None = None


def verdicts(found: Found) -> list[Verdict]:
    """Return what is said of each sample, in the order of the samples."""
    partner = _exchanged(found)
    return [_verdict(found, i, partner.get(i)) for i in range(found.samples.frame.height)]


def _verdict(found: Found, i: int, partner: int | None) -> Verdict:
    posterior, samples, by = found.posterior, found.samples, found.by[i]
    score, told, said = found.genotypes.score[i], found.sex_told[i], samples.frame["sex"][i]
    likely, own = int(posterior.likely[i]), samples.frame["subject_id"][i]
    person = samples.people[likely] if likely < len(samples.people) else None
    chance = float(posterior.of_person[i, likely])
    if found.genotypes.contaminated[i]:
        return Verdict(
            SPOILT,
            f"its SNPs lie between the genotypes (score {score:.1f}, above {CONTAMINATED:g}): "
            "contaminated, or failed",
        )
    if posterior.said[i] < OTHER_BELOW:
        if partner is not None:
            other = samples.frame["sample_id"][partner]
            why = f"{listed(by)}: like {person}, and {other} of {person} like {own}"
            return Verdict(EXCHANGED, why, person, chance, other)
        whose = "of nobody else in the study" if person is None else f"like {person}"
        why = f"{listed(by)}: {whose}, unlike {own}"
        return Verdict(OTHER, why, person, chance)
    is_alone = posterior.said_alone[i] >= ALONE
    if told is not None and said is not None and told != said:
        why = _why_other_sex(found, i, told, said)
        return Verdict(OTHER_SEX, why, person, chance) if is_alone else Verdict(OTHER_SEX, why)
    if is_alone:
        return Verdict(AS_SAID, f"{listed(by)}: like {person}", person, chance)
    return Verdict(CANNOT_TELL, _why_not_told(found, i))


def _why_other_sex(found: Found, i: int, told: str, said: str) -> str:
    """Say whether one sample or all of a person are told the other sex."""
    of_person = np.flatnonzero(found.samples.said == found.samples.said[i])
    sexes = {found.sex_told[k] for k in of_person} - {None}
    why = f"{found.sexes.measures[i]} are those of a {told}, the sheet says {said}"
    if len(of_person) > 1 and sexes == {told}:
        return f"{why}; so are all samples of {found.samples.frame['subject_id'][i]}: is it right?"
    return why


def _why_not_told(found: Found, i: int) -> str:
    """Say what is lacking, or what stands against what."""
    samples, genotypes, by = found.samples, found.genotypes, found.by[i]
    person = samples.frame["subject_id"][i]
    if GENOTYPE not in by:
        told, said = found.sex_told[i], samples.frame["sex"][i]
        as_said = f"its sex ({told}) is as the sheet says; " if told and told == said else ""
        lacking = f"{listed(by)} cannot single out {person}" if by else "nothing tells its person"
        why = [
            f"{one.name}: {one.reasons[i]}" for one in found.evidence if any(one.reasons[i : i + 1])
        ]
        return f"{as_said}{'; '.join([lacking, *why])}"
    at = int(np.flatnonzero(genotypes.rows == i)[0])
    alike = genotypes.rows[genotypes.groups == genotypes.groups[at]]
    own = genotypes.rows[samples.said[genotypes.rows] == samples.said[i]]
    others = [k for k in alike if samples.said[k] != samples.said[i]]
    unlike = [k for k in own if k not in alike]
    if others and unlike:
        return (
            f"has the genotypes of {_names(found, others)}, unlike {_names(found, unlike)}: which "
            "of them is exchanged cannot be told"
        )
    if others:
        people = sorted({samples.frame["subject_id"][int(k)] for k in others})
        return f"has the genotypes of {listed(people)} as well: twins, or one of them is exchanged"
    if unlike:
        return f"not of one person with {_names(found, unlike)}: which is right cannot be told"
    return f"no other array of {person} to compare its genotypes with, and nobody else has them"


def _names(found: Found, rows: Sequence[int]) -> str:
    return listed([found.samples.frame["sample_id"][int(k)] for k in rows], most=_NAMED)


def _exchanged(found: Found) -> dict[int, int]:
    """Return pairs of samples of an assay that each fit the other's place, both ways.

    Of several that do, one of the same timepoint and cell type goes before the others.
    """
    samples, posterior = found.samples, found.posterior
    frame = samples.frame.select("assay", "timepoint", "cell_type").rows()
    odd = np.flatnonzero((posterior.said < OTHER_BELOW) & ~found.genotypes.contaminated)
    partner: dict[int, int] = {}
    for i in odd:
        fitting = [
            k for k in odd
            if k > i and k not in partner and frame[k][0] == frame[i][0]
            and posterior.likely[i] == samples.said[k] and posterior.likely[k] == samples.said[i]
        ]  # fmt: skip
        if i in partner or not fitting:
            continue
        best = max(
            fitting, key=lambda k: sum(a == b for a, b in zip(frame[i], frame[k], strict=True))
        )
        partner[int(i)], partner[int(best)] = int(best), int(i)
    return partner


def verdict_frame(found: Found, told: Sequence[Verdict]) -> pl.DataFrame:
    """Return the rows of `qc_identity`."""
    samples, genotypes, sexes = found.samples, found.genotypes, found.sexes
    frame = samples.frame
    has_sex = np.isfinite(sexes.xx)
    sure = np.where(has_sex, np.maximum(sexes.xx, 1.0 - sexes.xx), np.nan)
    says = [bool(by) for by in found.by]
    return pl.DataFrame(
        {
            "assay": frame["assay"],
            "sample_id": frame["sample_id"],
            "subject_id": frame["subject_id"],
            "likely_subject_id": [v.likely for v in told],
            "posterior": [v.posterior for v in told],
            "said_posterior": [
                float(p) if there else None
                for p, there in zip(found.posterior.said, says, strict=True)
            ],
            "evidence": [", ".join(by) or None for by in found.by],
            "n_snps": genotypes.n_snps,
            "contamination_score": genotypes.score,
            "said_sex": frame["sex"],
            "told_sex": found.sex_told,
            "sex_posterior": sure,
            "sex_evidence": [m or None for m in sexes.measures],
            "verdict": [v.verdict for v in told],
            "exchanged_with": [v.exchanged_with for v in told],
            "reason": [v.reason for v in told],
        }
    ).with_columns(pl.selectors.float().fill_nan(None))
