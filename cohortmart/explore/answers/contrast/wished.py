"""The contrast that is asked for: which, of what, and on whom it rests."""

from __future__ import annotations

from dataclasses import dataclass

from cohortmart.core.errors import InputError
from cohortmart.core.text import did_you_mean, listed
from cohortmart.explore.answers.addresses import feature_address, gene_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.report.pages.contrasts.words import Manner, Row, compared_words, manner_of

_CONTRAST = """
    select d.analysis, d.contrast, d.contrast_order, d.assay, d.meaning, d.expression, d.n_samples,
        d.n_subjects, s.n_tested, s.n_found, s.n_up, s.n_down, s.threshold_p, s.threshold_adj_p,
        s.threshold_delta_beta, s.threshold_log_fc
    from dim_contrast as d
    inner join contrast_summary as s on s.analysis = d.analysis and s.contrast = d.contrast
    where d.analysis = $analysis and d.contrast = $contrast and d.n_subjects >= $people
"""
_NAMES = """
    select contrast from dim_contrast where analysis = $analysis and n_subjects >= $people
    order by contrast_order nulls last, contrast
"""


@dataclass(frozen=True)
class ContrastMeant:
    """A contrast of the study.

    Parameters
    ----------
    row : mapping
        What `dim_contrast` and `contrast_summary` say of it.
    manner : Manner
        How its analysis is spoken of.
    """

    row: Row
    manner: Manner

    @property
    def analysis(self) -> str:
        """Name of its analysis."""
        return self.manner.analysis

    @property
    def contrast(self) -> str:
        """Its name."""
        return str(self.row["contrast"])

    @property
    def assay(self) -> str:
        """The assay that was fitted."""
        return str(self.row["assay"])

    @property
    def key(self) -> dict[str, str]:
        """Its place in tables of results, as parameters of a query."""
        return {"analysis": self.analysis, "contrast": self.contrast}

    def question(self, asked: Asked) -> str:
        """Say what it asks, and of whom."""
        shown = asked.names.words
        meaning = shown(str(self.row["meaning"] or self.row["expression"] or self.contrast))
        return f"{_begun(meaning)}, in {compared_words(asked, self.row)}"

    def title(self, asked: Asked) -> str:
        """Return its name with that of its analysis."""
        return asked.names.words(f"{self.contrast} of {self.analysis}")

    def address_of(self, feature_id: str, name: str | None) -> str:
        """Return where one of its features is shown: a gene by its name, else by the assay."""
        if self.manner.kind.feature == "gene":
            return gene_address(name or feature_id)
        return feature_address(self.assay, feature_id)


def people_shown(asked: Asked) -> int:
    """Return of how many people a contrast must be: of a single one none is shown to others."""
    return 2 if asked.pseudonymised else 1


def contrast_meant(asked: Asked, analysis: str, contrast: str) -> ContrastMeant:
    """Return the contrast of these names.

    Parameters
    ----------
    asked : Asked
    analysis, contrast : str

    Raises
    ------
    InputError
        There is none, or none that may be shown.
    """
    given = {"analysis": analysis, "contrast": contrast, "people": people_shown(asked)}
    rows = asked.rows(_CONTRAST, given)
    manner = manner_of(asked, analysis, "one") if rows else None
    if not rows or manner is None:
        raise _unknown(asked, analysis, contrast)
    return ContrastMeant(rows[0], manner)


def _unknown(asked: Asked, analysis: str, contrast: str) -> InputError:
    shown = asked.names.words
    if analysis not in asked.analyses:
        return InputError(
            f"the study has no analysis {analysis!r}",
            expected=listed([shown(a) for a in asked.analyses]),
            hint=did_you_mean(analysis, asked.analyses),
        )
    given = {"analysis": analysis, "people": people_shown(asked)}
    known = [str(row["contrast"]) for row in asked.rows(_NAMES, given)]
    return InputError(
        f"the analysis {shown(analysis)} has no contrast {contrast!r}",
        expected=listed([shown(name) for name in known], most=8),
        hint=did_you_mean(contrast, known) or "the list of contrasts has all of them",
    )


def _begun(words: str) -> str:
    return words[:1].upper() + words[1:]
