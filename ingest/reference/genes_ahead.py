"""Genes of a study looked at before anything is ingested: names, dates, and who knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl
import pyarrow as pa

from cohortmart.core.study.records import Study
from cohortmart.core.study.rules.signatures import signatures_of
from ingest.matrix.assay_headers import AssayHeaders
from ingest.matrix.gene_ids import gene_ids
from ingest.read.gene_sets.edges import read_edges
from ingest.read.gene_sets.gene_list import read_gene_list
from ingest.read.gene_sets.gmt import check_collections, read_gmt
from ingest.read.genes.gene_reference import read_genes
from ingest.read.signatures.signature_table import read_signature
from ingest.reference.gene_lookup import GeneLookup
from ingest.reference.gene_overlap import compare_genes, gene_names
from ingest.reference.study_genes import study_genes
from ingest.write.samples import AssayFeatures


@dataclass(frozen=True)
class GenesAhead:
    """What can be said of a study's genes.

    Parameters
    ----------
    lines : tuple of str
        Which genes of sets, lists and the network the study knows.
    notes : tuple of str
        What the readers noticed.
    warnings : tuple of str
        Where hardly any gene is known.
    """

    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def look_at_genes(study: Study, headers: Mapping[str, AssayHeaders]) -> GenesAhead:
    """Compare the genes of gene sets, lists, signatures and the network with the count matrices'.

    The ids of the first file of each count assay are read; studies that name none of these nor
    `reference.genes` are not looked at.

    Parameters
    ----------
    study : Study
    headers : mapping of str to AssayHeaders
        By assay.

    Raises
    ------
    IngestError
        As `cohortmart ingest` would say it; but where methylation is measured, too, genes may be
        known from the manifest, so that an unknown list is only warned of.
    """
    reference = study.reference
    listed = reference.gene_sets or reference.gene_lists or signatures_of(study)
    named = bool(listed or reference.network or reference.genes)
    counts = [name for name, assay in study.assays.items() if assay.kind == "counts"]
    if not named or not counts:
        return GenesAhead()
    notes: list[str] = []
    lookup = GeneLookup()
    if reference.genes:
        known = read_genes(reference.genes)
        notes += known.notes
        lookup = GeneLookup(known.aliases)
    features = [_features(study, name, headers[name], lookup, notes) for name in counts]
    genes = study_genes(features, lookup)
    notes += genes.matches.notes
    edges: list[str] = []
    if reference.network is not None:
        network = read_edges(reference.network.file, reference.network, genes.words)
        notes += network.notes
        ends = pl.concat([network.edges["gene_a"], network.edges["gene_b"]])
        edges = ends.unique().sort().to_list()
    of_study = gene_names(study, _sets(study, notes), edges, _signatures(study, notes))
    if len(counts) < len(study.assays):
        of_study = [replace(one, needed_by="") for one in of_study]
    report = compare_genes(genes, of_study)
    return GenesAhead(report.lines, tuple(notes), report.warnings)


def _features(
    study: Study, name: str, headers: AssayHeaders, lookup: GeneLookup, notes: list[str]
) -> AssayFeatures:
    """Read the ids and names of an assay's first file."""
    ids, names = [pa.array([], pa.string())], [pa.array([], pa.string())]
    named = gene_ids(headers.values[0], study.assays[name], lookup)
    for block in named.blocks():
        n = len(block.feature_ids)
        ids.append(block.feature_ids)
        names.append(pa.nulls(n, pa.string()) if block.gene_names is None else block.gene_names)
    notes += named.notes()
    table = pa.table({"feature_id": pa.concat_arrays(ids), "gene_name": pa.concat_arrays(names)})
    return AssayFeatures(name, "counts", table)


def _sets(study: Study, notes: list[str]) -> pl.DataFrame:
    columns = ("collection", "gene_set", "description", "gene_name")
    parts = [pl.DataFrame(schema=dict.fromkeys(columns, pl.String))]
    check_collections(study.reference.gene_sets)
    read = [read_gmt(path) for path in study.reference.gene_sets]
    read += [read_gene_list(path, name) for name, path in study.reference.gene_lists.items()]
    for one in read:
        notes += one.notes
        parts.append(one.members.select(columns))
    return pl.concat(parts)


def _signatures(study: Study, notes: list[str]) -> pl.DataFrame:
    parts = [pl.DataFrame(schema=dict.fromkeys(("signature", "listed_as"), pl.String))]
    for name, asked in signatures_of(study).items():
        table = read_signature(asked, name)
        notes += table.notes
        parts.append(table.rows.select(pl.lit(name).alias("signature"), "listed_as"))
    return pl.concat(parts)
