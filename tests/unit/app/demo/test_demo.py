"""The synthetic study: its files, its shape, and that the truth is in the data."""

import csv
import gzip
import io

import numpy as np
import polars as pl
import pytest

from cohortmart.app.demo import write_demo
from cohortmart.app.demo.effects import CONTRASTS
from cohortmart.app.demo.people import make_samples
from cohortmart.core.errors import InputError
from cohortmart.core.study.load import load_study

FILES = [
    "betas.csv.gz",
    "cell_types.csv",
    "disease_genes.txt",
    "gene_counts.tsv.gz",
    "gene_sets.gmt",
    "manifest.csv",
    "ms_disease.csv",
    "network.tsv",
    "proteins_npx.csv",
    "samples.csv",
    "snp_probes.txt",
    "study.yml",
    "truth/bound.csv",
    "truth/cells.csv",
    "truth/gene_sets.csv",
    "truth/genes.csv",
    "truth/genotypes.csv",
    "truth/identity.csv",
    "truth/module.csv",
    "truth/probes.csv",
    "truth/proteins.csv",
    "truth/regions.csv",
    "unrelated.tsv",
]


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "raw"
    assert write_demo(folder, "small", seed=1) == folder / "study.yml"
    return folder


@pytest.fixture(scope="module")
def sheet(raw):
    return pl.read_csv(raw / "samples.csv", infer_schema_length=0, null_values="NA")


@pytest.fixture(scope="module")
def counts(raw):
    return pl.read_csv(gzip.decompress((raw / "gene_counts.tsv.gz").read_bytes()), separator="\t")


@pytest.fixture(scope="module")
def betas(raw):
    every = pl.read_csv(gzip.decompress((raw / "betas.csv.gz").read_bytes()), null_values="NA")
    return every.filter(pl.col("probe_id").str.starts_with("cg"))


def files_of(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def log_cpm(counts):
    values = counts.select(pl.exclude("gene_id", "gene_name")).to_numpy()
    return np.log2((values + 0.5) / (values.sum(axis=0) + 1) * 1e6)


def m_values(betas):
    values = betas.select(pl.exclude("probe_id")).to_numpy()
    clipped = np.clip(values, 1e-6, 1 - 1e-6)
    return np.log2(clipped / (1 - clipped))


def mean_of(values, columns, sheet, name, **where):
    """Mean over the samples of `sheet` that meet `where`, those that were measured."""
    chosen = set(sheet.filter(**where)[name].drop_nulls())
    return np.nanmean(values[:, [c in chosen for c in columns]], axis=1)


def test_only_raw_files_and_the_truth_are_written(raw):
    assert files_of(raw) == FILES


def test_the_same_seed_gives_the_same_bytes(raw, tmp_path):
    again, other = tmp_path / "again", tmp_path / "other"
    write_demo(again, seed=1)
    write_demo(other, seed=2)
    same = [(raw / f).read_bytes() == (again / f).read_bytes() for f in FILES]
    assert all(same), [f for f, s in zip(FILES, same, strict=True) if not s]
    differ = [f for f in FILES if (raw / f).read_bytes() != (other / f).read_bytes()]
    assert differ == [f for f in FILES if f != "study.yml"]


def test_the_study_file_is_valid_and_asks_for_both_assays(raw):
    study = load_study(raw / "study.yml")
    assert list(study.analyses) == [
        "rna_cd4", "rna_cd8", "methylation_cd4", "methylation_cd8", "rna_cd8_weeks",
        "proteins_cd8", "cells_cd8",
    ]  # fmt: skip
    assert {a.values for a in study.analyses.values()} == {"voom", "m_value", "measured"}
    assert study.assays["methylation"].sample == "methylation_sample"
    assert all(a.model.block == "subject" for a in study.analyses.values())
    assert study.assays["methylation"].platform == "EPIC"
    assert list(study.reference.manifest) == [raw / "manifest.csv"]
    assert list(study.reference.masks) == [raw / "snp_probes.txt"]
    files = [s.file for s in study.samples] + [f for a in study.assays.values() for f in a.files]
    assert all(f.exists() for f in files)


def test_the_cohort_has_the_shape_of_the_model_study(sheet):
    women = sheet.select("subject", "group").unique()
    assert dict(women["group"].value_counts().iter_rows()) == {"MS": 11, "HP": 7, "HC": 4}
    assert set(sheet["subject"]) == {f"{i:03d}" for i in range(1, 23)}
    keys = sheet.select("subject", "timepoint", "cell_type")
    assert keys.is_unique().all()
    assert sheet["sample_id"].is_unique().all()
    visits = sheet.filter(cell_type="CD4")
    assert len(visits.filter(timepoint="BP")) == 5
    assert set(visits.filter(timepoint="BP")["group"]) == {"MS"}
    assert set(visits.filter(timepoint="NP")["group"]) == {"HC"}
    in_pregnancy = visits.filter(pl.col("timepoint").is_in(["1st", "2nd", "3rd", "PP"]))
    assert len(in_pregnancy) == 18 * 4 - 7


def test_matrices_hold_samples_of_the_sheet_under_their_own_names(sheet, counts, betas):
    rna, arrays = counts.columns[2:], betas.columns[1:]
    assert counts.shape[0] == 3000
    assert betas.shape[0] == 6000
    assert set(rna) < set(sheet["sample_id"])
    assert set(arrays) == set(sheet["methylation_sample"].drop_nulls())
    assert rna != [s for s in sheet["sample_id"] if s in rna], "columns must not be in row order"
    assert set(sheet.filter(pl.col("sample_id").is_in(rna))["library_batch"]) == {"A", "B"}


@pytest.mark.parametrize("seed", range(20))
def test_no_visit_is_of_one_batch_and_none_is_empty(seed):
    samples = make_samples(seed)
    visit = np.char.add(np.char.add(samples.group, samples.timepoint), samples.cell_type)
    for one in np.unique(visit):
        assert set(samples.library_batch[(visit == one) & samples.rna]) == {"A", "B"}, one
    _, arrays_a_slide = np.unique(samples.slide[samples.methylation], return_counts=True)
    assert 2 <= arrays_a_slide.min() <= arrays_a_slide.max() <= 8


def test_values_are_like_those_of_real_files(counts, betas):
    values = counts.select(pl.exclude("gene_id", "gene_name"))
    assert all(t == pl.Int64 for t in values.dtypes)
    assert values.min_horizontal().min() >= 0
    sizes = values.sum().to_numpy().ravel()
    assert 3e6 < sizes.min() < sizes.max() < 15e6
    beta = betas.select(pl.exclude("probe_id")).to_numpy()
    missing = np.isnan(beta).mean()
    assert 0.0003 < missing < 0.003
    assert np.nanmin(beta) == 0
    assert np.nanmax(beta) == 1
    assert 1 <= np.isin(beta, (0.0, 1.0)).sum() <= 12
    level = np.nanmean(beta, axis=1)
    shares = [
        np.mean(level < 0.25),
        np.mean((level > 0.35) & (level < 0.65)),
        np.mean(level > 0.75),
    ]
    assert min(shares) > 0.15
    assert sum(shares) > 0.9


def test_counts_are_overdispersed_more_where_genes_are_low(counts):
    values = counts.select(pl.exclude("gene_id", "gene_name")).to_numpy().astype(float)
    scaled = values / values.sum(axis=0) * values.sum(axis=0).mean()
    mean, variance = scaled.mean(axis=1), scaled.var(axis=1, ddof=1)
    dispersion = (variance - mean) / mean**2
    low, high = mean < np.quantile(mean, 0.1), mean > np.quantile(mean, 0.5)
    assert np.median(dispersion[high]) > 0.02
    assert np.median(dispersion[low]) > 1.3 * np.median(dispersion[high])


@pytest.mark.parametrize("kind", ["genes", "probes"])
def test_truth_tables_agree_with_the_effects(raw, kind):
    truth = pl.read_csv(raw / "truth" / f"{kind}.csv")
    assert set(CONTRASTS) <= set(truth.columns)
    # CpGs of regions that lie in genes without an effect are not counted here
    together = pl.read_csv(raw / "truth" / "regions.csv")["gene_name"]
    if kind == "probes":
        truth = truth.filter(~pl.col("linked_gene").is_in(together.implode()))
    none = truth.filter(effect="none")
    assert not none.select(*CONTRASTS).to_numpy().any()
    for name, way in (("rebound_up", 1), ("rebound_down", -1)):
        rows = truth.filter(effect=name)
        assert len(rows) == 150
        for group in ("HP", "MS"):
            assert (rows[f"{group}_3rd-1st"] * way > 0).all()
            assert np.allclose(rows[f"{group}_PP-3rd"], -rows[f"{group}_3rd-1st"])
        assert (rows["MSvsHP_3rd-1st"] == 0).all()
    grouped = truth.filter(pl.col("effect").str.starts_with("group_"))
    assert len(grouped) == 150
    assert (grouped["MS_3rd-1st"] == 0).all()
    assert np.allclose(grouped["MSvsHP_1st"], grouped["MSvsHP_PP"])
    only_ms = truth.filter(pl.col("effect").str.starts_with("ms_"))
    assert len(only_ms) == 120
    assert (only_ms["HP_3rd-1st"] == 0).all()
    assert np.allclose(only_ms["MSvsHP_3rd-1st"], only_ms["MS_3rd-1st"])
    assert (only_ms["MS_3rd-1st"] != 0).all()


def test_promoters_go_the_other_way_than_their_gene(raw):
    genes = pl.read_csv(raw / "truth" / "genes.csv")
    probes = pl.read_csv(raw / "truth" / "probes.csv")
    both = probes.join(genes, left_on="linked_gene", right_on="gene_name", suffix="_gene")
    assert len(both) == 6000
    # genes that follow the cells do so without their promoters
    promoter = both.filter(
        pl.col("region") == "TSS200", ~pl.col("effect_gene").str.starts_with("cells")
    )
    for name in CONTRASTS:
        changed = promoter.filter(pl.col(f"{name}_gene") != 0)
        assert (changed[name] * changed[f"{name}_gene"] < 0).all()
    # but for the CpGs that were moved together, whose own gene changes in nothing
    body = both.filter(region="Body").filter(
        (pl.col("effect_gene") != "none") | (pl.col("effect") == "cells")
    )
    assert set(body["effect"]) == {"none", "cells"}
    assert set(both["design_type"]) == {"I", "II"}


@pytest.mark.parametrize("cell_type", ["CD4", "CD8"])
@pytest.mark.parametrize("name", ["MS_3rd-1st", "MS_PP-3rd", "MSvsHP_3rd"])
@pytest.mark.parametrize("kind", ["genes", "probes"])
def test_what_is_planted_is_in_the_data(raw, sheet, counts, betas, cell_type, name, kind):
    truth = pl.read_csv(raw / "truth" / f"{kind}.csv")
    if kind == "genes":
        values, columns, key = log_cpm(counts), counts.columns[2:], "sample_id"
    else:
        values, columns, key = m_values(betas), betas.columns[1:], "methylation_sample"
    estimate = sum(
        sign * mean_of(values, columns, sheet, key, cell_type=cell_type, group=g, timepoint=t)
        for (g, t), sign in CONTRASTS[name].items()
    )
    true = truth[name].to_numpy()
    planted = true != 0
    slope = (estimate[planted] @ true[planted]) / (true[planted] @ true[planted])
    assert slope == pytest.approx(1, abs=0.12)
    assert np.median(estimate[~planted]) == pytest.approx(0, abs=0.06)
    assert np.corrcoef(estimate[planted], true[planted])[0, 1] > 0.85


def within_subject_correlation(values, subject):
    """Analysis-of-variance estimate of the correlation between samples of one woman, by feature."""
    women, which, n = np.unique(subject, return_inverse=True, return_counts=True)
    total = values.sum(axis=1)
    sums = np.stack([values[:, which == w].sum(axis=1) for w in range(len(women))], axis=1)
    between = (sums**2 / n).sum(axis=1) - total**2 / n.sum()
    inside = (values**2).sum(axis=1) - (sums**2 / n).sum(axis=1)
    mean_between = between / (len(women) - 1)
    mean_inside = inside / (n.sum() - len(women))
    size = (n.sum() - (n**2).sum() / n.sum()) / (len(women) - 1)
    return (mean_between - mean_inside) / (mean_between + (size - 1) * mean_inside)


def test_samples_of_one_woman_are_correlated(raw, sheet, betas):
    effect = pl.read_csv(raw / "truth" / "probes.csv")["effect"].to_numpy()
    chosen = sheet.filter(
        pl.col("methylation_sample").is_not_null(), group="MS", cell_type="CD4"
    ).sort("methylation_sample")
    columns = chosen["methylation_sample"].to_list()
    values = m_values(betas.select("probe_id", *columns))
    usable = (effect == "none") & ~np.isnan(values).any(axis=1)
    correlation = within_subject_correlation(values[usable], chosen["subject"].to_numpy())
    # a slide and covariates add to what differs inside a woman, so a little less than 0.35
    assert np.tanh(np.mean(np.arctanh(np.clip(correlation, -0.2, 0.95)))) == pytest.approx(
        0.34, abs=0.06
    )


def test_library_batch_moves_some_genes_and_not_others(raw, sheet, counts):
    effect = pl.read_csv(raw / "truth" / "genes.csv")["effect"].to_numpy()
    values, columns = log_cpm(counts), counts.columns[2:]
    means = [
        mean_of(values, columns, sheet, "sample_id", library_batch=b, cell_type="CD4")
        for b in ("A", "B")
    ]
    shift = np.abs(means[0] - means[1])[effect == "none"]
    assert np.quantile(shift, 0.9) > 0.3
    assert np.median(shift) < 0.15


def test_fields_are_plain_text(raw):
    rows = list(csv.reader(io.StringIO((raw / "samples.csv").read_text())))
    assert len({len(r) for r in rows}) == 1
    assert rows[1][rows[0].index("subject")] == "001"
    # gzip headers hold no time and no name, else the bytes would differ
    assert (raw / "betas.csv.gz").read_bytes()[3:8] == bytes(5)


def test_unknown_scale_and_seed_are_errors(tmp_path):
    with pytest.raises(InputError, match="`small`"):
        write_demo(tmp_path, scale="smal")
    with pytest.raises(InputError, match="seed"):
        write_demo(tmp_path, seed=-1)
    assert not list(tmp_path.iterdir())


def test_weeks_are_those_of_a_pregnancy_and_a_code_outside(sheet):
    week = pl.col("pregnancy_week").cast(pl.Int64)
    weeks = dict(sheet.group_by("timepoint").agg(week.unique()).iter_rows())
    assert {t for t, values in weeks.items() if values == [0]} == {"NP", "BP", "PP"}
    assert max(weeks["1st"]) < min(weeks["2nd"]) < max(weeks["2nd"]) < min(weeks["3rd"])
    visits = sheet.group_by("subject", "timepoint").agg(pl.col("pregnancy_week").n_unique())
    assert visits["pregnancy_week"].to_list() == [1] * visits.height
