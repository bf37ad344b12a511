"""Whose sample, on real data: what is known of it is told, and nothing else is.

T cells of four men, CD8+ cells of women alone, twelve arrays whose sexes the source names, and
exchanges of real samples made here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analyses.stats.identity.genotype_agreement import agreement, genotype_frequencies
from analyses.stats.identity.genotype_mixture import (
    CONTAMINATED,
    GenotypeMixture,
    call_genotypes,
    contamination_score,
    fit_clean_genotypes,
)
from analyses.stats.identity.genotype_person import genotype_groups
from analyses.stats.identity.person_bound import bound_features
from analyses.stats.identity.person_link import person_link, references_of, within_scores
from analyses.stats.identity.person_posterior import (
    ALONE,
    OTHER_BELOW,
    PersonEvidence,
    PersonPosterior,
    person_posterior,
)
from analyses.stats.identity.sex_call import (
    FEWEST_PROBES,
    MIDDLE,
    TOLD,
    X_PROBES,
    XIST,
    XIST_NAMES,
    Y_GENE_NAMES,
    Y_GENES,
    Y_PROBES,
    call_sex,
)
from cohortmart.core.types import Bools, Floats, Ints
from tests.support.real_data import Grams, read_table

#: Samples whose sex is asked together: alone, a few, all.
TOGETHER = (1, 2, 5, 40)


def of_genes(counts: pl.DataFrame, gene: str) -> Floats:
    """Return log2 counts per million (and 0.25) of XIST and of the genes of Y; NaN = not there."""
    values = counts.drop(gene).to_numpy().astype(np.float64)
    named = counts[gene].to_numpy()
    found = []
    for names in (XIST_NAMES, sum(Y_GENE_NAMES, ())):
        mine = values[np.isin(named, names)]
        cpm = mine.sum(axis=0) / values.sum(axis=0) * 1e6
        found.append(np.log2(cpm + 0.25) if len(mine) else np.full(values.shape[1], np.nan))
    return np.array(found)


@pytest.fixture(scope="module")
def of_men(shared_data: Path) -> Floats:
    return of_genes(pl.read_csv(shared_data / "rnaseq_tcells" / "counts.csv.gz"), "gene")


@pytest.fixture(scope="module")
def of_women(shared_data: Path) -> Floats:
    file = shared_data / "grams_cd8_rna" / "gene_counts.tsv.gz"
    return of_genes(pl.read_csv(file, separator="\t"), "gene_name")


@pytest.mark.parametrize("n", TOGETHER)
def test_t_cells_of_men_are_of_men_however_few(of_men: Floats, n: int) -> None:
    for start in range(0, of_men.shape[1] - n + 1, n):
        called = call_sex((XIST, Y_GENES), of_men[:, start : start + n], np.zeros(2))
        assert called.xx.max() < 1 - TOLD
        assert not called.odd.any()


@pytest.mark.parametrize("n", TOGETHER)
def test_no_cd8_sample_of_a_woman_is_of_a_man_however_few(of_women: Floats, n: int) -> None:
    """XIST alone: the study's table has no gene of Y."""
    assert np.isnan(of_women[1]).all()
    for start in range(0, of_women.shape[1] - n + 1, n):
        called = call_sex((XIST, Y_GENES), of_women[:, start : start + n], np.zeros(2))
        assert called.xx.min() > 0.9
        assert n == 1 or called.xx.min() > TOLD
        assert not called.odd.any()


@pytest.mark.parametrize("n_women", [1, 4, 20])
@pytest.mark.parametrize("n_men", [1, 4, 20])
def test_real_women_and_men_together(
    of_men: Floats, of_women: Floats, n_women: int, n_men: int
) -> None:
    values = np.hstack([of_women[:, :n_women], of_men[:, :n_men]])
    called = call_sex((XIST, Y_GENES), values, np.zeros(2))
    assert (called.xx[:n_women] > 0.9).all()
    assert (called.xx[n_women:] < 1 - TOLD).all()


@pytest.fixture(scope="module")
def export(shared_data: Path) -> pl.DataFrame:
    """Betas of twelve arrays by probe; the columns are samples."""
    file = shared_data / "hm450_genomestudio" / "TableControl_SampleMethylationProfile.txt.gz"
    wide = pl.read_csv(file, separator="\t", infer_schema_length=None)
    betas = pl.selectors.ends_with(".AVG_Beta")
    return wide.select("TargetID", betas.cast(pl.Float64).name.map(lambda n: n.split(".")[0]))


@pytest.fixture(scope="module")
def genotyped(export: pl.DataFrame) -> Floats:
    snps = export.filter(pl.col("TargetID").str.starts_with("rs")).drop("TargetID").to_numpy()
    assert snps.shape == (65, 12)
    return np.asarray(snps, dtype=np.float64)


def test_the_sexes_of_twelve_arrays_are_those_that_the_source_names(
    export: pl.DataFrame, shared_data: Path
) -> None:
    folder = shared_data / "hm450_genomestudio"
    manifest = pl.read_csv(
        folder / "manifest_excerpt.csv.gz", skip_rows=6, infer_schema_length=0,
        truncate_ragged_lines=True,
    )  # fmt: skip
    on = {
        chromosome: export.join(
            manifest.filter(pl.col("CHR") == chromosome, pl.col("IlmnID").str.starts_with("cg")),
            left_on="TargetID", right_on="IlmnID", how="semi",
        ).drop("TargetID").to_numpy()
        for chromosome in "XY"
    }  # fmt: skip
    assert len(on["Y"]) < FEWEST_PROBES <= len(on["X"])
    x = ((on["X"] >= MIDDLE[0]) & (on["X"] <= MIDDLE[1])).mean(axis=0)
    noise = np.array([0.5 / np.sqrt(len(on["X"])), 0.0])
    values = np.array([x, np.full(12, np.nan)])
    called = call_sex((X_PROBES, Y_PROBES), values, noise)
    female: Bools = read_table(folder / "samples.csv")["sex"].to_numpy() == "F"
    assert ((called.xx > TOLD) == female).all()
    assert ((called.xx < 1 - TOLD) == ~female).all()


def test_twelve_people_are_twelve_people_and_clean(genotyped: Floats) -> None:
    mixture, of_clean = fit_clean_genotypes(genotyped)
    assert of_clean
    for used in (mixture, GenotypeMixture()):
        calls = call_genotypes(genotyped, used)
        compared = agreement(calls, genotype_frequencies(calls, np.ones(12)))
        assert sorted(genotype_groups(compared.log_ratio)) == list(range(12))
        assert (compared.log_ratio[~np.eye(12, dtype=bool)] < -10).all()
        worst = contamination_score(calls).max()
        # read by the published places, raw betas of clean arrays would be contaminated
        assert (worst < CONTAMINATED) == (used is mixture)


@pytest.mark.parametrize("n", [2, 3, 4, 6, 9])
def test_no_array_of_a_small_study_is_contaminated(genotyped: Floats, n: int) -> None:
    for start in range(12 - n + 1):
        betas = genotyped[:, start : start + n]
        mixture, of_clean = fit_clean_genotypes(betas)
        assert of_clean == (n > 3)
        score = contamination_score(call_genotypes(betas, mixture))
        assert not (of_clean and score.max() > CONTAMINATED)


@pytest.mark.parametrize(("share", "fewest"), [(0.3, 9), (0.5, 11)])
def test_blood_of_two_real_people_is_contaminated_and_nothing_else(
    genotyped: Floats, share: float, fewest: int
) -> None:
    found = 0
    for one in range(12):
        mixed = (1 - share) * genotyped[:, one] + share * genotyped[:, (one + 5) % 12]
        betas = np.column_stack([genotyped, mixed])
        mixture, of_clean = fit_clean_genotypes(betas)
        assert of_clean
        score = contamination_score(call_genotypes(betas, mixture))
        assert score[:-1].max() < CONTAMINATED
        found += int(score[-1] > CONTAMINATED)
    assert found >= fewest


def told(grams: Grams, said: Ints) -> PersonPosterior:
    """Return whose each resting CD8+ sample is, by its levels, if the sheet says so."""
    sheet = grams.sheet.select("group", "timepoint", "library_batch").to_dummies(drop_first=True)
    design = np.column_stack([np.ones(len(said)), sheet.to_numpy()])
    n_people = int(said.max()) + 1
    bound = bound_features([grams.log_cpm], design, said, n_people)
    scores = within_scores(bound, said)
    link = person_link(scores, references_of(said, n_people), said, bound.counts)
    assert link.reason == ""
    return person_posterior([PersonEvidence("levels", link.log_likelihood)], said, n_people)


@pytest.fixture(scope="module")
def people(grams: Grams) -> Ints:
    return np.unique(grams.sheet["subject"].to_numpy(), return_inverse=True)[1].astype(np.int64)


def test_no_false_alarm_in_the_resting_cd8_samples(grams: Grams, people: Ints) -> None:
    found = told(grams, people)
    assert found.said.min() >= OTHER_BELOW
    assert (found.likely == people).all()
    assert (found.said_alone >= ALONE).mean() > 0.8


@pytest.mark.slow
def test_exchanged_cd8_samples_bring_no_other_under_suspicion(grams: Grams, people: Ints) -> None:
    """Of eight exchanges some are found, with the right person; nobody else is called wrong."""
    rng, named = np.random.default_rng(16), 0
    for _ in range(8):
        i, j = rng.choice(len(people), 2, replace=False)
        if people[i] == people[j]:
            continue
        said = people.copy()
        said[i], said[j] = people[j], people[i]
        found = told(grams, said)
        odd = np.flatnonzero(found.said < OTHER_BELOW)
        assert set(odd) <= {i, j}
        assert (found.likely[odd] == people[odd]).all()
        assert found.said_alone[[i, j]].max() < ALONE  # not confirmed as said
        named += len(odd)
    assert named >= 1
