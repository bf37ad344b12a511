"""The reader follows from what a file holds; `format` overrules it where that makes sense."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zstandard

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.read.formats import (
    FORMATS,
    READER_VERSION,
    read_blocks,
    read_header,
    reader_version,
)
from ingest.read.matrix.format import HEAD_BYTES
from ingest.read.matrix.records import MatrixHeader
from ingest.read.matrix.text_matrix import READER_VERSION as MATRIX_VERSION
from tests.support.matrix_files import assay, ingested, write
from tests.support.paths import DATA

RDS = (DATA / "rds" / "matrix.rds").read_bytes()
FILES = {
    "matrix": b"id,A,B\ncg00000029,0.5,1\n",
    "transposed": b"s,cg00000029,cg00000108\nA,0.5,1\nB,1,0\n",
    "geo_series_matrix": b'!Series_title\t"x"\n!series_matrix_table_begin\nID_REF\tA\tB\n'
    b"cg00000029\t0.5\t1\n!series_matrix_table_end\n",
    "genomestudio": b"ID_REF\tA\tDetection Pval\tB\tDetection Pval\ncg00000029\t0.5\t0\t1\t0\n",
    "signals": b"ID_REF\tA.Signal_A\tA.Signal_B\tB.Signal_A\tB.Signal_B\ncg00000029\t1\t2\t3\t4\n",
    "rds": RDS,
    "featurecounts": b"# Program:featureCounts v2.0.1\nGeneid\tChr\tStart\tEnd\tStrand\tLength\t"
    b"/a/A.bam\t/b/B.bam\nG1\tchr1;chr1\t1;5\t2;9\t+;+\t7\t1\t2\n",
    "htseq": b"G1\t1\nG2\t0\n__no_feature\t9\n",
    "star": b"N_unmapped\t1\t1\t1\nG1\t4\t2\t2\n",
    "salmon": b"Name\tLength\tEffectiveLength\tTPM\tNumReads\nG1\t9\t8.5\t3\t1.5\n",
    "kallisto": b"target_id\tlength\teff_length\test_counts\ttpm\nG1\t9\t8.5\t1.5\t3\n",
    "rsem": b"gene_id\ttranscript_id(s)\tlength\teffective_length\texpected_count\tTPM\tFPKM\n"
    b"G1\tT1\t9\t8.5\t1.5\t3\t2\n",
}
#: Files of one sample are called like their file.
ONE_SAMPLE = {"htseq", "star", "salmon", "kallisto", "rsem"}
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}
#: Formats that study.yml may give to a file that looks like another one.
ALLOWED = {("matrix", "transposed"), ("transposed", "matrix")}
ALLOWED |= {("matrix", "genomestudio"), ("matrix", "signals")}
ALLOWED |= {("matrix", "htseq"), ("matrix", "featurecounts")}


def beta(form: str) -> Assay:
    return assay("beta").model_copy(update={"format": form})


def format_of(header: MatrixHeader) -> str:
    first = header.format_name.split("+")[0]
    return "matrix" if first in ("csv", "tsv", "csv2") else first


@pytest.mark.parametrize("pack", ["none", *PACK])
@pytest.mark.parametrize("name", FILES)
def test_each_format_is_recognised_under_any_name(tmp_path: Path, name: str, pack: str) -> None:
    content = gzip.decompress(FILES[name]) if name == "rds" else FILES[name]
    path = write(tmp_path / "x.dat", PACK[pack](content) if pack in PACK else content)
    for options in (beta("auto"), beta(name)):
        header = read_header(path, options)
        assert format_of(header) == name
        assert header.format_name.endswith("+" + pack) == (pack != "none")
        one = name in ONE_SAMPLE
        assert [s[0] for s in header.samples] == (["x"] if one else ["A", "B"])
        assert sum(len(block.values) for block in read_blocks(header, options)) >= 1


@pytest.mark.parametrize("wanted", FILES)
@pytest.mark.parametrize("name", FILES)
def test_format_names_what_the_file_is(tmp_path: Path, name: str, wanted: str) -> None:
    path = write(tmp_path / "x.dat", FILES[name])
    if name == wanted or (wanted, name) in ALLOWED:
        assert format_of(read_header(path, beta(wanted))) == wanted
        return
    with pytest.raises(IngestError, match=f"`format: {wanted}`") as caught:
        read_header(path, beta(wanted))
    assert caught.value.file == path
    assert caught.value.expected != caught.value.found
    assert f"format: {name}" in str(caught.value.hint)


def test_known_samples_turn_a_matrix_of_gene_names_round(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", b"s,TP53,MYC\nA,1,2\nB,3,4\n")
    assert read_header(path, assay()).samples == ("TP53", "MYC")
    assert read_header(path, assay(), {"TP53", "MYC"}).samples == ("TP53", "MYC")
    assert read_header(path, assay(), {"A", "B", "C"}).samples == ("A", "B")


def test_a_zstandard_matrix_is_ingested(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv.zst", zstandard.compress(FILES["matrix"]))
    report, ids, values = ingested(path, beta("auto"))
    assert (report.files[0].format, ids) == ("csv+zstd", ["cg00000029"])
    np.testing.assert_array_equal(values, [[0.5, 1.0]])


def test_very_wide_lines_are_looked_at_in_part(tmp_path: Path) -> None:
    n = HEAD_BYTES // 8
    head = ",".join(f"cg{i:08d}" for i in range(n))
    path = write(tmp_path / "wide.csv", f"s,{head}\nA,{','.join(['0.12345'] * n)}\n")
    assert read_header(path, beta("auto")).samples == ("A",)
    genes = write(tmp_path / "genes.csv", path.read_bytes().replace(b"cg", b"AB"))
    assert read_header(genes, beta("auto"), {"A"}).samples == ("A",)
    names = "\t".join(f"Sample {i}\tDetection Pval" for i in range(20_000))
    path = write(tmp_path / "geo.txt", f"ID_REF\t{names}\ncg00000029" + "\t0.5" * 40_000 + "\n")
    header = read_header(path, beta("auto"))
    assert (format_of(header), len(header.samples)) == ("genomestudio", 20_000)


def test_samples_whose_names_look_like_quantities_stay_samples(tmp_path: Path) -> None:
    for text in (
        "gene,cell_meth,cell_2\nTP53,1,2\n",
        "gene,A,pval\nTP53,1,0.5\n",
        "gene,beta_1,beta_2\nTP53,1,2\n",
        "gene,Detected_A,Interval\nTP53,1,2\n",
    ):
        path = write(tmp_path / "x.csv", text)
        names = tuple(text.split("\n")[0].split(",")[1:])
        assert read_header(path, assay()).samples == names


def test_what_is_wrong_with_a_file_is_still_said(tmp_path: Path) -> None:
    for content, problem in (
        (b"", "empty"),
        (b"PK\x03\x04xxxx", "Excel"),
        (b"id,A\n", "no data rows"),
        (gzip.compress(FILES["matrix"] * 99, mtime=0)[:-12], "truncated"),
    ):
        with pytest.raises(IngestError, match=problem):
            read_header(write(tmp_path / "x", content), beta("auto"))
    with pytest.raises(IngestError, match="does not exist"):
        read_header(tmp_path / "gone", beta("auto"))


def test_the_version_follows_that_of_the_text_engine() -> None:
    assert MATRIX_VERSION in READER_VERSION
    assert READER_VERSION != MATRIX_VERSION


def test_a_version_of_its_own_concerns_files_of_that_format_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = [read_header(write(tmp_path / n, FILES[n]), beta("auto")) for n in ("matrix", "rds")]
    before = [reader_version([header]) for header in headers]
    assert before == [READER_VERSION] * 2
    monkeypatch.setitem(FORMATS, "rds", replace(FORMATS["rds"], version="rds-2"))
    after = [reader_version(given) for given in (headers[:1], headers[1:], headers * 2)]
    assert after == [READER_VERSION, f"{READER_VERSION}+rds-2", f"{READER_VERSION}+rds-2"]


def test_every_format_stands_under_its_name_and_the_last_takes_what_is_left() -> None:
    assert set(FORMATS) == {*FILES, "measurements"}
    assert [one.name for one in FORMATS.values()] == list(FORMATS)
    assert list(FORMATS)[-1] == "matrix"
    assert {name for one in FORMATS.values() for name in one.looks_like} <= set(FORMATS)
