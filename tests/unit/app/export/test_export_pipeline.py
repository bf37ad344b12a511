"""An export: one folder in one rename, never over other files, and nobody's name outside."""

from __future__ import annotations

import gzip
import re
import struct
import sys
import zipfile
from pathlib import Path

import duckdb
import pytest

from cohortmart.app.export.formats import FORMATS
from cohortmart.app.export.pipeline import MARK, export_study
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home
from tests.support.export_warehouse import OF_ONE, SAMPLES, export_warehouse

NAMES = [form.name for form in FORMATS]
LEAVE = [form.name for form in FORMATS if not form.only_samples]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return export_warehouse(tmp_path / "out")


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def unpacked(path: Path) -> bytes:
    """Bytes of a file as they can be searched for words."""
    if path.suffix in (".rds", ".gz"):
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as parts:
            return b"".join(parts.read(name) for name in parts.namelist())
    if path.suffix == ".parquet":
        with duckdb.connect() as con:
            return repr(con.sql(f"from '{path}'").fetchall()).encode()
    return path.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_same_tables_same_bytes(home: Home, name: str) -> None:
    export_study(home, name)
    first = content(home.exports / name)
    assert len(first) > 1
    said = export_study(home, name)
    assert content(home.exports / name) == first
    assert f"{len(first) - 1} file" in said
    assert [p.name for p in home.exports.iterdir()] == [name]


@pytest.mark.parametrize("name", LEAVE)
def test_nothing_of_a_single_person_leaves_the_house(home: Home, name: str) -> None:
    # béla gives a contrast its name, and anna has one of her own
    with duckdb.connect(str(home.warehouse)) as con:
        for table in ("dim_contrast", "contrast_summary", "fct_contrast_result", "deg"):
            con.execute(
                f"update {table} set contrast = 'without_béla' where contrast = 'MS_PP-1st'"
            )
        con.execute("update dim_contrast set meaning = 'subject béla left out' where meaning like "
                    "'%MS_PP%'")  # fmt: skip
    said = export_study(home, name, pseudonymise=True)
    assert "no values of single samples" in said
    folder = home.exports / f"{name}_pseudonymised"
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != MARK]
    assert files
    whole = b"\n".join(unpacked(p) for p in files) + repr(files).encode()
    ids = {name for sample in SAMPLES for name in sample[:2]}
    found = {i for i in ids if re.search(rb"(?<![A-Za-z0-9])" + i.encode() + rb"\b", whole)}
    assert found == set()
    assert b"without_person" in whole
    assert b"PP/1st" not in whole  # the contrast that is of anna alone
    assert b"SEPT2" in whole
    for value in (31.5, 2.0**31, OF_ONE):  # an age, a count, a mean of one person
        assert str(value).encode() not in whole
        assert struct.pack(">d", value) not in whole


@pytest.mark.parametrize("name", NAMES)
def test_a_failure_leaves_what_was_there(home: Home, name: str) -> None:
    export_study(home, name)
    before = content(home.exports / name)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("drop table fct_contrast_result")
        con.execute("create table gone as select 'rna_all' as analysis")
        con.execute("create view fct_contrast_result as select * from gone")
        con.execute("drop table gone")
    with pytest.raises(InputError, match="cannot be exported"):
        export_study(home, name)
    assert content(home.exports / name) == before
    assert [p.name for p in home.exports.iterdir()] == [name]


def test_other_files_are_not_written_over(home: Home, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    for target, said in (
        (home.root, "the study's own files"),
        (home.exports, "the study's own files"),
        (home.lake / "x", "the study's own files"),
        (home.results, "the study's own files"),
        (mine, "holds other files"),
        (mine / "notes.txt", "is a file"),
    ):
        with pytest.raises(InputError, match=said):
            export_study(home, "csv", target)
    assert content(mine) == {"notes.txt": b"mine"}
    assert "forget" in export_study(home, "csv", tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder" / "samples.csv").exists()


def test_a_part_of_a_study(home: Home) -> None:
    def files(**chosen: list[str]) -> set[str]:
        export_study(home, "csv", **chosen)  # type: ignore[arg-type]
        return {n.removesuffix(".csv") for n in content(home.exports / "csv")} - {MARK, "samples"}

    proteins = {"proteins.features", "proteins.value", "proteins.transformed"}
    assert files(analyses=["npx"]) == {"npx.contrasts", *proteins}
    assert files(assays=["proteins"]) == {"npx.contrasts", *proteins}
    assert files(assays=["proteins"], analyses=["betas"]) == {"betas.contrasts", *proteins}
    with pytest.raises(InputError, match="no analysis `npy`") as caught:
        export_study(home, "csv", analyses=["npy"])
    assert "npx" in str(caught.value.hint)
    with pytest.raises(InputError, match="no assay `dna`"):
        export_study(home, "csv", assays=["dna"])


@pytest.mark.parametrize(
    ("name", "package", "extra"), [("xlsx", "xlsxwriter", "xlsx"), ("h5mu", "h5py", "h5mu")]
)
def test_what_is_missing_is_named(
    home: Home, monkeypatch: pytest.MonkeyPatch, name: str, package: str, extra: str
) -> None:
    monkeypatch.setattr("cohortmart.app.export.format.find_spec", lambda _name: None)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=f"needs the package {package}") as caught:
        export_study(home, name)
    assert caught.value.hint == f"pip install 'cohortmart[{extra}]'"
    assert not home.exports.exists()
    export_study(home, "csv")


def test_options_that_say_nothing_to_a_format(home: Home, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--table is for"):
        export_study(home, "csv", tables=["deg"])
    with pytest.raises(InputError, match="--gzip is for"):
        export_study(home, "rds", gzip=True)
    with pytest.raises(InputError, match="no format `csw`"):
        export_study(home, "csw")
    with pytest.raises(InputError, match="no warehouse here yet"):
        export_study(Home(tmp_path / "nowhere"), "csv")
