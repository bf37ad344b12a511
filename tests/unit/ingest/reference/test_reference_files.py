"""Gene sets, gene lists and networks in the lake: when they are read, and how they go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.schemas.tables import LAKE_TABLES
from cohortmart.core.study.records import Reference, Study
from ingest.forget.pipeline import forget_file, forget_subject
from ingest.reference import roles as annotation_roles
from tests.support.raw_study import RawStudy, lake_bytes

GMT, LISTS, NETWORK = ["go.gmt", "kegg.gmt"], {"active": "active.txt"}, "net.tsv"
FILES = [*GMT, *LISTS.values(), NETWORK]
EDGES = "symbol1\tsymbol2\nTP53\tBRCA1\nIL2\tIL2\nIL2\tIL2RA\n"


class ReferenceStudy(RawStudy):
    """With two GMT files, a gene list and a network, which can be taken out of `reference`."""

    reference: Reference

    def __post_init__(self) -> None:
        super().__post_init__()
        self.write("go.gmt", "S2\tsecond\tTP53\tBRCA1\tTP53\nS1\t\tIL2\n")
        self.write("kegg.gmt", "S1\tpathway\tIL7\n")
        self.write("active.txt", "gene\nIL2RA\nCD69\n")
        self.write("net.tsv", EDGES)
        self.refer(GMT, LISTS, NETWORK)

    def write(self, name: str, text: str) -> None:
        (self.raw / name).write_text(text)

    def refer(self, gmt: list[str], lists: dict[str, str], network: str | None) -> None:
        self.reference = Reference(
            gene_sets=tuple(self.raw / n for n in gmt),
            gene_lists={key: self.raw / n for key, n in lists.items()},
            network=None if network is None else self.raw / network,
        )

    @property
    def study(self) -> Study:
        return super().study.model_copy(update={"reference": self.reference})

    @property
    def tables(self) -> set[str]:
        known = {"gene_set", "network_edge"}
        return {e.table_name for e in read_current(self.home.lake)} & known

    def members(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.table("gene_set")]

    def edges(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.table("network_edge")]

    def log(self) -> dict[str, dict[str, Any]]:
        """Files of the log; of several readings of one file the current one."""
        rows = [r for r in self.table("ingested_file") if r["role"] in ("gene_set", "network")]
        return {r["file"]: r for r in sorted(rows, key=lambda r: r["status"] == "current")}

    def statuses(self) -> dict[str, str]:
        return {name: row["status"] for name, row in self.log().items()}


@pytest.fixture
def raw(tmp_path: Path) -> ReferenceStudy:
    raw = ReferenceStudy(tmp_path)
    raw.ingest()
    return raw


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that a reader opens from now on."""
    read: list[str] = []

    def watch(name: str) -> None:
        reader = getattr(annotation_roles, name)

        def reading(path: Path, *further: Any) -> Any:
            read.append(path.name)
            return reader(path, *further)

        monkeypatch.setattr(annotation_roles, name, reading)

    for name in ("read_gmt", "read_gene_list", "read_edges"):
        watch(name)
    return read


MEMBERS = [
    ("gene_lists", "active", None, "CD69"),
    ("gene_lists", "active", None, "IL2RA"),
    ("go", "S1", None, "IL2"),
    ("go", "S2", "second", "BRCA1"),
    ("go", "S2", "second", "TP53"),
    ("kegg", "S1", "pathway", "IL7"),
]


def test_what_is_in_the_lake(raw: ReferenceStudy) -> None:
    assert raw.members() == MEMBERS
    assert raw.edges() == [("BRCA1", "TP53"), ("IL2", "IL2RA")]
    for entry in read_current(raw.home.lake):
        if entry.table_name in raw.tables:
            stored = pq.read_schema(raw.home.lake / entry.path)
            assert stored.equals(LAKE_TABLES[entry.table_name])


def test_rows_of_the_log(raw: ReferenceStudy) -> None:
    log = raw.log()
    sizes = {n: (r["role"], r["rows"], r["columns"], r["format"]) for n, r in log.items()}
    assert sizes == {
        "go.gmt": ("gene_set", 2, None, "gmt"),
        "kegg.gmt": ("gene_set", 1, None, "gmt"),
        "active.txt": ("gene_set", 2, None, "csv"),
        "net.tsv": ("network", 3, 2, "tsv"),
    }
    options = json.loads(log["active.txt"]["options"])
    assert options == {"collection": "gene_lists", "gene_set": "active"}
    assert set(raw.statuses().values()) == {"current"}


def test_what_is_said(raw: ReferenceStudy) -> None:
    said = [
        line
        for line in raw.said
        if any(name in line for name in FILES) and not line.startswith("WARNING")
    ]
    assert said == [
        "gene sets: go.gmt, 2 sets",
        "gene sets: kegg.gmt, 1 set",
        "gene list active: active.txt, 2 genes",
        "note: go.gmt: 1 gene listed twice in a set, counted once",
        "network: net.tsv, 2 interactions of 4 genes",
        "note: net.tsv: 1 self-interaction left out",
    ]


def test_nothing_is_read_again(raw: ReferenceStudy, read: list[str]) -> None:
    before = lake_bytes(raw.home.lake)
    assert not raw.ingest().changed
    assert read == []
    assert lake_bytes(raw.home.lake) == before
    raw.refer(GMT[::-1], LISTS, NETWORK)  # their order says nothing
    assert not raw.ingest().changed
    assert read == []


@pytest.mark.parametrize(
    ("name", "old", "new", "opened"),
    [
        ("kegg.gmt", "IL7", "IL9", FILES[:3]),
        ("active.txt", "CD69", "IL9", FILES[:3]),
        ("net.tsv", "BRCA1", "IL9", FILES[3:]),
    ],
)
def test_a_changed_file_is_read_again(
    raw: ReferenceStudy, read: list[str], name: str, old: str, new: str, opened: list[str]
) -> None:
    raw.write(name, (raw.raw / name).read_text().replace(old, new))
    assert raw.ingest().changed
    assert read == opened
    shown = {cell for row in (*raw.members(), *raw.edges()) for cell in row}
    assert new in shown
    statuses = [r["status"] for r in raw.table("ingested_file") if r["file"] == name]
    assert sorted(statuses) == ["current", "replaced"]


def test_names_in_study_yml_are_those_in_the_tables(raw: ReferenceStudy) -> None:
    (raw.raw / "go.gmt").rename(raw.raw / "go_bp.gmt")
    raw.refer(["go_bp.gmt", "kegg.gmt"], {"resting": "active.txt"}, NETWORK)
    assert raw.ingest().changed
    assert {row[0] for row in raw.members()} == {"gene_lists", "go_bp", "kegg"}
    assert {row[1] for row in raw.members()} == {"resting", "S1", "S2"}


def test_the_same_edges_as_sif(raw: ReferenceStudy, read: list[str]) -> None:
    raw.write("net.tsv", "TP53\tx\tBRCA1\n")
    raw.ingest()
    assert raw.edges() == [("TP53", "x")]
    (raw.raw / "net.tsv").rename(raw.raw / "net.sif")
    raw.refer(GMT, LISTS, "net.sif")
    raw.ingest()
    assert raw.edges() == [("BRCA1", "TP53")]
    assert read == ["net.tsv", "net.sif"]


@pytest.mark.parametrize(
    ("gmt", "lists", "network", "tables"),
    [
        ([], {}, None, set()),
        (["go.gmt"], {}, None, {"gene_set"}),
        ([], LISTS, None, {"gene_set"}),
        ([], {}, NETWORK, {"network_edge"}),
    ],
)
def test_what_study_yml_names_no_more_goes_out(
    raw: ReferenceStudy,
    gmt: list[str],
    lists: dict[str, str],
    network: str | None,
    tables: set[str],
) -> None:
    raw.refer(gmt, lists, network)
    assert raw.ingest().changed
    assert raw.tables == tables
    kept = {*gmt, *lists.values(), network}
    assert raw.statuses() == {n: "current" if n in kept else "replaced" for n in FILES}
    assert not raw.ingest().changed


def test_files_of_one_name_are_refused(raw: ReferenceStudy) -> None:
    current = (raw.home.lake / "current.parquet").read_bytes()
    (raw.raw / "more").mkdir()
    raw.write("more/go.gmt", "S3\t\tIL2\n")
    raw.refer([*GMT, "more/go.gmt"], LISTS, NETWORK)
    with pytest.raises(IngestError, match="two files of gene sets are named `go`"):
        raw.ingest()
    assert (raw.home.lake / "current.parquet").read_bytes() == current


class TestForget:
    @pytest.mark.parametrize(
        ("name", "tables", "content"),
        [
            ("go.gmt", {"network_edge"}, "all gene sets and gene lists"),
            ("active.txt", {"network_edge"}, "all gene sets and gene lists"),
            ("net.tsv", {"gene_set"}, "the network"),
        ],
    )
    def test_what_was_made_from_a_forgotten_file_goes(
        self, raw: ReferenceStudy, read: list[str], name: str, tables: set[str], content: str
    ) -> None:
        summary = forget_file(raw.home, name, raw.said.append)
        assert (summary.n_columns, summary.rebuild) == (0, True)
        assert f"{name}: removed, with {content}" in raw.said
        assert raw.tables == tables
        (lost,) = {"gene_set", "network_edge"} - tables
        assert not list(raw.home.lake.glob(f"{lost}-*"))
        assert name not in raw.statuses()
        with pytest.raises(IngestError, match="must not come back"):
            raw.ingest()
        raw.refer(
            [n for n in GMT if n != name],
            {} if name == "active.txt" else LISTS,
            None if name == NETWORK else NETWORK,
        )
        raw.ingest()
        assert read == ([] if name == NETWORK else [n for n in FILES[:3] if n != name])
        assert set(raw.statuses().values()) == {"current"}
        of_file = {"go.gmt": "go", "active.txt": "gene_lists", "net.tsv": ""}[name]
        assert raw.members() == [row for row in MEMBERS if row[0] != of_file]

    def test_other_forgotten_things_leave_them(self, raw: ReferenceStudy, read: list[str]) -> None:
        forget_file(raw.home, "counts.csv", raw.said.append)
        forget_subject(raw.home, "anna", raw.said.append)
        assert raw.members() == MEMBERS
        raw.assays = ("methylation",)
        raw.ingest()
        assert read == []
        forget_file(raw.home, "samples.csv", raw.said.append)
        assert raw.tables == set()
        assert not list(raw.home.lake.glob("network_edge*"))
