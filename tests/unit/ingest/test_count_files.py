"""Count files of a whole study: patterns in study.yml, a column of files, what is read anew."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cohortmart.app.check.report import check_study
from cohortmart.core.errors import IngestError, InputError, StudyError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.lake.matrix import read_matrix
from cohortmart.core.study.load import load_study
from cohortmart.core.warehouse.home import Home
from ingest.pipeline import IngestSummary, ingest

SAMPLES = ["a_1", "a_2", "b_1", "b_2"]
ANALYSIS = """
analyses:
  e:
    assay: rna
    values: {values}
    model: {{means: [group, timepoint], block: subject}}
    contrasts: {{time_within_group: all}}
"""


def study(folder: Path, assay: str, *, files: bool = False, values: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["sample,subject,group,visit,counts_file"]
    for name in SAMPLES:
        who, visit = name.split("_")
        lines.append(
            f"{name},{who},{'MS' if who == 'a' else 'HP'},v{visit},lib{SAMPLES.index(name)}.tab"
        )
    (folder / "samples.csv").write_text("\n".join(lines) + "\n")
    (folder / "counts").mkdir(exist_ok=True)
    for j, name in enumerate(SAMPLES):
        rows = [f"g{i}\t{10 * i + j}" for i in (2, 0, 1)]
        stem = f"lib{j}" if files else name
        (folder / "counts" / f"{stem}.tab").write_text("\n".join([*rows, "__no_feature\t9"]) + "\n")
    path = folder / "study.yml"
    path.write_text(
        "study: s\nsamples: {file: samples.csv, sample: sample, subject: subject, group: group, "
        f"timepoint: visit}}\ntimepoints: [v1, v2]\ngroups: [HP, MS]\nassays:\n  rna: {assay}\n"
        + (ANALYSIS.format(values=values) if values else "")
    )
    return path


def run(path: Path) -> IngestSummary:
    return ingest(load_study(path), Home(path.parent / "out"), path, lambda _: None)


def matrix(path: Path) -> tuple[list[str], list[list[float]]]:
    lake = path.parent / "out" / "lake"
    entry = next(e for e in read_current(lake) if e.table_name == "matrix")
    blocks = list(read_matrix(lake / entry.path))
    return blocks[0][0].to_pylist(), blocks[0][1].tolist()


@pytest.mark.parametrize(
    "files", ["counts/*.tab", "[counts/a_*.tab, 'counts/b_?.tab']", "[counts/**/*.tab]"]
)
def test_a_pattern_stands_for_files(tmp_path: Path, files: str) -> None:
    path = study(tmp_path, f"{{kind: counts, files: {files}}}")
    assert [one.name for one in load_study(path).assays["rna"].files] == [
        f"{name}.tab" for name in SAMPLES
    ]
    summary = run(path)
    assert (summary.assays[0].n_features, summary.assays[0].n_samples) == (3, 4)
    ids, values = matrix(path)
    assert (ids, values) == (["g0", "g1", "g2"], [[10 * i + j for j in range(4)] for i in range(3)])
    assert run(path).assays[0].was_in


def test_a_new_file_of_a_pattern_is_read(tmp_path: Path) -> None:
    path = study(tmp_path, "{kind: counts, files: counts/*.tab}")
    last = tmp_path / "counts" / "b_2.tab"
    text = last.read_text()
    last.unlink()
    assert run(path).assays[0].n_samples == 3
    last.write_text(text)
    assert run(path).assays[0].n_samples == 4


def test_a_pattern_without_a_file_is_an_error(tmp_path: Path) -> None:
    path = study(tmp_path, "{kind: counts, files: [counts/*.tsv]}")
    for used in (run, check_study):
        with pytest.raises(IngestError, match="no file matches this pattern"):
            used(path)


def test_a_name_with_brackets_is_a_name_where_the_file_is_there(tmp_path: Path) -> None:
    path = study(tmp_path, "{kind: counts, files: ['all[1].tsv']}")
    (tmp_path / "all[1].tsv").write_text("gene\t" + "\t".join(SAMPLES) + "\ng1\t1\t2\t3\t4\n")
    assert run(path).assays[0].n_samples == 4


def test_the_sheet_names_the_files(tmp_path: Path) -> None:
    path = study(tmp_path, "{kind: counts, files: counts/*.tab, file: counts_file}", files=True)
    run(path)
    assert matrix(path)[1][0] == [0, 1, 2, 3]
    lake = tmp_path / "out" / "lake"
    entry = next(e for e in read_current(lake) if e.table_name == "matrix_sample")
    rows = pq.read_table(lake / entry.path).to_pylist()
    assert [(r["sample_id"], r["column_name"]) for r in rows] == [
        (name, f"lib{j}.tab") for j, name in enumerate(SAMPLES)
    ]


@pytest.mark.parametrize(
    ("assay", "problem"),
    [
        ("{kind: counts, files: counts/*.tab, file: counts_file, sample: sample}", "both say"),
        ("{kind: beta, files: counts/*.tab, file: counts_file}", "only for assays of kind counts"),
        ("{kind: beta, files: [x], read: {transcripts: t}}", "only for assays of kind counts"),
        ("{kind: beta, files: [x], read: {strandedness: forward}}", "only for assays of kind"),
        ("{kind: counts, files: [x], read: {strandedness: both}}", "strandedness"),
        ("{kind: counts, files: [x], read: {counts_from_abundance: tpm}}", "counts_from_abundance"),
        ("{kind: counts, files: []}", "files"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, assay: str, problem: str) -> None:
    with pytest.raises(StudyError, match=problem):
        load_study(study(tmp_path, assay))


def logarithms(folder: Path) -> None:
    import numpy as np

    values = np.random.default_rng(1).uniform(0, 16, (40, 4)).round(3)
    rows = ["\t".join([f"g{i:02d}", *map(str, row)]) for i, row in enumerate(values)]
    (folder / "x.tsv").write_text("\n".join(["gene\t" + "\t".join(SAMPLES), *rows]) + "\n")


def test_check_and_ingest_refuse_logarithms(tmp_path: Path) -> None:
    path = study(tmp_path, "{kind: counts, files: [x.tsv]}", values="log_cpm")
    logarithms(tmp_path)
    for used in (check_study, run):
        with pytest.raises(IngestError, match="are logarithms, not counts"):
            used(path)


@pytest.mark.parametrize("values", ["log_cpm", "voom"])
def test_check_and_ingest_refuse_cpm_for_voom_alone(tmp_path: Path, values: str) -> None:
    path = study(tmp_path, "{kind: counts, files: [x.tsv]}", values=values)
    lines = ["gene\t" + "\t".join(SAMPLES), "g1\t999000\t998000\t997000\t1\n"]
    rows = [[999_000.5, 998_000.5, 997_000.5, 1.5], [999.5, 1999.5, 2999.5, 999_998.5]]
    lines = ["gene\t" + "\t".join(SAMPLES)]
    lines += ["\t".join([f"g{i}", *map(str, row)]) for i, row in enumerate(rows)]
    (tmp_path / "x.tsv").write_text("\n".join(lines) + "\n")
    if values == "voom":
        for used in (check_study, run):
            with pytest.raises(InputError, match="needs counts"):
                used(path)
    else:
        assert "look like TPM or CPM" in check_study(path).text
        assert any("look like TPM or CPM" in note for note in run(path).notes)


def test_check_names_counter_rows(tmp_path: Path) -> None:
    path = study(tmp_path, "{kind: counts, files: counts/*.tab}", values="log_cpm")
    assert "left out 1 row of no gene: __no_feature" in check_study(path).text


def test_another_table_of_transcripts_reads_the_files_anew(tmp_path: Path) -> None:
    path = study(tmp_path, "{kind: counts, files: q/*.sf, read: {transcripts: t2g.tsv}}")
    (tmp_path / "q").mkdir()
    for name in SAMPLES:
        text = "Name\tLength\tEffectiveLength\tTPM\tNumReads\nt1\t9\t8\t5\t5\nt2\t9\t8\t5\t7\n"
        (tmp_path / "q" / f"{name}.sf").write_text(text)
    (tmp_path / "t2g.tsv").write_text("t1\tg1\nt2\tg1\n")
    run(path)
    assert matrix(path) == (["g1"], [[12.0] * 4])
    assert run(path).assays[0].was_in
    (tmp_path / "t2g.tsv").write_text("t1\tg1\nt2\tg2\n")
    assert not run(path).assays[0].was_in
    assert matrix(path) == (["g1", "g2"], [[5.0] * 4, [7.0] * 4])
