"""What a run takes: rows and decimals from the first lines, constants measured at EPIC size."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace

import pytest

from analyses.normalise.steps.registry import LAYER_STEPS
from cohortmart.app.check import cost
from cohortmart.app.check.matrix_size import estimated_rows, has_short_numbers
from cohortmart.app.check.report import check_study
from cohortmart.core.study.records import Assay
from ingest.read.formats import read_header
from ingest.read.matrix.rds import RdsHeader
from tests.support.opened_files import count_opened
from tests.support.small_betas import EVEN, analysis, write_betas_study
from tests.support.small_study import write_study

NAMES = [f"B{i}" for i in range(6)]


def header(path, names=NAMES):
    return read_header(path, Assay(kind="beta", files=(path,)), names)


def series_matrix(path) -> None:
    lines = [f"!Series_{i}\t{'x' * 500}" for i in range(20)]
    lines += [f"!Sample_title\t{'y' * 900}", "!series_matrix_table_begin"]
    lines += ["\t".join(["ID_REF", *NAMES])]
    lines += ["\t".join([f"cg{i:08d}", *["0.25"] * 6]) for i in range(300)]
    path.write_text("\n".join([*lines, "!series_matrix_table_end"]) + "\n")


def test_rows_below_many_lines_of_a_series_matrix(tmp_path):
    series_matrix(tmp_path / "x_series_matrix.txt")
    assert estimated_rows(header(tmp_path / "x_series_matrix.txt")) == pytest.approx(300, abs=2)
    assert has_short_numbers(header(tmp_path / "x_series_matrix.txt"))


def test_features_of_a_matrix_with_samples_in_rows(tmp_path):
    path = tmp_path / "t.csv"
    probes = [f"cg{i:08d}" for i in range(70)]
    rows = [",".join([name, *["0.125"] * 70]) for name in NAMES]
    path.write_text("\n".join([",".join(["sample", *probes]), *rows]) + "\n")
    assert estimated_rows(header(path)) == 70
    assert has_short_numbers(header(path))
    path.write_text(path.read_text().replace("0.125", "0.12512"))
    assert not has_short_numbers(header(path))


def test_a_file_of_r_is_never_short_and_names_its_rows(tmp_path):
    made = RdsHeader(
        path=tmp_path / "none.rds",
        reader="rds",
        format_name="rds",
        raw_samples=("a",),
        samples=("a",),
        features=["cg1", "cg2", "cg3"],
    )
    assert estimated_rows(made) == 3
    assert not has_short_numbers(made)


@pytest.mark.parametrize(
    ("value", "short"),
    [("0.1234", True), ("1", True), (".5", True), ("0.12345", False), ("1e-5", False)],
)
def test_four_decimals_are_short(tmp_path, value, short):
    path = tmp_path / "x.csv.gz"
    rows = [f"cg{i:08d},0.5,NA,{value},0.1,0.1,0.1" for i in range(20)]
    path.write_bytes(gzip.compress("\n".join([",".join(["p", *NAMES]), *rows]).encode()))
    assert has_short_numbers(header(path)) == short


def test_each_quantity_has_its_own_decimals(tmp_path):
    path = tmp_path / "gs.txt"
    head = [f"{n}.{q}" for n in NAMES for q in ("AVG_Beta", "Detection Pval", "NBEADS")]
    rows = [f"cg{i:08d}\t" + "\t".join(["0.5", "3.67823E-38", "12"] * 6) for i in range(5)]
    path.write_text("\n".join(["\t".join(["TargetID", *head]), *rows]) + "\n")
    made = header(path)
    assert made.further == ("detection_p", "bead_count")
    assert has_short_numbers(made)
    assert has_short_numbers(made, "bead_count")
    assert not has_short_numbers(made, "detection_p")


def test_betas_of_signals_are_not_short(tmp_path):
    path = tmp_path / "signals.txt"
    head = [f"{n} {q} Signal" for n in NAMES for q in ("Unmethylated", "Methylated")]
    rows = [f"cg{i:08d}\t" + "\t".join(["1200", "340"] * 6) for i in range(5)]
    path.write_text("\n".join(["\t".join(["ID_REF", *head]), *rows]) + "\n")
    assert header(path).format_name == "signals"
    assert not has_short_numbers(header(path))


def test_each_file_is_opened_once(tmp_path):
    study = write_betas_study(tmp_path, normalise="[]", more="detection_p: p.csv")
    (tmp_path / "p.csv").write_text((tmp_path / "betas.csv").read_text())
    with count_opened() as opened:
        check_study(study)
    names = ("study.yml", "samples.csv", "betas.csv", "p.csv")
    assert {name: opened[tmp_path / name] for name in names} == dict.fromkeys(names, 1)


def estimate(study) -> tuple[float, float]:
    """Minutes and gigabytes."""
    text = check_study(study).text
    minutes = re.search(r"roughly (\d+) minutes", text)
    size = re.search(r"and ([\d.]+) (MB|GB) of disk", text)
    assert minutes is not None
    assert size is not None
    return float(minutes[1]), float(size[1]) / (1000 if size[2] == "MB" else 1)


def test_the_measured_run_at_epic_size(tmp_path, monkeypatch):
    """116 million betas: 31 + 60 s; ComBat 40 s, BMIQ 201 s; an analysis 40 s; 25 s for dbt.

    Identity 12 s; the 58 million betas of the analysis are parted in 20 s.
    """
    monkeypatch.setattr(cost, "estimated_rows", lambda _: 866_000.0)
    rows = [(f"{r[0]}{i}", *r[1:]) for i in range(9) for r in EVEN][:134]
    contrasts = ", ".join(f"c{i}: MS.1st - HP.1st" for i in range(20))
    one = analysis("main", contrasts=f"{{{contrasts}}}", where="timepoint = '1st'")
    options = {"rows": rows, "reference": "{manifest: m.csv}", "analyses": one}
    minutes, size = estimate(write_betas_study(tmp_path, normalise="[]", **options))
    assert minutes == round((25 + 91 + 40 + 12 + 20) / 60)
    results = 866e3 * 20 * 70 / 1e9
    assert size == pytest.approx(866e3 * 134 * 1.8 / 1e9 + results, abs=0.06)
    steps = "[bmiq, {combat: {batch: slide, keep: [group, timepoint]}}]"
    minutes, size = estimate(write_betas_study(tmp_path, normalise=steps, **options))
    assert minutes == round((25 + 91 + 201 + 40 + 40 + 12 + 20) / 60)
    assert size == pytest.approx(866e3 * 134 * (1.8 + 16) / 1e9 + results, abs=0.06)


def test_quantities_beside_and_long_betas_take_more(tmp_path, monkeypatch):
    monkeypatch.setattr(cost, "estimated_rows", lambda _: 866_000.0)
    rows = [(f"{r[0]}{i}", *r[1:]) for i in range(9) for r in EVEN][:134]
    study = write_betas_study(
        tmp_path, rows=rows, normalise="[]", more="impute: mean\n    detection_p: p.csv"
    )
    betas = (tmp_path / "betas.csv").read_text()
    (tmp_path / "p.csv").write_text(betas)
    (tmp_path / "betas.csv").write_text(betas.replace("0.1234", "0.123456"))
    _, size = estimate(study)
    # betas, detection p, imputed betas, one contrast
    expected = 866e3 * (134 * (8 + 1.8 + 8) + 70) / 1e9
    assert size == pytest.approx(expected, abs=0.06)


def test_quantities_in_the_same_file_take_more(tmp_path, monkeypatch):
    monkeypatch.setattr(cost, "estimated_rows", lambda _: 866_000.0)
    rows = [(f"{r[0]}{i}", *r[1:]) for i in range(9) for r in EVEN][:134]
    study = write_betas_study(tmp_path, rows=rows, normalise="[]", files="[gs.txt]")
    quantities = ("AVG_Beta", "Detection Pval", "NBEADS")
    head = [f"B{i}.{q}" for i in range(134) for q in quantities]
    betas = "\t".join(["0.5", "3.67823E-38", "12"] * 134)
    (tmp_path / "gs.txt").write_text("\t".join(["TargetID", *head]) + f"\ncg00000001\t{betas}\n")
    minutes, size = estimate(study)
    assert size == pytest.approx(866e3 * (134 * (1.8 + 8 + 1.8) + 70) / 1e9, abs=0.06)
    assert minutes == round((25 + 3 * 91 + 58 + 12 + 40) / 60)  # an analysis of 116 million betas


def test_combat_seq_is_counted_once(tmp_path, monkeypatch):
    """A million counts: 50 s and 2.5 MB in the layer, beside 3 s and 18 MB without."""
    monkeypatch.setattr(cost, "estimated_rows", lambda _: 20e6 / 16)
    rows = [(f"{g}{i}", g, t, "AB"[i % 2], "30") for g in ("HP", "MS") for i in range(4)
            for t in ("1st", "3rd")]  # fmt: skip
    study = write_study(tmp_path, rows=rows)
    without = estimate(study)
    step = "normalise: [{combat_seq: {batch: batch, keep: [group, timepoint]}}]"
    study.write_text(study.read_text().replace("[counts.tsv]}", f"[counts.tsv], {step}}}"))
    minutes, size = estimate(study)
    assert minutes - without[0] == pytest.approx(1000 / 60, abs=1)
    assert size - without[1] == pytest.approx(0.050, abs=0.011)


def test_a_layer_of_a_further_step_is_counted(tmp_path, monkeypatch):
    steps = {**LAYER_STEPS, "imputed": replace(LAYER_STEPS["imputed"], seconds_per_value=1e-3)}
    monkeypatch.setattr(cost, "LAYER_STEPS", steps)
    monkeypatch.setattr(cost, "estimated_rows", lambda _: 1e4)
    study = write_betas_study(tmp_path, rows=EVEN, normalise="[]", more="impute: mean")
    minutes, _ = estimate(study)
    assert minutes == pytest.approx(1e4 * len(EVEN) * 1e-3 / 60, abs=1.5)
