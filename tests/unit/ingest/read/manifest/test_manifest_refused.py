"""Probe manifests: what is refused, and where the message says it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.manifest_files import refused, sectioned

HEADER = "IlmnID,Name,CHR,MAPINFO,Infinium_Design_Type,Genome_Build"
BAD_ROWS = [
    ("cg1,cg1,1,5,I,37\ncg2,cg2,1,12a,I,37", "not a number of bases", 3, "MAPINFO", "`12a`"),
    ("cg1,cg1,1,5,I,37\ncg2,cg2,1,-5,I,37", "not a number of bases", 3, "MAPINFO", "`-5`"),
    ("cg1,cg1,1,1.5,I,37", "not a number of bases", 2, "MAPINFO", "`1.5`"),
    ("cg1,cg1,1,5,III,37", "no Infinium design type", 2, "Infinium_Design_Type", "`III`"),
    ("cg1,cg1,1,5,I,mm10", "no genome build", 2, "Genome_Build", "`mm10`"),
    ("cg1,cg1,1,5,I,37\n,,1,5,I,37", "has no id", 3, "IlmnID", "nothing"),
    ("cg1,cg1,1,5,I,37\ncg2,cg2,,,,\ncg1,cg1,1,6,I,37", "twice", 4, "IlmnID", "lines 2 and 4"),
    ("cg1,cg1,1,5,I,37\ncg2,cg2,1,5", "too few fields", 3, None, "4: cg2"),
    ("cg1,cg1,1,5,I,37\ncg2,cg2,1,5,I,37,8", "too many fields", 3, None, "7: cg2"),
    ("cg1,cg1,1,5,I,37\n\ncg2,cg2,1,5,I,37", "has no id", 3, "IlmnID", "nothing"),
    ('cg1,cg1,1,5,I,37\ncg2,"cg2,1,5,I,37\ncg3,cg3,1,5,I,37', "quote", 3, None, 'cg2,"cg2'),
]


@pytest.mark.parametrize(("rows", "problem", "line", "column", "found"), BAD_ROWS)
@pytest.mark.parametrize("in_sections", [False, True])
def test_a_bad_row_is_refused(
    tmp_path: Path,
    in_sections: bool,
    rows: str,
    problem: str,
    line: int,
    column: str | None,
    found: str,
) -> None:
    text = f"{HEADER}\n{rows}\n"
    if in_sections:
        text, line = sectioned("m.bpm", HEADER, *rows.strip("\n").split("\n")), line + 6
        found = "lines 8 and 10" if found.startswith("lines") else found
    error = refused(tmp_path, text)
    assert problem in error.problem
    assert (error.line, error.column) == (line, column)
    assert error.found is not None
    assert error.found.startswith(found)


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("CHR,MAPINFO\n1,5\n", "no column holds the probes' ids", 1),
        ("IlmnID,CHR\n", "the manifest has no probes", 2),
        ("IlmnID,CHR,CHR\ncg1,1,1\n", "two columns are named `CHR`", 1),
        ("Illumina, Inc.\n[Heading]\nAssay Format,x\n", "no section [Assay]", None),
        ("[Heading]\n[Assay]\n", "no header follows", 3),
        ("[Heading]\n[Assay]\n[Controls]\n", "no header follows", 3),
        (sectioned("m.bpm", "IlmnID,CHR", "cg1,1", controls=""), "does not end in a line", 9),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(
    tmp_path: Path, text: str, problem: str, line: int | None
) -> None:
    error = refused(tmp_path, text)
    assert problem in error.problem
    assert error.line == line


def test_epic_v2_without_ilmn_ids_is_told_why(tmp_path: Path) -> None:
    error = refused(tmp_path, "Name,CHR\ncg1,1\ncg1,1\n")
    assert error.hint is not None
    assert "IlmnID" in error.hint
