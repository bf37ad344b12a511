"""Probe manifests: where the probes of a methylation array lie, and in which genes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from cohortmart.core.errors import IngestError
from cohortmart.core.schemas.tables import PROBE, PROBE_GENE
from cohortmart.core.text import counted
from ingest.read.manifest.columns import PROBE_IDS, ManifestHeader, read_manifest_header
from ingest.read.manifest.genes import probe_genes
from ingest.read.manifest.islands import islands
from ingest.read.manifest.words import (
    Cells,
    chromosomes,
    design_types,
    genome_builds,
    positions,
    strands,
)
from ingest.read.matrix.replicates import SUFFIX
from ingest.read.text.text_columns import read_text_columns

#: Part of what decides whether a file must be read again; raise it when the rows would differ.
MANIFEST_READER_VERSION = "manifest-2"


@dataclass(frozen=True)
class ManifestTables:
    """What a manifest says.

    Parameters
    ----------
    probe : pa.Table
        `tables.PROBE`, one row a probe, sorted by probe_id byte by byte.
    probe_gene : pa.Table
        `tables.PROBE_GENE`, one row a probe, gene and region, sorted by these.
    notes : tuple of str
        What a user may want to know about the file.
    rows, columns : int
        Probes, and columns of the file's table.
    format : str
        For example `csv+gzip`.
    file : Path
        Where it was read from.
    """

    probe: pa.Table
    probe_gene: pa.Table
    notes: tuple[str, ...]
    rows: int
    columns: int
    format: str
    file: Path

    @property
    def name(self) -> str:
        """The manifest's name, as the tables have it."""
        return str(self.probe["manifest"][0])


def read_manifest(path: Path, order: int, platform: str | None) -> ManifestTables:
    """Read a manifest of Illumina's, or a table with its columns or simpler ones.

    The probe's id is `IlmnID` where it has EPIC v2's suffix (cg00000029_TC21), which is how the
    array names it, else `Name`; see `manifest_columns.NAMES` for other names of the columns.
    Columns of further builds (CHR_hg38, Chromosome_36) are left alone: CHR and MAPINFO count,
    with their Genome_Build.

    Parameters
    ----------
    path : Path
        csv, tsv or semicolons, compressed or not, with Illumina's sections or without.
    order : int
        Position in study.yml's list of manifests, from 1.
    platform : {'450K', 'EPIC', 'EPICv2'} or None
        Tells the genome build where neither a column nor the heading does.

    Raises
    ------
    IngestError
        The file is no text or has no table, no header or no column of ids; a row is short, has no
        id or one that was there before; a design type, position or genome build cannot be read.
        With line and column.
    """
    header = read_manifest_header(path)
    cells = Cells(header, read_text_columns(header.table, header.fields))
    cells.frame = _without_points(cells.frame)
    cells.notes.extend(header.notes)
    if not cells.frame.height:
        raise IngestError(
            "the manifest has no probes",
            file=path,
            line=header.table.line(0),
            expected="one row a probe below the header",
            hint="check that the download went through to the end",
        )
    probe_ids = _probe_ids(cells)
    genes = as_arrow(
        probe_genes(cells, probe_ids).with_columns(manifest=pl.lit(header.manifest)), PROBE_GENE
    )
    # their text is the greater part of the file
    cells.frame = cells.frame.drop("gene", "region", "accession", strict=False)
    _note_mask(cells)
    chromosome = chromosomes(cells)
    position = positions(cells, chromosome)
    island, island_name = islands(cells, position)
    n = cells.frame.height
    probe = pl.DataFrame(
        {
            "manifest": pl.repeat(header.manifest, n, eager=True),
            "manifest_order": pl.repeat(order, n, dtype=pl.Int32, eager=True),
            "probe_id": probe_ids,
            "common_probe_id": probe_ids.str.replace(SUFFIX, ""),
            "chromosome": chromosome,
            "position": position,
            "genome_build": genome_builds(cells, probe_ids, chromosome, platform),
            "strand": strands(cells),
            "design_type": design_types(cells),
            "island": island,
            "island_name": island_name,
        }
    ).sort("probe_id")
    return ManifestTables(
        probe=as_arrow(probe, PROBE),
        probe_gene=genes,
        notes=tuple(cells.notes),
        rows=n,
        columns=len(header.table.columns),
        format=header.table.format.name,
        file=path,
    )


def _without_points(frame: pl.DataFrame) -> pl.DataFrame:
    """Take `.` for nothing where words stand, as sesame's manifests have it."""
    words = [role for role in ("gene", "accession", "region", "island") if role in frame.columns]
    frame = frame.with_columns(pl.when(pl.col(role) != ".").then(pl.col(role)) for role in words)
    if "island_name" in frame.columns:
        name = pl.col("island_name").str.replace(r"^CGI:", "")
        frame = frame.with_columns(pl.when(name != ".").then(name).alias("island_name"))
    return frame


def _note_mask(cells: Cells) -> None:
    if "mask" in cells.frame.columns:
        n = int(cells.frame["mask"].str.to_uppercase().is_in(["TRUE", "T", "1"]).sum())
        cells.note(
            f"{cells.header.column('mask')} is TRUE for {counted(n, 'probe')}: they are left out "
            "if `masks` under `reference` names this file, too"
        )


def manifest_probes(path: Path) -> pl.Series:
    """Return the ids of a manifest's probes, and nothing else of it.

    Parameters
    ----------
    path : Path
        As for `read_manifest`.

    Raises
    ------
    IngestError
        As for `read_manifest`, of its header and ids.
    """
    header = read_manifest_header(path)
    fields = {role: i for role, i in header.fields.items() if role in PROBE_IDS}
    return _probe_ids(Cells(header, read_text_columns(header.table, fields)))


def join_manifests(manifests: Sequence[ManifestTables]) -> tuple[pa.Table, pa.Table]:
    """Return the tables `probe` and `probe_gene` of all manifests, nothing left out.

    Which manifest counts for a probe that several know is not decided here: `manifest_order`
    says which came first.

    Parameters
    ----------
    manifests : sequence of ManifestTables
        In the order of study.yml; none gives empty tables.

    Returns
    -------
    tuple of pa.Table
        `tables.PROBE`, one row a manifest and probe, sorted by probe_id and manifest_order;
        `tables.PROBE_GENE`, one row a manifest, probe, gene and region, sorted by probe_id,
        gene_name, region (null last) and manifest.

    Raises
    ------
    IngestError
        Two manifests have the same name.
    """
    by_name: dict[str, Path] = {}
    for manifest in manifests:
        if manifest.name in by_name:
            raise IngestError(
                f"two manifests are named `{manifest.name}`",
                file=manifest.file,
                expected="a name of its own: the heading's Descriptor File Name, else the file's",
                found=f"also {by_name[manifest.name]}",
                hint="keep one of them in study.yml, or rename the file or its descriptor",
            )
        by_name[manifest.name] = manifest.file
    probe = pa.concat_tables([PROBE.empty_table(), *(m.probe for m in manifests)])
    genes = pa.concat_tables([PROBE_GENE.empty_table(), *(m.probe_gene for m in manifests)])
    if len(manifests) > 1:  # each is sorted by itself
        probe = _sorted(probe, "probe_id", "manifest_order")
        genes = _sorted(genes, "probe_id", "gene_name", "region", "manifest")
    return probe.combine_chunks(), genes.combine_chunks()


def _sorted(table: pa.Table, *names: str) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in names])


def as_arrow(frame: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    """Return a frame as an Arrow table of a schema, in one piece.

    Parameters
    ----------
    frame : pl.DataFrame
        Has the schema's columns.
    schema : pa.Schema
        Of the table.
    """
    table: Any = frame.select(schema.names).to_arrow(compat_level=pl.CompatLevel.oldest())
    return table.cast(schema).combine_chunks()


def _probe_ids(cells: Cells) -> pl.Series:
    """Return the ids of the probes, each there and each once."""
    header, frame = cells.header, cells.frame
    if "ilmn_id" in header.fields:
        ilmn_id = frame["ilmn_id"]
        on_array = pl.when(ilmn_id.str.contains(SUFFIX)).then(ilmn_id)
        ids = pl.select(pl.coalesce(on_array, cells.text("name"), ilmn_id)).to_series()
    else:
        ids = pl.select(pl.coalesce(cells.text("probe_id"), cells.text("name"))).to_series()
    role = next(r for r in ("ilmn_id", "probe_id", "name") if r in header.fields)
    cells.refuse(role, ids.is_null(), "the probe has no id", "an id such as cg00000029")
    _refuse_duplicates(header, role, ids)
    return ids.alias("probe_id")


def _refuse_duplicates(header: ManifestHeader, role: str, ids: pl.Series) -> None:
    again = ~ids.is_first_distinct()
    if not again.any():
        return
    row = int(again.arg_max() or 0)
    first = int((ids == ids[row]).arg_max() or 0)
    lines = f"lines {header.table.line(first)} and {header.table.line(row)}"
    hint = "remove one of the rows"
    if "ilmn_id" not in header.fields:
        hint = "EPIC v2 has several probes for some CpGs: keep the column IlmnID, which tells them"
    raise IngestError(
        f"the probe {ids[row]} stands there twice",
        file=header.table.path,
        line=header.table.line(row),
        column=header.column(role),
        expected="every probe once",
        found=lines,
        hint=hint,
    )
