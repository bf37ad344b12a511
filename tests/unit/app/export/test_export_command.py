"""`cohortmart export` takes a DuckDB file, or a format and perhaps a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest

from cohortmart.app.cli import main
from cohortmart.app.export.command import export_as_asked
from cohortmart.app.export.formats import FORMATS
from cohortmart.app.export.options import To
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home
from tests.support.export_warehouse import export_warehouse


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return export_warehouse(tmp_path / "out")


def test_a_file_as_before_and_a_folder(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(home.root)]
    file = tmp_path / "x.duckdb"
    for arguments, made in (
        ([str(file), "--table", "deg"], file),
        (["--to", "csv", "--gzip"], home.exports / "csv" / "samples.csv.gz"),
        ([str(tmp_path / "r"), "--to", "rds", "--assay", "proteins"], tmp_path / "r/proteins.rds"),
        (["--to", "xlsx", "--analysis", "npx"], home.exports / "xlsx" / "npx.xlsx"),
        (["--to", "csv", "--pseudonymise"], home.exports / "csv_pseudonymised/npx.contrasts.csv"),
    ):
        with pytest.raises(SystemExit) as caught:
            main(["export", *arguments, *out])
        assert caught.value.code == 0
        assert made.exists()
        assert str(made if made == file else made.parent) in capsys.readouterr().out


@pytest.mark.parametrize(
    "options", [{"analyses": ["a"]}, {"assays": ["a"]}, {"pseudonymise": True}, {"gzip": True}]
)
def test_a_duckdb_file_holds_all(home: Home, tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="go with --to"):
        export_as_asked(home, tmp_path / "x.duckdb", None, **options)
    assert not (tmp_path / "x.duckdb").exists()


def test_a_file_or_a_format_is_needed(home: Home) -> None:
    with pytest.raises(InputError, match="needs a file or a format"):
        export_as_asked(home, None, None)


def test_the_option_knows_every_format() -> None:
    (choices,) = (a for a in get_args(get_args(To)[0]) if get_origin(a) is Literal)
    assert get_args(choices) == tuple(form.name for form in FORMATS)
