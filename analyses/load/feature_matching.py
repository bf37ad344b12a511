"""The features of a derived assay's file among those of the assay that it is made from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from analyses.load.identifiers import no_gene_in_common
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.derive_records import REFUSE_BELOW, WARN_BELOW, Derive
from cohortmart.core.text import counted, listed

_VERSION = re.compile(r"^(ENS[A-Z]{0,6}\d{11})\.\d+$")
#: EPIC v2's replicates of a probe.
_REPLICATE = re.compile(r"_[TB][CO]\d+$")


@dataclass(frozen=True)
class Matched:
    """Which features were found.

    Parameters
    ----------
    positions : mapping of str to tuple of int
        Feature of the file to those of the assay; several share a gene name.
    by : str
        feature_id, feature_id without version, or gene_name: what they agree in.
    n_wanted : int
        Features of the file.
    """

    positions: Mapping[str, tuple[int, ...]]
    by: str
    n_wanted: int

    @property
    def share(self) -> float:
        """Share of the file's features that were found."""
        return len(self.positions) / self.n_wanted


def match_features(
    wanted: Sequence[str],
    ids: Sequence[str],
    gene_names: Mapping[str, str],
    words: Mapping[str, str] = MappingProxyType({}),
) -> Matched:
    """Look up features by id, by id without version, or by gene name: whichever finds most.

    Parameters
    ----------
    wanted : sequence of str
        Of the file, each once.
    ids : sequence of str
        Of the assay.
    gene_names : mapping
        Feature of the assay to its gene name.
    words : mapping
        Words of the file to the gene names that they mean, where those differ.
    """
    ways: dict[str, tuple[Iterable[str | None], Callable[[str], str]]] = {
        "feature_id": (ids, str),
        "feature_id without version": (map(_bare, ids), _bare),
        "gene_name": (map(gene_names.get, ids), lambda w: words.get(w, w)),
    }
    best = Matched({}, "feature_id", len(wanted))
    for by, (names, asked) in ways.items():
        if len(best.positions) == len(wanted):  # no way finds more
            break
        of_word = {w: asked(w) for w in wanted}
        places: dict[str, list[int]] = {name: [] for name in of_word.values()}
        for position, name in enumerate(names):
            if name in places:
                places[name].append(position)
        found = {w: tuple(places[name]) for w, name in of_word.items() if places[name]}
        if len(found) > len(best.positions):
            best = Matched(found, by, len(wanted))
    return best


def check_matched(
    matched: Matched, name: str, derive: Derive, wanted: Sequence[str], ids: Sequence[str],
    gene_names: Mapping[str, str],
) -> str:  # fmt: skip
    """Return the note that says how many features were found.

    Parameters
    ----------
    matched : Matched
    name, derive : str, Derive
        The derived assay.
    wanted, ids, gene_names
        As for `match_features`.

    Raises
    ------
    AnalysisError
        Fewer than half were found.
    """
    of = derive.how.features
    said = (
        f"{len(matched.positions):,} of the {counted(matched.n_wanted, of)} of {derive.file.name} "
        f"({100 * matched.share:.0f} %) are in {derive.source}"
    )
    if matched.share >= REFUSE_BELOW:
        by = "" if matched.by == "feature_id" else f", by {matched.by}"
        warning = "warning: only " if matched.share < WARN_BELOW else ""
        return f"{warning}{said}{by}"
    where = f"derived assay {name}"
    missing = [feature for feature in wanted if feature not in matched.positions]
    if not matched.positions and derive.method != "cell_fractions":
        raise no_gene_in_common(
            f"{derive.file.name} (derived assay {name})",
            wanted,
            f"the features of {derive.source}",
            [*ids, *gene_names.values()] if not set(ids) & set(gene_names.values()) else ids,
        )
    raise AnalysisError(
        f"{where}: only {said}",
        file=derive.file,
        expected=f"at least {100 * REFUSE_BELOW:.0f} %",
        found=f"not there: {listed(missing, 5)}; {derive.source} has {listed(list(ids), 3)}, ...",
        hint=_hint(missing, ids),
    )


def _hint(missing: Sequence[str], ids: Sequence[str]) -> str:
    bases = {_REPLICATE.sub("", name) for name in ids if _REPLICATE.search(name)}
    if bases and 2 * sum(feature in bases for feature in missing) > len(missing):
        return (
            "write `read: {collapse_replicates: true}` under the assay: EPIC v2's names have ends"
        )
    return "is it a file for this array or kind of ids? filters of the assay take features out, too"


def _bare(name: str) -> str:
    """Take the version off an Ensembl id."""
    return _VERSION.sub(r"\1", name)
