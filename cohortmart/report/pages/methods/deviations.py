"""Deviations from the model study (Zenere et al. 2023), and what each changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cohortmart.core.text import Nouns

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class _Choice:
    """One choice that the model study made: the paper's way, ours, and what the difference does."""

    about: str
    paper: str
    here: Callable[[Parameters], str | None]  # None = as the paper did, or not asked for
    changes: str


def _rebound_rule(p: Parameters) -> str | None:
    if p.get("rebound") is None or p["rebound"].get("preset") == "paper":
        return None
    return "opposite signs, and both changes hold up together (adjusted P of the larger P)"


def _errors(p: Parameters) -> str | None:
    return None if p.get("contrast_errors") == "limma" else "exact, from each feature's covariance"


def _prior(p: Parameters) -> str | None:
    used = (p.get("moderation") or {}).get("prior")
    return "by maximum likelihood, as limma since 3.62" if used == "likelihood" else None


def _thresholds(p: Parameters) -> str | None:
    own = p.get("thresholds") or {}
    if own.get("p") is not None and own.get("adj_p") is None:
        return None
    level = own.get("adj_p")
    return f"P adjusted for the number of features < {level:g}" if level else "adjusted P < 0.05"


def _modules(p: Parameters) -> str | None:
    if p.get("modules") is None or p["modules"].get("mode") == "paper":
        return None
    weight = p["modules"].get("seed_weight", 1)
    if weight == 1:
        return "every link counts once in every step"
    return f"a link to a seed counts {weight} times in every step, and so does the seed itself"


def _delta_beta(p: Parameters) -> str | None:
    return "the same model, fitted to beta" if p.get("values") in ("m_value", "beta") else None


_CHOICES = (
    _Choice(
        "What counts as found",
        "P < 0.05 of each feature by itself",
        _thresholds,
        "far fewer false findings: of 20,000 genes without any effect 1,000 have P < 0.05",
    ),
    _Choice(
        "What counts as a rebound",
        "P < 0.05 in both changes, whatever their signs",
        _rebound_rule,
        "the two changes share {visit}, so chance alone makes them swing; see the page Rebound "
        "for both counts",
    ),
    _Choice(
        "Standard errors of contrasts",
        "limma's approximation where weights differ",
        _errors,
        "P values by a few per cent in both directions; dim_contrast.limma_se_ratio_* says how far",
    ),
    _Choice(
        "Prior of the variances",
        "from moments, as limma before 3.62",
        _prior,
        "P values where missing values leave features with different degrees of freedom; "
        "dim_contrast.variance_prior says which was used",
    ),
    _Choice(
        "Delta beta",
        "difference of the arithmetic means of the groups",
        _delta_beta,
        "{visits} that some {people} missed no longer shift it",
    ),
    _Choice(
        "Disease modules",
        "DIAMOnD as published, whose seed weight acts in the first step only",
        _modules,
        "other genes are added to the module",
    ),
)


def deviations(analysis: str, parameters: Parameters, nouns: Nouns) -> list[dict[str, str]]:
    """Return a row for every choice in which an analysis differs from the model study.

    Parameters
    ----------
    analysis : str
    parameters : mapping
        `analysis_run.parameters`, read from JSON.
    nouns : Nouns
    """
    words = {
        "visit": nouns.timepoint.a,
        "visits": nouns.timepoint.many,
        "people": nouns.subject.many,
    }
    return [
        {
            "analysis": analysis,
            "about": choice.about,
            "paper": choice.paper,
            "here": here,
            "changes": choice.changes.format(**words),
        }
        for choice in _CHOICES
        if (here := choice.here(parameters)) is not None
    ]
