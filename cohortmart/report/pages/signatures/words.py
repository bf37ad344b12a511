"""Sentences on signatures: which contrasts are like a published table beyond chance."""

from __future__ import annotations

from dataclasses import dataclass

from cohortmart.core.study.kinds import Kind, kind_of_values
from cohortmart.core.text import counted
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source
from cohortmart.report.units import unit_of

_STRONGEST = """
    select contrast, signature, r, no_effect_low, no_effect_high, adj_p_value, reading, n_features,
        count(*) filter (where reading like '%signature') over (partition by signature) as n_beyond,
        count(*) over (partition by signature) as n_contrasts
    from signature_correlation
    where analysis = ?
    qualify row_number() over (
        partition by signature order by p_value nulls last, abs(r) desc nulls last, contrast
    ) = 1
    order by signature
"""


@dataclass(frozen=True)
class Compared:
    """An analysis that is compared with signatures, and how it is spoken of.

    Parameters
    ----------
    analysis, slug : str
        Its name, and that name as a part of file names.
    kind : Kind
        Of the assay.
    unit : str
        Of changes.
    people : str
        On whom it rests.
    """

    analysis: str
    slug: str
    kind: Kind
    unit: str
    people: str


def compared_of(source: Source, analysis: str, slug: str) -> Compared | None:
    """Return how an analysis is spoken of, None where it is compared with nothing."""
    there = "select count(*) from signature_correlation where analysis = ?"
    if not source.value(there, [analysis]):
        return None
    (of,) = source.rows(
        "select any_value(values_used) as used, max(n_samples) as n_samples,"
        " max(n_subjects) as n_subjects from dim_contrast where analysis = ?",
        [analysis],
    )
    return Compared(
        analysis=analysis,
        slug=slug,
        kind=kind_of_values(of["used"]),
        unit=unit_of(source, analysis, of["used"]),
        people=f"Up to {samples_of(source, of['n_samples'], of['n_subjects'])} a contrast.",
    )


def findings(source: Source, compared: Compared) -> list[str]:
    """Say of each signature which contrast is most like it, or that none is."""
    said = []
    for row in source.rows(_STRONGEST, [compared.analysis]):
        name = row["signature"]
        nouns = compared.kind.many_shown
        if row["r"] is None:
            one = counted(row["n_features"], compared.kind.shown, nouns)
            said.append(f"{name}: {one} in common are too few to compare.")
        elif not row["n_beyond"]:
            said.append(
                f"{name}: none of {counted(row['n_contrasts'], 'contrast')} is like it beyond "
                "chance."
            )
        else:
            contrast = source.names.words(row["contrast"])
            way = "with" if row["r"] > 0 else "against"
            said.append(
                f"{name}: {counted(row['n_beyond'], 'contrast')} of {row['n_contrasts']:,} like "
                f"it or its opposite beyond chance. {contrast} goes {way} it most clearly: "
                f"r = {row['r']:.2f} over {row['n_features']:,} {nouns}; without effect 95 % lie "
                f"between {row['no_effect_low']:.2f} and {row['no_effect_high']:.2f}."
            )
    return said
