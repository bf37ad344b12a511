"""One truth table of counts, written in every format, comes back as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.check.matrix import check_samples_once
from ingest.matrix.assay_headers import read_headers
from tests.support.count_files import (
    GENES,
    SAMPLES,
    SORTED,
    TRUTH,
    counts,
    one,
    put,
    read_counts,
    table,
)

HTSEQ = "__no_feature\t900\n__ambiguous\t3\n__too_low_aQual\t0\n__not_aligned\t0\n"
STAR = "".join(
    f"N_{word}\t500\t{n}\t500\n"
    for word, n in (("unmapped", 500), ("multimapping", 70), ("noFeature", 4000), ("ambiguous", 1))
)
ALL = "\t".join(SAMPLES)
BAMS = "\t".join(f"/data/{s}/{s}.markdup.sorted.bam" for s in SAMPLES)
FOLDERS = "\t".join(f"/data/{s}/accepted_hits.bam" for s in SAMPLES)
FEATURE_COUNTS = '# Program:featureCounts v2.0.3; Command:"featureCounts" "-a" "g.gtf"\n'


PLACE = ["chr1;chr1", "1;60", "40;90", "+;-", "71"]


def named(row: int) -> list[str]:
    return [GENES[row], f"SYM{row}", "protein_coding"]


def each(folder: Path, name: str, text: Callable[[int], str]) -> list[Path]:
    """One file a sample; `name` holds the sample as {}."""
    return [put(folder / name.format(s), text(j)) for j, s in enumerate(SAMPLES)]


def star(row: int, sample: int) -> list[str]:
    value = int(TRUTH[row, sample])
    return [GENES[row], str(value + 3), str(value // 20), str(value)]


def salmon(row: int, sample: int) -> list[str]:
    return [GENES[row], "1200", "1000.5", "7.25", one(row, sample)]


def featurecounts(head: str) -> str:
    columns = "Geneid\tChr\tStart\tEnd\tStrand\tLength\t" + head
    return FEATURE_COUNTS + table(columns, lambda i: [GENES[i], *PLACE, *counts(i)])


FORMATS: dict[str, Callable[[Path], list[Path]]] = {
    "plain": lambda d: [put(d / "x.tsv", table(f"gene\t{ALL}", lambda i: [GENES[i], *counts(i)]))],
    "comment lines": lambda d: [
        put(d / "x.tsv", "# made\n#by me\n" + table(f"#g\t{ALL}", lambda i: [GENES[i], *counts(i)]))
    ],
    "gct": lambda d: [
        put(
            d / "x.gct",
            f"#1.2\n{len(GENES)}\t3\n"
            + table(f"Name\tDescription\t{ALL}", lambda i: [GENES[i], f"SYM{i}", *counts(i)]),
        )
    ],
    "featureCounts": lambda d: [put(d / "counts.txt", featurecounts(BAMS))],
    "featureCounts, folders": lambda d: [put(d / "counts.txt.gz", featurecounts(FOLDERS))],
    "featureCounts, one file a sample": lambda d: each(
        d,
        "{}.featureCounts.txt",
        lambda j: (
            FEATURE_COUNTS
            + table(
                f"Geneid\tChr\tStart\tEnd\tStrand\tLength\tmap/{SAMPLES[j]}Aligned.sortedByCoord.out.bam",
                lambda i: [GENES[i], *PLACE, one(i, j)],
            )
        ),
    ),
    "HTSeq": lambda d: each(
        d, "{}.htseq.counts", lambda j: table("", lambda i: [GENES[i], one(i, j)], HTSEQ)
    ),
    "HTSeq with names": lambda d: each(
        d,
        "{}.txt.gz",
        lambda j: table("", lambda i: [GENES[i], f"SYM{i}", one(i, j)], "__no_feature\t\t9\n"),
    ),
    "HTSeq, merged": lambda d: [
        put(
            d / "x.tsv",
            table(f"\t{ALL}", lambda i: [GENES[i], *counts(i)], "__no_feature\t9\t9\t9\n"),
        )
    ],
    "STAR": lambda d: each(
        d, "{}ReadsPerGene.out.tab", lambda j: STAR + table("", lambda i: star(i, j))
    ),
    "STAR, folders": lambda d: each(
        d, "{}/ReadsPerGene.out.tab.gz", lambda j: STAR + table("", lambda i: star(i, j))
    ),
    "RSEM": lambda d: each(
        d,
        "{}.genes.results",
        lambda j: table(
            "gene_id\ttranscript_id(s)\tlength\teffective_length\texpected_count\tTPM\tFPKM",
            lambda i: [GENES[i], "T1,T2", "1200", "1000.5", one(i, j), "3.5", "2.5"],
        ),
    ),
    "RSEM, merged": lambda d: [
        put(
            d / "rsem.merged.gene_counts.tsv",
            table(f"gene_id\ttranscript_id(s)\t{ALL}", lambda i: [GENES[i], "T1,T2", *counts(i)]),
        )
    ],
    "salmon, genes": lambda d: each(
        d,
        "{}_quant/quant.genes.sf",
        lambda j: table("Name\tLength\tEffectiveLength\tTPM\tNumReads", lambda i: salmon(i, j)),
    ),
    "salmon, merged": lambda d: [
        put(
            d / "salmon.merged.gene_counts.tsv",
            table(f"gene_id\tgene_name\t{ALL}", lambda i: [GENES[i], f"SYM{i}", *counts(i)]),
        )
    ],
    "kallisto": lambda d: each(
        d,
        "{}/abundance.tsv",
        lambda j: table(
            "target_id\tlength\teff_length\test_counts\ttpm",
            lambda i: [GENES[i], "1200", "1000.5", one(i, j), "7.25"],
        ),
    ),
    "one column with a header": lambda d: each(
        d,
        "GSM10{}_x.csv".replace("{}_x", "1_{}"),
        lambda j: table("gene_id\tcount", lambda i: [GENES[i], one(i, j)]),
    ),
    "annotation in front": lambda d: [
        put(
            d / "GSE1_counts.txt.gz",
            table(
                f"GeneID\tgene_name\tgene_biotype\tLength\t{ALL}",
                lambda i: [*named(i)[:1], *named(i)[1:], 71 + i, *counts(i)],
            ),
        )
    ],
    "annotation last": lambda d: [
        put(
            d / "x.tsv",
            table(
                f"gene_id\t{ALL}\tdescription\texternal_gene_name\tmy_own_words",
                lambda i: [GENES[i], *counts(i), "a protein [Source:X]", f"SYM{i}", "seen"],
            ),
        )
    ],
    "ids not first": lambda d: [
        put(
            d / "x.tsv",
            table(
                f"Chr\tStart\tEnd\tgene_id\tStrand\t{ALL}",
                lambda i: ["X", 1, 5, GENES[i], "+", *counts(i)],
            ),
        )
    ],
    "numbered rows": lambda d: [
        put(d / "x.tsv", table(f"\tgene_id\t{ALL}", lambda i: [i + 1, GENES[i], *counts(i)]))
    ],
}
NAMES = {"gct", "HTSeq with names", "salmon, merged", "annotation in front", "annotation last"}


@pytest.mark.parametrize("name", FORMATS)
def test_the_truth_table_comes_back(tmp_path: Path, name: str) -> None:
    report, ids, values = read_counts(FORMATS[name](tmp_path))
    assert report.samples == tuple(SAMPLES)
    assert ids == sorted(GENES)
    np.testing.assert_array_equal(values, SORTED)
    found = report.features["gene_name"].to_pylist()
    wanted = [f"SYM{GENES.index(gene)}" for gene in sorted(GENES)]
    assert found == (wanted if name in NAMES else [None] * len(GENES))


def test_what_is_passed_over_and_left_out_is_said_once(tmp_path: Path) -> None:
    report, *_ = read_counts(FORMATS["annotation last"](tmp_path))
    assert report.notes == (
        "x.tsv: passed over 2 columns about the features: description, my_own_words",
    )
    report, *_ = read_counts(FORMATS["HTSeq"](tmp_path / "h"))
    assert report.notes == (
        "HP1_1st.htseq.counts, HP1_3rd.htseq.counts, MS2_1st.htseq.counts: left out 4 rows of "
        "no gene: __no_feature, __ambiguous, __too_low_aQual, __not_aligned",
    )


def test_the_lengths_of_salmon_stay_beside_the_counts(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    read_counts(FORMATS["salmon, genes"](tmp_path))
    path = next(tmp_path.rglob("matrix.parquet"))
    lengths = pq.read_table(path)["transcript_length"].to_pylist()
    assert lengths == [[1000.5] * 3] * len(GENES)


@pytest.mark.parametrize("header", ["", "#gene\tcount"])
def test_comments_above_a_table_without_header(tmp_path: Path, header: str) -> None:
    head = "\n".join(["# htseq-count, v2.0", *([header] if header else [])])
    files = [
        put(
            tmp_path / f"{name}.counts",
            table(head, lambda i, j=j: [GENES[i], one(i, j)], HTSEQ),  # type: ignore[misc]
        )
        for j, name in enumerate(SAMPLES)
    ]
    _, ids, values = read_counts(files)
    assert ids == sorted(GENES)
    np.testing.assert_array_equal(values, SORTED)


def test_comments_above_star(tmp_path: Path) -> None:
    file = put(
        tmp_path / "HP1_1st.tab",
        table("# STAR", lambda i: [GENES[i], 2 * TRUTH[i, 0] // 1, 0, TRUTH[i, 0]]).replace(
            ".0", ""
        ),
    )
    report, _, values = read_counts([file])
    np.testing.assert_array_equal(values[:, 0], SORTED[:, 0])
    assert "taken as reverse" in report.notes[0]


def test_numbers_about_the_genes_are_passed_over(tmp_path: Path) -> None:
    about = [
        "percentage_gene_gc_content",
        "baseMean",
        "logFC",
        "padj",
        "tx_count",
        "rowSums",
        "Mean",
    ]
    text = table(
        "\t".join(["gene_id", *SAMPLES, *about]),
        lambda i: [GENES[i], *counts(i), *([i / 7] * len(about))],
    )
    report, _, values = read_counts([put(tmp_path / "x.tsv", text)])
    np.testing.assert_array_equal(values, SORTED)
    assert "passed over 7 columns" in report.notes[0]


@pytest.mark.parametrize("mark", ["\t", ",", ";"])
@pytest.mark.parametrize("title", ['"Table S3. Counts, all"', "Table S3\n\nmade in 2020"])
def test_a_title_above_the_header_is_passed_over(tmp_path: Path, mark: str, title: str) -> None:
    text = table(f"gene_id\tLength\t{ALL}", lambda i: [GENES[i], 70 + i, *counts(i)])
    file = put(tmp_path / "x.txt", f"{title}\n{text.replace(chr(9), mark)}")
    report, ids, values = read_counts([file])
    assert ids == sorted(GENES)
    np.testing.assert_array_equal(values, SORTED)
    assert f"the header is line {title.count(chr(10)) + 2}; `Table S3" in report.notes[0]


def test_files_with_several_quantities_of_one_sample_say_what_to_do(tmp_path: Path) -> None:
    files = [
        put(
            tmp_path / f"{name}.tsv",
            table("Gene ID\tCoverage\tFPKM", lambda i: [GENES[i], i / 7, i / 9]),
        )
        for name in SAMPLES
    ]
    with pytest.raises(IngestError, match="in two files of one assay") as caught:
        check_samples_once(
            read_headers(Assay(kind="counts", files=tuple(files)), frozenset(SAMPLES)).values
        )
    assert "files of one sample each" in str(caught.value.hint)
