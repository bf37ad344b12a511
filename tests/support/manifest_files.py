"""Small manifests for tests, in Illumina's layouts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.errors import IngestError
from ingest.read.manifest.manifest import ManifestTables, read_manifest

#: Columns as in the published files; a few between them are left out.
EPIC_B5 = (
    "IlmnID,Name,AddressA_ID,AlleleA_ProbeSeq,AddressB_ID,AlleleB_ProbeSeq,Infinium_Design_Type,"
    "Next_Base,Color_Channel,Forward_Sequence,Genome_Build,CHR,MAPINFO,SourceSeq,Strand,"
    "UCSC_RefGene_Name,UCSC_RefGene_Accession,UCSC_RefGene_Group,UCSC_CpG_Islands_Name,"
    "Relation_to_UCSC_CpG_Island,Methyl450_Loci,Chromosome_36,Coordinate_36,CHR_hg38,Start_hg38,"
    "End_hg38,Strand_hg38"
)
EPIC_V2 = (
    "IlmnID,Name,AddressA_ID,Next_Base,Color_Channel,col,Probe_Type,Strand_FR,Strand_TB,Strand_CO,"
    "Infinium_Design,Infinium_Design_Type,CHR,MAPINFO,Species,Genome_Build,Rep_Num,"
    "UCSC_RefGene_Group,UCSC_RefGene_Name,UCSC_RefGene_Accession,UCSC_CpG_Islands_Name,"
    "Relation_to_UCSC_CpG_Island,GencodeV41_Group,GencodeV41_Name,EPICv1_Loci"
)
CONTROLS = "[Controls],,\n21630339,STAINING,-99,DNP(20K)\n"


def row(header: str, **cells: object) -> str:
    names = header.split(",")
    assert set(cells) <= set(names), set(cells) - set(names)
    return ",".join(str(cells.get(name, "")) for name in names)


def sectioned(descriptor: str, header: str, *rows: str, controls: str = CONTROLS) -> str:
    return (
        f"Illumina, Inc.,,\n[Heading],,\nDescriptor File Name,{descriptor},\n"
        f"Assay Format,Infinium 2,\nLoci Count ,{len(rows)},\n[Assay],,\n{header}\n"
        + "".join(f"{line}\n" for line in rows)
        + controls
    )


def read(folder: Path, text: str, platform: str | None = None, name: str = "m.csv") -> Any:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_manifest(file, 1, platform)


def probes(read: ManifestTables) -> dict[str, dict[str, Any]]:
    return {r["probe_id"]: r for r in read.probe.to_pylist()}


def genes(read: ManifestTables) -> list[tuple[str, str, str | None]]:
    return [(r["probe_id"], r["gene_name"], r["region"]) for r in read.probe_gene.to_pylist()]


def refused(folder: Path, text: str) -> IngestError:
    with pytest.raises(IngestError) as caught:
        read(folder, text)
    return caught.value
