"""Roles of the files under `reference`: which they are, who reads them, into which tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from cohortmart.core.schemas.finding_tables import GENE_SET, NETWORK_EDGE
from cohortmart.core.schemas.tables import DERIVE_WEIGHT, LAKE_TABLES
from cohortmart.core.study.records import Study
from cohortmart.core.study.rules.findings import GENE_LISTS, collection_name
from cohortmart.core.study.rules.signatures import signatures_of
from cohortmart.core.study.signature_records import COLUMN_KEYS
from cohortmart.core.text import counted
from ingest.read.gene_sets.edges import EDGES_READER_VERSION, read_edges
from ingest.read.gene_sets.gene_list import GENE_LIST_READER_VERSION, read_gene_list
from ingest.read.gene_sets.gmt import GMT_READER_VERSION, GeneSets, check_collections, read_gmt
from ingest.read.gene_sets.network_layout import is_named_sif, read_layout
from ingest.read.genes.gene_reference import GENES_READER_VERSION, read_genes
from ingest.read.manifest.manifest import (
    MANIFEST_READER_VERSION,
    as_arrow,
    join_manifests,
    read_manifest,
)
from ingest.read.manifest.probe_mask import MASK_READER_VERSION, read_masks
from ingest.read.signatures.signature_table import SIGNATURE_READER_VERSION, read_signature
from ingest.read.text.text_columns import table_stem
from ingest.read.weights.weights import WEIGHT_READERS, WEIGHTS_READER_VERSION

Say = Callable[[str], None]
#: Names and ids of the study's genes; none before its matrices are read.
Known = Collection[str]


@dataclass(frozen=True)
class ReferenceFile:
    """A file under `reference`.

    Parameters
    ----------
    path : Path
        Where it lies.
    options : mapping
        How it is read, and the names that the tables show; another reading if they differ.
    reader_version : str
        Of its reader.
    """

    path: Path
    options: Mapping[str, object]
    reader_version: str


@dataclass(frozen=True)
class RoleReading:
    """What the files of a role hold.

    Parameters
    ----------
    tables : mapping of str to pa.Table
        Tables of the lake by name.
    sizes : tuple of dict
        `rows`, `columns` and `format` of each file, as `ingested_file` shows them.
    notes : tuple of str
        What a user may want to know.
    """

    tables: Mapping[str, pa.Table]
    sizes: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Role:
    """Files that are read together, since the same tables are made from them.

    Parameters
    ----------
    name : str
        As `ingested_file` has it.
    tables : tuple of str
        Tables of the lake that are made from them.
    content : str
        What goes with a file of the role that is forgotten.
    files : callable
        Its files in a study; how they are read may depend on the study's genes.
    read : callable
        Reads them; raises IngestError.
    """

    name: str
    tables: tuple[str, ...]
    content: str
    files: Callable[[Study, Known], tuple[ReferenceFile, ...]]
    read: Callable[[Study, Known, Say], RoleReading]


def _platform(study: Study) -> str | None:
    platforms = {a.platform for a in study.assays.values() if a.kind == "beta"}
    return platforms.pop() if len(platforms) == 1 else None


def _manifest_files(study: Study, _known: Known) -> tuple[ReferenceFile, ...]:
    common = {"platform": _platform(study)}
    return tuple(
        ReferenceFile(
            path, {**common, "order": order, "name": table_stem(path)}, MANIFEST_READER_VERSION
        )
        for order, path in enumerate(study.reference.manifest, start=1)
    )


def _read_manifests(study: Study, _known: Known, say: Say) -> RoleReading:
    read = []
    for order, path in enumerate(study.reference.manifest, start=1):
        read.append(read_manifest(path, order, _platform(study)))
        say(f"manifest: {path.name}, {counted(read[-1].rows, 'probe')}")
    probe, probe_gene = join_manifests(read)
    return RoleReading(
        {"probe": probe, "probe_gene": probe_gene},
        tuple({"rows": m.rows, "columns": m.columns, "format": m.format} for m in read),
        tuple(note for manifest in read for note in manifest.notes),
    )


def _mask_files(study: Study, _known: Known) -> tuple[ReferenceFile, ...]:
    return tuple(
        ReferenceFile(path, {"name": table_stem(path)}, MASK_READER_VERSION)
        for path in study.reference.masks
    )


def _read_masks(study: Study, _known: Known, _say: Say) -> RoleReading:
    masks = read_masks(study.reference.masks)
    names = masks.table["mask"].to_pylist()
    sizes = tuple(
        {"rows": names.count(table_stem(path)), "format": form}
        for path, form in zip(study.reference.masks, masks.formats, strict=True)
    )
    return RoleReading({"probe_mask": masks.table}, sizes, masks.notes)


def _gene_set_files(study: Study, _known: Known) -> tuple[ReferenceFile, ...]:
    reference = study.reference
    of_gmt = [
        ReferenceFile(path, {"collection": collection_name(path.name)}, GMT_READER_VERSION)
        for path in reference.gene_sets
    ]
    of_lists = [
        ReferenceFile(path, {"collection": GENE_LISTS, "gene_set": name}, GENE_LIST_READER_VERSION)
        for name, path in reference.gene_lists.items()
    ]
    return (*of_gmt, *of_lists)


def _read_gene_sets(study: Study, _known: Known, say: Say) -> RoleReading:
    """Read GMT files and gene lists; rows of a GMT file are its sets, of a list its genes."""
    check_collections(study.reference.gene_sets)
    read: list[GeneSets] = []
    rows: list[int] = []
    for path in study.reference.gene_sets:
        read.append(read_gmt(path))
        rows.append(read[-1].n_sets)
        say(f"gene sets: {path.name}, {counted(read[-1].n_sets, 'set')}")
    for name, path in study.reference.gene_lists.items():
        read.append(read_gene_list(path, name))
        rows.append(read[-1].members.height)
        say(f"gene list {name}: {path.name}, {counted(rows[-1], 'gene')}")
    members = pl.concat(sets.members for sets in read).sort("collection", "gene_set", "gene_name")
    return RoleReading(
        {"gene_set": as_arrow(members, GENE_SET)},
        tuple({"rows": n, "format": sets.format} for n, sets in zip(rows, read, strict=True)),
        tuple(note for sets in read for note in sets.notes),
    )


def _network_files(study: Study, known: Known) -> tuple[ReferenceFile, ...]:
    asked = study.reference.network
    if asked is None:
        return ()
    # the columns of genes are chosen here: another choice is another reading
    options = {"named_sif": is_named_sif(asked.file), **read_layout(asked, known).options}
    return (ReferenceFile(asked.file, options, EDGES_READER_VERSION),)


def _read_network(study: Study, known: Known, say: Say) -> RoleReading:
    asked = study.reference.network
    assert asked is not None
    network = read_edges(asked.file, asked, known)
    edges = network.edges
    n_genes = pl.concat([edges["gene_a"], edges["gene_b"].alias("gene_a")]).n_unique()
    say(
        f"network: {asked.file.name}, {counted(edges.height, 'interaction')} of "
        f"{counted(n_genes, 'gene')}"
    )
    return RoleReading(
        {"network_edge": as_arrow(edges, NETWORK_EDGE)},
        ({"rows": network.n_rows, "columns": 2, "format": network.format},),
        network.notes,
    )


def _weight_files(study: Study, _known: Known) -> tuple[ReferenceFile, ...]:
    return tuple(
        ReferenceFile(derive.file, {"assay": name, "method": derive.method}, WEIGHTS_READER_VERSION)
        for name, derive in sorted(study.derive.items())
    )


def _read_weights(study: Study, _known: Known, say: Say) -> RoleReading:
    """Read the files of the derived assays; components are cell types, scores, sources."""
    read, parts = [], []
    for name, derive in sorted(study.derive.items()):
        weights = WEIGHT_READERS[derive.method](derive.file, name)
        read.append(weights)
        parts.append(weights.rows.select(pl.lit(name).alias("assay"), pl.all()))
        components = counted(weights.rows["component"].n_unique(), derive.how.one, derive.how.many)
        say(f"{name}: {derive.file.name}, {components}")
    return RoleReading(
        {"derive_weight": as_arrow(pl.concat(parts), DERIVE_WEIGHT)},
        tuple({"rows": w.n_rows, "columns": w.n_columns, "format": w.format} for w in read),
        tuple(note for weights in read for note in weights.notes),
    )


def _signature_files(study: Study, _known: Known) -> tuple[ReferenceFile, ...]:
    return tuple(
        ReferenceFile(
            signature.file,
            {"signature": name, **signature.model_dump(mode="json", exclude={"file", "found"})},
            SIGNATURE_READER_VERSION,
        )
        for name, signature in signatures_of(study).items()
    )


def _read_signatures(study: Study, _known: Known, say: Say) -> RoleReading:
    """Read the published tables that the analyses name."""
    read, rows, described = [], [], []
    for name, asked in signatures_of(study).items():
        table = read_signature(asked, name)
        read.append(table)
        rows.append(table.rows.select(pl.lit(name).alias("signature"), pl.all()))
        described.append(
            {
                "signature": name,
                "file_name": asked.file.name,
                "n_rows": table.n_rows,
                "n_features": table.rows.height,
                "n_incomplete": table.n_incomplete,
                "n_repeated": table.n_repeated,
                "is_opposite": asked.opposite,
                **{f"{key}_column": table.columns.get(key) for key in COLUMN_KEYS},
            }
        )
        say(f"signature {name}: {asked.file.name}, {counted(table.rows.height, 'feature')}")
    return RoleReading(
        {
            "signature": pa.Table.from_pylist(described, schema=LAKE_TABLES["signature"]),
            "signature_row": as_arrow(pl.concat(rows), LAKE_TABLES["signature_row"]),
        },
        tuple({"rows": t.n_rows, "columns": t.n_columns, "format": t.format} for t in read),
        tuple(note for table in read for note in table.notes),
    )


def _gene_files(study: Study, _known: Known) -> tuple[ReferenceFile, ...]:
    return tuple(
        ReferenceFile(path, {"order": order}, GENES_READER_VERSION)
        for order, path in enumerate(study.reference.genes, start=1)
    )


def _read_genes(study: Study, _known: Known, say: Say) -> RoleReading:
    reference = read_genes(study.reference.genes)
    names = ", ".join(path.name for path in study.reference.genes)
    n_words = reference.aliases["alias"].n_unique()
    say(f"genes: {names}, {counted(reference.genes.height, 'gene')} under {n_words:,} names")
    sizes = zip(reference.rows, reference.formats, strict=True)
    return RoleReading(
        {
            "gene": as_arrow(reference.genes, LAKE_TABLES["gene"]),
            "gene_alias": as_arrow(reference.aliases, LAKE_TABLES["gene_alias"]),
        },
        tuple({"rows": n, "format": form} for n, form in sizes),
        reference.notes,
    )


#: The genes, which names in matrices are looked up in.
GENES = Role("gene_reference", ("gene", "gene_alias"), "all that is known of genes", _gene_files,
             _read_genes)  # fmt: skip
#: The network: which of its columns are genes follows from the study's.
NETWORK = Role("network", ("network_edge",), "the network", _network_files, _read_network)
#: Roles that are read before the matrices, in this order.
EARLY_ROLES = (
    GENES,
    Role("manifest", ("probe", "probe_gene"), "all that manifests say", _manifest_files,
         _read_manifests),
    Role("mask", ("probe_mask",), "all that masks say", _mask_files, _read_masks),
    Role("gene_set", ("gene_set",), "all gene sets and gene lists", _gene_set_files,
         _read_gene_sets),
    Role("derive", ("derive_weight",), "all files of derived assays", _weight_files,
         _read_weights),
    Role("signature", ("signature", "signature_row"), "all signatures", _signature_files,
         _read_signatures),
)  # fmt: skip
#: All roles, in the order in which they are read.
ROLES = (*EARLY_ROLES, NETWORK)
#: Tables of the lake that are made from files under `reference`, whatever was measured.
ANNOTATION_TABLES = tuple(name for role in ROLES for name in role.tables)
