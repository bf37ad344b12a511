"""Count files that cannot be read as they are: one message each, with the file and the cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cohortmart.core.errors import IngestError
from tests.support.count_files import GENES, SAMPLES, SORTED, TRUTH, one, put, read_counts, table

ALL = "\t".join(SAMPLES)
HEAD = "N_unmapped\t5\t5\t5\nN_multimapping\t7\t7\t7\nN_noFeature\t6\t9\t6\nN_ambiguous\t3\t1\t1\n"


def star_files(folder: Path, forward: list[float], scale: int = 40) -> list[Path]:
    """Files of STAR; in each a share of the reads is on the forward strand."""
    files = []
    for j, (sample, share) in enumerate(zip(SAMPLES, forward, strict=True)):
        rows = []
        for i, gene in enumerate(GENES):
            n = scale * int(TRUTH[i, j])
            rows.append(f"{gene}\t{n}\t{round(n * share)}\t{n - round(n * share)}")
        files.append(put(folder / f"{sample}ReadsPerGene.out.tab", HEAD + "\n".join(rows) + "\n"))
    return files


@pytest.mark.parametrize(
    ("share", "word", "column"),
    [(0.97, "forward", 3), (0.02, "reverse", 4), (0.5, "unstranded", 2)],
)
def test_strandedness_is_found_out_and_said(
    tmp_path: Path, share: float, word: str, column: int
) -> None:
    report, _, values = read_counts(star_files(tmp_path, [share] * 3))
    assert f"STAR: 3 files taken as {word} (column {column})" in report.notes[0]
    if word == "unstranded":
        np.testing.assert_array_equal(values, 40 * SORTED)
    else:
        np.testing.assert_allclose(values, 40 * SORTED * max(share, 1 - share), atol=0.51)


def test_strandedness_of_study_yml_decides_without_a_word(tmp_path: Path) -> None:
    files = star_files(tmp_path, [0.7, 0.7, 0.7])
    report, _, values = read_counts(files, strandedness="unstranded")
    np.testing.assert_array_equal(values, 40 * SORTED)
    assert not any("STAR" in note for note in report.notes)


def test_unclear_strandedness_is_an_error_with_the_sums(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="not clear which column") as caught:
        read_counts(star_files(tmp_path, [0.7] * 3))
    total = 40 * int(TRUTH.sum())
    assert f"unstranded {total:,}" in str(caught.value.found)
    assert "forward" in str(caught.value.found)
    assert "strandedness" in str(caught.value.hint)


def test_a_file_of_another_strandedness_is_named(tmp_path: Path) -> None:
    for last in (0.99, 0.5):
        files = star_files(tmp_path, [0.01, 0.01, last])
        with pytest.raises(IngestError, match="another strandedness") as caught:
            read_counts(files)
        assert caught.value.file == files[2]
        assert "reverse" in str(caught.value.expected)


def test_the_summary_of_featurecounts_is_no_matrix(tmp_path: Path) -> None:
    text = "Status\t/a/HP1_1st.bam\nAssigned\t99\nUnassigned_Unmapped\t3\n"
    with pytest.raises(IngestError, match="summary of featureCounts") as caught:
        read_counts([put(tmp_path / "counts.txt.summary", text)])
    assert ".summary" in str(caught.value.hint)


def htseq(folder: Path, name: str, sample: int = 0, skip: int | None = None) -> Path:
    rows = [f"{GENES[i]}\t{one(i, sample)}" for i in range(len(GENES)) if i != skip]
    return put(folder / name, "\n".join(rows) + "\n__no_feature\t3\n")


def test_a_file_that_the_sheet_does_not_know_lists_what_was_tried(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="does not say whose file") as caught:
        read_counts([htseq(tmp_path / "run7", "lib_12.counts.txt")])
    assert "`lib_12`" in str(caught.value.found)
    assert "`run7`" in str(caught.value.found)
    assert "HP1_1st" in str(caught.value.expected)
    assert "file: COLUMN" in str(caught.value.hint)


def test_a_gene_that_one_file_lacks_is_named_with_the_file(tmp_path: Path) -> None:
    files = [htseq(tmp_path, f"{s}.counts", j) for j, s in enumerate(SAMPLES)]
    htseq(tmp_path, f"{SAMPLES[1]}.counts", 1, skip=2)
    with pytest.raises(IngestError, match="lacks 1 feature") as caught:
        read_counts(files)
    assert caught.value.file == files[1]
    assert GENES[2] in str(caught.value.found)


def test_the_sheet_may_name_the_files(tmp_path: Path) -> None:
    files = [
        htseq(tmp_path / "a", "lib1.txt.gz", 0),
        htseq(tmp_path / "b", "lib1.txt", 1),
        htseq(tmp_path / "b", "lib2.txt", 2),
    ]
    named = ["a/lib1.txt", "./b/lib1.txt", "lib2.txt"]
    report, _, values = read_counts(files, named, assay={"file": "counts_file"})
    assert report.samples == tuple(named)
    np.testing.assert_array_equal(values, SORTED)
    with pytest.raises(IngestError, match="does not say whose file") as caught:
        read_counts(files, named[:2], assay={"file": "counts_file"})
    assert caught.value.file == files[2]
    assert "`counts_file`" in str(caught.value.hint)


def test_a_matrix_is_no_file_of_one_sample(tmp_path: Path) -> None:
    path = put(tmp_path / "x.tsv", f"gene\t{ALL}\nG1\t1\t2\t3\n")
    with pytest.raises(IngestError, match="the file holds 3 samples"):
        read_counts([path], assay={"file": "counts_file"})


def test_text_among_the_numbers_of_an_unknown_column_is_named(tmp_path: Path) -> None:
    rows = [[GENES[i], "1", "2", "3", "7" if i else "high"] for i in range(len(GENES))]
    path = put(tmp_path / "x.tsv", table(f"gene\t{ALL}\tquality", lambda i: rows[i]))
    with pytest.raises(IngestError, match="column `quality` holds text") as caught:
        read_counts([path])
    assert (caught.value.line, caught.value.column) == (1, 5)
    assert "`high`" in str(caught.value.found)


def test_a_number_that_the_sheet_does_not_know_stays_a_sample(tmp_path: Path) -> None:
    path = put(tmp_path / "x.tsv", table(f"gene\t{ALL}\tHP9_1st", lambda i: [GENES[i], 1, 2, 3, 4]))
    assert read_counts([path])[0].samples == (*SAMPLES, "HP9_1st")


def test_a_sample_that_is_called_like_an_annotation_stays_one(tmp_path: Path) -> None:
    path = put(tmp_path / "x.tsv", "gene\tLength\tgene_id\nG1\t1\t2\n")
    assert read_counts([path], ["Length", "gene_id"])[0].samples == ("Length", "gene_id")


def test_hundreds_of_files_are_gathered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest.matrix import sample_columns

    monkeypatch.setattr(sample_columns, "HELD_VALUES", 7 * len(GENES))
    names = [f"S{j:03d}" for j in range(120)]
    rng = np.random.default_rng(7)
    values = rng.poisson(20, (len(GENES), len(names)))
    files = []
    for j, name in enumerate(names):
        order = rng.permutation(len(GENES))
        text = "".join(f"{GENES[i]}\t{values[i, j]}\n" for i in order)
        files.append(put(tmp_path / f"{name}.tab", text))
    report, ids, found = read_counts(files, names)
    assert report.samples == tuple(names)
    assert ids == sorted(GENES)
    np.testing.assert_array_equal(found, values[np.argsort(GENES)])


def test_samples_called_by_numbers_are_no_counts(tmp_path: Path) -> None:
    for corner in ("gene_id", "x", ""):
        path = put(tmp_path / "x.tsv", table(f"{corner}\t1\t2\t3", lambda i: [GENES[i], 1, 2, 3]))
        assert read_counts([path], ["1", "2", "3"])[0].samples == ("1", "2", "3")
        path = put(tmp_path / "y.tsv", table(f"{corner}\t7", lambda i: [GENES[i], 1]))
        assert read_counts([path], ["7"])[0].samples == ("7",)


def test_two_files_of_one_sample_are_both_named(tmp_path: Path) -> None:
    files = [htseq(tmp_path / "a", "HP1_1st.counts"), htseq(tmp_path / "b", "HP1_1st.counts")]
    with pytest.raises(IngestError, match="in two files") as caught:
        read_counts(files)
    assert (caught.value.file, caught.value.line) == (files[1], None)
    assert str(files[0]) in str(caught.value.found)


@pytest.mark.parametrize(
    "read",
    [
        {"strandedness": "forward"},
        {"counts_from_abundance": "scaledTPM"},
        {"transcripts": Path("tx2gene.tsv")},
    ],
)
def test_an_option_that_no_file_can_follow_is_refused(tmp_path: Path, read: dict[str, Any]) -> None:
    with pytest.raises(IngestError, match="which is for other files") as caught:
        read_counts([htseq(tmp_path, "HP1_1st.counts")], **read)
    assert next(iter(read)) in str(caught.value.hint)
