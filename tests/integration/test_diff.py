"""`cohortmart diff` on two whole runs: a woman withdrew and the thresholds were lowered."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cohortmart.app.cli import main
from cohortmart.core.warehouse.home import Home, connect_read_only, fetch
from tests.support.small_study import ROWS, write_study

N_GENES = 400


def run(folder: Path, rng: np.random.Generator, thresholds: str, rows: list) -> Path:
    folder.mkdir()
    study = write_study(folder, rows, more=f"thresholds: {thresholds}")
    samples = [f"S{i}" for i in range(len(rows))]
    counts = rng.negative_binomial(5, 0.02, size=(N_GENES, len(ROWS)))
    # a tenth of the genes rises, so that something is found
    late = [i for i, row in enumerate(ROWS) if row[2] == "3rd"]
    counts[np.ix_(range(N_GENES // 10), late)] *= 8
    lines = ["gene\t" + "\t".join(samples)]
    lines += [f"G{g}\t" + "\t".join(map(str, row[: len(rows)])) for g, row in enumerate(counts)]
    (folder / "counts.tsv").write_text("\n".join(lines) + "\n")
    with pytest.raises(SystemExit) as left:
        main(["--quiet", "run", str(study), "--out", str(folder / "out"), "--no-report"])
    assert left.value.code == 0
    return folder / "out"


def found(out: Path, contrast: str) -> set[str]:
    con = connect_read_only(Home(out))
    try:
        rows = fetch(con, "select gene_id from deg where contrast = $1", [contrast])
    finally:
        con.close()
    return set(rows["gene_id"].to_pylist())


@pytest.mark.slow
def test_two_runs_of_one_study(tmp_path, capfd):
    a = run(tmp_path / "a", np.random.default_rng(4), "{p: 0.01}", ROWS)
    b = run(tmp_path / "b", np.random.default_rng(4), "{p: 0.1}", ROWS[:-1])
    capfd.readouterr()
    with pytest.raises(SystemExit) as left:
        main(["diff", str(a), str(b), "--format", "json", "--features"])
    assert left.value.code == 0
    answer = json.loads(capfd.readouterr().out)
    assert {row["name"] for row in answer["lists"]} == {"HP_3rd-1st", "MSvsHP_1st"}
    for row in answer["lists"]:
        before, after = found(a, row["name"]), found(b, row["name"])
        assert (row["n_found_a"], row["n_found_b"]) == (len(before), len(after))
        listed = {
            change: {f["feature_id"] for f in row["features"] if f["change"] == change}
            for change in ("gained", "lost")
        }
        assert listed == {"gained": after - before, "lost": before - after}
        assert row["gained_threshold"] > 0
    assert sum(row["gained_numbers"] for row in answer["lists"]) > 0
    what = {section: {d["what"] for d in answer[section]} for section in ("inputs", "parameters")}
    assert {"sha256", "columns", "rows", "reads sample"} <= what["inputs"]
    assert what["parameters"] == {"thresholds.p"}
    assert answer["versions"] == []
    assert answer["samples"] == [{"where": "S9", "what": "sample", "a": "present", "b": None}]
