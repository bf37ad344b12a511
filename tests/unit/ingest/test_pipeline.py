"""The ingest as a whole: what the lake shows, what is skipped, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cohortmart.core.errors import IngestError, InputError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.lake.lock import lake_lock
from cohortmart.core.schemas.tables import LAKE_TABLES
from cohortmart.core.study.records import Assay, Reference, SampleSheet, Study
from cohortmart.core.warehouse.home import Home
from ingest.pipeline import ingest
from tests.support.raw_study import GENES, PROBES, SAMPLES, RawStudy, counts_of, lake_bytes


@pytest.fixture
def raw(tmp_path: Path) -> RawStudy:
    return RawStudy(tmp_path)


def refused(raw: RawStudy) -> InputError:
    before = lake_bytes(raw.home.lake)
    with pytest.raises(InputError) as caught:
        raw.ingest()
    assert lake_bytes(raw.home.lake) == before
    assert not list(raw.home.lake.glob(".*.tmp"))
    return caught.value


def test_lake_shows_the_raw_values(raw: RawStudy) -> None:
    summary = raw.ingest()
    counts = {s: dict(zip(GENES, v, strict=True)) for s, v in raw.counts.items()}
    assert raw.values("rna") == counts
    betas = raw.values("methylation")
    assert set(betas) == {"S1", "S2", "S3", "S5", "S6"}
    assert betas["S1"]["cg000"] == 0.1
    assert betas["S6"]["cg001"] is None
    assert raw.table("feature") == [
        {"assay": a, "kind": k, "feature_id": f, "gene_name": None}
        for a, k, names in (("methylation", "beta", PROBES), ("rna", "counts", sorted(GENES)))
        for f in names
    ]
    named = {"platform": None, "m_value_clip": 1e-6, "layers": "raw"}
    filters = {
        "filter_detection_p": 0.01,
        "filter_sample_missing": 0.1,
        "filter_probe_missing": 0.2,
        "filter_bead_minimum": 3.0,
        "filter_bead_share": 0.05,
        "filter_non_cpg": True,
        "filter_masks": True,
        "filter_sex_chromosomes": True,
    }
    assert raw.table("assay") == [
        {"assay": "methylation", "kind": "beta", **named, **filters},
        {"assay": "rna", "kind": "counts", **named, **dict.fromkeys(filters)},
    ]
    assert [r["column_name"] for r in raw.table("matrix_sample")][:5] == [
        "M1",
        "M2",
        "M3",
        "M5",
        "M6",
    ]
    assert (summary.n_samples, summary.n_subjects, summary.changed) == (6, 3, True)
    assert [(a.name, a.n_features, a.n_samples, a.was_in) for a in summary.assays] == [
        ("methylation", 5, 5, False),
        ("rna", 7, 6, False),
    ]
    assert raw.home.study_copy.read_bytes() == raw.study_file.read_bytes()


def test_tables_have_their_schemas(raw: RawStudy) -> None:
    raw.ingest()
    for entry in read_current(raw.home.lake):
        if entry.table_name in LAKE_TABLES:
            found = pq.read_schema(raw.home.lake / entry.path)
            assert found.equals(LAKE_TABLES[entry.table_name])


def test_log_says_what_was_read(raw: RawStudy) -> None:
    raw.options = {"rna": {"read": {"strip_version": True}}}
    raw.ingest()
    log = {row["file"]: row for row in raw.table("ingested_file")}
    assert set(log) == {"samples.csv", "counts.csv", "betas.csv"}
    row = log["counts.csv"]
    assert (row["role"], row["status"], row["rows"], row["columns"]) == ("rna", "current", 7, 6)
    assert row["bytes"] == (raw.raw / "counts.csv").stat().st_size
    assert row["format"] == "csv"
    assert json.loads(row["options"])["strip_version"] is True
    assert (log["samples.csv"]["rows"], log["samples.csv"]["columns"]) == (6, 5)


def test_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    lakes = []
    for name in ("a", "b"):
        raw = RawStudy(tmp_path / name)
        raw.ingest()
        lakes.append(lake_bytes(raw.home.lake))
    assert lakes[0] == lakes[1]


def test_second_ingest_reads_nothing(raw: RawStudy) -> None:
    raw.ingest()
    before = {p: p.stat().st_mtime_ns for p in raw.home.lake.glob("*.parquet")}
    summary = raw.ingest()
    assert all(a.was_in for a in summary.assays)
    assert not summary.changed
    assert {p: p.stat().st_mtime_ns for p in raw.home.lake.glob("*.parquet")} == before
    assert "rna: 7 features x 6 samples (already in)" in raw.said


def test_a_moved_file_is_not_read_again(raw: RawStudy) -> None:
    raw.ingest()
    (raw.raw / "counts.csv").rename(raw.raw / "renamed.csv")
    raw.options = {"rna": {"files": [raw.raw / "renamed.csv"]}}
    assert all(a.was_in for a in raw.ingest().assays)
    names = {(r["file"], r["status"]) for r in raw.table("ingested_file") if r["role"] == "rna"}
    assert names == {("renamed.csv", "current"), ("counts.csv", "replaced")}


@pytest.mark.parametrize("damage", ["gone", "broken"])
def test_a_damaged_matrix_is_read_again(raw: RawStudy, damage: str) -> None:
    raw.ingest()
    entry = next(e for e in read_current(raw.home.lake) if e.part == "rna:raw")
    path = raw.home.lake / entry.path
    whole = path.read_bytes()
    path.unlink() if damage == "gone" else path.write_bytes(whole[:-50])
    assert [a.was_in for a in raw.ingest().assays] == [True, False]
    assert path.read_bytes() == whole


def test_replaced_file_stays_unreferenced(raw: RawStudy) -> None:
    raw.ingest()
    old = {e.path for e in read_current(raw.home.lake) if e.part == "rna:raw"}
    raw.counts = counts_of([s for s, *_ in SAMPLES], start=50)
    raw.write_counts()
    summary = raw.ingest()
    assert [a.was_in for a in summary.assays] == [True, False]
    new = {e.path for e in read_current(raw.home.lake) if e.part == "rna:raw"}
    assert new.isdisjoint(old)
    assert (raw.home.lake / old.pop()).exists()
    status = [r["status"] for r in raw.table("ingested_file") if r["role"] == "rna"]
    assert sorted(status) == ["current", "replaced"]
    assert raw.values("rna")["S1"]["G7"] == 50000.25

    raw.counts = counts_of([s for s, *_ in SAMPLES])
    raw.write_counts()
    raw.ingest()
    status = [r["status"] for r in raw.table("ingested_file") if r["role"] == "rna"]
    assert sorted(status) == ["current", "replaced"]
    assert raw.values("rna")["S1"]["G7"] == 1000.25


def test_other_options_read_again(raw: RawStudy) -> None:
    raw.ingest()
    raw.options = {"rna": {"read": {"strip_version": True}}}
    assert [a.was_in for a in raw.ingest().assays] == [True, False]


def test_an_assay_that_is_no_longer_named_goes(raw: RawStudy) -> None:
    raw.ingest()
    raw.assays = ("rna",)
    raw.ingest()
    assert {r["assay"] for r in raw.table("matrix_sample")} == {"rna"}
    assert {r["assay"] for r in raw.table("feature")} == {"rna"}
    status = {r["role"]: r["status"] for r in raw.table("ingested_file")}
    assert status == {"rna": "current", "methylation": "replaced", "samples": "current"}
    raw.assays = ("rna", "methylation")
    raw.ingest()
    assert raw.values("methylation")["S1"]["cg000"] == 0.1


def test_other_assays_features_survive_a_skip(raw: RawStudy) -> None:
    raw.ingest()
    before = raw.table("feature")
    raw.counts["S1"][0] = 5.0
    raw.write_counts()
    raw.ingest()
    assert raw.table("feature") == before


def test_corrected_sheet_keeps_the_matrices(raw: RawStudy) -> None:
    raw.ingest()
    raw.sheet[4:] = [("S5", "clara", "MS", "BP", "M5"), ("S6", "clara", "MS", "1st", "M6")]
    raw.write_sheet()
    summary = raw.ingest()
    assert all(a.was_in for a in summary.assays)
    assert summary.changed
    assert {r["study_group"] for r in raw.table("sample") if r["subject_id"] == "clara"} == {"MS"}


def test_samples_without_a_column_are_a_note(raw: RawStudy) -> None:
    del raw.counts["S6"]
    raw.write_counts()
    summary = raw.ingest()
    note = "rna: the matrix has no column for 1 of the 6 samples of the sheet (S6)"
    assert summary.notes[0] == note
    assert f"note: {summary.notes[0]}" in raw.said
    assert len(raw.table("sample")) == 6


@pytest.mark.parametrize(
    ("rename", "said"),
    [
        (lambda s: f"{s}_R1", "strip_suffix: _R1"),
        (lambda s: {"S1": "Q1"}.get(s, s), "add the samples to the sheet"),
        (lambda s: {"S1": "s1"}.get(s, s), "is s1 meant to be S1"),
        (lambda s: f"M{s[1:]}".replace("M4", "M3"), None),
    ],
    ids=["suffix", "unknown", "case", "twice"],
)
def test_columns_that_are_not_in_the_sheet(raw: RawStudy, rename: Any, said: str | None) -> None:
    raw.counts = {rename(s): v for s, v in raw.counts.items()}
    raw.write_counts()
    error = refused(raw)
    if said is None:  # all names are in another column of the sheet
        assert "`sample: array` under assays.rna" in (error.hint or "")
    else:
        assert "not in the sample sheet" in error.problem
        assert said in (error.hint or "")


def test_at_most_five_unknown_names_are_shown(raw: RawStudy) -> None:
    raw.counts = {f"Q{s}": v for s, v in raw.counts.items()}
    raw.write_counts()
    error = refused(raw)
    assert error.problem.startswith("6 samples of the rna matrix are not in the sample sheet")
    assert error.found == "QS1, QS2, QS3, QS4, QS5, …"


def test_names_that_r_changed(raw: RawStudy) -> None:
    raw.sheet = [(f"{n}-a", *row[1:]) for n, row in enumerate(SAMPLES)]
    raw.write_sheet()
    raw.counts = counts_of([f"X{n}.a" for n in range(6)])
    raw.write_counts()
    assert "0-a became X0.a" in (refused(raw).hint or "")


def test_suffix_is_stripped(raw: RawStudy) -> None:
    raw.counts = {f"{s}_R1": v for s, v in raw.counts.items()}
    raw.write_counts()
    raw.options = {"rna": {"read": {"strip_suffix": "_R1"}}}
    raw.ingest()
    assert raw.values("rna")["S2"]["G7"] == 2000.25


def test_two_samples_of_one_visit(raw: RawStudy) -> None:
    raw.sheet[1] = ("S2", "anna", "MS", "BP", "M2")
    raw.write_sheet()
    error = refused(raw)
    assert "S1 and S2" in error.problem
    assert "visit_key" in (error.hint or "")
    raw.block = {"visit_key": ["array"]}
    raw.sheet[3] = ("S4", "berta", "HP", "1st", "M4")
    raw.write_sheet()
    raw.ingest()


def test_samples_of_one_visit_in_two_kinds_of_assay_are_fine(raw: RawStudy) -> None:
    raw.sheet = [(*row[:4], "NA") for row in SAMPLES]
    raw.sheet += [(row[4], *row[1:4], row[4]) for row in SAMPLES if row[4] != "NA"]
    raw.write_sheet()
    raw.ingest()
    assert set(raw.values("methylation")) == {"M1", "M2", "M3", "M5", "M6"}


def test_same_sample_in_two_assays_of_a_kind(raw: RawStudy) -> None:
    raw.assays = ("rna", "more")
    raw.options = {"more": {"kind": "counts", "files": [raw.raw / "counts.csv"]}}
    assert "two assays of the kind counts" in refused(raw).problem


def test_two_names_of_one_sample(raw: RawStudy) -> None:
    (raw.raw / "more.csv").write_text("sample2,who,visit\nT1,anna,BP\n")
    study = raw.study
    more = SampleSheet(
        file=raw.raw / "more.csv", sample="sample2", subject="who", timepoint="visit"
    )
    raw.counts["T1"] = raw.counts["S1"]
    raw.write_counts()
    study = study.model_copy(update={"samples": (*study.samples, more)})
    with pytest.raises(IngestError, match="the sample S1 is measured twice in the assay rna"):
        ingest(study, raw.home, raw.study_file, raw.said.append)


def test_several_files_of_one_assay(raw: RawStudy) -> None:
    whole = raw.counts
    raw.counts = {s: whole[s] for s in ("S1", "S2", "S3")}
    raw.write_counts()
    (raw.raw / "counts.csv").rename(raw.raw / "one.csv")
    raw.counts = {s: whole[s] for s in ("S4", "S5", "S6")}
    raw.write_counts()
    files = [raw.raw / "one.csv", raw.raw / "counts.csv"]
    raw.options = {"rna": {"files": files}}
    raw.ingest()
    assert raw.values("rna") == {s: dict(zip(GENES, v, strict=True)) for s, v in whole.items()}
    log = [r for r in raw.table("ingested_file") if r["role"] == "rna"]
    assert [(r["file"], r["columns"]) for r in log] == [("counts.csv", 3), ("one.csv", 3)]
    assert all(a.was_in for a in raw.ingest().assays)


def test_a_fault_in_a_matrix_leaves_the_lake_as_it_was(raw: RawStudy) -> None:
    raw.ingest()
    raw.counts["S6"][-1] = -1.0
    raw.write_counts()
    error = refused(raw)
    assert "negative" in error.problem
    assert raw.values("rna")["S6"]["G1"] == 6006.25


def test_only_one_writer_at_a_time(raw: RawStudy) -> None:
    raw.ingest()
    with lake_lock(raw.home):
        assert "another cohortmart command" in refused(raw).problem
    raw.ingest()


def test_leftovers_of_a_killed_run_are_swept(raw: RawStudy) -> None:
    raw.ingest()
    ours = [
        raw.home.lake / ".matrix-rna-raw-123.parquet.ab12.tmp",
        raw.home.lake / ".current.parquet.x.tmp",
        raw.home.root / ".study.yml.x.tmp",
    ]
    folder = raw.home.lake / ".matrix-rna-raw-9.parquet.dir.tmp"
    folder.mkdir()
    (folder / "0.f64").write_text("x")
    foreign = raw.home.lake / ".notes.txt.tmp"
    for path in [*ours, foreign]:
        path.write_text("x")
    raw.ingest()
    assert not any(path.exists() for path in [*ours, folder])
    assert foreign.exists()


def test_real_data(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "grams_cd8_rna"
    study = Study(
        study="grams",
        samples=(
            SampleSheet(
                file=folder / "samples.csv",
                sample="sample_id",
                subject="subject",
                group="group",
                timepoint="timepoint",
                cell_type="cell_type",
                visit_key=("state",),
            ),
        ),
        timepoints=("NP", "BP", "1st", "2nd", "3rd", "PP"),
        groups=("HP", "MS", "HC"),
        assays={"rna": Assay(kind="counts", files=(folder / "gene_counts.tsv.gz",))},
    )
    study_file = tmp_path / "study.yml"
    study_file.write_text("study: grams\n")
    summary = ingest(study, Home(tmp_path / "out"), study_file, [].append)
    assert (summary.n_samples, summary.n_subjects) == (203, 22)
    assert (summary.assays[0].n_features, summary.assays[0].n_samples) == (13456, 84)
    assert len(summary.notes) == 1
    assert "no column for 119 of the 203 samples of the sheet" in summary.notes[0]


def test_a_manifest_of_another_array_is_named(raw: RawStudy, monkeypatch: Any) -> None:
    (raw.raw / "other.csv").write_text("Name,CHR,MAPINFO,Genome_Build\ncg9,1,100,37\n")
    reference = Reference(manifest=(raw.raw / "other.csv",))
    monkeypatch.setattr(RawStudy, "study", raw.study.model_copy(update={"reference": reference}))
    for _ in range(2):  # also where nothing is read
        notes = raw.ingest().notes
        assert sum("probes of assay methylation are in other.csv" in note for note in notes) == 1
