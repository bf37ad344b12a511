"""Features of a list: what its words are in an analysis, and what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS
from cohortmart.explore.answers.addresses import feature_address, gene_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.listed.names import Meaning
from cohortmart.report.pages.overview.features import Analysed
from cohortmart.report.pages.rebound.names import gene_names, label, short_labels

_OF_GENES = {
    COUNTS: """
        select coalesce(gene_name, gene_id) as key, gene_id as feature_id from dim_gene
        where coalesce(gene_name, gene_id) in (select unnest($genes::varchar[]))
        order by gene_id
    """,
    BETA: """
        select distinct gene_name as key, probe_id as feature_id from bridge_probe_gene
        where gene_name in (select unnest($genes::varchar[])) order by probe_id, gene_name
    """,
    CONTINUOUS: """
        select gene_name as key, feature_id from dim_measure
        where assay = $assay and gene_name in (select unnest($genes::varchar[]))
        order by feature_id
    """,
}
_TABLE = {COUNTS: "dim_gene", BETA: "bridge_probe_gene", CONTINUOUS: "dim_measure"}
_ASSAYS = """
    select d.analysis, min(d.assay) as assay, min(a.kind) as kind, max(s.found) as found
    from dim_contrast as d
    inner join staging.stg_lake__assays as a on a.assay = d.assay
    left join (
        select analysis, max(n_found / sqrt(greatest(n_tested, 1))) as found
        from contrast_summary group by analysis
    ) as s on s.analysis = d.analysis
    group by d.analysis order by d.analysis
"""


@dataclass(frozen=True)
class Listed:
    """A feature of a list.

    Parameters
    ----------
    feature_id : str
    name : str
        What it is called, one of a kind in the list.
    gene : str or None
    words : tuple of str
        The words that mean it.
    address : str
        Where it is shown.
    """

    feature_id: str
    name: str
    gene: str | None
    words: tuple[str, ...]
    address: str


def best_analysis(asked: Asked, meant: Sequence[Meaning]) -> str | None:
    """Return the analysis that has most of a list; of several that with the strongest contrast.

    Genes count where they are measured themselves, not where only their CpGs are.
    """
    assays: dict[str, int] = {}
    ranked = []
    for row in asked.rows(_ASSAYS):
        if row["analysis"] not in asked.analyses:
            continue
        if row["assay"] not in assays:
            direct = [m for m in meant if row["kind"] != BETA or m.probes]
            pairs = words_of_features(asked, row["assay"], row["kind"], direct)
            assays[row["assay"]] = len({word for words in pairs.values() for word in words})
        ranked.append((-assays[row["assay"]], -(row["found"] or 0.0), row["analysis"]))
    return min(ranked)[2] if ranked else None


def words_of_features(
    asked: Asked, assay: str, kind: str, meant: Iterable[Meaning]
) -> dict[str, tuple[str, ...]]:
    """Return the features of an assay that words mean, each with these words, in their order."""
    meant = list(meant)
    by_gene: dict[str, list[str]] = {}
    genes = sorted({gene for m in meant for gene in m.genes})
    if genes and asked.is_there(_TABLE[kind]):
        given = {"genes": genes} | ({"assay": assay} if kind == CONTINUOUS else {})
        for row in asked.rows(_OF_GENES[kind], given):
            by_gene.setdefault(row["key"], []).append(row["feature_id"])
    found: dict[str, list[str]] = {}
    for m in meant:
        own = list(m.probes) if kind == BETA else [f for a, f in m.measures if a == assay]
        for feature in [*own, *(f for gene in m.genes for f in by_gene.get(gene, ()))]:
            words = found.setdefault(feature, [])
            if m.word not in words:
                words.append(m.word)
    return {feature: tuple(words) for feature, words in found.items()}


def listed_features(asked: Asked, of: Analysed, words: Mapping[str, Sequence[str]]) -> list[Listed]:
    """Return features with their names, in the order given.

    Parameters
    ----------
    asked : Asked
    of : Analysed
    words : mapping of str to sequence of str
        As `words_of_features` gives them.
    """
    genes = gene_names(asked, of, words)
    labels = {feature: label(feature, genes.get(feature)) for feature in words}
    short = short_labels(labels.values())
    found = []
    for feature, its_words in words.items():
        gene = genes.get(feature)
        shown = (
            gene_address(gene or feature)
            if of.kind.name == COUNTS
            else feature_address(of.assay, feature)
        )
        found.append(Listed(feature, short[labels[feature]], gene, tuple(its_words), shown))
    return found
