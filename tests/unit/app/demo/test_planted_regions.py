"""The demo's regions: CpGs that lie together and change together."""

import csv
import gzip

import numpy as np
import polars as pl
import pytest

from cohortmart.app.demo import SCALES, write_demo
from cohortmart.app.demo.effects import CONTRASTS
from cohortmart.app.demo.scale import Scale

MANY = Scale(genes=100, probes=2_400, arrays=20, betas="betas.csv")


def write_scale(folder, scale, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCALES, "test", scale)
        return write_demo(folder, "test", **options).parent


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("regions") / "raw").parent


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    return write_scale(tmp_path_factory.mktemp("many"), MANY)


def truth(raw, name):
    types = {"chromosome": pl.String}
    return pl.read_csv(raw / "truth" / f"{name}.csv", schema_overrides=types)


def placed(raw):
    """The probes of the manifest, with what was planted in them."""
    lines = (raw / "manifest.csv").read_text().splitlines()
    rows = list(csv.DictReader(lines[lines.index("[Assay]") + 1 : lines.index("[Controls]")]))
    manifest = pl.DataFrame(rows).select(
        pl.col("IlmnID").alias("probe_id"), "CHR", pl.col("MAPINFO").cast(int, strict=False)
    )
    return truth(raw, "probes").join(manifest, on="probe_id", validate="1:1")


def inside(probes, region):
    return probes.filter(
        pl.col("CHR") == region["chromosome"],
        pl.col("MAPINFO").is_between(region["start"], region["end"]),
    )


@pytest.mark.parametrize("scale", ["raw", "many"])
def test_a_region_is_all_the_cpgs_of_its_stretch_and_all_change_alike(scale, request):
    folder = request.getfixturevalue(scale)
    regions, probes = truth(folder, "regions"), placed(folder)
    assert len(regions) >= 8
    for region in regions.iter_rows(named=True):
        own = inside(probes, region)
        assert len(own) == region["n_probes"] >= 3
        assert set(own["linked_gene"]) == {region["gene_name"]}
        assert not own["filtered"].any()
        for name in CONTRASTS:
            assert np.allclose(own[name], region[name], atol=1e-4)
        gaps = own.sort("MAPINFO")["MAPINFO"].diff().drop_nulls()
        assert (gaps > 0).all()
        assert (gaps < 200).all()


def test_the_small_study_has_one_of_each_kind_in_a_promoter_and_in_a_body(raw):
    regions, probes = truth(raw, "regions"), placed(raw)
    kinds = [(r["effect"], *set(inside(probes, r)["region"])) for r in regions.rows(named=True)]
    assert len(set(kinds)) == len(kinds) == 12
    assert regions["n_probes"].min() == 3
    assert regions["n_probes"].max() <= 8


def test_regions_lie_in_genes_that_change_in_nothing(raw):
    genes = truth(raw, "genes").join(truth(raw, "regions"), on="gene_name", how="semi")
    assert set(genes["effect"]) == {"none"}


def test_a_large_study_has_the_promoters_of_its_changing_genes(many):
    genes, regions = truth(many, "genes"), truth(many, "regions")
    assert set(regions["gene_name"]) == set(
        genes.filter(~pl.col("effect").str.contains("none|cells"))["gene_name"]
    )
    assert regions["n_probes"].min() >= 12


def test_all_else_is_as_it_would_be_without_regions(raw, tmp_path):
    small = SCALES["small"]
    without = write_scale(tmp_path, Scale(small.genes, small.probes, small.arrays, small.betas))
    for name in ("gene_counts.tsv.gz", "samples.csv", "proteins_npx.csv", "network.tsv"):
        assert (raw / name).read_bytes() == (without / name).read_bytes()
    one, other = (
        pl.read_csv(gzip.decompress((f / "betas.csv.gz").read_bytes()), null_values="NA")
        for f in (raw, without)
    )
    values = [np.nan_to_num(betas[:, 1:].to_numpy(), nan=-1.0) for betas in (one, other)]
    differs = (values[0] != values[1]).sum(axis=1)
    moved = placed(raw).join(placed(without), on="probe_id", suffix="_other")
    planted = moved.filter(pl.col("effect") != pl.col("effect_other"))
    rows = one["probe_id"].is_in(planted["probe_id"].implode()).to_numpy()
    assert (differs[rows] > 20).all()
    assert differs[~rows].sum() <= 24  # betas of 0 and 1, which lie where nothing is planted
    assert len(planted) == truth(raw, "regions")["n_probes"].sum()


def test_where_nothing_happens_no_region_changes(tmp_path):
    raw = write_demo(tmp_path / "raw", effects=False).parent
    assert len(truth(raw, "regions")) == 0
    assert set(truth(raw, "probes")["effect"]) == {"none"}
