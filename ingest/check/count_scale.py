"""Matrices given as counts that are none: logarithms, CPM, TPM."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cohortmart.core.count_scale import CountScale
from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Study
from cohortmart.core.text import joined

_EXPECTED = "counts of reads: whole numbers, or estimates as of salmon and RSEM, up to thousands"
_HINT = (
    "give the counts themselves; to test the values as they are, write `kind: continuous` and "
    "`values: measured`"
)


def counts_needed(study: Study, assay: str) -> tuple[str, ...]:
    """Return what in a study needs counts of an assay: nothing else has their variance.

    Parameters
    ----------
    study : Study
    assay : str
        Of kind counts.

    Returns
    -------
    tuple of str
        Such as `values: voom` (analysis e); empty where log-CPM are all that is made of them.
    """
    found = []
    for name, analysis in study.analyses.items():
        if analysis.assay == assay and analysis.values == "voom":
            found.append(f"`values: voom` (analysis {name})")
        if analysis.assay == assay and analysis.filter == "filter_by_expr":
            found.append(f"`filter: filter_by_expr` (analysis {name})")
    if any(step.layer == "combat_seq" for step in study.assays[assay].normalise):
        found.append(f"`combat_seq` (assay {assay})")
    return tuple(found)


def judge_scale(
    scale: CountScale, assay: str, file: Path, needed: Sequence[str] = ()
) -> tuple[str, ...]:
    """Refuse what cannot be counts.

    Parameters
    ----------
    scale : CountScale
        Of all files of the assay.
    assay : str
        Its name.
    file : Path
        The first file.
    needed : sequence of str
        From `counts_needed`.

    Returns
    -------
    tuple of str
        A note where the values look like CPM or TPM and nothing needs counts.

    Raises
    ------
    IngestError
        The values are logarithms, or CPM or TPM where counts are needed.
    """
    if scale.are_logarithms:
        raise IngestError(
            f"the values of the assay {assay} are logarithms, not counts",
            file=file,
            expected=_EXPECTED,
            found=scale.words,
            hint=_HINT,
        )
    if not scale.are_per_million:
        return _doubts(scale, file)
    if needed:
        raise IngestError(
            f"the values of the assay {assay} are CPM, TPM or the like, not counts, and "
            f"{joined(list(needed))} {'needs' if len(needed) == 1 else 'need'} counts",
            file=file,
            expected=_EXPECTED,
            found=scale.words,
            hint=_HINT,
        )
    return (
        f"{file.name}: {scale.words}; these look like TPM or CPM, not counts, and are treated as "
        "counts",
    )


def _doubts(scale: CountScale, file: Path) -> tuple[str, ...]:
    """Say what counts may be, and other values, too: lengthScaledTPM are fractional, so is FPKM."""
    if scale.hardly_whole:
        return (
            f"{file.name}: {scale.fractional_words}: estimated counts (lengthScaledTPM, say) are; "
            "FPKM, TPM and normalised counts are none",
        )
    if scale.are_small:
        return (
            f"{file.name}: no count is above {scale.largest:g}: so few reads, or logarithms "
            "rounded to whole numbers, which are no counts?",
        )
    if scale.have_equal_sums:
        return (
            f"{file.name}: {scale.words}: reads drawn to one number are counts; normalised values "
            "(quantiles, rounded TPM) are none",
        )
    return ()
