"""A person or file that was forgotten is nowhere, and does not come back."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cohortmart.core.errors import IngestError, InputError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.pseudonyms import KEY_FILE, kept_pseudonyms
from cohortmart.core.warehouse.home import REPORT_FOLDERS
from ingest.forget import pipeline as forget
from ingest.forget import purge
from ingest.forget.pipeline import ForgetSummary, forget_file, forget_subject
from tests.support.raw_study import GENES, SAMPLES, RawStudy, counts_of, lake_bytes

ANNA = {"anna", "S1", "S2", "M1", "M2"}
#: Values that only anna's columns have: counts of S1 and S2, betas of M1 and M2.
ANNAS_COUNTS = {1000.0 * s + n + 0.25 for s in (1, 2) for n in range(7)}


@pytest.fixture
def raw(tmp_path: Path) -> RawStudy:
    raw = RawStudy(tmp_path)
    raw.ingest()
    for name in ("results/current.parquet", "results/a/b.parquet", "report/index.html"):
        path = raw.home.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"anna")
    for name in ("logs/dbt/run.log", ".building/warehouse.duckdb", "warehouse.duckdb.wal"):
        path = raw.home.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"anna")
    raw.home.warehouse.write_bytes(b"anna")
    return raw


def everything(root: Path) -> set[Any]:
    """All values in all Parquet files below a folder, and what the files say of themselves."""
    found: set[Any] = set()

    def add(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                add(item)
        elif isinstance(value, str):
            found.update({value, *value.replace('"', " ").replace(":", " ").split()})
        else:
            found.add(value)

    for path in root.rglob("*.parquet"):
        table = pq.read_table(path)
        for row in table.to_pylist():
            for value in row.values():
                add(value)
        for value in (pq.read_schema(path).metadata or {}).values():
            add(
                value.decode(errors="replace").replace("[", " ").replace("]", " ").replace(",", " ")
            )
    return found


def go(raw: RawStudy, subject: str = "anna") -> ForgetSummary:
    raw.said.clear()
    return forget_subject(raw.home, subject, raw.said.append)


def test_the_check_itself_finds_everything(raw: RawStudy) -> None:
    (raw.home.root / "results").rename(raw.root / "elsewhere")
    assert everything(raw.home.root) >= ANNA | ANNAS_COUNTS


def test_subject_is_nowhere(raw: RawStudy) -> None:
    summary = go(raw)
    assert summary == ForgetSummary(n_samples=2, n_columns=4, rebuild=True)
    found = everything(raw.home.root)
    assert not found & (ANNA | ANNAS_COUNTS)
    left = {str(p.relative_to(raw.home.root)) for p in raw.home.root.rglob("*") if p.is_file()}
    assert {p for p in left if not p.startswith("lake/")} == {"study.yml", ".study_folder.yml"}
    assert not any(b"anna" in p.read_bytes() for p in raw.home.root.rglob("*") if p.is_file())
    assert not any("cohortmart build" in line for line in raw.said)  # the command does that
    assert any("raw files" in line for line in raw.said)


def test_the_others_are_as_before(raw: RawStudy) -> None:
    before = {a: raw.values(a) for a in ("rna", "methylation")}
    features = raw.table("feature")
    go(raw)
    for assay, values in before.items():
        kept = {s: v for s, v in values.items() if s not in ANNA}
        assert raw.values(assay) == kept
    assert raw.table("feature") == features
    assert {r["subject_id"] for r in raw.table("sample")} == {"berta", "clara"}
    positions = [r["position"] for r in raw.table("matrix_sample") if r["assay"] == "rna"]
    assert positions == [1, 2, 3, 4]


def test_no_report_no_export_and_no_number_of_theirs_is_left(raw: RawStudy) -> None:
    root = raw.home.root
    subjects, samples = sorted({s[1] for s in SAMPLES}), [s[0] for s in SAMPLES]
    names = kept_pseudonyms(root, subjects, samples)
    made = (*REPORT_FOLDERS, "export/rds")
    for folder in made:
        page = root / folder / "figures" / "a.svg"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("anna")
    go(raw)
    assert [p for f in made for p in (root / f).rglob("*")] == []
    key = (root / KEY_FILE).read_text()
    assert not [name for name in ANNA if f",{name}," in key]
    left = kept_pseudonyms(root, ["berta", "clara", "dora"], ["S3"])
    assert left.subjects == {
        "berta": names.subjects["berta"], "clara": names.subjects["clara"], "dora": "person 4",
    }  # fmt: skip
    assert left.samples == {"S3": names.samples["S3"]}


def test_line_in_the_log(raw: RawStudy) -> None:
    go(raw)
    rows = [r for r in raw.table("ingested_file") if r["role"] == "forgotten_subject"]
    assert len(rows) == 1
    assert rows[0]["file"] == ""
    assert rows[0]["status"] == "forgotten"
    assert rows[0]["sha256"] == hashlib.sha256(b"subject:anna").hexdigest()


def test_next_ingest_leaves_the_subject_out_and_reads_nothing(raw: RawStudy) -> None:
    go(raw)
    before = lake_bytes(raw.home.lake)
    summary = raw.ingest()
    assert all(a.was_in for a in summary.assays)
    assert (summary.n_samples, summary.n_subjects) == (4, 2)
    assert (
        "2 samples of the sheet left out: of subjects that `cohortmart forget` removed"
        in summary.notes[0]
    )
    assert not any("anna" in line for line in raw.said)
    assert lake_bytes(raw.home.lake) == before


def test_ingest_of_changed_files_leaves_the_subject_out(raw: RawStudy) -> None:
    go(raw)
    raw.counts["S6"][0] = 7.0
    raw.write_counts()
    raw.ingest()
    assert set(raw.values("rna")) == {"S3", "S4", "S5", "S6"}
    assert raw.values("rna")["S6"]["G7"] == 7.0
    assert not everything(raw.home.lake) & (ANNA | ANNAS_COUNTS)


def test_ingest_after_the_lake_was_read_anew_equals_forget(raw: RawStudy) -> None:
    """Reading raw files without a subject gives what dropping its columns gives."""
    go(raw)
    entry = next(e for e in read_current(raw.home.lake) if e.part == "methylation:raw")
    dropped = (raw.home.lake / entry.path).read_bytes()
    (raw.home.lake / entry.path).unlink()
    assert [a.was_in for a in raw.ingest().assays] == [False, True]
    assert (raw.home.lake / entry.path).read_bytes() == dropped


def test_subject_renamed_in_the_sheet_stays_forgotten(raw: RawStudy) -> None:
    go(raw)
    raw.sheet[0] = ("S1", "anna2", "MS", "BP", "M1")
    raw.write_sheet()
    raw.ingest()
    assert not everything(raw.home.lake) & (ANNA | ANNAS_COUNTS | {"anna2"})


def test_subject_taken_out_of_the_sheet_stays_forgotten(raw: RawStudy) -> None:
    go(raw)
    raw.sheet = raw.sheet[2:]
    raw.write_sheet()
    raw.ingest()
    assert not everything(raw.home.lake) & (ANNA | ANNAS_COUNTS)
    assert set(raw.values("rna")) == {"S3", "S4", "S5", "S6"}


def test_replaced_files_lose_the_subject_too(raw: RawStudy) -> None:
    raw.counts = counts_of([s for s, *_ in SAMPLES], start=50)
    raw.write_counts()
    raw.sheet[5] = ("S6", "clara", "HP", "1st", "NA")
    del raw.sheet[1]
    raw.write_sheet()
    del raw.counts["S2"]
    raw.write_counts()
    (raw.raw / "betas.csv").write_text(
        "probe,M1,M3,M5\n" + "".join(f"cg00{n},0.5123,0.25,0.{n}\n" for n in range(5))
    )
    raw.ingest()
    assert everything(raw.home.lake) >= ANNA | ANNAS_COUNTS
    go(raw)
    assert not everything(raw.home.lake) & (ANNA | ANNAS_COUNTS | {50000.25, 0.5123})
    replaced = [p for p in raw.home.lake.glob("matrix-rna-*") if p.name not in current(raw)]
    assert len(replaced) == 1
    assert {r["status"] for r in raw.table("ingested_file") if r["role"] == "rna"} == {
        "current",
        "replaced",
    }
    rows = {r["feature_id"]: r["values"] for r in pq.read_table(replaced[0]).to_pylist()}
    assert rows[GENES[0]] == [3000.25, 4000.25, 5000.25, 6000.25]


def current(raw: RawStudy) -> set[str]:
    return {e.path for e in read_current(raw.home.lake)}


def test_a_subject_only_in_a_replaced_sheet(raw: RawStudy) -> None:
    raw.sheet = [r for r in raw.sheet if r[1] != "anna"]
    raw.write_sheet()
    for name in ("S1", "S2"):
        del raw.counts[name]
    raw.write_counts()
    (raw.raw / "betas.csv").write_text("probe,M3,M5,M6\ncg000,0.7,0.7,0.8\n")
    raw.ingest()
    assert go(raw).n_samples == 0
    assert not everything(raw.home.lake) & (ANNA | ANNAS_COUNTS)


def test_a_sample_that_a_corrected_sheet_gave_to_another_stays(raw: RawStudy) -> None:
    raw.sheet[1] = ("S2", "berta2", "HP", "1st", "M2")
    raw.write_sheet()
    raw.ingest()
    go(raw)
    assert set(raw.values("rna")) == {"S2", "S3", "S4", "S5", "S6"}
    raw.ingest()
    assert set(raw.values("rna")) == {"S2", "S3", "S4", "S5", "S6"}


def test_file_that_was_the_subjects_alone(raw: RawStudy) -> None:
    whole = raw.counts
    raw.counts = {s: whole[s] for s in ("S1", "S2")}
    raw.write_counts()
    (raw.raw / "counts.csv").rename(raw.raw / "anna.csv")
    raw.counts = {s: whole[s] for s in ("S3", "S4", "S5", "S6")}
    raw.write_counts()
    raw.options = {"rna": {"files": [raw.raw / "anna.csv", raw.raw / "counts.csv"]}}
    raw.ingest()
    go(raw)
    assert not any("anna" in r["file"] for r in raw.table("ingested_file"))
    before = lake_bytes(raw.home.lake)
    assert all(a.was_in for a in raw.ingest().assays)
    assert lake_bytes(raw.home.lake) == before


def test_file_that_was_the_subjects_alone_and_was_replaced(raw: RawStudy) -> None:
    test_file = raw.raw / "anna.csv"
    test_file.write_text("probe,M1,M2\ncg000,0.71,0.72\n")
    raw.options = {"methylation": {"files": [test_file]}}
    raw.ingest()
    raw.options = {}
    raw.ingest()
    assert any("anna" in r["file"] for r in raw.table("ingested_file"))
    go(raw)
    assert not any("anna" in r["file"] for r in raw.table("ingested_file"))
    assert not everything(raw.home.root) & (ANNA | {0.71, 0.72})


def test_last_subject_of_an_assay(raw: RawStudy) -> None:
    (raw.raw / "betas.csv").write_text("probe,M1,M2\ncg000,0.7,0.7\n")
    raw.ingest()
    go(raw)
    assert {e.part for e in read_current(raw.home.lake) if e.table_name == "matrix"} == {"rna:raw"}
    assert {r["assay"] for r in raw.table("assay")} == {"rna"}
    with pytest.raises(
        IngestError, match="every sample of the assay methylation is of a forgotten"
    ):
        raw.ingest()


def test_unknown_subject(raw: RawStudy) -> None:
    before = lake_bytes(raw.home.lake)
    with pytest.raises(InputError, match="no subject `ana`") as caught:
        go(raw, "ana")
    assert "`anna`" in (caught.value.hint or "")
    assert caught.value.expected == "anna, berta, clara"
    assert lake_bytes(raw.home.lake) == before


def test_forgetting_twice_finishes_the_first(raw: RawStudy) -> None:
    go(raw)
    (raw.home.results).mkdir(exist_ok=True)
    (raw.home.results / "left.parquet").write_bytes(b"anna")
    assert go(raw).again
    assert not list(raw.home.results.iterdir())


@pytest.mark.parametrize("moment", ["switch", "delete"])
@pytest.mark.parametrize("then", ["forget", "ingest"])
def test_interrupted_forget_is_finished(
    raw: RawStudy, monkeypatch: pytest.MonkeyPatch, moment: str, then: str
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    name = {"switch": "purge", "delete": "_empty"}[moment]
    with monkeypatch.context() as patch:
        patch.setattr(purge, name, die)
        with pytest.raises(KeyboardInterrupt):
            go(raw)
    assert not set(raw.values("rna")) & ANNA
    go(raw) if then == "forget" else raw.ingest()
    assert not everything(raw.home.root) & (ANNA | ANNAS_COUNTS)
    assert not raw.home.warehouse.exists()
    assert not list(raw.home.lake.glob(".forgetting"))


def test_interrupted_before_the_switch_changes_nothing(
    raw: RawStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    before = raw.values("rna")
    with monkeypatch.context() as patch:
        patch.setattr(forget, "switch_and_purge", die)
        with pytest.raises(KeyboardInterrupt):
            go(raw)
    assert raw.values("rna") == before
    go(raw)
    assert not everything(raw.home.root) & (ANNA | ANNAS_COUNTS)


class TestFile:
    def test_matrix(self, raw: RawStudy) -> None:
        summary = forget_file(raw.home, "counts.csv", raw.said.append)
        assert summary == ForgetSummary(n_samples=0, n_columns=6, rebuild=True)
        assert not everything(raw.home.root) & (ANNAS_COUNTS | {"G1", "rna"})
        assert raw.values("methylation")["S1"]["cg000"] == 0.1
        log = {r["role"]: (r["file"], r["status"]) for r in raw.table("ingested_file")}
        assert log == {
            "forgotten_file": ("counts.csv", "forgotten"),
            "samples": ("samples.csv", "current"),
            "methylation": ("betas.csv", "current"),
        }
        assert not raw.home.warehouse.exists()

    def test_does_not_come_back(self, raw: RawStudy) -> None:
        forget_file(raw.home, raw.raw / "counts.csv", raw.said.append)
        with pytest.raises(IngestError, match="must not come back") as caught:
            raw.ingest()
        assert caught.value.file == raw.raw / "counts.csv"
        raw.counts["S1"][0] = 1.0
        raw.write_counts()
        raw.ingest()
        assert raw.values("rna")["S1"]["G7"] == 1.0

    def test_replaced_version(self, raw: RawStudy) -> None:
        old = hashlib.sha256((raw.raw / "counts.csv").read_bytes()).hexdigest()
        raw.counts = counts_of([s for s, *_ in SAMPLES], start=50)
        raw.write_counts()
        raw.ingest()
        with pytest.raises(InputError, match="can mean 2 files") as caught:
            forget_file(raw.home, "counts.csv", raw.said.append)
        assert f"sha256:{old[:12]}" in (caught.value.found or "")
        forget_file(raw.home, f"sha256:{old[:12]}", raw.said.append)
        assert raw.values("rna")["S1"]["G7"] == 50000.25
        assert not everything(raw.home.lake) & ANNAS_COUNTS

    def test_sheet_empties_the_lake(self, raw: RawStudy) -> None:
        summary = forget_file(raw.home, "samples.csv", raw.said.append)
        assert not summary.rebuild
        assert [e.table_name for e in read_current(raw.home.lake)] == ["ingested_file"]
        assert not everything(raw.home.lake) & {"anna", "berta", "BP"}
        with pytest.raises(IngestError, match="must not come back"):
            raw.ingest()

    def test_corrected_file_of_the_same_name(self, raw: RawStudy) -> None:
        forget_file(raw.home, "counts.csv", raw.said.append)
        raw.counts["S1"][0] = 77.0
        raw.write_counts()
        raw.ingest()
        forget_file(raw.home, "counts.csv", raw.said.append)
        assert 77.0 not in everything(raw.home.lake)

    def test_twice_and_unknown(self, raw: RawStudy) -> None:
        with pytest.raises(InputError, match="not made from a file") as caught:
            forget_file(raw.home, "count.csv", raw.said.append)
        assert "`counts.csv`" in (caught.value.hint or "")
        forget_file(raw.home, "counts.csv", raw.said.append)
        assert forget_file(raw.home, "counts.csv", raw.said.append).again
