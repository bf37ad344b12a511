"""The demo's probes: blocks of them, the scale `epic`, the manifest and the mask."""

import csv
import dataclasses
import tracemalloc

import numpy as np
import polars as pl
import pytest

from cohortmart.app.demo import SCALES, write_demo
from cohortmart.app.demo.beta_text import beta_rows
from cohortmart.app.demo.effects import CONTRASTS, plant_in_genes
from cohortmart.app.demo.genotypes import N_PROBES, genotype_probe_ids
from cohortmart.app.demo.methylation import make_betas, make_probes
from cohortmart.app.demo.people import make_samples
from cohortmart.app.demo.scale import BLOCK, Scale

COLUMNS = (
    "IlmnID,Name,Infinium_Design_Type,Genome_Build,CHR,MAPINFO,Strand,UCSC_RefGene_Name,"
    "UCSC_RefGene_Group,UCSC_CpG_Islands_Name,Relation_to_UCSC_CpG_Island"
)
BLOCKS = Scale(genes=800, probes=2 * BLOCK + 500, arrays=134, betas="betas.csv")


def write_scale(folder, scale, seed=1):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCALES, "test", scale)
        return write_demo(folder, "test", seed).parent


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return write_scale(tmp_path_factory.mktemp("blocks"), BLOCKS)


@pytest.fixture(scope="module")
def truth(raw):
    return pl.read_csv(raw / "truth" / "probes.csv")


@pytest.fixture(scope="module")
def manifest(raw):
    """The section [Assay], read by hand."""
    lines = (raw / "manifest.csv").read_text().splitlines()
    rows = list(csv.DictReader(lines[lines.index("[Assay]") + 1 : lines.index("[Controls]")]))
    assert ",".join(rows[0]) == COLUMNS
    cpgs = [row for row in rows if row["Name"].startswith("cg")]
    assert [row["Name"] for row in rows[len(cpgs) :]] == genotype_probe_ids().tolist()
    return pl.DataFrame(cpgs).with_columns(pl.col("MAPINFO").cast(int))


@pytest.fixture(scope="module")
def both(manifest, truth):
    joined = truth.join(manifest, left_on="probe_id", right_on="IlmnID", validate="1:1")
    assert joined.height == truth.height == manifest.height == BLOCKS.probes
    return joined


def test_epic_is_as_large_as_the_arrays_of_the_model_study():
    assert SCALES["epic"] == Scale(genes=20_000, probes=866_000, arrays=134, betas="betas.csv")


@pytest.mark.parametrize("seed", range(5))
def test_fewer_arrays_leave_everything_else_as_it_was(seed):
    every, fewer = make_samples(seed), make_samples(seed, 134)
    assert every.methylation.sum() > 134
    assert fewer.methylation.sum() == 134
    assert (every.methylation | ~fewer.methylation).all()
    for field in dataclasses.fields(every):
        a, b = getattr(every, field.name), getattr(fewer, field.name)
        if field.name in ("methylation", "methylation_sample", "slide"):
            assert (a == b)[fewer.methylation].all()
        else:
            assert (a == b).all(), field.name
    for name in ("methylation_sample", "slide"):
        assert ((getattr(fewer, name) != "") == fewer.methylation).all()
    visit = np.char.add(np.char.add(fewer.group, fewer.timepoint), fewer.cell_type)
    for one in np.unique(visit):
        assert fewer.methylation[visit == one].sum() >= 2


def test_betas_are_text_with_four_decimals():
    beta = np.array([[0.0, 1.0, np.nan], [0.12344, 0.99996, 0.00004]])
    text = beta_rows(np.array(["cg1", "cg2"]), beta)
    assert text == b"cg1,0.0000,1.0000,NA\ncg2,0.1234,1.0000,0.0000\n"


def test_any_beta_is_written_as_python_would(rng):
    beta = rng.random((200, 50))
    text = beta_rows(np.array([f"cg{i:04d}" for i in range(200)]), beta).decode()
    rows = [f"cg{i:04d}," + ",".join(f"{v:.4f}" for v in b) + "\n" for i, b in enumerate(beta)]
    assert text == "".join(rows)


def test_the_plain_file_holds_every_probe_once_in_order(raw):
    betas = pl.read_csv(raw / "betas.csv", null_values="NA")
    sheet = pl.read_csv(raw / "samples.csv", infer_schema_length=0, null_values="NA")
    assert betas.shape == (BLOCKS.probes + N_PROBES, 1 + 134)
    assert betas["probe_id"].is_sorted()
    assert betas["probe_id"].is_unique().all()
    assert set(betas.columns[1:]) == set(sheet["methylation_sample"].drop_nulls())
    assert "betas.csv]" in (raw / "study.yml").read_text()


def test_a_block_depends_on_nothing_but_its_number(raw, tmp_path):
    alone = write_scale(tmp_path, dataclasses.replace(BLOCKS, probes=BLOCK))
    for name in ("betas.csv", "truth/probes.csv", "snp_probes.txt"):
        cpgs, _, _ = (alone / name).read_bytes().partition(b"rs9")
        assert (raw / name).read_bytes().startswith(cpgs), name
    samples, genes = make_samples(1, 134), plant_in_genes(1, BLOCKS)
    drawn = make_betas(1, samples, make_probes(1, BLOCKS, genes, 2))
    betas = pl.read_csv(raw / "betas.csv", null_values="NA")[2 * BLOCK : BLOCKS.probes]
    truth = pl.read_csv(raw / "truth" / "probes.csv")[2 * BLOCK :]
    autosomal = ~truth["filtered"].to_numpy()
    exchanged = set(pl.read_csv(raw / "truth" / "identity.csv")["sample_id"])
    theirs = [
        i for i in np.flatnonzero(samples.methylation) if samples.sample_id[i] not in exchanged
    ]
    for i in theirs[:5]:
        written = betas[str(samples.methylation_sample[i])].to_numpy()
        assert np.allclose(written[autosomal], drawn[autosomal, i], atol=5.1e-5, equal_nan=True)


def test_blocks_are_drawn_anew(raw, truth):
    betas = pl.read_csv(raw / "betas.csv", null_values="NA")[:, 1:].to_numpy()
    size = 500
    blocks = [slice(b * BLOCK, b * BLOCK + size) for b in range(3)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        a, b = betas[blocks[one]], betas[blocks[other]]
        assert np.mean(a == b) < 0.05
        kinds = truth["design_type"].to_numpy()
        assert 0.5 < np.mean(kinds[blocks[one]] == kinds[blocks[other]]) < 0.9


def test_memory_does_not_grow_with_the_probes(tmp_path, monkeypatch):
    peaks = []
    monkeypatch.setattr("cohortmart.app.demo.scale.BLOCK", 1000)
    monkeypatch.setattr("cohortmart.app.demo.methylation.BLOCK", 1000)
    for blocks in (2, 6):
        scale = Scale(genes=100, probes=blocks * 1000, arrays=134, betas="betas.csv")
        tracemalloc.start()
        write_scale(tmp_path / str(blocks), scale)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.05 * peaks[0]


def test_the_manifest_has_illuminas_sections(raw):
    lines = (raw / "manifest.csv").read_text().splitlines()
    assert lines[:2] == ["Illumina, Inc.", "[Heading]"]
    assert f"Loci Count,{BLOCKS.probes + N_PROBES}" in lines
    assert lines.count(COLUMNS) == 1
    assert len(lines) > lines.index("[Controls]") + 2


def test_the_manifest_agrees_with_the_truth(both):
    assert (both["Name"] == both["probe_id"]).all()
    assert (both["Infinium_Design_Type"] == both["design_type"]).all()
    assert set(both["Genome_Build"]) == {"37"}
    assert set(both["Strand"]) == {"F", "R"}
    names = both["UCSC_RefGene_Name"].str.split(";")
    regions = both["UCSC_RefGene_Group"].str.split(";")
    assert (names.list.unique().list.len() == 1).all()
    assert (names.list.first() == both["linked_gene"]).all()
    assert (regions.list.unique().list.len() == 1).all()
    assert (regions.list.first() == both["region"]).all()
    assert (names.list.len() == regions.list.len()).all()
    assert set(names.list.len()) == {1, 2}


def test_genes_lie_in_one_place_with_their_promoter_before_their_body(both):
    genes = both.group_by("linked_gene").agg(
        pl.col("CHR").n_unique().alias("chromosomes"),
        pl.col("MAPINFO").filter(region="TSS200").max().alias("promoter_end"),
        pl.col("MAPINFO").filter(region="TSS200").min().alias("promoter_start"),
        pl.col("MAPINFO").filter(region="Body").min().alias("body_start"),
        pl.col("MAPINFO").filter(region="Body").max().alias("body_end"),
    )
    assert genes.height == BLOCKS.genes
    assert (genes["chromosomes"] == 1).all()
    assert (genes["promoter_end"] - genes["promoter_start"] < 200).all()
    assert (genes["promoter_end"] < genes["body_start"]).all()
    assert (genes["body_end"] - genes["body_start"] < 25_000).all()
    assert (both["MAPINFO"] > 0).all()
    assert both["MAPINFO"].max() < 250_000_000
    assert both.select("CHR", "MAPINFO").is_unique().all()
    assert set(both["CHR"]) == {*(str(c) for c in range(1, 23)), "X", "Y"}


def test_relations_to_islands_follow_from_the_positions(both):
    relation = both["Relation_to_UCSC_CpG_Island"]
    assert set(relation) == {"", "Island", "N_Shore", "S_Shore", "N_Shelf", "S_Shelf"}
    assert ((relation == "") == (both["UCSC_CpG_Islands_Name"] == "")).all()
    near = both.filter(pl.col("UCSC_CpG_Islands_Name") != "")
    part = near["UCSC_CpG_Islands_Name"].str.extract_groups(r"^chr(\w+):(\d+)-(\d+)$")
    assert (part.struct[0] == near["CHR"]).all()
    start, end = part.struct[1].cast(int).to_numpy(), part.struct[2].cast(int).to_numpy()
    assert (end - start + 1 == 1000).all()
    for at, first, last, said in zip(
        near["MAPINFO"], start, end, near["Relation_to_UCSC_CpG_Island"], strict=True
    ):
        away = max(first - at, at - last, 0)
        assert away <= 4000
        side = "N" if at < first else "S"
        kind = "Shore" if away <= 2000 else "Shelf"
        assert said == ("Island" if away == 0 else f"{side}_{kind}")


def test_what_the_filters_leave_out_is_marked_and_holds_nothing_planted(raw, both):
    mask = (raw / "snp_probes.txt").read_text().splitlines()
    assert set(mask) <= set(both["probe_id"])
    assert len(set(mask)) == len(mask)
    on_sex, masked = both["CHR"].is_in(["X", "Y"]), both["probe_id"].is_in(mask)
    assert (both["filtered"] == (on_sex | masked)).all()
    out = both.filter("filtered")
    assert set(out["effect"]) == {"none"}
    assert not out.select(*CONTRASTS).to_numpy().any()
    none = (both["effect"] == "none").sum()
    assert 0.01 < on_sex.sum() / none < 0.04
    assert 0.005 < len(mask) / none < 0.015
    genes = pl.read_csv(raw / "truth" / "genes.csv")
    of_sex = genes.filter(pl.col("gene_name").is_in(both.filter(on_sex)["linked_gene"]))
    assert set(of_sex["effect"]) <= {"none", "cells_up", "cells_down"}
