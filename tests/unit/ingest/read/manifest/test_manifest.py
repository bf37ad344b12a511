"""Probe manifests: Illumina's layouts, real files against another reader, and what is refused."""

from __future__ import annotations

import csv
import gzip
import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.schemas.tables import PROBE, PROBE_GENE
from ingest.read.manifest.columns import read_manifest_header
from ingest.read.manifest.manifest import ManifestTables, join_manifests, read_manifest
from ingest.read.text.text_columns import read_text_columns
from tests.support.manifest_files import (
    CONTROLS,
    EPIC_B5,
    EPIC_V2,
    genes,
    probes,
    read,
    row,
    sectioned,
)

# ---------------------------------------------------------------- real files


def rows_of(file: Path, skip: int = 0) -> list[dict[str, str]]:
    """Read a file with Python's own reader, up to [Controls]."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as stream:
        lines = itertools.islice(stream, skip, None)
        table = itertools.takewhile(lambda line: not line.startswith("[Controls]"), lines)
        return list(csv.DictReader(table))


def pairs_of(rows: list[dict[str, str]]) -> set[tuple[str, str, str | None]]:
    found: set[tuple[str, str, str | None]] = set()
    for r in rows:
        names = [n for n in r["UCSC_RefGene_Name"].split(";") if n]
        groups: list[str | None] = list(r["UCSC_RefGene_Group"].split(";"))
        if len(names) != len(groups):
            groups = [None] * len(names)
        found.update((r["IlmnID"], n, g) for n, g in zip(names, groups, strict=True))
    return found


def counted(values: Any) -> Counter[str | None]:
    return Counter(value or None for value in values)


def agrees(got: ManifestTables, rows: list[dict[str, str]]) -> None:
    """Hold every column that needs no rule against the plain reading, and the pairs."""
    assert got.rows == got.probe.num_rows == len(rows)
    assert got.columns == len(rows[0])
    assert got.probe.schema == PROBE
    assert got.probe_gene.schema == PROBE_GENE
    want = sorted(rows, key=lambda r: r["IlmnID"].encode())
    assert got.probe["probe_id"].to_pylist() == [r["IlmnID"] for r in want]
    for column, name in (
        ("chromosome", "CHR"),
        ("strand", "Strand"),
        ("design_type", "Infinium_Design_Type"),
        ("island_name", "UCSC_CpG_Islands_Name"),
    ):
        assert got.probe[column].to_pylist() == [r.get(name) or None for r in want], column
    places = [int(r["MAPINFO"]) if r["MAPINFO"] else None for r in want]
    assert got.probe["position"].to_pylist() == places
    islands = [
        r["Relation_to_UCSC_CpG_Island"] or ("OpenSea" if r["MAPINFO"] else None) for r in want
    ]
    assert got.probe["island"].to_pylist() == islands
    found = genes(got)
    assert found == sorted(pairs_of(rows), key=lambda p: (p[0], p[1], p[2] is None, p[2] or ""))


def test_the_450k_excerpt(shared_data: Path) -> None:
    file = shared_data / "hm450_genomestudio/manifest_excerpt.csv.gz"
    got = read_manifest(file, 1, None)
    agrees(got, rows_of(file, skip=6))
    assert (got.rows, got.columns, got.format) == (3_363, 16, "csv+gzip")
    assert got.name == "HumanMethylation450_15017482_v.1.1"
    assert counted(got.probe["design_type"].to_pylist()) == {"I": 614, "II": 2_749}
    # 1,081 ch. probes say build 36; their positions are those of build 37
    assert counted(got.probe["genome_build"].to_pylist()) == {"hg19": 3_298, None: 65}
    assert len(got.notes) == 1
    assert "1,081 ch. probes" in got.notes[0]


def test_the_epic_rows_of_chromosome_7(shared_data: Path) -> None:
    file = shared_data / "epic_chr7_paired/probes.csv.gz"
    got = read_manifest(file, 1, None)
    rows = rows_of(file)
    agrees(got, rows)
    assert set(got.probe["chromosome"].to_pylist()) == {"7"}
    assert set(got.probe["genome_build"].to_pylist()) == {"hg19"}
    assert counted(p[2] for p in pairs_of(rows)) == counted(got.probe_gene["region"].to_pylist())
    assert counted(got.probe_gene["region"].to_pylist())["ExonBnd"] == 315
    assert got.notes == ("probes.csv.gz: no column says the probes' design types",)


@pytest.mark.slow
def test_the_450k_probes_whose_genes_do_not_all_pair(shared_data: Path) -> None:
    file = shared_data / "probes/hm450.csv.gz"
    got = read_manifest(file, 1, None)
    rows = rows_of(file)
    agrees(got, rows)
    assert got.rows == 485_512
    unpaired = sum(
        len(r["UCSC_RefGene_Name"].split(";")) != len(r["UCSC_RefGene_Group"].split(";"))
        for r in rows
        if r["UCSC_RefGene_Name"]
    )
    assert f"do not pair in {unpaired:,} probes" in got.notes[-1]
    assert unpaired == 13_883


@pytest.mark.slow
def test_the_partly_filled_epic_probes(shared_data: Path) -> None:
    file = shared_data / "probes/epic_850k_partial.csv.gz"
    got = read_manifest(file, 1, None)
    agrees(got, rows_of(file))
    assert got.rows == 865_859
    assert got.probe["position"].null_count == got.probe["island"].null_count == 396_865


# ---------------------------------------------------------------- Illumina's layouts


def test_epic_v1_b5_stays_with_hg19(tmp_path: Path) -> None:
    text = sectioned(
        "MethylationEPIC_v-1-0_B5.bpm",
        EPIC_B5,
        row(
            EPIC_B5, IlmnID="cg07881041", Name="cg07881041", Infinium_Design_Type="II",
            Genome_Build=37, CHR=19, MAPINFO="5236016", Strand="R", UCSC_RefGene_Name="PTPRS;PTPRS",
            UCSC_RefGene_Group="Body;Body", UCSC_CpG_Islands_Name="chr19:5237294-5237669",
            Relation_to_UCSC_CpG_Island="N_Shore", Chromosome_36=19, Coordinate_36=5187016,
            CHR_hg38="chr19", Start_hg38=5236004, End_hg38=5236006, Strand_hg38="+",
        ),
        row(
            EPIC_B5, IlmnID="ch.1.1", Name="ch.1.1", Infinium_Design_Type="I", Genome_Build=37,
            CHR="MT", MAPINFO="12345.0", Strand="F",
        ),
        row(EPIC_B5, IlmnID="cg00000001", Name="cg00000001", Genome_Build=37, CHR=0, MAPINFO=0),
    )  # fmt: skip
    got = read(tmp_path, text)
    assert got.name == "MethylationEPIC_v-1-0_B5"
    assert probes(got)["cg07881041"] == {
        "manifest": "MethylationEPIC_v-1-0_B5", "manifest_order": 1, "probe_id": "cg07881041",
        "common_probe_id": "cg07881041", "chromosome": "19", "position": 5_236_016,
        "genome_build": "hg19", "strand": "R", "design_type": "II", "island": "N_Shore",
        "island_name": "chr19:5237294-5237669",
    }  # fmt: skip
    other = probes(got)["ch.1.1"]
    assert (other["chromosome"], other["position"], other["island"]) == ("M", 12_345, "OpenSea")
    unmapped = probes(got)["cg00000001"]
    assert [unmapped[c] for c in ("chromosome", "position", "island")] == [None] * 3
    assert genes(got) == [("cg07881041", "PTPRS", "Body")]
    assert got.notes == ()


def v2(ilmn_id: str, **cells: object) -> str:
    cells = {"Genome_Build": "GRCh38", "CHR": "chr1", "MAPINFO": 7_784_390} | cells
    return row(EPIC_V2, IlmnID=ilmn_id, Name=ilmn_id.split("_")[0], **cells)


def test_epic_v2_ids_islands_and_regions(tmp_path: Path) -> None:
    text = sectioned(
        "EPIC-8v2-0_A1.bpm",
        EPIC_V2,
        v2("cg00002033_TC12", Strand_FR="R", Infinium_Design_Type="I", CHR="chrX"),
        v2("cg00002033_TC11", Strand_FR="F", Infinium_Design_Type="I"),
        # two transcripts have the probe in an untranslated second exon, a third in a coding one
        v2(
            "cg12258811_TC21",
            UCSC_RefGene_Group="5UTR;exon_2;5UTR;exon_2;exon_3",
            UCSC_RefGene_Name="PER3;PER3;PER3;PER3;PER4",
            UCSC_RefGene_Accession="NM_1.1;NM_1.1;NM_2.1;NM_2.1;NM_9.2",
            UCSC_CpG_Islands_Name="chr1:7784100-7784300;chr1:7784380-7784700",
            Relation_to_UCSC_CpG_Island="S_Shore;Island",
        ),
        v2(
            "cg01444397_BC11",
            UCSC_RefGene_Group="5UTR;exon_1;TSS200;3UTR;exon_18",
            UCSC_RefGene_Name="PER3;PER3;PER3;AB;CD",
            UCSC_RefGene_Accession="NM_1.1;NM_1.1;NM_2.1;NM_3.1;NM_4.1",
            UCSC_CpG_Islands_Name="chr1:7784000-7784100;chr1:7786000-7786500",
            Relation_to_UCSC_CpG_Island="S_Shore;N_Shore",
        ),
        v2("nv-GRCh38-chr1-1_BC11", CHR="chr0", MAPINFO=0),
    )
    got = read(tmp_path, text)
    rows = probes(got)
    assert list(rows) == sorted(rows)
    assert {r: rows[r]["common_probe_id"] for r in list(rows)[:2]} == {
        "cg00002033_TC11": "cg00002033",
        "cg00002033_TC12": "cg00002033",
    }
    assert rows["cg00002033_TC12"]["chromosome"] == "X"
    assert rows["cg00002033_TC12"]["strand"] == "R"
    assert rows["cg00002033_TC11"]["design_type"] == "I"
    assert {r["genome_build"] for r in rows.values()} == {"hg38"}
    island = [(rows[p]["island"], rows[p]["island_name"]) for p in list(rows)[2:4]]
    assert island == [
        ("S_Shore", "chr1:7784000-7784100"),
        ("Island", "chr1:7784380-7784700"),
    ]
    assert rows["nv-GRCh38-chr1-1_BC11"]["chromosome"] is None
    assert genes(got) == [
        ("cg01444397_BC11", "AB", "3'UTR"),
        ("cg01444397_BC11", "CD", "Body"),
        ("cg01444397_BC11", "PER3", "1stExon"),
        ("cg01444397_BC11", "PER3", "5'UTR"),
        ("cg01444397_BC11", "PER3", "TSS200"),
        ("cg12258811_TC21", "PER3", "5'UTR"),
        ("cg12258811_TC21", "PER4", "Body"),
    ]
    assert got.notes == ()


@pytest.mark.parametrize(
    ("descriptor", "platform", "build"),
    [
        ("EPIC-8v2-0_A1.bpm", None, "hg38"),
        ("EPIC-8v2-0_A1.bpm", "450K", "hg38"),  # the file knows better than the study
        ("MethylationEPIC_v-1-0_B2.bpm", None, "hg19"),
        ("own.csv", "EPICv2", "hg38"),
        ("own.csv", "EPIC", "hg19"),
        ("own.csv", "450K", "hg19"),
        ("own.csv", None, None),
    ],
)
def test_the_build_without_a_column(
    tmp_path: Path, descriptor: str, platform: str | None, build: str | None
) -> None:
    rows = ("cg1_TC21,cg1,chr1,5", "cg2_TC21,cg2,,")
    got = read(tmp_path, sectioned(descriptor, "IlmnID,Name,CHR,MAPINFO", *rows), platform)
    assert got.probe["genome_build"].to_pylist() == [build, None]
    assert any("no column says the genome build" in n for n in got.notes)


# ---------------------------------------------------------------- plain tables and rules


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_plain_table_with_simple_names(tmp_path: Path, separator: str) -> None:
    lines = [
        "probe_id,chromosome,position,genome_build,strand,design_type,island,extra",
        '"cg2","chr2","20","hg38","+","II","S_Shelf","a,b;c"',
        "cg1,chr1,10,hg38,-,I,,",
    ]
    if separator != ",":
        lines = [line.replace(",", separator).replace(f"a{separator}b;c", "a,b") for line in lines]
    got = read(tmp_path, "\r\n".join(lines) + "\r\n\r\n", name="own.table.csv")
    assert got.name == "own.table"
    keys = ("chromosome", "position", "genome_build", "strand", "design_type", "island")
    assert {p: tuple(r[k] for k in keys) for p, r in probes(got).items()} == {
        "cg1": ("1", 10, "hg38", "R", "I", "OpenSea"),
        "cg2": ("2", 20, "hg38", "F", "II", "S_Shelf"),
    }
    assert got.notes == ("own.table.csv: no column says the probes' genes",)


def test_an_annotation_written_from_r(tmp_path: Path) -> None:
    text = (
        "chr,pos,strand,Name,Type,Islands_Name,Relation_to_Island,UCSC_RefGene_Name\n"
        "cg1_BC21,chr2,161237458,+,cg1_BC21,II,chr2:161237949-161238100,Shore,\n"
        "cg2_BC21,chr2,161240000,-,cg2_BC21,I,chr2:161237949-161238100,Shelf,\n"
        "cg3_BC21,chr2,161250000,-,cg3_BC21,I,,OpenSea,A\n"
        "cg4_BC21,chrUn_KI,161250000,-,cg4_BC21,I,,Lake,A\n"
    ).replace("chr,pos", "seqnames,pos", 1)
    got = read(tmp_path, text, "EPICv2")
    assert got.probe["island"].to_pylist() == ["N_Shore", "S_Shelf", "OpenSea", None]
    assert got.probe["chromosome"].to_pylist() == ["2", "2", "2", None]
    assert got.probe["position"].to_pylist()[3] is None
    assert got.probe["common_probe_id"][0].as_py() == "cg1"
    assert genes(got) == [("cg3_BC21", "A", None), ("cg4_BC21", "A", None)]
    said = "\n".join(got.notes)
    assert "`chrUn_KI` on line 5" in said
    assert "`Lake` on line 5" in said
    assert "no column says the regions" in said


def test_pairs_that_are_not_plain(tmp_path: Path) -> None:
    text = (
        "IlmnID,UCSC_RefGene_Name,UCSC_RefGene_Group\n"
        "cg1,A;A;B;A,TSS200;Body;Body;TSS200\n"
        "cg2,A;B,TSS200;Body;Body\n"
        "cg3,,TSS200\n"
        "cg4,A;B,Body;Upstream\n"
        "cg5,A;;B, body ;Body;5'utr\n"
        "cg6,A,\n"
    )
    got = read(tmp_path, text)
    assert genes(got) == [
        ("cg1", "A", "Body"),
        ("cg1", "A", "TSS200"),
        ("cg1", "B", "Body"),
        ("cg2", "A", None),
        ("cg2", "B", None),
        ("cg4", "A", "Body"),
        ("cg4", "B", None),
        ("cg5", "A", "Body"),
        ("cg5", "B", "5'UTR"),
        ("cg6", "A", None),
    ]
    assert set(got.probe_gene["manifest"].to_pylist()) == {"m"}
    assert "chromosomes" in got.notes[0]
    unpaired, unknown = got.notes[1:]
    assert "do not pair in 2 probes, for example cg2 on line 3" in unpaired
    assert "no region that is known in 1 entry of UCSC_RefGene_Group" in unknown
    assert "`Upstream` on line 5" in unknown


def test_builds_that_really_differ_are_kept(tmp_path: Path) -> None:
    text = "IlmnID,CHR,MAPINFO,Genome_Build\nch.1.5F,1,5,36\ncg2,1,6,38\ncg3,1,7,36\n"
    got = read(tmp_path, text)
    assert got.probe["genome_build"].to_pylist() == ["hg38", "hg18", "hg18"]


def test_a_probe_on_a_chromosome_with_position_0_has_none(tmp_path: Path) -> None:
    got = read(tmp_path, "IlmnID,CHR,MAPINFO\ncg1,1,0\ncg2,1,*\n")
    assert got.probe["position"].to_pylist() == [None, None]
    assert got.probe["chromosome"].to_pylist() == ["1", "1"]


def test_sections_separated_by_tabs(tmp_path: Path) -> None:
    text = (
        "Illumina, Inc.\n[Heading]\nDescriptor File Name\tarray.bpm\n[Assay]\n"
        "IlmnID\tCHR\tSource\ncg1\t1\ta [Controls]\ncg2\tX\t[Controls]\n[Controls]\t\t\n1\n"
    )
    got = read(tmp_path, text)
    assert (got.name, got.format, got.columns) == ("array", "tsv", 3)
    assert got.probe["chromosome"].to_pylist() == ["1", "X"]


def test_chunks_do_not_show(tmp_path: Path) -> None:
    rows = [f'cg{i},"x, {i}",{i}' for i in range(200)]
    file = tmp_path / "m.csv"
    file.write_text(sectioned("m.bpm", "IlmnID,Extra,MAPINFO", *rows, controls="\n\n" + CONTROLS))
    header = read_manifest_header(file)
    whole = read_text_columns(header.table, header.fields)
    assert whole["position"].to_list() == [str(i) for i in range(200)]
    for size in (40, 64, 1000):
        assert read_text_columns(header.table, header.fields, size).equals(whole)


def test_manifests_are_joined_with_every_row(tmp_path: Path) -> None:
    text = "IlmnID,UCSC_RefGene_Name,UCSC_RefGene_Group\ncg2,B,Body\ncg1,A,Body\n"
    first = read(tmp_path, text, name="z.csv")
    (tmp_path / "a.csv").write_text(text)
    second = read_manifest(tmp_path / "a.csv", 2, None)
    probe, gene = join_manifests([first, second])
    got = [(r["probe_id"], r["manifest"], r["manifest_order"]) for r in probe.to_pylist()]
    assert got == [("cg1", "z", 1), ("cg1", "a", 2), ("cg2", "z", 1), ("cg2", "a", 2)]
    assert [(r["probe_id"], r["manifest"]) for r in gene.to_pylist()] == [
        ("cg1", "a"), ("cg1", "z"), ("cg2", "a"), ("cg2", "z"),
    ]  # fmt: skip
    assert (probe.schema, gene.schema) == (PROBE, PROBE_GENE)
    nothing = join_manifests([])
    assert [t.num_rows for t in nothing] == [0, 0]
    with pytest.raises(IngestError, match="two manifests are named `z`"):
        join_manifests([first, first])
