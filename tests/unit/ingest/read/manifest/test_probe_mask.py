"""Mask files: lists, reasons, the flags of published masks."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.schemas.tables import PROBE_MASK
from ingest.read.manifest.probe_mask import read_masks

Rows = list[tuple[str, str | None]]


def masked(folder: Path, text: str, name: str = "m.csv") -> tuple[Rows, tuple[str, ...]]:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    masks = read_masks([file])
    table, notes = masks.table, masks.notes
    assert table.schema == PROBE_MASK
    return [(r["probe_id"], r["reason"]) for r in table.to_pylist()], notes


PLAIN: Rows = [("cg1", None), ("ch.2.5F", None)]


@pytest.mark.parametrize(
    "text",
    [
        "ch.2.5F\ncg1\n",
        "ch.2.5F\r\ncg1\r\ncg1\r\n\r\n",
        "probe_id\ncg1\nch.2.5F\n",
        "cross reactive probes\ncg1\nch.2.5F\n",
        '"x"\n"cg1"\n"ch.2.5F"\n',
        '"x"\n"1","cg1"\n"2","ch.2.5F"\n',  # R's write.table: no corner over the row names
        '"","V1"\n"1","cg1"\n"2","ch.2.5F"\n',
    ],
)
def test_a_list_of_ids(tmp_path: Path, text: str) -> None:
    assert masked(tmp_path, text)[0] == PLAIN


def test_ids_of_any_kind_in_a_list_without_header(tmp_path: Path) -> None:
    assert masked(tmp_path, "p1\np2\n") == ([("p1", None), ("p2", None)], ())


def test_reasons(tmp_path: Path) -> None:
    text = "chr,Name,reason\n1,cg2,SNP\n1,cg1,\n1,cg2,cross-reactive\n1,cg2,SNP\n"
    rows, notes = masked(tmp_path, text)
    assert rows == [("cg1", None), ("cg2", "SNP;cross-reactive")]
    assert notes == ()
    assert masked(tmp_path, "cg1,SNP\ncg2,\n")[0] == [("cg1", "SNP"), ("cg2", None)]
    assert masked(tmp_path, "probe_id,reason\ncg1,\n")[0] == [("cg1", None)]


ZHOU = "CpG_chrm\tprobeID\tMASK_mapping\tMASK_sub30_copy\tMASK_snp5_common\tMASK_general\n"


def test_the_general_mask_counts(tmp_path: Path) -> None:
    text = (
        ZHOU
        + "chr1\tcg1\tFALSE\tFALSE\tTRUE\tFALSE\n"
        + "chr1\tcg2\tTRUE\tFALSE\tFALSE\tTRUE\n"
        + "chr1\tcg3\tNA\tNA\tNA\tNA\n"
    )
    rows, notes = masked(tmp_path, text, "EPIC.hg19.manifest.tsv")
    assert rows == [("cg2", "MASK_general")]
    assert notes == ("EPIC.hg19.manifest.tsv: 1 of 3 probes masked, by MASK_general",)
    text = (
        "Probe_ID\tmask\tmaskUniq\tM_general\ncg1_TC21\tM_a,M_b\tM_a\tTRUE\ncg2_TC21\t\t\tFALSE\n"
    )
    assert masked(tmp_path, text)[0] == [("cg1_TC21", "M_general")]


def test_flags_without_a_general_one(tmp_path: Path) -> None:
    text = "probeID,MASK_mapping,other,MASK_sub30\ncg1,T,x,F\ncg2,true,y,TRUE\ncg3,0,z,\n"
    rows, notes = masked(tmp_path, text)
    assert rows == [("cg1", "MASK_mapping"), ("cg2", "MASK_mapping;MASK_sub30")]
    assert notes == ("m.csv: 2 of 3 probes masked, by MASK_mapping, MASK_sub30",)


def test_a_mask_column_with_words_or_flags(tmp_path: Path) -> None:
    rows, _ = masked(tmp_path, "Probe_ID\tmask\ncg1\tM_a,M_b\ncg2\tNA\n")
    assert rows == [("cg1", "M_a,M_b")]
    rows, notes = masked(tmp_path, "probe_id,mask\ncg1,TRUE\ncg2,FALSE\n")
    assert rows == [("cg1", None)]
    assert notes == ("m.csv: 1 of 2 probes masked, by mask",)


def test_a_table_that_says_nothing_more_masks_all_and_tells_so(tmp_path: Path) -> None:
    rows, notes = masked(tmp_path, "IlmnID,chr\ncg1,1\ncg2,2\n")
    assert [r[0] for r in rows] == ["cg1", "cg2"]
    assert "2 probes listed, all masked" in notes[0]


def test_several_files(tmp_path: Path) -> None:
    (tmp_path / "snp.txt").write_text("cg2\ncg1\n")
    (tmp_path / "xr.b.csv.gz").write_bytes(gzip.compress(b"cg1,other\n"))
    table = read_masks([tmp_path / "xr.b.csv.gz", tmp_path / "snp.txt"]).table
    assert [tuple(r.values()) for r in table.to_pylist()] == [
        ("cg1", "snp", None),
        ("cg1", "xr.b", "other"),
        ("cg2", "snp", None),
    ]
    (tmp_path / "snp.csv").write_text("cg1\n")
    with pytest.raises(IngestError, match="two mask files are named `snp`"):
        read_masks([tmp_path / "snp.csv", tmp_path / "snp.txt"])
    assert read_masks([]).table.num_rows == 0


@pytest.mark.parametrize(
    ("text", "problem", "line", "column"),
    [
        (
            "probeID,MASK_general\ncg1,TRUE\ncg2,maybe\n",
            "neither TRUE nor FALSE",
            3,
            "MASK_general",
        ),
        ("probe_id,reason\ncg1,a\n,b\n", "names no probe", 3, "probe_id"),
        ("cg1\n\ncg2\n", "names no probe", 2, "probe_id"),
        ("probe_id,reason\ncg1,a\ncg2\n", "too few fields", 3, None),
    ],
)
def test_a_bad_row_is_refused(
    tmp_path: Path, text: str, problem: str, line: int, column: str | None
) -> None:
    with pytest.raises(IngestError) as caught:
        masked(tmp_path, text)
    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == (line, column)


def test_ids_of_a_real_array_come_back(shared_data: Path, tmp_path: Path) -> None:
    with gzip.open(shared_data / "epic_chr7_paired/probes.csv.gz", "rt") as stream:
        ids = [line.split(",")[0] for line in stream]
    rows, _ = masked(tmp_path, "\n".join(ids))
    assert [r[0] for r in rows] == sorted(ids[1:])
