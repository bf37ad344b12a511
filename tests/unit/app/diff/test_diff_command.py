"""`cohortmart diff` from the command line: what it prints, and what it refuses."""

from __future__ import annotations

import copy
import csv
import io
import json
from pathlib import Path

import duckdb
import pytest

from cohortmart.app.cli import main
from tests.support.diff_warehouse import Content, write_run

#: feature, log_fc, t, p, adj_p, delta_beta
ROWS = [
    ("kept", 2.0, 9.0, 1e-6, 1e-5, None),
    ("gone", 1.0, 4.0, 1e-4, 1e-3, None),
    ("turned", 1.5, 5.0, 1e-5, 1e-4, None),
    ("quiet", 0.1, 0.3, 0.7, 0.9, None),
]
CHANGED = [
    ("kept", 2.0, 9.0, 1e-6, 1e-5, None),
    ("gone", 0.5, 1.0, 0.3, 0.6, None),
    ("turned", -1.5, -5.0, 1e-5, 1e-4, None),
    ("quiet", 0.1, 0.3, 0.7, 0.9, None),
    ("new", 3.0, 8.0, 1e-7, 1e-6, None),
]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[str, str]:
    """Two runs: `x` changed, `y` did not, `z` and an analysis are in B alone."""
    a = Content({("main", "x"): ROWS, ("main", "y"): ROWS})
    b = copy.deepcopy(a)
    b.results |= {("main", "x"): CHANGED, ("main", "z"): ROWS, ("more", "x"): ROWS}
    b.samples[0]["age"] = 50.0
    a.names = {"gone": "IL2", "new": "an old name"}
    b.names = {"new": "IL7R", "turned": None}
    write_run(tmp_path / "a", a)
    write_run(tmp_path / "b", b)
    return str(tmp_path / "a"), str(tmp_path / "b")


def diff(capfd: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    with pytest.raises(SystemExit) as left:
        main(["diff", *arguments])
    said = capfd.readouterr()
    assert left.value.code == code, said.err
    return said.out, said.err


def test_table_says_what_changed_and_why(folders, capfd):
    out, _ = diff(capfd, *folders)
    lines = [line.split() for line in out.splitlines()]
    row = next(line for line in lines if line[:2] == ["main", "x"])
    assert row[2:7] == ["3", "3", "1", "1", "1"]
    assert " ".join(row[-5:]) == "-1 numbers +1 not tested"
    assert "found at adjusted P < 0.05: main" in out
    assert "1 list with the same numbers" in out
    assert "only in B: main: z\n" in out
    assert "only in B: more (1 list)" in out
    assert "samples that differ: 1" in out
    assert ["S0", "age", "30.0", "50.0"] in lines
    for section in ("inputs", "parameters", "versions"):
        assert f"{section} that differ: none" in out
    assert "features that changed" not in out
    assert "adjustment" not in out  # only the reasons that are met are explained


def test_features_of_the_table(folders, capfd):
    out, _ = diff(capfd, *folders, "--features")
    rows = [line.split()[:4] for line in out.split("features that changed")[1].splitlines()]
    assert ["gained", "new", "IL7R", "not"] in rows
    assert ["lost", "gone", "IL2", "numbers"] in rows
    assert ["turned", "turned", "null", "-"] in rows


def test_csv_of_lists(folders, capfd):
    rows = list(csv.DictReader(io.StringIO(diff(capfd, *folders, "--format", "csv")[0])))
    assert [(r["analysis"], r["name"], r["runs"]) for r in rows] == [
        ("main", "x", "both"), ("main", "y", "both"), ("main", "z", "b"), ("more", "x", "b")
    ]  # fmt: skip
    counts = ("n_found_a", "n_gained", "gained_not_tested", "lost_numbers", "n_turned")
    assert [rows[0][c] for c in counts] == ["3", "1", "1", "1", "1"]
    assert rows[2]["n_found_a"] == ""


def test_csv_of_features(folders, capfd):
    out, _ = diff(capfd, *folders, "--format", "csv", "--features")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(r["change"], r["feature_id"]) for r in rows] == [
        ("gained", "new"), ("lost", "gone"), ("turned", "turned")
    ]  # fmt: skip
    assert (rows[1]["log_fc_a"], rows[1]["p_value_b"], rows[0]["t_a"]) == ("1.0", "0.3", "")
    assert [r["feature_name"] for r in rows] == ["IL7R", "IL2", ""]


@pytest.mark.parametrize("features", [False, True])
def test_json_has_everything(folders, capfd, features):
    out, _ = diff(capfd, *folders, "--format", "json", *["--features"] * features)
    answer = json.loads(out)
    assert answer["runs"] == {"a": folders[0], "b": folders[1]}
    assert answer["same"] is False
    assert answer["samples"] == [{"where": "S0", "what": "age", "a": "30.0", "b": "50.0"}]
    assert [n["analysis"] for n in answer["only_in_b"]] == ["main", "more"]
    assert [row["n_lost"] for row in answer["lists"]] == [1, 0]
    listed = [len(row["features"]) for row in answer["lists"] if features]
    assert listed == ([3, 0] if features else [])
    if features:
        named = [f["feature_name"] for f in answer["lists"][0]["features"]]
        assert named == ["IL7R", "IL2", None]


def test_thresholds_given_to_both(folders, capfd):
    out, _ = diff(capfd, *folders, "--format", "csv", "--adj-p", "1e-4")
    row = next(csv.DictReader(io.StringIO(out)))
    assert (row["rule_a"], row["n_found_a"], row["n_found_b"]) == ("adjusted P < 0.0001", "1", "2")


def test_same_runs_are_called_the_same(tmp_path, capfd):
    content = Content({("main", "x"): ROWS})
    folders = [str(write_run(tmp_path / label, content).root) for label in "ab"]
    out, _ = diff(capfd, *folders)
    assert "The two runs are the same" in out
    assert "1 list with the same numbers" in out
    assert json.loads(diff(capfd, *folders, "--format", "json")[0])["same"] is True


def test_runs_without_results_are_compared_by_what_they_read(tmp_path, capfd):
    a, b = Content(), Content()
    b.files[0]["sha256"] = "2" * 64
    folders = [str(write_run(tmp_path / n, c).root) for n, c in (("a", a), ("b", b))]
    out, _ = diff(capfd, *folders)
    assert "share no contrast" in out
    assert "inputs that differ: 1" in out


def test_the_same_folder_twice(folders, capfd):
    _, err = diff(capfd, folders[0], folders[0] + "/../a", code=2)
    assert "the same folder twice" in err


def test_no_warehouse(folders, tmp_path, capfd):
    _, err = diff(capfd, folders[0], str(tmp_path / "nowhere"), code=2)
    assert "there is no warehouse here yet" in err


def test_a_folder_that_was_moved(folders, capfd):
    with duckdb.connect(f"{folders[1]}/warehouse.duckdb") as con:
        con.execute("create schema intermediate")
        con.execute("create table intermediate.int_lake__built_files as select '/old' as home")
    _, err = diff(capfd, *folders, code=2)
    assert "moved or copied" in err


def test_nothing_in_common(folders, tmp_path, capfd):
    stranger = Content({("other", "q"): ROWS})
    for sample in stranger.samples:
        sample["sample_id"] = "T" + sample["sample_id"]
    write_run(tmp_path / "c", stranger)
    _, err = diff(capfd, folders[0], str(tmp_path / "c"), code=2)
    assert "nothing in common" in err
    assert "TS0" in err


def test_an_analysis_that_neither_has(folders, capfd):
    _, err = diff(capfd, *folders, "--only", "mian", code=2)
    assert "did you mean `main`?" in err
    out, _ = diff(capfd, *folders, "--only", "more")
    assert "only in B: more (1 list)" in out
    assert "main" not in out


@pytest.mark.parametrize("value", ["0", "1.5", "nan"])
def test_thresholds_that_are_none(folders, capfd, value):
    _, err = diff(capfd, *folders, "--p", value, code=2)
    assert "above 0, at most 1" in err


def test_results_that_are_gone(folders, capfd):
    with duckdb.connect(f"{folders[1]}/warehouse.duckdb") as con:
        con.execute("drop table fct_contrast_result")
        con.execute("copy (select 1 as x) to '" + folders[1] + "/results/r.parquet'")
        path = f"{folders[1]}/results/r.parquet"
        con.execute(f"create view fct_contrast_result as select * from read_parquet('{path}')")
    Path(path).unlink()
    _, err = diff(capfd, *folders, code=2)
    assert "files that are not there" in err
