"""The demo's people: genotypes, sex, genes bound to them, and what is not as the sheet says."""

import gzip

import numpy as np
import polars as pl
import pytest

from cohortmart.app.demo import write_demo
from cohortmart.app.demo.cells import make_cells
from cohortmart.app.demo.effects import plant_in_genes
from cohortmart.app.demo.exchanges import FOREIGN_SHARE, plan_exchanges
from cohortmart.app.demo.genotypes import N_PROBES
from cohortmart.app.demo.people import make_samples
from cohortmart.app.demo.scale import SCALES


class Written:
    """A demo's files."""

    def __init__(self, raw):
        self.raw = raw
        self.sheet = pl.read_csv(raw / "samples.csv", infer_schema_length=0, null_values="NA")
        self.counts = self._read("gene_counts.tsv.gz", "\t")
        self.betas = self._read("betas.csv.gz", ",")
        self.array = dict(self.sheet.select("sample_id", "methylation_sample").iter_rows())

    def truth(self, name):
        strings = {"subject": pl.String}
        path = self.raw / "truth" / f"{name}.csv"
        return pl.read_csv(path, null_values="NA", schema_overrides=strings)

    def genotype_betas(self):
        return self.betas.filter(pl.col("probe_id").str.starts_with("rs"))

    def m_values(self, *samples):
        cpgs = self.betas.filter(pl.col("probe_id").str.starts_with("cg"))
        beta = cpgs.select(self.array[s] for s in samples).to_numpy().clip(1e-6, 1 - 1e-6)
        return np.log2(beta / (1 - beta))

    def _read(self, name, separator):
        text = gzip.decompress((self.raw / name).read_bytes())
        return pl.read_csv(text, separator=separator, null_values="NA")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The demo, and the same without exchanges."""
    folder = tmp_path_factory.mktemp("identity")
    return tuple(
        Written(write_demo(folder / str(planted), exchanges=planted).parent)
        for planted in (True, False)
    )


@pytest.fixture(scope="module")
def demo(both):
    return both[0]


@pytest.fixture(scope="module")
def clean(both):
    return both[1]


def test_the_truth_names_two_swaps_a_contaminated_sample_and_a_wrong_sex(demo, clean):
    said = demo.truth("identity")
    assert said.columns == ["finding", "sample_id", "assay", "sheet_says", "truth"]
    assert dict(said["finding"].value_counts().iter_rows()) | {"sex": 0} == {
        "swapped": 4, "contaminated": 1, "sex": 0,
    }  # fmt: skip
    of = demo.sheet.select("sample_id", "subject", "sex", "group", "timepoint", "cell_type")
    rows = said.join(of, on="sample_id", validate="1:1", maintain_order="left")
    assert rows.height == said.height
    people = rows.filter(pl.col("finding") != "sex")
    assert (people["sheet_says"] == people["subject"]).all()
    for assay in ("rna", "methylation"):
        one, other = rows.filter(finding="swapped", assay=assay).iter_rows(named=True)
        assert (one["truth"], other["truth"]) == (other["subject"], one["subject"])
        assert all(one[kind] == other[kind] for kind in ("group", "timepoint", "cell_type"))
    wrong = rows.filter(finding="sex")
    assert wrong["subject"].n_unique() == 1
    assert set(wrong["sheet_says"]) == set(wrong["sex"]) == {"M"}
    assert demo.sheet.filter(sex="M").height == wrong.height
    assert set(demo.sheet["sex"]) == {"F", "M"}
    involved = [*people["subject"].to_list(), wrong["subject"][0]]
    assert len(set(involved)) == 6
    assert clean.truth("identity").is_empty()
    assert set(clean.sheet["sex"]) == {"F"}


def test_exchanges_change_nothing_else(demo, clean):
    said = demo.truth("identity")
    for assay, ids in (("rna", "gene_counts.tsv.gz"), ("methylation", "betas.csv.gz")):
        one, other = said.filter(finding="swapped", assay=assay)["sample_id"]
        if assay == "rna":
            as_written, as_drawn = demo.counts, clean.counts
            expected = as_drawn.with_columns(**{one: as_drawn[other], other: as_drawn[one]})
        else:
            as_written, as_drawn = demo.betas, clean.betas
            one, other = demo.array[one], demo.array[other]
            mixed = demo.array[said.filter(finding="contaminated")["sample_id"][0]]
            expected = as_drawn.with_columns(**{one: as_drawn[other], other: as_drawn[one]})
            assert not as_written[mixed].equals(as_drawn[mixed])
            expected, as_written = expected.drop(mixed), as_written.drop(mixed)
        assert as_written.equals(expected), ids
    sheet = [w.sheet.drop("sex") for w in (demo, clean)]
    assert sheet[0].equals(sheet[1])
    others = {p.name for p in clean.raw.iterdir() if p.is_file()}
    others -= {"gene_counts.tsv.gz", "betas.csv.gz", "samples.csv"}
    assert all((demo.raw / n).read_bytes() == (clean.raw / n).read_bytes() for n in others)


def test_the_contaminated_array_is_a_mixture(demo, clean):
    (row,) = demo.truth("identity").filter(finding="contaminated").iter_rows(named=True)
    own = demo.sheet.filter(sample_id=row["sample_id"])
    foreign = demo.sheet.filter(
        subject=row["truth"].split(" + ")[1],
        timepoint=own["timepoint"][0],
        cell_type=own["cell_type"][0],
    )["sample_id"][0]
    mixed, pure = (
        demo.betas[demo.array[row["sample_id"]]],
        clean.betas[demo.array[row["sample_id"]]],
    )
    other = clean.betas[demo.array[foreign]]
    expected = (1 - FOREIGN_SHARE) * pure + FOREIGN_SHARE * other
    assert (mixed - expected).abs().max() < 1.1e-4  # four decimals of each
    assert mixed.null_count() == pure.null_count()


def test_genotypes_are_of_the_person_and_not_of_the_sample(clean):
    betas, truth = clean.genotype_betas(), clean.truth("genotypes")
    assert betas.height == N_PROBES == truth.height == 59
    assert betas["probe_id"].to_list() == truth["probe_id"].to_list()
    assert betas["probe_id"].str.contains(r"^rs9\d{7}$").all()
    measured = clean.sheet.filter(pl.col("methylation_sample").is_not_null())
    values = betas.select(measured["methylation_sample"].to_list()).to_numpy()
    alleles = truth.select(measured["subject"].to_list()[:1]).to_numpy()
    alleles = np.column_stack([truth[s].to_numpy() for s in measured["subject"]])
    known = ~np.isnan(values)
    assert 0.99 < known.mean() < 1
    called = np.digitize(values, [0.25, 0.75])
    assert (called == alleles)[known].all()
    assert {0, 1, 2} == set(np.unique(alleles))
    # no two people are alike
    people = truth.drop("probe_id").to_numpy().T
    agree = (people[:, None, :] == people[None, :, :]).mean(axis=2)
    assert agree[np.triu_indices(len(people), 1)].max() < 0.75


def test_sex_chromosomes_are_those_of_women(clean):
    lines = (clean.raw / "manifest.csv").read_text().splitlines()
    start, stop = (
        next(i for i, x in enumerate(lines) if x.startswith(w)) for w in ("[Controls]", "IlmnID")
    )
    manifest = pl.read_csv("\n".join(lines[stop:start]).encode(), infer_schema_length=0)
    place = manifest.join(clean.truth("probes"), left_on="IlmnID", right_on="probe_id")
    beta = clean.betas.join(place, left_on="probe_id", right_on="IlmnID", maintain_order="left")
    arrays = clean.sheet["methylation_sample"].drop_nulls().to_list()
    x = beta.filter(CHR="X", region="TSS200")
    assert x.height > 40
    assert set(x["state"]) == {"half"}
    assert 0.4 < np.nanmedian(x.select(arrays).to_numpy()) < 0.6
    y = beta.filter(CHR="Y").select(arrays).to_numpy()
    assert len(y) >= 10
    assert np.nanstd(y, axis=1).min() > 0.1
    counts = clean.counts.drop("gene_id").rows_by_key("gene_name", unique=True)
    size = clean.counts.drop("gene_id", "gene_name").sum().to_numpy().ravel()
    assert (np.array(counts["XIST"]) / size).min() > 5e-5
    assert max(counts["RPS4Y1"]) <= 5


def test_pairs_of_a_gene_and_a_probe_follow_the_person(clean):
    pairs, genes = clean.truth("bound"), clean.truth("genes")
    probes = clean.truth("probes")
    assert pairs.height == 60
    chosen = pairs.join(genes, on="gene_id").join(probes, on="probe_id", suffix="_probe")
    assert chosen.height == 60
    assert (chosen["linked_gene"] == chosen["gene_name"]).all()
    assert set(chosen["effect"]) == set(chosen["effect_probe"]) == {"none"}
    assert not chosen["filtered"].any()
    cd4 = clean.sheet.filter(
        pl.col("sample_id").is_in(clean.counts.columns),
        pl.col("methylation_sample").is_not_null(),
        cell_type="CD4",
    )
    samples = cd4["sample_id"].to_list()
    counts = clean.counts.select("gene_id", *samples)
    size = counts.drop("gene_id").sum().to_numpy().ravel()
    log = np.log2(counts.drop("gene_id").to_numpy() / size * 1e6 + 0.5)
    place = {g: i for i, g in enumerate(counts["gene_id"])}
    number = {p: i for i, p in enumerate(probes["probe_id"])}
    m_value = clean.m_values(*samples)
    r = [
        np.corrcoef(log[place[g]], np.nan_to_num(m_value[number[p]]))[0, 1] * np.sign(a * b)
        for g, p, a, b in pairs.iter_rows()
    ]
    assert np.median(r) > 0.75
    # no group has more of an allele
    subject = cd4["subject"].to_numpy()
    group = cd4["group"].to_numpy()
    shift = []
    for g, _, a, _ in pairs.iter_rows():
        of = {
            n: np.mean([log[place[g]][subject == s].mean() for s in set(subject[group == n])])
            for n in ("MS", "HP")
        }
        shift.append((of["MS"] - of["HP"]) / a)
    assert abs(np.mean(shift)) < 0.15
    assert np.std(shift) < 0.3


@pytest.mark.parametrize("seed", range(10))
def test_exchanged_samples_are_alike_in_what_the_sheet_says(seed):
    samples = make_samples(seed, SCALES["epic"].arrays if seed % 2 else None)
    plan = plant_in_genes(seed, SCALES["small"])
    cells = make_cells(seed, samples, plan, np.zeros(6000, dtype=bool))
    planned = plan_exchanges(samples, cells)
    people = set()
    for (i, j), measured in (
        (planned.rna, samples.rna),
        (planned.arrays, samples.methylation),
        (planned.mixed, samples.methylation),
    ):
        assert measured[i]
        assert measured[j]
        people |= {samples.subject[i], samples.subject[j]}
        for kind in (samples.group, samples.timepoint, samples.cell_type):
            assert kind[i] == kind[j]
        assert np.abs(cells.fractions[i] - cells.fractions[j]).max() < 0.08
        assert samples.group[i] != "HC"
    assert len(people | {planned.wrong_sex}) == 7
