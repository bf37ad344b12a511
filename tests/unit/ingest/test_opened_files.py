"""No raw file is opened more often than it must be: for its header and checksum, and to be read."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cohortmart.core.study.records import Reference, SampleSheet
from tests.support.opened_files import count_opened
from tests.support.paths import DATA
from tests.support.raw_study import PROBES, RawStudy

MOST = 3
ARRAYS = ["M1", "M2", "M3", "M5", "M6"]


def betas(columns: str = "{0}.AVG_Beta", *more: str) -> str:
    head = "\t".join(c.format(a) for a in ARRAYS for c in (columns, *more))
    cells = "\t".join("0.25" for _ in ARRAYS for _ in (columns, *more))
    return "\n".join([f"TargetID\t{head}", *(f"{p}\t{cells}" for p in PROBES)]) + "\n"


def with_samples_in_rows() -> str:
    ids = [f"cg{i:08d}" for i in range(40)]
    return "\n".join([",".join(["s", *ids]), *(",".join([a, *["0.5"] * 40]) for a in ARRAYS)])


def final_report() -> str:
    table = betas("{0}.AVG_Beta", "{0}.Detection Pval")
    return f"[Header]\nx\t1\n[Sample Methylation Profile]\n{table}[Control Probe Profile]\na\t1\n"


def series_matrix() -> str:
    people = "\t".join(f'"{word}"' for word in ("anna", "anna", "berta", "clara", "clara"))
    visits = "\t".join(f'"visit: {v}"' for v in ("BP", "1st", "BP", "BP", "1st"))
    arms = "\t".join(f'"arm: {v}"' for v in ("MS", "MS", "HP", "HP", "HP"))
    names = "\t".join(f'"{a}"' for a in ARRAYS)
    rows = "\n".join(f'"{p}"\t' + "\t".join(["0.5"] * 5) for p in PROBES)
    return (
        f'!Series_title\t"x"\n!Sample_title\t{people}\n!Sample_geo_accession\t{names}\n'
        f"!Sample_characteristics_ch1\t{visits}\n!Sample_characteristics_ch1\t{arms}\n"
        f'!series_matrix_table_begin\n"ID_REF"\t{names}\n{rows}\n!series_matrix_table_end\n'
    )


CONTENTS: dict[str, Callable[[], str]] = {
    "plain": lambda: betas("{0}"),
    "genomestudio": lambda: betas("{0}.AVG_Beta", "{0}.Detection Pval"),
    "final report": final_report,
    "signals": lambda: betas("{0}.Signal_A", "{0}.Signal_B"),
    "transposed": with_samples_in_rows,
    "series matrix": series_matrix,
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "none": lambda text: text,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


def opened_by(raw: RawStudy) -> Counter[str]:
    """Count how often the raw files are opened by an ingest; study.yml, which is copied, is not."""
    with count_opened() as opened:
        raw.ingest()
    return Counter(
        {p.name: n for p, n in opened.items() if p.parent == raw.raw.absolute()}
    ) - Counter({"study.yml": 99})


def of_betas(tmp_path: Path, **options: Any) -> RawStudy:
    raw = RawStudy(tmp_path, assays=("methylation",))
    raw.options["methylation"] = {"files": [raw.raw / "x.dat"], **options}
    return raw


@pytest.mark.parametrize("pack", PACKED)
@pytest.mark.parametrize("content", CONTENTS)
def test_a_matrix_of_any_format(tmp_path: Path, content: str, pack: str) -> None:
    raw = of_betas(tmp_path)
    (raw.raw / "x.dat").write_bytes(PACKED[pack](CONTENTS[content]().encode()))
    opened = opened_by(raw)
    assert raw.values("methylation")
    assert opened == {"x.dat": 2, "samples.csv": 2}
    assert opened_by(raw) == {"x.dat": 1, "samples.csv": 2}  # already in


def test_an_r_object(tmp_path: Path) -> None:
    raw = of_betas(tmp_path)
    raw.sheet = [
        (*row[:4], name) for row, name in zip(raw.sheet, ("A_1", "B_1", *["NA"] * 4), strict=True)
    ]
    raw.write_sheet()
    (raw.raw / "x.dat").write_bytes((DATA / "rds" / "matrix.rds").read_bytes())
    assert opened_by(raw)["x.dat"] == 2


def test_a_file_that_is_not_sorted_is_begun_again(tmp_path: Path) -> None:
    assert opened_by(RawStudy(tmp_path))["counts.csv"] == MOST


def test_files_that_are_joined_and_their_detection_p(tmp_path: Path) -> None:
    raw = RawStudy(tmp_path)
    text = betas("{0}").replace("0.25", "0.001")
    (raw.raw / "p.tsv").write_text(text)
    raw.options["methylation"] = {"detection_p": [raw.raw / "p.tsv"]}
    counts = (raw.raw / "counts.csv").read_text().splitlines()
    for name, part in (("a.csv", slice(0, 3)), ("b.csv", slice(3, 6))):
        rows = [line.split(",") for line in counts]
        lines = [",".join([row[0], *row[1:][part]]) for row in rows]
        (raw.raw / name).write_text("\n".join(lines) + "\n")
    raw.options["rna"] = {"files": [raw.raw / "a.csv", raw.raw / "b.csv"]}
    opened = opened_by(raw)
    assert opened == dict.fromkeys(("a.csv", "b.csv", "betas.csv", "p.tsv", "samples.csv"), 2)


def test_one_file_as_sheet_and_matrix(tmp_path: Path) -> None:
    raw = of_betas(tmp_path, sample=None)
    (raw.raw / "x.dat").write_text(series_matrix())
    roles = {"sample": "geo_accession", "subject": "title", "group": "arm", "timepoint": "visit"}
    sheet = SampleSheet(file=raw.raw / "x.dat", **roles)
    study = raw.study.model_copy(update={"samples": (sheet,)})
    with count_opened() as opened, pytest.MonkeyPatch.context() as patch:
        patch.setattr(RawStudy, "study", study)
        raw.ingest()
    assert opened[raw.raw.absolute() / "x.dat"] == MOST


def test_a_workbook(tmp_path: Path) -> None:
    raw = RawStudy(tmp_path)
    book = openpyxl.Workbook()
    for row in (line.split(",") for line in (raw.raw / "samples.csv").read_text().splitlines()):
        book.active.append(row)
    book.save(raw.raw / "samples.csv")  # its content tells, not its name
    assert opened_by(raw)["samples.csv"] == MOST


def test_annotation(tmp_path: Path) -> None:
    raw = RawStudy(tmp_path)
    texts = {
        "manifest.csv": "Name,CHR,MAPINFO,Genome_Build\ncg001,1,100,37\n",
        "mask.csv": "probe_id,reason\ncg001,SNP\n",
        "sets.gmt": "S1\tx\tTP53\tIL2\n",
        "list.txt": "TP53\n",
        "net.tsv": "TP53\tIL2\n",
    }
    for name, text in texts.items():
        (raw.raw / name).write_text(text)
    reference = Reference(
        manifest=[raw.raw / "manifest.csv"],
        masks=[raw.raw / "mask.csv"],
        gene_sets=[raw.raw / "sets.gmt"],
        gene_lists={"mine": raw.raw / "list.txt"},
        network=raw.raw / "net.tsv",
    )
    study = raw.study.model_copy(update={"reference": reference})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RawStudy, "study", study)
        opened = opened_by(raw)
    assert {name: opened[name] for name in texts} == {
        "manifest.csv": 3,
        "mask.csv": 3,
        "sets.gmt": 2,
        "list.txt": 2,
        "net.tsv": 3,
    }
