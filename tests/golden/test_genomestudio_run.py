"""A 450K export of GenomeStudio from the file to the tables: filters, layers, BMIQ, found probes.

The filters are computed a second time in polars, from the file alone, and nothing of ours is used
for it. The export is small and good, so the run has thresholds at which every step drops something,
two samples included, and a mask made of the manifest's SNPs; the example's own thresholds are held
to the same on the lake, without a build.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cohortmart.core.lake.file_manifest import read_current, read_part
from cohortmart.core.lake.matrix import read_matrix
from cohortmart.core.types import Floats
from tests.support.finished_run import EXAMPLES, FinishedRun, cohortmart, finished_run
from tests.support.real_data import read_table

pytestmark = pytest.mark.slow  # a run with two builds


EXAMPLE = EXAMPLES / "hm450_genomestudio"
DATA_IN_STUDY = "${COHORTMART_TEST_DATA:-../../../shared/data}"
#: The defaults, as the example has them, and what the run has instead.
DEFAULT = {"sample_missing": 0.1, "probe_missing": 0.2, "beads": 3, "few_beads": 0.05}
STRICT = {"sample_missing": 0.01, "probe_missing": 0.1, "beads": 5, "few_beads": 0.1}
MASK = "snp_within_10"
#: The bar for an independent BMIQ, over the type II probes of each sample.
MEAN_DIFFERENCE = 0.01
CORRELATION = 0.999


@dataclass(frozen=True)
class Export:
    """What GenomeStudio wrote, one row a probe and sample, and what the manifest knows."""

    cells: pl.DataFrame  # probe, sample, beta, p, beads
    manifest: pl.DataFrame  # probe, design, chromosome, snp


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "hm450_genomestudio"


@pytest.fixture(scope="module")
def export(folder: Path) -> Export:
    wide = pl.read_csv(
        folder / "TableControl_SampleMethylationProfile.txt.gz",
        separator="\t",
        infer_schema_length=None,
    )
    samples = [c.removesuffix(".AVG_Beta") for c in wide.columns if c.endswith(".AVG_Beta")]
    assert len(samples) == 12
    cells = [
        wide.select(
            probe="TargetID",
            sample=pl.lit(s),
            beta=pl.col(f"{s}.AVG_Beta").cast(pl.Float64),
            p=pl.col(f"{s}.Detection Pval").cast(pl.Float64),
            beads=pl.min_horizontal(f"{s}.Avg_NBEADS_A", f"{s}.Avg_NBEADS_B").cast(pl.Float64),
        )
        for s in samples
    ]
    with gzip.open(folder / "manifest_excerpt.csv.gz", "rt", encoding="utf-8") as file:
        between = file.read().split("[Assay]")[1].split("[Controls]")[0]
    rows = between[between.index("IlmnID") :].encode()  # without the rest of the line [Assay],,
    manifest = pl.read_csv(rows, infer_schema=False, empty_string_is_null=False)
    manifest = manifest.select(
        probe="IlmnID", design="Infinium_Design_Type", chromosome="CHR", snp="Probe_SNPs_10"
    )
    assert manifest.height == wide.height == 3363
    return Export(pl.concat(cells), manifest)


def study_file(target: Path, folder: Path, changes: dict[str, str]) -> Path:
    """Write the example with other lines, each of which it must have once."""
    text = (EXAMPLE / "study.yml").read_text()
    text = text.replace(DATA_IN_STUDY, folder.parent.as_posix())
    changes = {"file: samples.csv": f"file: {EXAMPLE.as_posix()}/samples.csv", **changes}
    for line, other in changes.items():
        assert text.count(line) == 1, line
        text = text.replace(line, other)
    target.mkdir(parents=True)
    path = target / "study.yml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def run(
    folder: Path, export: Export, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FinishedRun]:
    place = tmp_path_factory.mktemp("strict")
    mask = place / f"{MASK}.txt"
    with_snp = export.manifest.filter(pl.col("snp") != "")
    mask.write_text("\n".join(with_snp["probe"]) + "\n")
    changes = {
        "sample_missing: 0.1": "sample_missing: 0.01",
        "probe_missing: 0.2": "probe_missing: 0.1",
        "{minimum: 3, share: 0.05}": "{minimum: 5, share: 0.1}",
        "reference:\n": f"reference:\n  masks: [{mask.as_posix()}]\n",
    }
    found = finished_run(study_file(place / "study", folder, changes), folder, place / "out")
    yield found
    found.con.close()


@dataclass(frozen=True)
class Filtered:
    """By hand: step to probes dropped, samples kept, probe to reason, and the betas left."""

    dropped: dict[str, int]
    samples: list[str]
    reason: pl.DataFrame  # probe, reason
    cells: pl.DataFrame


def filtered(export: Export, limits: dict[str, float], mask: str | None) -> Filtered:
    """Apply the steps one after the other, as docs/methylation.md describes them."""
    beta = pl.when(pl.col("p") > 0.01).then(None).otherwise(pl.col("beta"))
    cells = export.cells.with_columns(beta=beta)
    of_sample = cells.group_by("sample").agg(missing=pl.col("beta").is_null().mean())
    kept = of_sample.filter(pl.col("missing") <= limits["sample_missing"])["sample"]
    cells = cells.filter(pl.col("sample").is_in(kept.to_list()))
    probes = cells.group_by("probe").agg(
        missing=pl.col("beta").is_null().mean(), few=(pl.col("beads") < limits["beads"]).mean()
    )
    probes = probes.join(export.manifest, on="probe", how="left", validate="1:1")
    reason = (
        pl.when(pl.col("missing") > limits["probe_missing"])
        .then(pl.lit("probe_missing"))
        .when(pl.col("few") > limits["few_beads"])
        .then(pl.lit("bead_count"))
        .when(~pl.col("probe").str.starts_with("cg"))
        .then(pl.lit("non_cpg"))
        .when((pl.col("snp") != "") & (mask is not None))
        .then(pl.lit(f"mask: {mask}"))
        .when(pl.col("chromosome").is_in(["X", "Y"]))
        .then(pl.lit("sex_chromosome"))
    )
    probes = probes.select("probe", reason=reason)
    counts = probes.drop_nulls().group_by("reason").len()
    dropped = {str(r).split(":")[0]: int(n) for r, n in counts.iter_rows()}
    left = probes.filter(pl.col("reason").is_null()).select("probe")
    return Filtered(dropped, sorted(kept), probes, cells.join(left, on="probe", how="semi"))


@pytest.fixture(scope="module")
def by_hand(export: Export) -> Filtered:
    return filtered(export, STRICT, MASK)


def layer(lake: Path, name: str) -> tuple[list[str], list[str], Floats, list[Floats]]:
    """Probes, samples and betas of a layer, and what lies beside the betas."""
    part = f"methylation:{name}"
    (entry,) = [e for e in read_current(lake) if (e.table_name, e.part) == ("matrix", part)]
    blocks = list(read_matrix(lake / entry.path))
    ids = [i for block in blocks for i in block[0].to_pylist()]
    values, *beside = (np.concatenate(parts) for parts in list(zip(*blocks, strict=True))[1:])
    samples = pl.concat(
        pl.DataFrame(read_part(lake, "matrix_sample", e.part))
        for e in read_current(lake)
        if e.table_name == "matrix_sample"
    ).filter(pl.col("layer") == name)
    return ids, samples.sort("position")["sample_id"].to_list(), values, beside


def wide(cells: pl.DataFrame, column: str, probes: list[str], samples: list[str]) -> Floats:
    """One quantity as a matrix, NaN = missing."""
    table = cells.pivot("sample", index="probe", values=column)
    rows = pl.DataFrame({"probe": probes}).join(table, on="probe", how="left", validate="1:1")
    return rows.select(samples).fill_null(np.nan).to_numpy()


def test_funnel(run: FinishedRun, by_hand: Filtered) -> None:
    steps = ["probe_missing", "bead_count", "non_cpg", "mask", "sex_chromosome"]
    assert sorted(by_hand.dropped) == sorted(steps)  # each does something
    assert len(by_hand.samples) == 10
    expected, left = [("detection_p", 0, 3363, 12), ("sample_missing", 0, 3363, 10)], 3363
    for step in steps:
        left -= by_hand.dropped[step]
        expected.append((step, by_hand.dropped[step], left, 10))
    funnel = run.table("from qc_probe_funnel order by step_order")
    columns = ("step", "n_probes_dropped", "n_probes_left", "n_samples_left")
    assert list(funnel.select(columns).iter_rows()) == expected
    before = (funnel["n_probes_left"] + funnel["n_probes_dropped"]).to_list()
    assert funnel["n_probes_before"].to_list() == before
    said = dict(funnel.select("step", "annotation").iter_rows())
    assert {s for s, a in said.items() if a == "used"} == {
        "detection_p", "bead_count", "mask", "sex_chromosome",
    }  # fmt: skip


def test_reason_of_every_probe_and_sample(
    run: FinishedRun, export: Export, by_hand: Filtered
) -> None:
    ours = run.table("select probe_id as probe, filter_reason from qc_probe")
    both = by_hand.reason.join(ours, on="probe", how="full", coalesce=True, validate="1:1")
    assert both.height == 3363
    assert both["reason"].eq_missing(both["filter_reason"]).all()

    failed, absent = pl.col("p") > 0.01, pl.col("beta").is_null()
    of_sample = export.cells.group_by("sample").agg(
        failed=failed.mean(), missing=(failed | absent).mean(), detected=(~failed & ~absent).sum()
    )
    samples = run.table("from qc_sample").join(of_sample, left_on="sample_id", right_on="sample")
    assert samples.height == 12
    for mine, theirs in (
        ("detection_failed_share", "failed"),
        ("missing_share", "missing"),
        ("n_detected", "detected"),
    ):
        np.testing.assert_allclose(samples[mine], samples[theirs], rtol=1e-12, err_msg=mine)
    dropped = samples.filter(pl.col("filter_reason") == "sample_missing")["sample_id"]
    assert set(dropped) == set(export.cells["sample"]) - set(by_hand.samples)


def test_raw_layer_is_the_file(run: FinishedRun, export: Export) -> None:
    """Also after the filters and BMIQ: all samples, failed detections, ch. and rs probes."""
    probes, samples, beta, (p, beads) = layer(run.out / "lake", "raw")
    assert probes == sorted(export.manifest["probe"])
    for values, name in ((beta, "beta"), (p, "p"), (beads, "beads")):
        expected = wide(export.cells, name, probes, samples)
        np.testing.assert_array_equal(values, expected, err_msg=name)
    identity = run.table("from fct_identity_probe").rename({"probe_id": "probe"})
    of_file = export.cells.filter(pl.col("probe").str.starts_with("rs"))
    both = identity.join(of_file, left_on=["probe", "sample_id"], right_on=["probe", "sample"])
    assert both.height == identity.height == of_file.height == 65 * 12
    assert both["beta"].eq_missing(both["beta_right"]).all()


def test_bmiq_layer_is_what_the_tables_show(
    run: FinishedRun, export: Export, by_hand: Filtered
) -> None:
    probes, samples, beta, _ = layer(run.out / "lake", "bmiq")
    kept = by_hand.reason.filter(pl.col("reason").is_null())["probe"]
    assert (probes, sorted(samples)) == (sorted(kept), by_hand.samples)
    before = wide(by_hand.cells, "beta", probes, samples)
    np.testing.assert_array_equal(np.isnan(beta), np.isnan(before))
    assert np.isnan(beta).any()
    design = dict(export.manifest.select("probe", "design").iter_rows())
    is_type_ii = np.array([design[p] == "II" for p in probes])
    np.testing.assert_array_equal(beta[~is_type_ii], before[~is_type_ii])
    moved = np.abs(beta - before)[is_type_ii]
    assert np.nanmin(moved.max(axis=0)) > 0.01

    m = np.log2(beta / (1 - beta))
    order = np.argsort(samples)
    for name in ("fct_probe_methylation", "visit_methylation"):
        rows = run.table(f"select * from {name} order by probe_id, sample_id").fill_null(np.nan)
        assert rows["probe_id"].unique(maintain_order=True).to_list() == probes
        shown = rows["beta"].to_numpy().reshape(beta.shape)
        np.testing.assert_array_equal(shown, beta[:, order], err_msg=name)
        shown = rows["m_value"].to_numpy().reshape(beta.shape)
        np.testing.assert_allclose(shown, m[:, order], rtol=1e-13, atol=1e-13, err_msg=name)


def test_found_probes(run: FinishedRun) -> None:
    """Estimates are means of the last layer; what is found is what meets both thresholds."""
    probes, samples, beta, _ = layer(run.out / "lake", "bmiq")
    sheet = read_table(EXAMPLE / "samples.csv").filter(pl.col("sample").is_in(samples))
    men = np.isin(samples, sheet.filter(pl.col("sex") == "M")["sample"].to_list())
    assert 3 < men.sum() < 8

    def difference(values: Floats) -> Floats:
        return np.nanmean(values[:, men], axis=1) - np.nanmean(values[:, ~men], axis=1)

    ours = run.results("sex", "MvsF")
    assert ours["feature_id"].to_list() == probes
    m_difference, delta = difference(np.log2(beta / (1 - beta))), difference(beta)
    np.testing.assert_allclose(ours["log_fc"], m_difference, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours["delta_beta"], delta, rtol=0, atol=1e-12)

    chosen = (ours["p_value"].to_numpy() < 0.05) & (np.abs(delta) > 0.05)
    assert 5 < chosen.sum() < (ours["p_value"] < 0.05).sum()
    direction = np.where(m_difference > 0, "hyper", "hypo")
    by_hand = {(p, str(d)) for p, d, c in zip(probes, direction, chosen, strict=True) if c}
    found = run.table("select probe_id, direction from dmp")
    assert found.height == len(by_hand)
    assert set(found.iter_rows()) == by_hand
    (row,) = run.table("from dim_contrast").to_dicts()
    assert (row["n_samples"], row["n_subjects"], row["values_used"]) == (10, 10, "m_value")


def test_the_examples_own_thresholds(folder: Path, export: Export, tmp_path: Path) -> None:
    study, out = study_file(tmp_path / "study", folder, {}), tmp_path / "out"
    cohortmart("ingest", study, "--out", out)
    cohortmart("normalise", study, "--out", out)
    probes, samples, beta, _ = layer(out / "lake", "bmiq")
    expected = filtered(export, DEFAULT, None)
    assert sorted(samples) == expected.samples
    assert len(samples) == 12
    assert set(probes) == set(expected.cells["probe"])
    before = wide(expected.cells, "beta", probes, samples)
    np.testing.assert_array_equal(np.isnan(beta), np.isnan(before))


def test_bmiq_agrees_with_its_authors_program(folder: Path, export: Export, tmp_path: Path) -> None:
    """Unfiltered, as the reference: it had the 3,291 complete probes, ours has 72 more."""
    switched_off = {
        f"{step}: {value}": f"{step}: false"
        for step, value in (
            ("detection_p", "0.01"),
            ("sample_missing", "0.1"),
            ("probe_missing", "0.2"),
            ("beads", "{minimum: 3, share: 0.05}"),
            ("non_cpg", "true"),
            ("masks", "true"),
            ("sex_chromosomes", "true"),
        )
    }
    study = study_file(tmp_path / "study", folder, switched_off)
    out = tmp_path / "out"
    cohortmart("ingest", study, "--out", out)
    cohortmart("normalise", study, "--out", out)
    probes, samples, beta, _ = layer(out / "lake", "bmiq")
    assert beta.shape == (3363, 12)
    ours = pl.DataFrame(beta, schema=samples).insert_column(0, pl.Series("probe_id", probes))
    r = read_table(folder / "expected" / "bmiq.csv.gz")
    both = r.join(ours, on="probe_id", suffix="_ours", validate="1:1").join(
        export.manifest, left_on="probe_id", right_on="probe"
    )
    assert both.height == 3291
    type_ii, type_i = both.filter(design="II"), both.filter(design="I")
    assert (type_ii.height, len(r.columns)) == (2694, 9)
    for sample in r.columns[1:]:
        mine, theirs = (type_ii[n].to_numpy() for n in (f"{sample}_ours", sample))
        assert np.abs(mine - theirs).mean() <= MEAN_DIFFERENCE
        assert np.corrcoef(mine, theirs)[0, 1] >= CORRELATION
        np.testing.assert_allclose(type_i[f"{sample}_ours"], type_i[sample], rtol=1e-12)
