"""`cohortmart normalise` on a real 450K data set, and around it ingest, run, analyse and forget."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from analyses.normalise.pipeline import normalise
from analyses.stats.batch.combat import combat
from analyses.stats.methylation.bmiq import bmiq
from analyses.stats.methylation.m_value import m_value
from cohortmart.app.cli import main
from cohortmart.app.commands import run as commands
from cohortmart.core.lake.file_manifest import read_current, read_part, switch_current
from cohortmart.core.lake.layers import is_derived
from cohortmart.core.lake.matrix import read_matrix
from cohortmart.core.study.load import load_study
from cohortmart.core.warehouse import build as build_module
from cohortmart.core.warehouse.home import Home, connect_read_only, fetch
from ingest.forget.pipeline import forget_subject
from tests.support.paths import ROOT

STEPS = "[bmiq, {combat: {batch: half, keep: [group]}}]"
STUDY = """
study: hm450
samples:
  file: samples.csv
  sample: sample
  subject: subject
  group: group
  timepoint: timepoint
  factors: [half]
timepoints: [1st]
groups: [F, M]
assays:
  meth:
    kind: beta
    files: ['{data}/TableControl_SampleMethylationProfile.txt.gz']
    platform: 450K
    normalise: {steps}
    impute: {impute}
reference: {{manifest: '{data}/manifest_excerpt.csv.gz'}}
analyses:
  sex:
    assay: meth
    values: m_value
    model: {{means: [group]}}
    contrasts: {{MvsF: M - F}}
"""


class RealStudy:
    """The study in a folder of its own."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder, self.data = folder, data
        self.file = folder / "study.yml"
        self.home = Home(folder / "out")
        sheet = (data / "samples.csv").read_text().splitlines()[1:]
        rows = [
            f"{name},P{i},{sex[0].upper()},1st,{'ab'[i % 2]}"
            for i, (name, sex) in enumerate(line.split(",") for line in sheet)
        ]
        head = "sample,subject,group,timepoint,half"
        (folder / "samples.csv").write_text("\n".join([head, *rows]) + "\n")
        self.write()

    def write(self, steps: str = STEPS, impute: str = "mean") -> None:
        self.file.write_text(STUDY.format(data=self.data, steps=steps, impute=impute))

    def command(self, *words: str) -> None:
        with pytest.raises(SystemExit) as left:
            main([*words, "--out", str(self.home.root)])
        assert left.value.code == 0

    def current(self) -> list[str]:
        entries = read_current(self.home.lake)
        return [e.part.split(":")[1] for e in entries if e.table_name == "matrix"]

    def layer(self, layer: str) -> tuple[list[str], np.ndarray]:
        entries = read_current(self.home.lake)
        path = next(
            e.path for e in entries if (e.table_name, e.part) == ("matrix", f"meth:{layer}")
        )
        blocks = list(read_matrix(self.home.lake / path))
        ids = [name for block in blocks for name in block[0].to_pylist()]
        return ids, np.vstack([block[1] for block in blocks])

    def files(self) -> dict[str, bytes]:
        """Every file that the lake shows."""
        return {
            e.path: (self.home.lake / e.path).read_bytes() for e in read_current(self.home.lake)
        }


@pytest.fixture(scope="module")
def template(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> RealStudy:
    """Ingested and normalised; not to be changed."""
    study = RealStudy(tmp_path_factory.mktemp("hm450"), shared_data / "hm450_genomestudio")
    study.command("ingest", str(study.file), "--quiet")
    study.command("normalise", str(study.file), "--quiet")
    return study


@pytest.fixture
def real(template: RealStudy, tmp_path: Path) -> RealStudy:
    shutil.copytree(template.folder, tmp_path, dirs_exist_ok=True)
    return RealStudy(tmp_path, template.data)


def test_the_layers_are_the_methods_on_the_kept_betas(template: RealStudy) -> None:
    assert template.current() == ["bmiq", "combat", "imputed", "raw"]
    ids, raw = template.layer("raw")
    kept, done = template.layer("bmiq")
    p = next(iter(read_matrix(next(template.home.lake.glob("matrix-meth-raw-*")))))[2]
    assert len(kept) == 2129
    rows = np.searchsorted(ids, kept)
    seen = np.where(p[rows] > 0.01, np.nan, raw[rows])
    probe = read_part(template.home.lake, "probe")
    assert probe is not None
    types = dict(zip(*probe.select(["probe_id", "design_type"]).to_pydict().values(), strict=True))
    is_type_ii = np.array([types[name] == "II" for name in kept])
    assert 300 < (~is_type_ii).sum() < 600
    want = np.column_stack([bmiq(column, is_type_ii).beta for column in seen.T])
    np.testing.assert_array_equal(done, want)

    group = [r["study_group"] == "M" for r in read_part(template.home.lake, "sample").to_pylist()]
    adjusted = combat(m_value(want, 1e-6), list("ab" * 6), np.array(group)[:, None] * 1.0)
    found = template.layer("combat")
    assert found[0] == kept
    np.testing.assert_allclose(found[1], 1 / (1 + 2**-adjusted), rtol=0, atol=1e-12)
    missing = np.isnan(found[1])
    assert missing.sum() == 19
    imputed = template.layer("imputed")[1]
    np.testing.assert_array_equal(imputed[~missing], found[1][~missing])
    assert not np.isnan(imputed).any()


def test_what_the_commands_say(real: RealStudy, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = str(real.file), str(real.home.root)
    real.command("ingest", file)
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == f"next: cohortmart normalise {file} --out {out}"
    real.command("normalise", file)
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == f"next: cohortmart build --out {out}"
    assert "meth: combat is in the lake already" in said.err

    real.write(STEPS.replace("[group]", "[group, half]"))
    with pytest.raises(SystemExit) as left:
        main(["normalise", file, "--out", out])
    assert left.value.code == 2
    assert "cannot both remove and keep `half`" in capsys.readouterr().err
    real.write("[]", "none")
    with pytest.raises(SystemExit) as left:
        main(["normalise", file, "--out", out])
    assert left.value.code == 2
    assert "found:    another value of layers" in capsys.readouterr().err
    assert real.current() == ["bmiq", "combat", "imputed", "raw"]


CHILD = """
import os, signal, sys
from pathlib import Path
from analyses.normalise.steps import bmiq as bmiq_layer
from analyses.normalise import pipeline
from analyses.normalise import write
from cohortmart.core.lake import matrix
from cohortmart.core.study.load import load_study
from cohortmart.core.warehouse.home import Home

study, home = load_study(sys.argv[1]), Home(Path(sys.argv[2]))

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def in_bmiq():
    bmiq_layer.bmiq = die

def in_combat():
    whole = write.write_matrix
    def write_matrix(blocks, n, target, *further):
        if "-combat-" not in target.name:
            return whole(blocks, n, target, *further)
        matrix.GROUP_VALUES = matrix.READ_VALUES = 12_000  # some are written before the end
        def some():
            yield from blocks
            die()
        return whole(some(), n, target, *further)
    write.write_matrix = write_matrix

for moment in (in_bmiq, in_combat):
    child = os.fork()
    if not child:
        moment()
        pipeline.normalise(study, home, lambda _: None)
        os._exit(0)
    print(moment.__name__, os.waitpid(child, 0)[1], *sorted(os.listdir(home.lake)), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_killed_run_is_gone_on_with(template: RealStudy, real: RealStudy) -> None:
    switch_current(real.home.lake, [e for e in read_current(real.home.lake) if not is_derived(e)])
    for path in real.home.lake.glob("*-meth-*"):
        if "-raw-" not in path.name:
            path.unlink()
    assert real.current() == ["raw"]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(real.file), str(real.home.root)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    for moment, left in (("in_bmiq", ".bmiq.parquet."), ("in_combat", ".matrix-meth-combat-")):
        assert told[moment][0] == str(int(signal.SIGKILL)), done.stdout
        assert any(name.startswith(left) for name in told[moment]), told[moment]
    assert not any(name.startswith(".bmiq.parquet.") for name in told["in_combat"])
    assert real.current() == ["bmiq", "raw"]
    summary = normalise(load_study(real.file), real.home, lambda _: None)
    assert summary.skipped == ("meth:bmiq",)
    assert real.files() == template.files()
    assert [p.name for p in real.home.lake.glob(".*")] == [".lock"]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the lake shows whenever the tables are built or analysed, in place of doing it."""
    seen: list[list[str]] = []

    def note(what: str, home: Home) -> None:
        entries = read_current(home.lake)
        seen.append([what, *(e.part.split(":")[1] for e in entries if e.table_name == "matrix")])

    monkeypatch.setattr(build_module, "build", lambda home, *_, **__: note("build", home))
    monkeypatch.setattr(commands, "_analyse", lambda _, home, *__: note("analyse", home))
    return seen


LAYERS = ["bmiq", "combat", "imputed", "raw"]


def test_run_normalises_before_it_builds(real: RealStudy, steps: list[list[str]]) -> None:
    real.write("[bmiq]", "none")
    real.command("run", str(real.file), "--quiet", "--no-report")
    assert steps == [["build", "bmiq", "raw"], ["analyse", "bmiq", "raw"]]
    steps.clear()
    real.write("[]", "none")
    real.command("run", str(real.file), "--quiet", "--no-report")
    assert steps == [["build", "raw"], ["analyse", "raw"]]


def test_after_forget_analyse_does_not_take_the_raw_betas(
    real: RealStudy, steps: list[list[str]]
) -> None:
    forget_subject(real.home, "P3", lambda _: None)
    assert real.current() == ["raw"]
    real.command("analyse", str(real.file), "--quiet")
    assert steps == [["build", *LAYERS], ["analyse", *LAYERS]]
    assert real.layer("imputed")[1].shape[1] == 11


@pytest.mark.slow
def test_the_tables_show_the_last_layer(real: RealStudy) -> None:
    real.command("run", str(real.file), "--quiet", "--no-report")
    con = connect_read_only(real.home)
    try:
        rows = fetch(
            con,
            "select beta, m_value from fct_probe_methylation order by probe_id, sample_id",
        )
        found = fetch(con, "select count(*) as n from fct_contrast_result")["n"][0].as_py()
    finally:
        con.close()
    values = real.layer("imputed")[1]
    np.testing.assert_array_equal(rows["beta"].to_numpy(), values.reshape(-1))
    np.testing.assert_allclose(
        rows["m_value"].to_numpy(), m_value(values, 1e-6).reshape(-1), rtol=1e-12, atol=1e-12
    )
    assert found == 2129


COUNTS = """
study: counted
samples:
  file: {data}/samples.csv
  sample: sample_id
  subject: subject
  group: group
  timepoint: timepoint
  cell_type: cell_type
  visit_key: [state]
  factors: [library_batch]
timepoints: [NP, BP, 1st, 2nd, 3rd, PP]
groups: [HP, MS, HC]
assays:
  rna: {{kind: counts, files: [counts.tsv], normalise: {steps}}}
"""
COMBAT_SEQ = "[{combat_seq: {batch: library_batch, keep: [group, timepoint, state]}}]"
EXPRESSION = "select gene_id, count from fct_gene_expression order by gene_id, sample_id"
SIZES = "select sample_id, lib_size from qc_sample order by sample_id"


@pytest.mark.slow
def test_the_tables_show_the_adjusted_counts(shared_data: Path, tmp_path: Path) -> None:
    """Every 40th gene of the real study; without the step the raw counts are shown again."""
    data = shared_data / "grams_cd8_rna"
    with gzip.open(data / "gene_counts.tsv.gz", "rt") as file:
        lines = [line for i, line in enumerate(file) if i == 0 or i % 40 == 1]
    (tmp_path / "counts.tsv").write_text("".join(lines))
    # the tables order the samples by name, the lake as the file does
    order = np.argsort(lines[0].rstrip("\n").split("\t")[1:])
    genes = sorted(lines[1:])
    raw = np.array([line.split("\t")[1:] for line in genes], dtype=float)[:, order]
    study, home = tmp_path / "study.yml", Home(tmp_path / "out")

    def shown(steps: str, select: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        study.write_text(COUNTS.format(data=data, steps=steps))
        for command in ("ingest", "normalise"):
            with pytest.raises(SystemExit) as left:
                main([command, str(study), "--out", str(home.root), "--quiet"])
            assert left.value.code == 0
        build_module.build(home, lambda _: None, select, build_module.RESULTS_MODELS)
        con = connect_read_only(home)
        try:
            counts = fetch(con, EXPRESSION)["count"].to_numpy().reshape(raw.shape)
            return counts, fetch(con, SIZES)["lib_size"].to_numpy()
        finally:
            con.close()

    counts, sizes = shown(COMBAT_SEQ)
    entries = {e.part: e.path for e in read_current(home.lake) if e.table_name == "matrix"}
    layer = home.lake / entries["rna:combat_seq"]
    values = np.vstack([block[1] for block in read_matrix(layer)])[:, order]
    np.testing.assert_array_equal(counts, values)
    np.testing.assert_array_equal(values, np.rint(values))
    assert (values != np.rint(raw)).mean() > 0.5
    np.testing.assert_array_equal(sizes, values.sum(axis=0))
    counts, sizes = shown("[]", "+fct_gene_expression +qc_sample")
    np.testing.assert_array_equal(counts, raw)
    np.testing.assert_allclose(sizes, raw.sum(axis=0), rtol=1e-12)
