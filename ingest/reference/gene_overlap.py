"""Genes of gene sets, lists and networks that the study knows, and what it means if it does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.study.rules.findings import GENE_LISTS, collection_name
from cohortmart.core.text import counted, listed
from cohortmart.core.text.identifiers import ids_hint, kind_of_ids, shown_ids
from ingest.reference.study_genes import StudyGenes

#: Below this share of known genes, on both sides, the ids are hardly the same.
FEW_KNOWN = 0.05
_SHOWN = 3


@dataclass(frozen=True)
class GeneNames:
    """The genes of one collection of sets, of one list, or of the network.

    Parameters
    ----------
    what : str
        As in "the gene sets `go`".
    file : Path
        Where they come from.
    words : tuple of str
        Each once, sorted.
    needed_by : str
        The analysis that cannot do without them; empty if there is none.
    is_network : bool
    descriptions : tuple of str
        Of the gene sets, one each.
    """

    what: str
    file: Path
    words: tuple[str, ...]
    needed_by: str = ""
    is_network: bool = False
    descriptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class OverlapReport:
    """What is said of the genes that are known.

    Parameters
    ----------
    lines : tuple of str
        One for each collection, list and network.
    warnings : tuple of str
        Where hardly any is known.
    """

    lines: tuple[str, ...]
    warnings: tuple[str, ...]


def gene_names(
    study: Study, sets: pl.DataFrame, edges: Sequence[str], signatures: pl.DataFrame
) -> list[GeneNames]:
    """Return the genes of everything under `reference` that names genes.

    Parameters
    ----------
    study : Study
    sets : pl.DataFrame
        `collection`, `gene_set`, `description` and `gene_name`, as the lake's `gene_set`.
    edges : sequence of str
        The genes of the network.
    signatures : pl.DataFrame
        `signature` and `listed_as`, as the lake's `signature_row`.
    """
    found = []
    for path in study.reference.gene_sets:
        name = collection_name(path.name)
        of_file = sets.filter(pl.col("collection") == name)
        words, needed = of_file["gene_name"], _needed_by(study, name)
        each = of_file.unique("gene_set").sort("gene_set")["description"].fill_null("")
        said = tuple(each.to_list())
        found.append(
            GeneNames(f"the gene sets `{name}`", path, _once(words), needed, descriptions=said)
        )
    needed = _needed_by(study, GENE_LISTS)
    for name, path in study.reference.gene_lists.items():
        of_list = (pl.col("collection") == GENE_LISTS) & (pl.col("gene_set") == name)
        words = sets.filter(of_list)["gene_name"]
        found.append(GeneNames(f"the gene list `{name}`", path, _once(words), needed))
    found += _of_signatures(study, signatures)
    network = study.reference.network
    if network is not None and edges:
        with_modules = [n for n, a in study.analyses.items() if a.modules is not None]
        needed = with_modules[0] if with_modules else ""
        found.append(GeneNames("the network", network.file, tuple(edges), needed, True))
    return found


def _of_signatures(study: Study, signatures: pl.DataFrame) -> list[GeneNames]:
    """Return the genes of the signatures that are compared with contrasts of genes."""
    found: dict[str, GeneNames] = {}
    for analysis, options in study.analyses.items():
        if study.assays[options.assay].kind != "counts":
            continue
        for name, signature in options.signatures.items():
            words = signatures.filter(pl.col("signature") == name)["listed_as"]
            named = GeneNames(f"the signature `{name}`", signature.file, _once(words), analysis)
            found.setdefault(name, named)
    return list(found.values())


def _once(words: pl.Series) -> tuple[str, ...]:
    return tuple(words.drop_nulls().unique().sort().to_list())


def _needed_by(study: Study, collection: str) -> str:
    """Name the first analysis whose enrichment tests a collection; empty if none does."""

    def tests(analysis: Analysis) -> bool:
        wanted = analysis.enrichment
        return wanted is not None and (not wanted.collections or collection in wanted.collections)

    return next((name for name, analysis in study.analyses.items() if tests(analysis)), "")


def compare_genes(genes: StudyGenes, named: Iterable[GeneNames]) -> OverlapReport:
    """Say how many genes of each collection, list and network the study knows.

    Parameters
    ----------
    genes : StudyGenes
        Without any name nothing is compared.
    named : iterable of GeneNames

    Raises
    ------
    IngestError
        An analysis needs a collection or list of which no gene is known, or a network of which
        hardly one is: the ids are not the study's.
    """
    lines, warnings = [], []
    for one in named if genes.names else ():
        if not one.words:
            continue
        renamed = genes.renamed(one.words)
        current = {renamed.get(word, word) for word in one.words}
        warnings += _descriptions_that_are_genes(one, genes)
        known = current & genes.names
        lines.append(_line(one, renamed, current, known, genes))
        share = max(len(known) / len(current), len(known) / len(genes.names))
        if known and share >= FEW_KNOWN:
            continue
        if one.needed_by and (not known or one.is_network):
            raise _few_known(one, known, genes)
        warnings.append(_warning(one, known, genes))
    return OverlapReport(tuple(lines), tuple(warnings))


def _descriptions_that_are_genes(one: GeneNames, genes: StudyGenes) -> list[str]:
    """Say that a file of gene sets seems to have no descriptions: each costs its set a gene."""
    renamed = genes.renamed(one.descriptions)
    found = [word for word in one.descriptions if renamed.get(word, word) in genes.names]
    if not found or 2 * len(found) < len(one.descriptions):
        return []
    return [
        f"{one.file.name}: the descriptions of {len(found):,} of "
        f"{counted(len(one.descriptions), 'gene set')} are genes ({listed(found, most=_SHOWN)}), "
        "and descriptions are not read as genes. To do: put a description, or nothing, between two "
        "tabs behind the name of each set"
    ]


def _line(
    one: GeneNames,
    renamed: dict[str, str],
    current: set[str],
    known: set[str],
    genes: StudyGenes,
) -> str:
    said = f"{one.what}: the study knows {len(known):,} of {counted(len(current), 'gene')}"
    used = sorted(word for word, name in renamed.items() if name in genes.names)
    if used:
        some = [f"{word} is {renamed[word]}" for word in used]
        said += f", {len(used):,} of them under another name ({listed(some, most=_SHOWN)})"
    return said


def _how_many(one: GeneNames, known: set[str]) -> str:
    few = f"only {len(known):,} of" if known else "none of"
    return f"{few} {counted(len(one.words), 'gene')} of {one.what}"


def _to_do(one: GeneNames, genes: StudyGenes) -> str:
    names = sorted(genes.names)
    said = ids_hint(one.words, names)
    if one.is_network:
        return f"{said}; or name its columns of genes: `network: {{file: ..., columns: [A, B]}}`"
    if kind_of_ids(one.words) != kind_of_ids(names) and not genes.lookup:
        said += ", or name a table that has both under `reference: {genes: FILE}`"
    return said


def _few_known(one: GeneNames, known: set[str], genes: StudyGenes) -> IngestError:
    return IngestError(
        f"{_how_many(one, known)} {'are' if known else 'is'} known to the study, and analysis "
        f"{one.needed_by} needs them",
        file=one.file,
        expected=shown_ids(genes.names),
        found=shown_ids(one.words),
        hint=_to_do(one, genes),
    )


def _warning(one: GeneNames, known: set[str], genes: StudyGenes) -> str:
    return (
        f"{one.file.name}: {_how_many(one, known)} {'are' if known else 'is'} known to the study. "
        f"It has {shown_ids(one.words)}; the study has {shown_ids(genes.names)}. To do: "
        f"{_to_do(one, genes)}"
    )
