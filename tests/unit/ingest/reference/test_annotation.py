"""Manifests and masks in the lake: when they are read, and how they go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.schemas.tables import PROBE_GENE
from cohortmart.core.study.records import Reference, Study
from ingest.forget.pipeline import forget_file, forget_subject
from ingest.reference import roles as annotation_roles
from tests.support.raw_study import PROBES, RawStudy, lake_bytes

HEADER = "Name,Infinium_Design_Type,CHR,MAPINFO,Genome_Build,UCSC_RefGene_Name,UCSC_RefGene_Group"


class AnnotatedStudy(RawStudy):
    """With two manifests and two masks, which can be taken out of `reference`."""

    reference: Reference

    def __post_init__(self) -> None:
        super().__post_init__()
        self.write_manifest("first.csv", PROBES[:3], "1")
        self.write_manifest("second.csv", PROBES, "2")
        (self.raw / "snps.csv").write_text("probe_id,reason\ncg001,SNP\n")
        (self.raw / "cross.csv").write_text("probe_id\ncg001\ncg004\n")
        self.refer(["first.csv", "second.csv"], ["snps.csv", "cross.csv"])

    def write_manifest(self, name: str, probes: list[str], chromosome: str) -> None:
        lines = [f"{p},II,{chromosome},{100 + i},37,G{i},Body" for i, p in enumerate(probes)]
        (self.raw / name).write_text("\n".join([HEADER, *lines]) + "\n")

    def refer(self, manifests: list[str], masks: list[str]) -> None:
        self.reference = Reference(
            manifest=tuple(self.raw / n for n in manifests),
            masks=tuple(self.raw / n for n in masks),
        )

    @property
    def study(self) -> Study:
        return super().study.model_copy(update={"reference": self.reference})

    @property
    def tables(self) -> set[str]:
        """Tables about probes that the lake shows."""
        known = {"probe", "probe_gene", "probe_mask"}
        return {e.table_name for e in read_current(self.home.lake)} & known

    def log(self) -> dict[str, dict[str, Any]]:
        """Files of the log; of several readings of one file the current one."""
        rows = [r for r in self.table("ingested_file") if r["role"] in ("manifest", "mask")]
        return {r["file"]: r for r in sorted(rows, key=lambda r: r["status"] == "current")}

    def statuses(self) -> dict[str, str]:
        return {name: row["status"] for name, row in self.log().items()}


@pytest.fixture
def raw(tmp_path: Path) -> AnnotatedStudy:
    raw = AnnotatedStudy(tmp_path)
    raw.ingest()
    return raw


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that a reader opens from now on."""
    read: list[str] = []
    manifest, masks = annotation_roles.read_manifest, annotation_roles.read_masks

    def read_manifest(path: Path, *further: Any) -> Any:
        read.append(path.name)
        return manifest(path, *further)

    def read_masks(paths: Any) -> Any:
        read.extend(path.name for path in paths)
        return masks(paths)

    monkeypatch.setattr(annotation_roles, "read_manifest", read_manifest)
    monkeypatch.setattr(annotation_roles, "read_masks", read_masks)
    return read


ALL = ["first.csv", "second.csv", "snps.csv", "cross.csv"]


def test_what_is_in_the_lake(raw: AnnotatedStudy) -> None:
    rows = [(r["probe_id"], r["manifest"], r["manifest_order"]) for r in raw.table("probe")]
    want = [(p, "second", 2) for p in PROBES] + [(p, "first", 1) for p in PROBES[:3]]
    assert rows == sorted(want, key=lambda r: (r[0], r[2]))
    assert len(raw.table("probe_gene")) == 8
    assert [(r["probe_id"], r["mask"], r["reason"]) for r in raw.table("probe_mask")] == [
        ("cg001", "cross", None),
        ("cg001", "snps", "SNP"),
        ("cg004", "cross", None),
    ]


def test_rows_of_the_log(raw: AnnotatedStudy) -> None:
    log = raw.log()
    sizes = {n: (r["role"], r["rows"], r["columns"], r["format"]) for n, r in log.items()}
    assert sizes == {
        "first.csv": ("manifest", 3, 7, "csv"),
        "second.csv": ("manifest", 5, 7, "csv"),
        "snps.csv": ("mask", 1, None, "csv"),
        "cross.csv": ("mask", 2, None, "csv"),
    }
    assert json.loads(log["second.csv"]["options"])["order"] == 2
    assert set(raw.statuses().values()) == {"current"}
    assert log["first.csv"]["bytes"] == (raw.raw / "first.csv").stat().st_size


def test_nothing_is_read_again(raw: AnnotatedStudy, read: list[str]) -> None:
    before = lake_bytes(raw.home.lake)
    assert not raw.ingest().changed
    assert read == []
    assert lake_bytes(raw.home.lake) == before
    assert not any("manifest" in line for line in raw.said)


@pytest.mark.parametrize("name", ["second.csv", "snps.csv"])
def test_a_changed_file_is_read_again(raw: AnnotatedStudy, read: list[str], name: str) -> None:
    file = raw.raw / name
    file.write_text(file.read_text().replace("cg001", "cg003"))
    if name == "second.csv":
        file.write_text(file.read_text().replace("cg003,II,2,101", "cg009,II,2,101"))
    assert raw.ingest().changed
    assert read == (ALL[:2] if name == "second.csv" else ALL[2:])
    rows = [r for t in ("probe", "probe_mask") for r in raw.table(t)]
    stem = name.removesuffix(".csv")
    of_file = {r["probe_id"] for r in rows if stem in (r.get("manifest"), r.get("mask"))}
    assert "cg001" not in of_file
    assert ("cg009" if name == "second.csv" else "cg003") in of_file
    of_name = [r["status"] for r in raw.table("ingested_file") if r["file"] == name]
    assert sorted(of_name) == ["current", "replaced"]


def test_another_order_or_platform_is_read_again(raw: AnnotatedStudy, read: list[str]) -> None:
    raw.refer(["second.csv", "first.csv"], ["snps.csv", "cross.csv"])
    raw.ingest()
    assert read[:2] == ["second.csv", "first.csv"]
    assert {(r["manifest"], r["manifest_order"]) for r in raw.table("probe")} == {
        ("second", 1),
        ("first", 2),
    }
    read.clear()
    raw.options = {"methylation": {"platform": "450K"}}
    raw.ingest()
    assert read != []


@pytest.mark.parametrize("name", ["first.csv", "snps.csv"])
def test_a_renamed_file_has_its_new_name_in_the_tables(raw: AnnotatedStudy, name: str) -> None:
    (raw.raw / name).rename(raw.raw / "other.csv")
    names = ["other.csv" if n == name else n for n in ALL]
    raw.refer(names[:2], names[2:])
    raw.ingest()
    shown = {r["manifest"] for r in raw.table("probe")} | {
        r["mask"] for r in raw.table("probe_mask")
    }
    assert shown == {n.removesuffix(".csv") for n in names}
    assert raw.statuses()[name] == "replaced"


def test_a_table_that_was_deleted_is_made_again(raw: AnnotatedStudy, read: list[str]) -> None:
    before = lake_bytes(raw.home.lake)
    next(raw.home.lake.glob("probe_mask-*")).unlink()
    raw.ingest()
    assert read == ALL[2:]
    assert lake_bytes(raw.home.lake) == before


@pytest.mark.parametrize(
    ("manifests", "masks", "tables"),
    [
        ([], [], set()),
        (["first.csv"], [], {"probe", "probe_gene"}),
        ([], ["snps.csv"], {"probe_mask"}),
    ],
)
def test_what_study_yml_names_no_more_goes_out(
    raw: AnnotatedStudy, manifests: list[str], masks: list[str], tables: set[str]
) -> None:
    raw.refer(manifests, masks)
    assert raw.ingest().changed
    assert raw.tables == tables
    gone = set(ALL) - {*manifests, *masks}
    assert raw.statuses() == {n: "replaced" if n in gone else "current" for n in ALL}
    assert {r["manifest"] for r in raw.table("probe")} == {n[:-4] for n in manifests}
    assert {r["mask"] for r in raw.table("probe_mask")} == {n[:-4] for n in masks}
    assert not raw.ingest().changed
    raw.refer(ALL[:2], ALL[2:])
    raw.ingest()
    assert set(raw.statuses().values()) == {"current"}


def test_a_manifest_without_genes_leaves_no_row_of_genes(raw: AnnotatedStudy) -> None:
    (raw.raw / "first.csv").write_text("Name,CHR\ncg001,1\n")
    raw.refer(["first.csv"], [])
    assert any("genes" in note for note in raw.ingest().notes)
    assert raw.table("probe_gene") == []
    (entry,) = (e for e in read_current(raw.home.lake) if e.table_name == "probe_gene")
    assert pq.read_schema(raw.home.lake / entry.path).names == PROBE_GENE.names


def test_a_fault_leaves_the_lake_as_it_was(raw: AnnotatedStudy) -> None:
    current = (raw.home.lake / "current.parquet").read_bytes()
    (raw.raw / "second.csv").write_text(f"{HEADER}\n")
    with pytest.raises(IngestError, match="no probes"):
        raw.ingest()
    assert (raw.home.lake / "current.parquet").read_bytes() == current


class TestForget:
    @pytest.mark.parametrize(
        ("name", "tables", "replaced"),
        [
            ("first.csv", {"probe_mask"}, "second.csv"),
            ("cross.csv", {"probe", "probe_gene"}, "snps.csv"),
        ],
    )
    def test_what_was_made_from_a_forgotten_file_goes(
        self, raw: AnnotatedStudy, name: str, tables: set[str], replaced: str
    ) -> None:
        summary = forget_file(raw.home, name, raw.said.append)
        assert (summary.n_columns, summary.rebuild) == (0, True)
        assert raw.tables == tables
        lost = {"probe", "probe_gene", "probe_mask"} - tables
        assert not [p for table in lost for p in raw.home.lake.glob(f"{table}-*")]
        statuses = raw.statuses()
        assert name not in statuses
        assert statuses.pop(replaced) == "replaced"
        assert set(statuses.values()) == {"current"}
        kind = "manifests" if name == "first.csv" else "masks"
        assert any(f"{name}: removed, with all that {kind} say" in line for line in raw.said)
        # the matrices stay
        assert raw.values("methylation")["S1"]["cg000"] == 0.1
        roles = {r["role"] for r in raw.table("ingested_file") if r["status"] == "current"}
        assert {"samples", "rna", "methylation"} <= roles

    def test_it_does_not_come_back_but_the_others_do(
        self, raw: AnnotatedStudy, read: list[str]
    ) -> None:
        forget_file(raw.home, "first.csv", raw.said.append)
        with pytest.raises(IngestError, match="must not come back") as caught:
            raw.ingest()
        assert caught.value.file == raw.raw / "first.csv"
        raw.refer(["second.csv"], ["snps.csv", "cross.csv"])
        summary = raw.ingest()
        assert all(a.was_in for a in summary.assays)
        assert read == ["second.csv"]  # what the masks say is still there
        assert {r["manifest"] for r in raw.table("probe")} == {"second"}
        assert set(raw.statuses().values()) == {"current"}

    def test_a_file_that_was_replaced_takes_nothing_with_it(self, raw: AnnotatedStudy) -> None:
        raw.refer(["second.csv"], ["snps.csv", "cross.csv"])
        raw.ingest()
        forget_file(raw.home, "first.csv", raw.said.append)
        assert raw.tables == {"probe", "probe_gene", "probe_mask"}
        assert set(raw.statuses().values()) == {"current"}
        assert not raw.ingest().changed

    def test_other_forgotten_things_leave_the_annotation(
        self, raw: AnnotatedStudy, read: list[str]
    ) -> None:
        forget_file(raw.home, "counts.csv", raw.said.append)
        forget_subject(raw.home, "anna", raw.said.append)
        assert raw.tables == {"probe", "probe_gene", "probe_mask"}
        assert set(raw.statuses().values()) == {"current"}
        raw.assays = ("methylation",)
        raw.ingest()
        assert read == []

    def test_the_sheet_takes_all_with_it(self, raw: AnnotatedStudy) -> None:
        forget_file(raw.home, "samples.csv", raw.said.append)
        assert raw.tables == set()
        assert not list(raw.home.lake.glob("probe*"))
