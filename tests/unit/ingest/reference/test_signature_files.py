"""Signatures in the lake: when they are read, which genes are known, and how they go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.study.records import Analysis, Reference, Study
from ingest.forget.pipeline import forget_file
from ingest.reference import roles as annotation_roles
from tests.support.raw_study import RawStudy

TABLES = {"signature", "signature_row"}
TEXT = "gene,logFC,P.Value\nG3,1.5,0.01\nG1,-0.5,0.2\nG99,2,0.3\nG3,9,0.5\nG2,NA,NA\n"


class SignatureStudy(RawStudy):
    """With an analysis of genes that names a table, which can be changed."""

    named: dict[str, Any]
    reference: Reference

    def __post_init__(self) -> None:
        super().__post_init__()
        self.reference = Reference()
        self.named = {"ms": {"file": self.write("ms.csv", TEXT)}}

    def write(self, name: str, text: str) -> Path:
        (self.raw / name).write_text(text)
        return self.raw / name

    @property
    def study(self) -> Study:
        analysis = Analysis.model_validate(
            {"assay": "rna", "values": "log_cpm", "model": {"means": ["timepoint"]},
             "contrasts": {"time_within_group": "all"}, "signatures": self.named}
        )  # fmt: skip
        changed = {"analyses": {"main": analysis}, "reference": self.reference}
        return super().study.model_copy(update=changed)

    @property
    def tables(self) -> set[str]:
        return {e.table_name for e in read_current(self.home.lake)} & TABLES


@pytest.fixture
def raw(tmp_path: Path) -> SignatureStudy:
    raw = SignatureStudy(tmp_path)
    raw.ingest()
    return raw


def test_what_is_in_the_lake(raw: SignatureStudy) -> None:
    rows = raw.table("signature_row")
    assert [(r["signature"], r["listed_as"], r["estimate"], r["p_value"]) for r in rows] == [
        ("ms", "G3", 1.5, 0.01), ("ms", "G1", -0.5, 0.2), ("ms", "G99", 2.0, 0.3),
    ]  # fmt: skip
    (told,) = raw.table("signature")
    assert told == {
        "signature": "ms", "file_name": "ms.csv", "n_rows": 5, "n_features": 3, "n_incomplete": 1,
        "n_repeated": 1, "is_opposite": False, "id_column": "gene", "estimate_column": "logFC",
        "se_column": None, "t_column": None, "p_column": "P.Value", "adj_p_column": None,
    }  # fmt: skip
    (log,) = (r for r in raw.table("ingested_file") if r["role"] == "signature")
    assert (log["file"], log["rows"], log["columns"], log["format"]) == ("ms.csv", 5, 3, "csv")
    options = json.loads(log["options"])
    assert options["signature"] == "ms"
    assert "file" not in options


def test_what_is_said(raw: SignatureStudy) -> None:
    assert "signature ms: ms.csv, 3 features" in raw.said
    assert "note: ms.csv: 1 row without a name or an estimate left out" in raw.said
    assert "the signature `ms`: the study knows 2 of 3 genes" in raw.said


def test_read_again_only_where_something_changed(
    raw: SignatureStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    original = annotation_roles.read_signature

    def counting(asked: Any, name: str) -> Any:
        opened.append(name)
        return original(asked, name)

    monkeypatch.setattr(annotation_roles, "read_signature", counting)
    assert not raw.ingest().changed
    raw.named["ms"]["found"] = 0.1  # decides nothing of what is read
    assert not raw.ingest().changed
    assert opened == []
    raw.named["ms"]["opposite"] = True
    assert raw.ingest().changed
    assert [r["estimate"] for r in raw.table("signature_row")] == [-1.5, 0.5, -2.0]
    raw.write("ms.csv", TEXT.replace("1.5", "2.5"))
    assert raw.ingest().changed
    assert raw.table("signature_row")[0]["estimate"] == -2.5
    assert opened == ["ms", "ms"]
    statuses = [r["status"] for r in raw.table("ingested_file") if r["role"] == "signature"]
    assert sorted(statuses) == ["current", "replaced", "replaced"]


def test_a_table_that_is_named_no_more(raw: SignatureStudy) -> None:
    assert raw.tables == TABLES
    raw.named = {}
    assert raw.ingest().changed
    assert raw.tables == set()


def test_a_forgotten_file_takes_its_tables_along(raw: SignatureStudy) -> None:
    forget_file(raw.home, "ms.csv")
    assert raw.tables == set()
    with pytest.raises(IngestError, match="forgotten"):
        raw.ingest()


def test_former_names_are_the_studys(raw: SignatureStudy) -> None:
    genes = raw.write("genes.csv", "gene_id,gene_name,alias_symbol\nX3,G3,OLD3\nX1,G1,\n")
    raw.reference = Reference(genes=(genes,))
    raw.write("ms.csv", TEXT.replace("G3", "OLD3"))
    raw.ingest()
    words = {r["word"]: r["gene_name"] for r in raw.table("gene_translation")}
    assert words["OLD3"] == "G3"


def test_unknown_ids_are_an_error(raw: SignatureStudy) -> None:
    raw.write("ms.csv", "gene,logFC\ncg00000029,1\ncg00000108,2\n")
    with pytest.raises(IngestError) as error:
        raw.ingest()
    said = str(error.value)
    assert "none of 2 genes of the signature `ms` is known to the study" in said
    assert "analysis main needs them" in said
    assert "cg00000029" in said
    assert "G1" in said
