"""Manifests that are not Illumina's: sesame's, GEO's platform tables, R's GRanges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cohortmart.core.errors import IngestError
from ingest.check.known_probes import known_probe_note
from ingest.read.manifest.manifest import manifest_probes, read_manifest

SESAME = (
    "CpG_chrm\tCpG_beg\tCpG_end\tprobe_strand\tProbe_ID\tdesignType\tgenesUniq\tCGI\tCGIposition\t"
    "MASK_general\n"
    "chrX\t1000\t1002\t+\tcg00000029\tII\tTP53;IL2\tCGI:chrX:900-950\tS_Shore\tTRUE\n"
    "chr2\t1001\t1003\t-\tcg00000108\tI\t.\t.\t.\tFALSE\n"
    "NA\tNA\tNA\tNA\tcg00000109\tI\tNA\tNA\tNA\tFALSE\n"
    "*\t-1\t1\t*\trs1\tII\t.\t.\t.\tTRUE\n"
)


def _read(path: Path, content: str, platform: str | None = None) -> tuple[Any, tuple[str, ...]]:
    path.write_text(content)
    got = read_manifest(path, 1, platform)
    return {row["probe_id"]: row for row in got.probe.to_pylist()}, got.notes


def test_sesame_counts_from_0(tmp_path: Path) -> None:
    rows, notes = _read(tmp_path / "EPIC.hg38.manifest.tsv", SESAME, "EPIC")
    first, second = rows["cg00000029"], rows["cg00000108"]
    assert (first["chromosome"], first["position"], first["strand"]) == ("X", 1001, "F")
    assert (second["chromosome"], second["position"], second["strand"]) == ("2", 1002, "R")
    assert (first["design_type"], second["design_type"]) == ("II", "I")
    assert (first["island"], first["island_name"]) == ("S_Shore", "chrX:900-950")
    assert (second["island"], second["island_name"]) == ("OpenSea", None)
    assert {row["genome_build"] for row in rows.values()} == {"hg38", None}
    assert [rows[p]["position"] for p in ("cg00000109", "rs1")] == [None, None]
    assert any("MASK_general is TRUE for 2 probes" in note for note in notes)
    genes = read_manifest(tmp_path / "EPIC.hg38.manifest.tsv", 1, None).probe_gene.to_pylist()
    assert [(g["probe_id"], g["gene_name"]) for g in genes] == [
        ("cg00000029", "IL2"),
        ("cg00000029", "TP53"),
    ]


def test_the_build_of_sesame_is_not_guessed_from_the_platform(tmp_path: Path) -> None:
    rows, notes = _read(tmp_path / "manifest.tsv", SESAME, "EPIC")
    assert rows["cg00000029"]["genome_build"] is None
    assert any("keep it in the file's name" in note for note in notes)


GEO = "ID\tName\tCHR\tMAPINFO\tGenome_Build\ncg00000029\tcg00000029\t16\t53468112\t37\n"
ABOVE = {
    "nothing": "",
    "comments": "#ID = probe, as in the table\n#Name = name; of the probe\n",
    "soft": (
        "^PLATFORM = GPL13534\n!Platform_title = HM450\n!Platform_sample_id = GSM1\n"
        "#ID = probe\n!platform_table_begin\n"
    ),
    "many samples": "^PLATFORM = GPL1\n"
    + "!Platform_sample_id = GSM1\n" * 500
    + "!platform_table_begin\n",
    "blank": "\n# made here\n\n",
}


@pytest.mark.parametrize("name", ABOVE)
def test_lines_above_a_platform_table_are_passed_over(tmp_path: Path, name: str) -> None:
    end = "!platform_table_end\n" if "begin" in ABOVE[name] else ""
    rows, _ = _read(tmp_path / "GPL.txt", ABOVE[name] + GEO + end)
    assert list(rows) == ["cg00000029"]
    assert (rows["cg00000029"]["chromosome"], rows["cg00000029"]["position"]) == ("16", 53468112)


def test_a_platform_table_without_its_end_is_truncated(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="truncated"):
        _read(tmp_path / "GPL.txt", ABOVE["soft"] + GEO)


def test_a_header_behind_a_hash_is_none_less(tmp_path: Path) -> None:
    with pytest.raises(IngestError) as caught:
        _read(tmp_path / "m.tsv", "#chrom\tstart\tend\n1\t2\t3\n")
    assert "no column holds the probes' ids" in str(caught.value)
    rows, _ = _read(tmp_path / "m.tsv", "#CHR\tprobe_id\ttype\n1\tcg1\tII\n")
    assert rows["cg1"]["design_type"] == "II"


def test_ranges_of_r_have_their_position_in_start(tmp_path: Path) -> None:
    text = "seqnames,start,end,width,strand,probeID\nchr2,1002,1003,2,+,cg1\n"
    rows, _ = _read(tmp_path / "m.csv", text)
    assert (rows["cg1"]["chromosome"], rows["cg1"]["position"]) == ("2", 1002)


def test_ids_alone_are_those_of_the_manifest(tmp_path: Path) -> None:
    rows, _ = _read(tmp_path / "m.tsv", SESAME)
    assert sorted(manifest_probes(tmp_path / "m.tsv")) == sorted(rows)


PROBES = pa.array([f"cg{n:08d}" for n in range(10)])


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["cg9", "cg8"], "0 of 10 probes of assay m are in a.csv (it has probes such as cg9, cg8"),
        (PROBES[:1].to_pylist(), "1 of 10 probes of assay m is in a.csv: nothing is known"),
        (PROBES[:4].to_pylist(), "4 of 10 probes of assay m are in a.csv"),
        (PROBES[:5].to_pylist(), None),
        ([f"{name}_TC21" for name in PROBES.to_pylist()], None),
    ],
)
def test_few_known_probes_are_told(ids: list[str], said: str | None) -> None:
    note = known_probe_note("m", PROBES, {"a.csv": pa.array(ids)})
    assert note is None if said is None else note is not None and note.startswith(said)


def test_probes_of_several_manifests_count_together() -> None:
    manifests = {"a.csv": PROBES[:5], "b.csv": PROBES[3:8]}
    assert known_probe_note("m", PROBES, manifests) is None
    few = {"a.csv": PROBES[:2], "b.csv": PROBES[1:3]}
    note = known_probe_note("m", PROBES, few, first=True)
    assert str(note).startswith("3 of the first 10 probes of assay m are in a.csv and b.csv")


@pytest.mark.parametrize(
    ("head", "row", "position", "build"),
    [
        ("#chrm\tbeg\tend\tprobeID\ttype", "chr{c}\t999\t1001\t{p}\tII", 1000, "hg38"),
        ("probe\tchrom\tcoordinate\tdesign_type", "{p}\tchr{c}\t1000\tType II", 1000, None),
        ("Name\tCHR_hg38\tType", "{p}\t{c}\tInfinium II", None, "hg38"),
        ("Name\tCHR\tMAPINFO\tType", "{p}\t23\t1000\tInfinium_II", 1000, None),
    ],
)
def test_other_names_of_columns(
    tmp_path: Path, head: str, row: str, position: int | None, build: str | None
) -> None:
    text = f"{head}\n{row.format(c='X', p='cg00000029')}\n"
    found, _ = _read(tmp_path / "array.hg38.tsv", text)
    probe = found["cg00000029"]
    assert (probe["chromosome"], probe["position"]) == ("X", position)
    assert (probe["design_type"], probe["genome_build"]) == ("II", build)
