"""Names of genes in the lake: features found in the reference, words turned into the study's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cohortmart.core.lake.file_manifest import Entry
from cohortmart.core.lake.hashed_tables import write_named
from cohortmart.core.study.records import Study
from ingest.reference.gene_lookup import GeneLookup
from ingest.reference.gene_overlap import compare_genes, gene_names
from ingest.reference.study_genes import (
    StudyGenes,
    distinct_words,
    study_genes,
    translation_table,
)
from ingest.write.samples import AssayFeatures

Say = Callable[[str], None]
#: Tables that follow from matrices and annotation together.
GENE_TABLES = ("gene_match", "gene_translation")


@dataclass(frozen=True)
class Translated:
    """Tables of the lake about names, and what is said of them.

    Parameters
    ----------
    entries : tuple of Entry
    notes : tuple of str
    """

    entries: tuple[Entry, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class NamedGenes:
    """The study's genes, before the network is read.

    Parameters
    ----------
    genes : StudyGenes
    annotation : tuple of Entry
        Files of the lake made of what stands under `reference`.
    notes : tuple of str
    """

    genes: StudyGenes
    annotation: tuple[Entry, ...]
    notes: tuple[str, ...]

    def translated(
        self, study: Study, lake: Path, network: Sequence[Entry], say: Say
    ) -> Translated:
        """Write which words mean which genes, and say how many are known.

        Parameters
        ----------
        study : Study
        lake : Path
        network : sequence of Entry
            The network's file.
        say : callable

        Raises
        ------
        IngestError
            See `gene_overlap.compare_genes`.
        """
        sets = _table(lake, self.annotation, "gene_set")
        signatures = _table(lake, self.annotation, "signature_row")
        edges = distinct_words(lake, network, "network_edge", "gene_a", "gene_b")
        report = compare_genes(self.genes, gene_names(study, sets, edges, signatures))
        for line in report.lines:
            say(line)
        for warning in report.warnings:
            say(f"WARNING: {warning}")
        words = [*sets["gene_name"].unique().to_list(), *edges]
        words += signatures["listed_as"].unique().to_list()
        tables = {
            "gene_match": self.genes.matches.table,
            "gene_translation": translation_table(self.genes, words),
        }
        entries = tuple(
            write_named(table, lake, name) for name, table in tables.items() if table is not None
        )
        return Translated(entries, report.warnings)


def read_lookup(lake: Path, annotation: Sequence[Entry]) -> GeneLookup:
    """Return the words of `reference.genes`; none where study.yml does not name it.

    Parameters
    ----------
    lake : Path
    annotation : sequence of Entry
        Files of the lake made of what stands under `reference`.
    """
    there = any(entry.table_name == "gene_alias" for entry in annotation)
    return GeneLookup(_table(lake, annotation, "gene_alias") if there else None)


def name_genes(
    lake: Path,
    features: Collection[AssayFeatures],
    annotation: Sequence[Entry],
    lookup: GeneLookup,
    say: Say,
) -> NamedGenes:
    """Look the genes of a study up.

    Parameters
    ----------
    lake : Path
    features : collection of AssayFeatures
        Of all assays.
    annotation : sequence of Entry
        Files of the lake made of what stands under `reference`.
    lookup : GeneLookup
        See `read_lookup`.
    say : callable
        Called with a line of text for each note.
    """
    has_probes = any(part.kind == "beta" for part in features)
    probe_genes = distinct_words(lake, annotation, "probe_gene", "gene_name") if has_probes else []
    genes = study_genes(features, lookup, probe_genes)
    for note in genes.matches.notes:
        say(f"note: {note}")
    return NamedGenes(genes, tuple(annotation), genes.matches.notes)


def _table(lake: Path, entries: Sequence[Entry], name: str) -> pl.DataFrame:
    path = next((lake / e.path for e in entries if e.table_name == name), None)
    if path is None:
        columns = ("collection", "gene_set", "gene_name", "signature", "listed_as")
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    return pl.read_parquet(path)
